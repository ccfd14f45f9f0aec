//! What only the program itself does, started as a service manager starts it.

use crate::kit::data_dir;
use gantry_store::testing::TestDatabase;
use secrecy::ExposeSecret;
use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

/// Ends with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn program_takes_room_for_as_many_open_files_as_it_may() {
    let (database, data) = (TestDatabase::new().await, data_dir());
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -Sn 500 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_gantry"), "serve"])
        .args(["--listen", "127.0.0.1:0", "--log-format", "json", "--data-dir"])
        .arg(data.path())
        .env("DATABASE_URL", database.url.expose_secret())
        .stdout(Stdio::piped());
    let mut program = Running(command.spawn().unwrap());
    let said = BufReader::new(program.0.stdout.take().unwrap());
    let listens = said.lines().find(|line| line.as_ref().is_ok_and(|line| line.contains("listens")));
    assert!(listens.is_some(), "it ended");
    let limits = fs::read_to_string(format!("/proc/{}/limits", program.0.id())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let [soft, hard] = [3, 4].map(|column| line.split_whitespace().nth(column).unwrap());
    assert_eq!(soft, hard, "{line}");
}
