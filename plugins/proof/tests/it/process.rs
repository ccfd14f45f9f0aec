//! A game as a child process that cannot outlive its test.

use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    fs::File,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// By then it is killed, whatever became of the test.
const LONGEST_LIFE: &str = "300";

pub(crate) struct Process {
    child: Child,
    directory: TempDir,
}

impl Process {
    /// Starts it in a directory that goes with it; `command` is the program and its arguments.
    pub(crate) fn start(directory: TempDir, command: &[String], environment: &[(String, String)]) -> Self {
        let output = File::create(log(directory.path())).unwrap();
        let mut timed = Command::new("timeout");
        timed.args(["--signal=KILL", LONGEST_LIFE]).args(command);
        timed.envs(environment.iter().map(|(key, value)| (key, value)));
        // A group of its own: what it starts ends with it. Its input stays open, since games take an end for a farewell.
        timed.current_dir(directory.path()).process_group(0).stdin(Stdio::piped());
        timed.stderr(output.try_clone().unwrap()).stdout(output);
        Self { child: timed.spawn().unwrap(), directory }
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// All that it has printed.
    pub(crate) fn output(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(log(self.directory.path())).unwrap()).into_owned()
    }
}

fn log(directory: &Path) -> std::path::PathBuf {
    directory.join("output-of-the-game.log")
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(group) = Pid::from_raw(self.child.id().cast_signed()) {
            // Where it has ended by itself there is nobody to kill.
            kill_process_group(group, Signal::KILL).ok();
        }
        self.child.wait().ok();
    }
}
