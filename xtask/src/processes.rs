//! Long-lived child processes: started apart from the terminal's signals, recorded so that `down` finds them, stopped
//! in reverse order.

use crate::shell::Result;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    os::unix::{fs::OpenOptionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A process that some `up` started.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Started {
    pub name: String,
    pub pid: i32,
    /// Clock ticks since boot at which the kernel started it; a recycled pid has another.
    pub born: u64,
}

/// The processes of one data directory, oldest first.
pub struct Processes {
    file: PathBuf,
    logs: PathBuf,
    started: Vec<Started>,
    children: Vec<(String, Child)>,
}

impl Processes {
    /// Opens the record of a data directory.
    pub fn open(data: &Path) -> Result<Self> {
        let file = data.join("processes.json");
        let started = match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(_) => Vec::new(),
        };
        let logs = data.join("logs");
        fs::create_dir_all(&logs)?;
        Ok(Self { file, logs, started, children: Vec::new() })
    }

    /// Those that still run.
    pub fn alive(&self) -> Vec<&Started> {
        self.started.iter().filter(|process| is_alive(process)).collect()
    }

    /// Starts a process with its output in a log file; it outlives this one unless it is stopped.
    pub fn start(&mut self, name: &str, command: &mut Command) -> Result<()> {
        let log = fs::File::options().create(true).append(true).mode(0o600).open(self.log(name))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .map_err(|error| format!("could not start {name}: {error}"))?;
        let pid = i32::try_from(child.id())?;
        self.record(name, pid)?;
        self.children.push((name.to_owned(), child));
        Ok(())
    }

    /// Takes a process that started by itself into the record.
    pub fn record(&mut self, name: &str, pid: i32) -> Result<()> {
        let born = born(pid).unwrap_or_default();
        self.started.push(Started { name: name.to_owned(), pid, born });
        self.save()
    }

    /// Where a process writes its output.
    pub fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }

    /// The end of a process's log, for an error.
    pub fn log_tail(&self, name: &str) -> String {
        let text = fs::read_to_string(self.log(name)).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    /// The first child that ended by itself, with how.
    pub fn ended(&mut self) -> Option<String> {
        for (name, child) in &mut self.children {
            if let Ok(Some(status)) = child.try_wait() {
                return Some(format!(
                    "{name} ended with {status}; its log is {}",
                    self.logs.join(format!("{name}.log")).display()
                ));
            }
        }
        None
    }

    /// Whether a process of this name runs.
    pub fn runs(&self, name: &str) -> bool {
        self.started.iter().any(|process| process.name == name && is_alive(process))
    }

    /// Stops one process by name. False if it did not end by itself in time and was killed.
    pub fn stop(&mut self, name: &str, signal: Signal, patience: Duration) -> bool {
        let matching: Vec<Started> =
            self.started.iter().filter(|process| process.name == name).cloned().collect();
        let mut in_time = true;
        for process in matching {
            in_time &= stop(&process, signal, patience, &mut self.children);
        }
        self.started.retain(|process| process.name != name);
        self.save().ok();
        in_time
    }

    fn save(&self) -> Result<()> {
        Ok(fs::write(&self.file, serde_json::to_vec_pretty(&self.started)?)?)
    }
}

fn stop(process: &Started, signal: Signal, patience: Duration, children: &mut [(String, Child)]) -> bool {
    if !is_alive(process) {
        return true;
    }
    let Some(pid) = Pid::from_raw(process.pid) else { return true };
    kill_process(pid, signal).ok();
    let deadline = Instant::now() + patience;
    while Instant::now() < deadline {
        for (_, child) in children.iter_mut() {
            child.try_wait().ok();
        }
        if !is_alive(process) {
            return true;
        }
        thread::sleep(Duration::from_millis(50));
    }
    kill_process(pid, Signal::KILL).ok();
    false
}

fn is_alive(process: &Started) -> bool {
    let exists = Pid::from_raw(process.pid).is_some_and(|pid| test_kill_process(pid).is_ok());
    exists && born(process.pid) == Some(process.born) && !is_zombie(process.pid)
}

/// Field 22 of `/proc/PID/stat`.
fn born(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(19)?.parse().ok()
}

fn is_zombie(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z')))
}
