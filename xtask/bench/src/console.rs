//! From a game's terminal to a browser and back, beside a program that is attached to the same container by Docker's API.
//!
//! The game is `examples/hello-rust`: a shell that says each line that it reads again, with its clock in front. One
//! command therefore shows two figures: how old the line is when it arrives, and how long the command took to come back.

use crate::{
    row::{Result, Timings, Unit, row},
    socket::Socket,
    stack::{Engine, PATIENCE, Parts, Stack, Start},
};
use bollard::{
    Docker,
    container::LogOutput,
    models::ContainerCreateBody,
    query_parameters::{
        AttachContainerOptions, CreateContainerOptions, RemoveContainerOptions, StartContainerOptions,
    },
};
use futures_util::StreamExt;
use serde_json::json;
use std::{
    path::Path,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{io::AsyncWriteExt, time::timeout};

const WARM: usize = 20;
const COMMANDS: usize = 500;
/// So that each command meets systems at rest, as a person's does.
const PAUSE: Duration = Duration::from_millis(4);
const IMAGE: &str = "debian:bookworm-slim";

pub(crate) async fn measure(parts: &Parts, hello: &Path) -> Result<()> {
    let mut ours = Figures::default();
    through_gantry(parts, hello, &mut ours).await?;
    let mut bare = Figures::default();
    attached(&mut bare).await?;
    ours.rows("console");
    bare.rows("console_bare");
    row("console_line_ratio", ours.lines.quantile(0.5) / bare.lines.quantile(0.5), "x");
    row("console_echo_ratio", ours.echoes.quantile(0.5) / bare.echoes.quantile(0.5), "x");
    Ok(())
}

#[derive(Default)]
struct Figures {
    lines: Timings,
    echoes: Timings,
}

impl Figures {
    fn rows(&mut self, name: &str) {
        self.lines.rows(&format!("{name}_line"), Unit::Milliseconds);
        self.echoes.rows(&format!("{name}_echo"), Unit::Milliseconds);
    }

    /// Takes a line in that may be the answer: `<seconds>.<microseconds> <word>`.
    fn hear(&mut self, line: &str, word: &str, sent: Instant) -> bool {
        let Some((clock, said)) = line.trim().split_once(' ') else { return false };
        if said != word {
            return false;
        }
        let Some(printed) = clock.parse::<f64>().ok().filter(|clock| *clock > 0.0) else { return false };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let age = (now.as_secs_f64() - printed).max(0.0);
        self.lines.push(Duration::from_secs_f64(age));
        self.echoes.push(sent.elapsed());
        true
    }

    fn forget(&mut self) {
        *self = Self::default();
    }
}

async fn through_gantry(parts: &Parts, hello: &Path, figures: &mut Figures) -> Result<()> {
    let stack = Stack::start(parts, Engine::Docker, 4).await?;
    stack.upload(hello).await?;
    let server = stack.server("hello:hello", "Echo", Start::Running).await?;
    let mut socket = Socket::open(&stack, &format!("console/{server}")).await?;
    for number in 0..WARM + COMMANDS {
        if number == WARM {
            figures.forget();
        }
        tokio::time::sleep(PAUSE).await;
        let word = format!("word-{number}");
        let sent = Instant::now();
        socket.say(&json!({ "type": "command", "id": word, "command": word })).await?;
        let answered = timeout(PATIENCE, async {
            loop {
                let said = socket.hear().await?;
                if said["type"] == "refused" {
                    return Err(format!("a command was refused: {said}").into());
                }
                let lines = said["lines"].as_array().into_iter().flatten();
                let mut texts = lines.filter_map(|line| line["text"].as_str());
                if texts.any(|line| figures.hear(line, &word, sent)) {
                    return Ok::<(), Box<dyn std::error::Error + Send + Sync>>(());
                }
            }
        });
        answered.await??;
    }
    drop(socket);
    stack.delete(&server).await
}

/// The same game in a container that this program attaches to, with nothing in between.
async fn attached(figures: &mut Figures) -> Result<()> {
    let docker = Docker::connect_with_socket_defaults()?.negotiate_version().await?;
    let script = "while IFS= read -r line; do printf '%s %s\\n' \"$EPOCHREALTIME\" \"$line\"; done";
    let body = ContainerCreateBody {
        image: Some(IMAGE.to_owned()),
        cmd: Some(["bash", "-c", script].map(str::to_owned).to_vec()),
        tty: Some(true),
        open_stdin: Some(true),
        ..Default::default()
    };
    let id = docker.create_container(None::<CreateContainerOptions>, body).await?.id;
    docker.start_container(&id, None::<StartContainerOptions>).await?;
    let measured = converse(&docker, &id, figures).await;
    let options = RemoveContainerOptions { force: true, ..Default::default() };
    docker.remove_container(&id, Some(options)).await?;
    measured
}

async fn converse(docker: &Docker, id: &str, figures: &mut Figures) -> Result<()> {
    let options = AttachContainerOptions { stdin: true, stdout: true, stream: true, ..Default::default() };
    let mut both = docker.attach_container(id, Some(options)).await?;
    let mut pending = String::new();
    for number in 0..WARM + COMMANDS {
        if number == WARM {
            figures.forget();
        }
        tokio::time::sleep(PAUSE).await;
        let word = format!("word-{number}");
        let sent = Instant::now();
        both.input.write_all(format!("{word}\n").as_bytes()).await?;
        both.input.flush().await?;
        let answered = timeout(PATIENCE, async {
            loop {
                if let Some((line, rest)) = pending.split_once('\n') {
                    let (line, rest) = (line.to_owned(), rest.to_owned());
                    pending = rest;
                    if figures.hear(&line, &word, sent) {
                        return Ok(());
                    }
                    continue;
                }
                match both.output.next().await {
                    Some(Ok(LogOutput::Console { message } | LogOutput::StdOut { message })) => {
                        pending.push_str(&String::from_utf8_lossy(&message));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error.into()),
                    None => {
                        return Err::<(), Box<dyn std::error::Error + Send + Sync>>(
                            "the container ended".into(),
                        );
                    }
                }
            }
        });
        answered.await??;
    }
    Ok(())
}
