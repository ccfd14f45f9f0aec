//! One simulated process: a task that turns commands and signals into output and, in time, an exit.

use super::script::{Moment, Script};
use crate::{
    console::OutputChunk,
    runtime::Exit,
    spec::{ContainerSpec, Purpose},
};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{Stream, stream};
use gantry_types::{sample::Statistics, units::Limits};
use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::AsyncWrite,
    sync::{Notify, mpsc, watch},
};
use tokio_util::{
    sync::{CancellationToken, PollSender},
    task::AbortOnDropHandle,
};

/// Lines that are kept, as an engine's bounded log would.
const KEPT_LINES: usize = 50_000;
/// Commands that may wait.
const COMMANDS: usize = 64;
/// Longest command in bytes.
const MAX_COMMAND: usize = 64 * 1024;

/// What reaches a process beside its input.
#[derive(Default)]
struct Signals {
    stop: Notify,
    kill: CancellationToken,
}

/// What is left of a process for those who look at it.
struct Trace {
    log: Mutex<VecDeque<OutputChunk>>,
    /// Counts up with each line.
    written: watch::Sender<u64>,
    exit: watch::Sender<Option<Exit>>,
}

/// A handle. The process is aborted when the last one goes.
#[derive(Clone)]
pub(super) struct Process {
    purpose: Purpose,
    limits: Limits,
    started_at: DateTime<Utc>,
    trace: Arc<Trace>,
    signals: Arc<Signals>,
    input: mpsc::Sender<String>,
    _task: Arc<AbortOnDropHandle<()>>,
}

impl Process {
    pub(super) fn start(spec: &ContainerSpec, script: Script) -> Self {
        let (written, _) = watch::channel(0);
        let (exit, _) = watch::channel(None);
        let trace = Arc::new(Trace { log: Mutex::default(), written, exit });
        let (input, typed) = mpsc::channel(COMMANDS);
        let signals = Arc::<Signals>::default();
        let life = Life { trace: Arc::clone(&trace), script, typed, signals: Arc::clone(&signals) };
        let setting = |key: &str| {
            let found = spec.environment.iter().find(|one| one.key == key);
            found.and_then(|one| one.value.parse::<u32>().ok()).unwrap_or(0)
        };
        let code = i64::from(setting("SIMULATED_EXIT"));
        let work = Duration::from_millis(setting("SIMULATED_MS").into());
        let purpose = spec.purpose;
        let task = tokio::spawn(async move {
            match purpose {
                Purpose::Server => life.serve().await,
                Purpose::Install => life.install(code, work).await,
            }
        });
        Self {
            purpose,
            limits: spec.limits,
            started_at: Utc::now(),
            trace,
            signals,
            input,
            _task: Arc::new(AbortOnDropHandle::new(task)),
        }
    }

    pub(super) const fn purpose(&self) -> Purpose {
        self.purpose
    }

    pub(super) const fn started_at(&self) -> DateTime<Utc> {
        self.started_at
    }

    pub(super) fn exit(&self) -> Option<Exit> {
        self.trace.exit.borrow().clone()
    }

    pub(super) async fn ended(&self) -> Exit {
        let mut exit = self.trace.exit.subscribe();
        let ended = exit.wait_for(Option::is_some).await.ok().and_then(|exit| exit.clone());
        // The sender lives in the same trace, so there always is an exit.
        ended.unwrap_or_else(|| Exit { code: -1, oom_killed: false, finished_at: Utc::now() })
    }

    /// As SIGINT or SIGTERM.
    pub(super) fn stop(&self) {
        self.signals.stop.notify_one();
    }

    pub(super) fn kill(&self) {
        self.signals.kill.cancel();
    }

    pub(super) fn input(&self) -> Input {
        Input { sender: PollSender::new(self.input.clone()), held: Vec::new() }
    }

    pub(super) fn output(
        &self,
        after: Option<DateTime<Utc>>,
    ) -> impl Stream<Item = OutputChunk> + Send + 'static {
        let written = self.trace.written.subscribe();
        let exit = self.trace.exit.subscribe();
        let follower =
            Follower { trace: Arc::clone(&self.trace), written, exit, after, ready: VecDeque::new() };
        stream::unfold(follower, |mut follower| async {
            follower.next().await.map(|chunk| (chunk, follower))
        })
    }

    pub(super) fn statistics(&self, beat: u64) -> Statistics {
        let mib = 1_u64 << 20;
        let cores = if self.limits.cpu_percent == 0 { 100.0 } else { f64::from(self.limits.cpu_percent) };
        let memory = if self.limits.memory_mib == 0 { 512 } else { u64::from(self.limits.memory_mib) };
        let wave = (beat as f64 / 10.0).sin().abs();
        Statistics {
            cpu_percent: cores * 0.3f64.mul_add(wave, 0.05),
            memory_bytes: memory * mib / 4 + beat.min(60) * mib / 10,
            memory_limit_bytes: u64::from(self.limits.memory_mib) * mib,
            disk_bytes: 0,
            network_rx_bytes: 1200 + beat % 7 * 100,
            network_tx_bytes: 4800 + beat % 5 * 300,
            pids: 3,
        }
    }
}

struct Follower {
    trace: Arc<Trace>,
    written: watch::Receiver<u64>,
    exit: watch::Receiver<Option<Exit>>,
    after: Option<DateTime<Utc>>,
    ready: VecDeque<OutputChunk>,
}

impl Follower {
    async fn next(&mut self) -> Option<OutputChunk> {
        loop {
            if let Some(chunk) = self.ready.pop_front() {
                self.after = Some(chunk.at);
                return Some(chunk);
            }
            self.written.borrow_and_update();
            // Looked at before the log: once it is set no line follows.
            let ended = self.exit.borrow_and_update().is_some();
            let after = self.after;
            {
                let log = self.trace.lock();
                let first = log.partition_point(|chunk| after.is_some_and(|after| chunk.at <= after));
                self.ready.extend(log.range(first..).cloned());
            }
            if self.ready.is_empty() {
                if ended {
                    return None;
                }
                tokio::select! {
                    changed = self.written.changed() => changed.ok()?,
                    changed = self.exit.changed() => changed.ok()?,
                }
            }
        }
    }
}

impl Trace {
    fn lock(&self) -> MutexGuard<'_, VecDeque<OutputChunk>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn print(&self, line: &str) {
        let mut log = self.lock();
        let next = log.back().map(|last| last.at + TimeDelta::nanoseconds(1));
        let at = next.map_or_else(Utc::now, |next| next.max(Utc::now()));
        if log.len() == KEPT_LINES {
            log.pop_front();
        }
        log.push_back(OutputChunk { at, bytes: Bytes::from(format!("{line}\r\n")) });
        drop(log);
        self.written.send_modify(|count| *count += 1);
    }
}

struct Life {
    trace: Arc<Trace>,
    script: Script,
    typed: mpsc::Receiver<String>,
    signals: Arc<Signals>,
}

/// Whether a process goes on.
enum Course {
    On,
    End(i64),
    OutOfMemory,
}

/// What a shell says of a process that SIGKILL ended.
const KILLED: i64 = 137;

impl Life {
    async fn serve(mut self) {
        let course = match self.begin().await {
            Course::On => self.listen().await,
            ended => ended,
        };
        match course {
            Course::On => {}
            Course::End(code) => self.end(code, false),
            Course::OutOfMemory => self.end(KILLED, true),
        }
    }

    async fn install(self, code: i64, work: Duration) {
        self.trace.print("Installing");
        tokio::select! {
            () = tokio::time::sleep(work) => {
                self.trace.print("Installed");
                self.end(code, false);
            }
            () = self.signals.kill.cancelled() => self.end(KILLED, false),
        }
    }

    async fn begin(&self) -> Course {
        for line in &self.script.banner {
            self.trace.print(line);
        }
        tokio::select! {
            () = self.script.pause(Moment::Ready) => {}
            () = self.signals.stop.notified() => return self.stop().await,
            () = self.signals.kill.cancelled() => return Course::End(KILLED),
        }
        self.trace.print(&self.script.ready);
        Course::On
    }

    async fn listen(&mut self) -> Course {
        loop {
            let course = tokio::select! {
                biased;
                () = self.signals.kill.cancelled() => Course::End(KILLED),
                () = self.signals.stop.notified() => self.stop().await,
                line = self.typed.recv() => match line {
                    Some(line) => self.answer(line.trim()).await,
                    // Nobody is left who could type or signal.
                    None => Course::End(KILLED),
                },
            };
            if !matches!(course, Course::On) {
                return course;
            }
        }
    }

    async fn answer(&self, line: &str) -> Course {
        self.script.pause(Moment::Answer).await;
        self.trace.print(line);
        match line.split_once(' ').unwrap_or((line, "")) {
            ("stop" | "quit" | "exit" | "shutdown", _) => return self.stop().await,
            ("crash", code) => return Course::End(code.trim().parse().unwrap_or(1)),
            ("oom", _) => return Course::OutOfMemory,
            ("hang", _) => {
                self.signals.kill.cancelled().await;
                return Course::End(KILLED);
            }
            ("flood", count) => {
                for number in 1..=count.trim().parse().unwrap_or(0_u32) {
                    self.trace.print(&format!("flood {number}"));
                    if number % 256 == 0 {
                        tokio::task::yield_now().await;
                    }
                }
            }
            _ => {}
        }
        Course::On
    }

    async fn stop(&self) -> Course {
        self.trace.print("Stopping");
        tokio::select! {
            () = self.script.pause(Moment::Stop) => Course::End(0),
            () = self.signals.kill.cancelled() => Course::End(KILLED),
        }
    }

    fn end(&self, code: i64, oom_killed: bool) {
        self.trace.exit.send_replace(Some(Exit { code, oom_killed, finished_at: Utc::now() }));
    }
}

/// Takes bytes and gives the process whole lines.
pub(super) struct Input {
    sender: PollSender<String>,
    held: Vec<u8>,
}

impl AsyncWrite for Input {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        ready!(self.sender.poll_reserve(context)).map_err(gone)?;
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let taken = end.unwrap_or(bytes.len());
        if self.held.len() + taken > MAX_COMMAND {
            return Poll::Ready(Err(io::ErrorKind::InvalidInput.into()));
        }
        self.held.extend_from_slice(&bytes[..taken]);
        if end.is_none() {
            return Poll::Ready(Ok(taken));
        }
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.held)).into_owned();
        self.sender.send_item(line).map_err(gone)?;
        Poll::Ready(Ok(taken + 1))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
