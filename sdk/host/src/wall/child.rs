//! The thread that keeps a child: it starts it, hears its last words, ends it when it has long been idle, and sees it end.
//!
//! It is a thread of its own because the kernel ends a child with the thread that started it, and threads of a runtime come and
//! go.

use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak, mpsc};
use std::time::{Duration, Instant};

use gantry_confine::{ChildProgram, Ending, Group, GroupLimits, GroupPlace, NoGroup, ending};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open, setpriority_process};
use tokio::sync::watch;

use super::process::{Ended, Process, lock};
use super::starts::Kind;
use crate::budgets::{Budgets, MEMORY_CEILING_BYTES};
use crate::convert::text;

const MESSAGE_BYTES: usize = 8 * 1024;
const MESSAGE_CHARACTERS: usize = 512;
/// What the child takes beside the guests' memories: the engine, the code, its threads.
const OWN_BYTES: u64 = 512 * 1024 * 1024;
/// Threads beside those of calls.
const OTHER_THREADS: u64 = 16;
/// Half of what others have, so that the embedder goes first when the processors are busy.
const WEIGHT: u32 = 50;
/// The same for a child whose calls compute for long, which others go before too; and where there is no group.
const LONG_WEIGHT: u32 = 10;
const LONG_NICENESS: i32 = 10;

/// What a child is started with.
pub(super) struct Start {
    pub(super) kind: Kind,
    pub(super) program: ChildProgram,
    pub(super) budgets: Budgets,
    /// Counted from 1.
    pub(super) generation: u64,
    /// Where it will be found.
    pub(super) current: Weak<Mutex<Option<Arc<Process>>>>,
}

/// Its number, and what it is ended by.
pub(super) type Started = std::io::Result<(u32, OwnedFd)>;

/// Starts the child and stays until it has ended.
pub(super) fn keep(
    start: &Start,
    stdin: UnixStream,
    tell: &mpsc::Sender<Started>,
    end: &watch::Sender<Option<Ended>>,
    dismissed: &AtomicBool,
) {
    let (mut child, handle) = match spawn(start, stdin) {
        Ok(started) => started,
        Err(error) => {
            // Whoever waits for the start has gone only if the host has.
            drop(tell.send(Err(error)));
            return;
        }
    };
    let pid = child.id();
    // It waits for its first order, so that none of it runs outside.
    let group = group(start, pid);
    drop(tell.send(Ok((pid, handle))));
    let message = child.stderr.take().map(|stderr| heard(stderr, start)).unwrap_or_default();
    let words = match child.wait() {
        Ok(status) => said(status, &message),
        Err(error) => format!("is lost: {error}"),
    };
    drop(group);
    if !dismissed.load(Ordering::Relaxed) {
        tracing::error!(
            runner.pid = pid,
            "the process that runs plugins {words}; it is started again when it is needed"
        );
    }
    end.send_replace(Some(Ended { at: Instant::now(), words }));
}

fn spawn(start: &Start, stdin: UnixStream) -> std::io::Result<(Child, OwnedFd)> {
    let program = &start.program;
    let mut child = Command::new(&program.program)
        .args(&program.args)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(OwnedFd::from(stdin)))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    // It has not been waited for, so that its number is its own.
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let handle = pid.ok_or(rustix::io::Errno::SRCH).and_then(|pid| {
        // Its threads have it from the first, which waits for its first order.
        if start.kind == Kind::Long {
            setpriority_process(Some(pid), LONG_NICENESS)?;
        }
        pidfd_open(pid, PidfdFlags::empty())
    });
    match handle {
        Ok(handle) => Ok((child, handle)),
        Err(error) => {
            child.kill()?;
            child.wait()?;
            Err(error.into())
        }
    }
}

/// Puts the child into a control group of its own, where this process may make one.
fn group(start: &Start, pid: u32) -> Option<Group> {
    let concurrency = start.budgets.concurrency;
    let guests = u64::from(concurrency.instances).saturating_mul(MEMORY_CEILING_BYTES as u64);
    let most = guests.saturating_add(OWN_BYTES);
    let (name, part, weight) = match start.kind {
        Kind::Usual => ("", 2, WEIGHT),
        Kind::Long => ("-long", 4, LONG_WEIGHT),
    };
    let limits = GroupLimits {
        memory_bytes: gantry_confine::machine_memory().map_or(most, |all| most.min(all / part)),
        // One for each call, and one for each that is letting go.
        processes: u64::from(concurrency.instances).saturating_mul(2).saturating_add(OTHER_THREADS),
        weight,
    };
    let name = format!("{}-{}{name}", std::process::id(), start.generation);
    let made = GroupPlace::here().and_then(|place| place.make(&name, &limits)).and_then(|group| {
        group.take(pid)?;
        Ok(group)
    });
    match made {
        Ok(group) => {
            if start.generation == 1 && start.kind == Kind::Usual {
                let place = group.directory().display();
                tracing::info!(cgroup = %place, "plugins run in a control group of their own");
            }
            Some(group)
        }
        Err(NoGroup(why)) => {
            if start.generation == 1 && start.kind == Kind::Usual {
                tracing::info!(
                    "plugins run without a control group of their own, held by the limits of each call and of their \
                     process: {why}"
                );
            }
            None
        }
    }
}

/// What the child says until it closes its mouth. However much that is, it is read, so that it never waits for being heard.
fn heard(mut stderr: ChildStderr, start: &Start) -> String {
    let (mut message, mut buffer) = (Vec::new(), [0; 1024]);
    loop {
        let wait = rest(start);
        let time = Timespec::try_from(wait).ok();
        let ready = poll(&mut [PollFd::new(&stderr, PollFlags::IN)], time.as_ref());
        if matches!(ready, Ok(0) | Err(Errno::INTR)) {
            continue;
        }
        match stderr.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                let room = MESSAGE_BYTES - message.len();
                message.extend_from_slice(&buffer[..read.min(room)]);
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => {
                tracing::debug!(%error, "the last words of the process that runs plugins were not heard");
                break;
            }
        }
    }
    String::from_utf8_lossy(&message).into_owned()
}

/// Ends the child if it has been idle for long enough. Answers when to look again.
///
/// Calls take the child from where it is found, under the same lock, and hold it: with nobody holding it there is no call.
fn rest(start: &Start) -> Duration {
    let idle = start.budgets.concurrency.idle.max(Duration::from_millis(1));
    let Some(current) = start.current.upgrade() else { return idle };
    let mut found = lock(&current);
    let Some(process) = found.as_ref() else { return idle };
    if process.generation != start.generation || Arc::strong_count(process) > 1 {
        return idle;
    }
    match idle.checked_sub(process.idle_for()).filter(|left| !left.is_zero()) {
        Some(left) => left,
        None => {
            tracing::debug!(
                runner.pid = process.pid,
                "nobody calls plugins: their process ends until somebody does"
            );
            let idle_process = found.take();
            drop(found);
            drop(idle_process);
            idle
        }
    }
}

fn said(status: ExitStatus, message: &str) -> String {
    let message = text::escaped(message.trim(), MESSAGE_CHARACTERS);
    match ending(status, &message) {
        Ending::Call => {
            "was stopped by its wall: it reached for more than running plugins needs; do not trust the \
                         plugins that ran"
                .to_owned()
        }
        Ending::Memory => "ran out of memory".to_owned(),
        Ending::CpuTime | Ending::FileSize | Ending::Other if message.is_empty() => {
            format!("ended ({status})")
        }
        Ending::CpuTime | Ending::FileSize | Ending::Other => format!("ended ({status}: {message})"),
    }
}
