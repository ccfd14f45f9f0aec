//! The child as its embedder has it: started when it is first needed, and again when it has ended.
//!
//! A thread of its own starts the child, hears its last words and sees it end: the kernel ends a child with the thread that
//! started it, and threads of a runtime come and go.

use std::io::Read as _;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use gantry_confine::{ChildProgram, Ending, ending};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::runtime::Handle;
use tokio::sync::{Mutex as AsyncMutex, Semaphore, watch};
use tokio::task::spawn_blocking;

use super::line::{Frame, Line, Lost};
use super::words::{Load, Order, Report};
use crate::budgets::Budgets;
use crate::convert::text;
use crate::error::HostError;

/// How long the child may take to come up, or to link a component.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long its end is waited for once a line of it broke.
const LAST_WORDS: Duration = Duration::from_secs(2);
const MESSAGE_BYTES: u64 = 8 * 1024;
const MESSAGE_CHARACTERS: usize = 512;
const REPORT_BYTES: usize = 64 * 1024;
/// A child that ended earlier than this counts as one that cannot live.
const LIVED: Duration = Duration::from_secs(10);
/// The first pause before another start, which doubles with each child that cannot live.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Starts children, one at a time.
pub(crate) struct Runner {
    program: ChildProgram,
    budgets: Budgets,
    current: Mutex<Option<Arc<Process>>>,
    starts: AsyncMutex<Starts>,
    /// Callers whose thread waits for its guest.
    pub(super) visits: Semaphore,
}

#[derive(Default)]
struct Starts {
    generation: u64,
    /// Children in a row that ended too early.
    short_lives: u32,
}

impl Runner {
    pub(crate) fn new(program: ChildProgram, budgets: Budgets) -> Self {
        let visits = Semaphore::new(1);
        Self { program, budgets, current: Mutex::default(), starts: AsyncMutex::default(), visits }
    }

    /// The child that lives. None does: one is started, unless the last ones ended at once.
    pub(super) async fn process(&self) -> Result<Arc<Process>, HostError> {
        if let Some(process) = self.living() {
            return Ok(process);
        }
        let mut starts = self.starts.lock().await;
        if let Some(process) = self.living() {
            return Ok(process);
        }
        let last = lock(&self.current).take();
        if let Some(last) = last {
            let ended = last.ended.borrow().as_ref().map_or_else(Instant::now, |ended| ended.at);
            let short = ended.duration_since(last.began) < LIVED;
            starts.short_lives = if short { starts.short_lives.saturating_add(1) } else { 0 };
            let until = ended + pause(starts.short_lives);
            if until > Instant::now() {
                // It is looked at again by the next call, and is not counted twice.
                starts.short_lives = starts.short_lives.saturating_sub(1);
                *lock(&self.current) = Some(last);
                let wait = until.saturating_duration_since(Instant::now());
                return Err(HostError::Runner(format!(
                    "ended soon after each start and is left alone for {wait:?}"
                )));
            }
        }
        starts.generation += 1;
        let (program, budgets, generation) = (self.program.clone(), self.budgets, starts.generation);
        let started = spawn_blocking(move || Process::start(&program, budgets, generation)).await;
        let process = started.map_err(|cause| HostError::Internal(cause.to_string()))??;
        *lock(&self.current) = Some(process.clone());
        Ok(process)
    }

    fn living(&self) -> Option<Arc<Process>> {
        lock(&self.current).as_ref().filter(|process| process.is_living()).cloned()
    }

    /// The child's process id, for whoever measures it.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.living().map(|process| process.pid)
    }
}

/// One start after an early end is made at once.
fn pause(short_lives: u32) -> Duration {
    match short_lives.checked_sub(2) {
        None => Duration::ZERO,
        Some(doublings) => PAUSE.saturating_mul(1 << doublings.min(10)).min(LONGEST_PAUSE),
    }
}

/// Nothing that is kept behind these locks can be left half-done by a panic.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a child ended, as the rest of a sentence.
struct Ended {
    at: Instant,
    words: String,
}

/// A child.
pub(super) struct Process {
    pub(super) generation: u64,
    pid: u32,
    began: Instant,
    handle: OwnedFd,
    orders: Mutex<Line>,
    loads: Mutex<Line>,
    idle: Mutex<Vec<Line>>,
    forgotten: Mutex<Vec<u32>>,
    slots: AtomicU32,
    ended: watch::Receiver<Option<Ended>>,
    /// Whether its end is wanted.
    dismissed: Arc<AtomicBool>,
    is_broken: AtomicBool,
}

impl Process {
    /// Blocks: it runs where that is allowed.
    fn start(program: &ChildProgram, budgets: Budgets, generation: u64) -> Result<Arc<Self>, HostError> {
        let failed = |cause: std::io::Error| HostError::Runner(format!("cannot be started: {cause}"));
        let (ours, theirs) = UnixStream::pair().map_err(failed)?;
        ours.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
        let began = Instant::now();
        let (tell, told) = mpsc::channel();
        let (end, ended) = watch::channel(None);
        let dismissed = Arc::new(AtomicBool::new(false));
        let (program, wanted) = (program.clone(), dismissed.clone());
        thread::Builder::new()
            .name("gantry-runner".to_owned())
            .spawn(move || keep(&program, theirs, &tell, &end, &wanted))
            .map_err(failed)?;
        let (pid, handle) = told
            .recv()
            .map_err(|_| HostError::Internal("the thread that starts the runner ended".to_owned()))?
            .map_err(failed)?;
        let mut orders = Line::new(ours);
        let loads = begin(&mut orders, budgets);
        let process = |loads| Self {
            generation,
            pid,
            began,
            handle,
            orders: Mutex::new(orders),
            loads: Mutex::new(loads),
            idle: Mutex::default(),
            forgotten: Mutex::default(),
            slots: AtomicU32::default(),
            ended: ended.clone(),
            dismissed,
            is_broken: AtomicBool::new(false),
        };
        match loads {
            Ok(loads) => Ok(Arc::new(process(loads))),
            Err(_) => Err(HostError::Runner(Handle::current().block_on(last_words(ended.clone())))),
        }
    }

    fn is_living(&self) -> bool {
        self.ended.borrow().is_none() && !self.is_broken.load(Ordering::Relaxed)
    }

    /// A line for one call.
    pub(super) fn line(&self) -> Result<Line, Lost> {
        if let Some(line) = lock(&self.idle).pop() {
            return Ok(line);
        }
        let line = open(&lock(&self.orders), &Order::Calls)?;
        line.socket().set_nonblocking(true).map_err(|_| Lost::Ended)?;
        Ok(line)
    }

    /// Takes a line back whose call has ended.
    pub(super) fn keep_line(&self, mut line: Line) {
        if line.rest() {
            lock(&self.idle).push(line);
        }
    }

    /// Sends a component, and its code where that is not there. Blocks.
    pub(super) fn load(
        &self,
        load: impl FnOnce(u32) -> Load,
        code: impl FnOnce() -> Result<Vec<u8>, HostError>,
    ) -> Result<u32, HostError> {
        let slot = self.slots.fetch_add(1, Ordering::Relaxed);
        let mut line = lock(&self.loads);
        let outcome = (|| {
            for slot in std::mem::take(&mut *lock(&self.forgotten)) {
                line.send(Frame::new(&Load::Forget { slot }))?;
            }
            line.send(Frame::new(&load(slot)))?;
            match report(&mut line)? {
                Report::CodeWanted => {
                    let code = match code() {
                        Ok(code) => code,
                        Err(error) => {
                            // It waits for the code, so that nothing else can be said to it.
                            self.is_broken.store(true, Ordering::Relaxed);
                            return Ok(Err(error));
                        }
                    };
                    line.send(Ok(Frame::raw(&code)))?;
                    report(&mut line).map(Ok)
                }
                other => Ok(Ok(other)),
            }
        })();
        let broken = |_: Lost| {
            self.is_broken.store(true, Ordering::Relaxed);
            HostError::Runner(Handle::current().block_on(last_words(self.ended.clone())))
        };
        match outcome.map_err(broken)?? {
            Report::Done => Ok(slot),
            Report::Refused(why) => Err(HostError::Rejected(why)),
            Report::Unfit(why) => Err(HostError::Engine {
                context: "does not take what its compiler made",
                source: wasmtime::Error::msg(why),
            }),
            Report::CodeWanted => Err(HostError::Internal("code was wanted twice".to_owned())),
        }
    }

    /// A component that nobody calls any more. The child hears of it with the next one.
    pub(super) fn forget(&self, slot: u32) {
        lock(&self.forgotten).push(slot);
    }

    /// What became of a call whose line broke, as the rest of a sentence.
    pub(super) async fn explain(&self, lost: &Lost) -> String {
        match lost {
            Lost::Ended => last_words(self.ended.clone()).await,
            Lost::Nonsense => {
                self.end("it said what running plugins never says");
                "said what running plugins never says, and was ended: do not trust the plugins that ran"
                    .to_owned()
            }
        }
    }

    /// Ends the child.
    pub(super) fn end(&self, why: &str) {
        self.is_broken.store(true, Ordering::Relaxed);
        tracing::error!(runner.pid = self.pid, "the process that runs plugins is ended: {why}");
        self.kill();
    }

    fn kill(&self) {
        // One that has ended already needs nothing.
        if let Err(error) = pidfd_send_signal(self.handle.as_fd(), Signal::KILL)
            && error != rustix::io::Errno::SRCH
        {
            tracing::error!(runner.pid = self.pid, %error, "the process that runs plugins cannot be ended");
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.dismissed.store(true, Ordering::Relaxed);
        self.kill();
    }
}

fn begin(orders: &mut Line, budgets: Budgets) -> Result<Line, Lost> {
    orders.send(Frame::new(&Order::Begin(Box::new(budgets))))?;
    let Report::Done = report(orders)? else { return Err(Lost::Nonsense) };
    let loads = open(orders, &Order::Loads)?;
    loads.socket().set_read_timeout(Some(PATIENCE)).map_err(|_| Lost::Ended)?;
    Ok(loads)
}

fn open(orders: &Line, order: &Order) -> Result<Line, Lost> {
    let (ours, theirs) = UnixStream::pair().map_err(|_| Lost::Ended)?;
    orders.send_socket(Frame::new(order)?, theirs.as_fd())?;
    Ok(Line::new(ours))
}

fn report(line: &mut Line) -> Result<Report, Lost> {
    let frame = line.wait(REPORT_BYTES)?.ok_or(Lost::Ended)?;
    let (report, _) = line.read(frame)?;
    Ok(report)
}

async fn last_words(mut ended: watch::Receiver<Option<Ended>>) -> String {
    let words = async {
        let ended = ended.wait_for(Option::is_some).await.ok()?;
        ended.as_ref().map(|ended| ended.words.clone())
    };
    let words = tokio::time::timeout(LAST_WORDS, words).await.ok().flatten();
    words.unwrap_or_else(|| "does not answer any more".to_owned())
}

type Started = std::io::Result<(u32, OwnedFd)>;

/// Starts the child and stays until it has ended.
fn keep(
    program: &ChildProgram,
    stdin: UnixStream,
    tell: &mpsc::Sender<Started>,
    end: &watch::Sender<Option<Ended>>,
    dismissed: &AtomicBool,
) {
    let (mut child, handle) = match spawn(program, stdin) {
        Ok(started) => started,
        Err(error) => {
            // Whoever waits for the start has gone only if the host has.
            drop(tell.send(Err(error)));
            return;
        }
    };
    let pid = child.id();
    drop(tell.send(Ok((pid, handle))));
    let mut message = Vec::new();
    if let Some(mut stderr) = child.stderr.take() {
        // However much it says, it is read, so that it never waits for being heard.
        let heard = stderr.by_ref().take(MESSAGE_BYTES).read_to_end(&mut message);
        let rest = heard.and_then(|_| std::io::copy(&mut stderr, &mut std::io::sink()));
        if let Err(error) = rest {
            tracing::debug!(%error, "the last words of the process that runs plugins were not heard");
        }
    }
    let words = match child.wait() {
        Ok(status) => said(status, &String::from_utf8_lossy(&message)),
        Err(error) => format!("is lost: {error}"),
    };
    if !dismissed.load(Ordering::Relaxed) {
        tracing::error!(
            runner.pid = pid,
            "the process that runs plugins {words}; it is started again when it is needed"
        );
    }
    end.send_replace(Some(Ended { at: Instant::now(), words }));
}

fn spawn(program: &ChildProgram, stdin: UnixStream) -> std::io::Result<(Child, OwnedFd)> {
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
    let handle = pid.ok_or(rustix::io::Errno::SRCH).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()));
    match handle {
        Ok(handle) => Ok((child, handle)),
        Err(error) => {
            child.kill()?;
            child.wait()?;
            Err(error.into())
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
