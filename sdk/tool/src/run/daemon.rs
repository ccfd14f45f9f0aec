//! A daemon of one's own, and its interface over a unix socket.

use crate::{cli::RunArgs, desk::Desk, fault::Fault};
use bytes::Bytes;
use gantry_protocol::Refusal;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response, StatusCode, body::Incoming};
use hyper_util::rt::TokioIo;
use rustix::process::{Pid, Signal, kill_process};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    net::UnixStream,
    process::{Child, Command},
    sync::mpsc,
    time::{sleep, timeout},
};

/// The daemon waits for its container engine; nobody at a desk waits longer.
const READY: Duration = Duration::from_secs(60);
/// Between two looks whether it serves its socket.
const PAUSE: Duration = Duration::from_millis(20);
/// It has nothing left to do when it is told to end.
const END: Duration = Duration::from_secs(20);
/// The end of its log, where it did not come up.
const LOG_LINES: usize = 15;

pub(super) struct Daemon {
    child: Child,
    socket: PathBuf,
    /// All that the node keeps, gone with it.
    _folder: TempDir,
}

impl Daemon {
    /// Starts one and waits until it serves.
    pub(super) async fn start(desk: &Desk, asked: &RunArgs) -> Result<Self, Fault> {
        let program = program(asked)?;
        let folder = TempDir::with_prefix("gantry-run-")
            .map_err(|error| Fault::io("no folder can be made for the daemon", &error))?;
        let socket = folder.path().join("node.sock");
        let log = folder.path().join("gantryd.log");
        desk.terminal.say("starting a daemon", "the server is run by what runs it in production");
        let child = spawn(&program, &folder, &socket, &log)
            .map_err(|error| Fault::io(format!("{} cannot be started", program.display()), &error))?;
        let mut daemon = Self { child, socket, _folder: folder };
        daemon.ready(&log).await?;
        Ok(daemon)
    }

    async fn ready(&mut self, log: &Path) -> Result<(), Fault> {
        let serving = async {
            loop {
                if UnixStream::connect(&self.socket).await.is_ok() {
                    return Ok(());
                }
                if let Ok(Some(status)) = self.child.try_wait() {
                    return Err(format!("the daemon ended with {status}"));
                }
                sleep(PAUSE).await;
            }
        };
        let late = || Err("the daemon does not come up".to_owned());
        let outcome = timeout(READY, serving).await.unwrap_or_else(|_| late());
        outcome.map_err(|what| {
            let text = fs::read_to_string(log).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            let tail = lines[lines.len().saturating_sub(LOG_LINES)..].iter().map(|line| (*line).to_owned());
            let remedy = "See that Docker runs (`docker info`) and that you are root: the daemon makes users and \
                          directories for servers.";
            Fault::new("daemon", what, remedy).with_log(tail.collect())
        })
    }

    /// Asks for something that is answered once.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Fault> {
        let body = serde_json::to_vec(body).map_err(|error| broken(&error))?;
        let bytes = self.send(method, path, body.into()).await?;
        // What is answered with nothing is answered with `null`.
        let bytes: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
        serde_json::from_slice(bytes).map_err(|error| broken(&error))
    }

    /// Hands over a component.
    pub(super) async fn put_plugin(&self, digest: &str, component: &[u8]) -> Result<(), Fault> {
        let path = format!("/v1/plugins/{digest}");
        self.send(Method::PUT, &path, Bytes::copy_from_slice(component)).await.map(drop)
    }

    async fn send(&self, method: Method, path: &str, body: Bytes) -> Result<Bytes, Fault> {
        let response = self.open(method, path, body).await?;
        let status = response.status();
        let bytes = response.into_body().collect().await.map_err(|error| broken(&error))?.to_bytes();
        if status.is_success() {
            return Ok(bytes);
        }
        let said = serde_json::from_slice::<Refusal>(&bytes);
        let (code, message) = match said {
            Ok(refusal) => {
                let code = serde_json::to_value(refusal.code).ok();
                let code = code.and_then(|code| code.as_str().map(str::to_owned));
                (code.unwrap_or_default(), refusal.message)
            }
            Err(_) => ("daemon".to_owned(), format!("the daemon answers {status}")),
        };
        let remedy = match code.as_str() {
            "not_running" => "Wait until the game is up: the console above says when.",
            _ => "Look at the console above: the node refuses it.",
        };
        Err(Fault::new(&code, message, remedy))
    }

    /// The values of an answer that does not end, one by one. The channel closes with the daemon.
    pub(super) async fn follow<T: DeserializeOwned + Send + 'static>(
        &self,
        path: &str,
    ) -> Result<mpsc::Receiver<T>, Fault> {
        let response = self.open(Method::GET, path, Bytes::new()).await?;
        if response.status() != StatusCode::OK {
            return Err(Fault::new(
                "daemon",
                format!("the daemon answers {}", response.status()),
                "Report this.",
            ));
        }
        let (sender, receiver) = mpsc::channel(256);
        tokio::spawn(async move {
            let mut body = response.into_body();
            let mut rest = Vec::new();
            while let Some(Ok(frame)) = body.frame().await {
                let Ok(data) = frame.into_data() else { continue };
                rest.extend_from_slice(&data);
                while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = rest.drain(..=end).collect();
                    // A blank line is a sign of life, and what an older program does not know is not for it.
                    let Ok(value) = serde_json::from_slice(&line) else { continue };
                    if sender.send(value).await.is_err() {
                        return;
                    }
                }
            }
        });
        Ok(receiver)
    }

    async fn open(&self, method: Method, path: &str, body: Bytes) -> Result<Response<Incoming>, Fault> {
        let stream = UnixStream::connect(&self.socket)
            .await
            .map_err(|error| Fault::io("the daemon cannot be reached", &error))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| broken(&error))?;
        // It ends with the answer's body.
        tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "node")
            .header("content-type", "application/json")
            .body(Full::new(body))
            .map_err(|error| broken(&error))?;
        sender.send_request(request).await.map_err(|error| broken(&error))
    }

    /// Tells it to end, which it does well.
    pub(super) async fn stop(mut self) -> Result<(), Fault> {
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // Who has ended by itself needs no signal.
            kill_process(pid, Signal::TERM).ok();
        }
        match timeout(END, self.child.wait()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Fault::io("the daemon cannot be waited for", &error)),
            Err(_) => Err(Fault::new(
                "daemon",
                "the daemon does not end, and was killed",
                "Look for containers that are left: `docker ps --filter label=gantry.server`.",
            )),
        }
    }
}

fn broken(error: &dyn std::error::Error) -> Fault {
    Fault::new("daemon", format!("talking to the daemon failed: {error}"), "Report this with what you did.")
}

fn spawn(program: &Path, folder: &TempDir, socket: &Path, log: &Path) -> std::io::Result<Child> {
    let log = fs::File::create(log)?;
    Command::new(program)
        .args(["run", "--runtime", "docker", "--no-sftp", "--data-dir"])
        .arg(folder.path().join("node"))
        .arg("--socket")
        .arg(socket)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        // Ctrl-C at the terminal is for us: the daemon would end and leave the game running.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

/// The daemon's program: as was said, beside this one, or where the shell would find it.
fn program(asked: &RunArgs) -> Result<PathBuf, Fault> {
    if let Some(named) = &asked.gantryd {
        return Ok(named.clone());
    }
    let beside =
        env::current_exe().ok().map(|own| own.with_file_name("gantryd")).filter(|file| file.is_file());
    beside.or_else(|| gantry_build::tools::find("gantryd")).ok_or_else(|| {
        let remedy = "Put `gantryd` beside this program or into PATH, or name it by --gantryd; in a checkout `cargo build -p \
                      gantry-agent` makes it.";
        Fault::new("no-daemon", "the daemon's program `gantryd` is not there", remedy)
    })
}
