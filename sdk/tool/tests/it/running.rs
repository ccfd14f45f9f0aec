//! `run`: a server on real Docker, by the real daemon, from its folder to its end.

use crate::kit::{example, folder, plugin, program};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, Sender, channel},
    time::{Duration, Instant},
};

/// Nothing here takes longer, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(120);

struct Game {
    child: Child,
    lines: Receiver<Value>,
    server: String,
}

impl Game {
    /// Begins, and waits until somebody could join.
    fn start(folder: &Path, words: &[&str]) -> Self {
        let mut child = program(folder)
            .args(["plugin", "run", "--json"])
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        hear(child.stdout.take().unwrap(), sender.clone());
        hear(child.stderr.take().unwrap(), sender);
        let mut game = Self { child, lines, server: String::new() };
        let told = game.until("the server's id", |line| line["type"] == "server");
        game.server = told["id"].as_str().unwrap().to_owned();
        game.state("running");
        game
    }

    fn until(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        let mut seen = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE.saturating_sub(began.elapsed())) {
            if is_it(&line) {
                return line;
            }
            seen.push(line);
        }
        panic!("waited in vain for {what}; saw {seen:#?}");
    }

    fn state(&self, state: &str) {
        self.until(state, |line| line["event"]["observed"]["state"] == state);
    }

    fn says(&self, words: &str) {
        let says = |line: &Value| line["line"]["text"].as_str().is_some_and(|text| text.contains(words));
        self.until(words, |line| says(line) && line["line"]["source"] == "game");
    }

    fn type_line(&mut self, line: &str) {
        let mut input = self.child.stdin.as_ref().unwrap();
        writeln!(input, "{line}").unwrap();
    }

    /// Ctrl-C; nothing may be left.
    fn end(mut self) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, Signal::INT).unwrap();
        self.state("deleted");
        assert!(self.child.wait().unwrap().success());
        let label = format!("label=gantry.server={}", self.server);
        let left =
            Command::new("docker").args(["ps", "--all", "--quiet", "--filter", &label]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&left.stdout), "", "a container is left");
    }
}

/// A test that failed leaves no game either.
impl Drop for Game {
    fn drop(&mut self) {
        let began = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && began.elapsed() < PATIENCE {
            if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
                kill_process(pid, Signal::INT).ok();
            }
            std::thread::sleep(Duration::from_millis(500));
        }
        self.child.kill().ok();
    }
}

/// Values of standard output, and texts of standard error.
fn hear(stream: impl Read + Send + 'static, sender: Sender<Value>) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let value = serde_json::from_str(&line).unwrap_or(Value::String(line));
            if sender.send(value).is_err() {
                return;
            }
        }
    });
}

#[test]
fn a_component_runs_reads_commands_and_leaves_nothing() {
    let place = folder();
    let mut game = Game::start(place.path(), &["--component", example("hello-rust").to_str().unwrap()]);
    game.type_line("is anybody there");
    game.says("is anybody there");
    game.end();
}

#[test]
fn what_is_saved_runs() {
    let place = folder();
    plugin(place.path(), ["new", "my-game", "--language", "declarative"]).expect();
    let home = place.path().join("my-game");
    let mut game = Game::start(&home, &["--set", "greeting=Moin"]);
    let document = fs::read_to_string(home.join("blueprint.toml")).unwrap();
    // What cannot be built is told, and the game goes on.
    fs::write(home.join("blueprint.toml"), document.replace("terminal", "terminals")).unwrap();
    game.until("the fault", |line| {
        line.as_str().is_some_and(|text| text.contains("did you mean `terminal`?"))
    });
    game.type_line("still there");
    game.says("You said: still there");
    fs::write(home.join("blueprint.toml"), document.replace("You said", "You wrote")).unwrap();
    game.state("running");
    game.type_line("hello");
    game.says("You wrote: hello");
    game.end();
}

#[test]
fn what_is_missing_is_told_before_anything_starts() {
    let place = folder();
    let hello = example("hello-rust");
    let run = |more: &[&str]| {
        let words = [&["run", "--json", "--component", hello.to_str().unwrap()], more].concat();
        plugin(place.path(), words).code()
    };
    assert_eq!(run(&["--set", "colour=red"]), "settings");
    assert_eq!(run(&["--blueprint", "other"]), "blueprint");
    assert_eq!(run(&["--gantryd", "/does/not/exist"]), "io");
}
