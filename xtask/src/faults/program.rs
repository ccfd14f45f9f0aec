//! One of our two programs as a process that can be killed, hung and started again.

use crate::shell::Result;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// After SIGTERM.
const PATIENCE: Duration = Duration::from_secs(20);

/// A process that may be down, with all that it takes to bring it up.
pub struct Program {
    name: &'static str,
    command: Box<dyn Fn() -> Command + Send>,
    log: PathBuf,
    /// What its environment has besides, from its next start on.
    surroundings: Vec<(&'static str, String)>,
    child: Option<Child>,
}

/// What a process takes of its machine.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub memory_mib: u64,
    pub files: usize,
}

impl Program {
    /// One that is down.
    pub fn new(name: &'static str, folder: &Path, command: impl Fn() -> Command + Send + 'static) -> Self {
        let log = folder.join(format!("{name}.log"));
        Self { name, command: Box::new(command), log, surroundings: Vec::new(), child: None }
    }

    /// Ends it if it runs, and starts it with this in its environment.
    pub fn restart_with(&mut self, surroundings: Vec<(&'static str, String)>) -> Result<()> {
        self.stop()?;
        self.surroundings = surroundings;
        self.start()
    }

    pub fn start(&mut self) -> Result<()> {
        let log = fs::File::options().create(true).append(true).open(&self.log)?;
        let mut command = (self.command)();
        command.envs(self.surroundings.iter().cloned());
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let started = command.spawn().map_err(|error| format!("could not start {}: {error}", self.name))?;
        self.child = Some(started);
        Ok(())
    }

    /// As a power failure would end it.
    pub fn kill(&mut self) -> Result<()> {
        let mut child =
            self.child.take().ok_or_else(|| format!("{} is not there to be killed", self.name))?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// As a person would end it.
    pub fn stop(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        kill_process(pid_of(&child)?, Signal::TERM)?;
        let ended = super::wait::until("a process ends when it is asked to", PATIENCE, || {
            child.try_wait().ok().flatten().ok_or("it runs")
        });
        if ended.is_err() {
            child.kill()?;
            child.wait()?;
        }
        ended.map(drop).map_err(|error| format!("{}: {error}", self.name).into())
    }

    pub fn signal(&self, signal: Signal) -> Result<()> {
        let child = self.child.as_ref().ok_or_else(|| format!("{} does not run", self.name))?;
        Ok(kill_process(pid_of(child)?, signal)?)
    }

    /// An error if it ended by itself.
    pub fn alive(&mut self) -> Result<()> {
        match self.child.as_mut().map(Child::try_wait).transpose()? {
            Some(None) => Ok(()),
            Some(Some(status)) => Err(format!("{} ended with {status}", self.name).into()),
            None => Err(format!("{} is down", self.name).into()),
        }
    }

    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    pub fn usage(&self) -> Result<Usage> {
        let pid = self.pid().ok_or_else(|| format!("{} is down", self.name))?;
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse()?;
        Ok(Usage { memory_mib: kib / 1024, files: fs::read_dir(format!("/proc/{pid}/fd"))?.count() })
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

fn pid_of(child: &Child) -> Result<Pid> {
    Pid::from_raw(i32::try_from(child.id())?).ok_or_else(|| "a process without an id".into())
}
