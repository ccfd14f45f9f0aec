//! What only the program itself does, started as a service manager starts it.

use crate::kit::{Client, Page, data_dir};
use gantry_store::testing::TestDatabase;
use secrecy::ExposeSecret;
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Ends with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// The program, on a database of its own, with what it writes down.
struct Program {
    running: Running,
    log: BufReader<ChildStdout>,
    /// Where it listens.
    address: String,
    _database: TestDatabase,
    _data: TempDir,
}

impl Program {
    /// Through a shell that does `first`.
    async fn start(first: &str) -> Self {
        let (database, data) = (TestDatabase::new().await, data_dir());
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("{first} exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_gantry"), "serve"])
            .args(["--listen", "127.0.0.1:0", "--log-format", "json", "--data-dir"])
            .arg(data.path())
            .env("DATABASE_URL", database.url.expose_secret())
            .stdout(Stdio::piped());
        let mut running = Running(command.spawn().unwrap());
        let mut program = Self {
            log: BufReader::new(running.0.stdout.take().unwrap()),
            running,
            address: String::new(),
            _database: database,
            _data: data,
        };
        let line = program.line(|line| line["message"] == "the control plane listens");
        program.address = line["address"].as_str().unwrap().to_owned();
        program
    }

    /// The next line of its log that is meant.
    fn line(&mut self, is_meant: impl Fn(&Value) -> bool) -> Value {
        let log = &mut self.log;
        let mut lines = log.lines().map(|line| serde_json::from_str(&line.unwrap()));
        lines.find_map(|line| line.ok().filter(&is_meant)).expect("it ended")
    }

    /// Ends it, and answers the levels of what else it wrote down.
    fn end(mut self) -> Vec<String> {
        self.running.0.kill().unwrap();
        let lines = self.log.lines().map_while(Result::ok);
        let lines = lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok());
        lines.filter_map(|line| line["level"].as_str().map(ToOwned::to_owned)).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn program_takes_room_for_as_many_open_files_as_it_may() {
    let program = Program::start("ulimit -Sn 500 &&").await;
    let limits = fs::read_to_string(format!("/proc/{}/limits", program.running.0.id())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let [soft, hard] = [3, 4].map(|column| line.split_whitespace().nth(column).unwrap());
    assert_eq!(soft, hard, "{line}");
}

/// Begins to sign in and says no more; the status that comes of it.
async fn stall(address: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request =
        b"POST /api/auth/sign-in/email HTTP/1.1\r\nhost: gantry\r\ncontent-type: application/json\r\n\
        content-length: 100\r\n\r\n{\"email\":";
    stream.write_all(request).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_cannot_fill_the_log() {
    let program = Program::start("").await;
    let stranger = Client::new(&format!("http://{}", program.address), "192.0.2.1".to_owned());
    let stalled: Vec<_> = (0..3)
        .map(|_| {
            let address = program.address.clone();
            tokio::spawn(async move { stall(&address).await })
        })
        .collect();
    // More sockets than one network may have, and daemons that are none.
    let (mut open, mut refused) = (Vec::new(), 0);
    while refused < 20 {
        match Page::dial(&stranger, "/api/ws/live", Some(&stranger.url)).await {
            Ok(page) => open.push(page),
            Err(_) => refused += 1,
        }
        assert!(open.len() < 1_000, "nobody was ever refused");
    }
    for _ in 0..20 {
        let mut link = Page::dial(&stranger, "/api/daemon/link", None).await.unwrap();
        link.say(serde_json::json!({})).await;
        link.closed().await;
    }
    for stalled in stalled {
        assert_eq!(stalled.await.unwrap(), "HTTP/1.1 504");
    }
    let levels = program.end();
    assert!(!levels.iter().any(|level| level == "ERROR"), "{levels:?}");
    // One line for each kind, and one more of each if it took longer than such lines keep quiet.
    let warnings = levels.iter().filter(|level| *level == "WARN").count();
    assert!((1..=8).contains(&warnings), "{warnings} of {levels:?}");
}
