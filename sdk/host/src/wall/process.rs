//! The child as its embedder has it: its lines, what is linked in it, and how it ended.

use std::collections::HashMap;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Signal, pidfd_send_signal};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::child::{Start, keep};
use super::line::{Frame, Line, Lost};
use super::words::{Core, Load, Order, Report};
use crate::budgets::Budgets;
use crate::convert::text;
use crate::error::HostError;

/// How long the child may take to come up, or to link a component.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long its end is waited for once a line of it broke.
const LAST_WORDS: Duration = Duration::from_secs(2);
const REPORT_BYTES: usize = 64 * 1024;
const REASON_CHARACTERS: usize = 2 * 1024;

/// Nothing that is kept behind these locks can be left half-done by a panic.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a child ended, as the rest of a sentence.
pub(super) struct Ended {
    pub(super) at: Instant,
    pub(super) words: String,
}

/// A child.
pub(super) struct Process {
    pub(super) generation: u64,
    pub(super) pid: u32,
    began: Instant,
    /// When it was last asked anything, in milliseconds after it began.
    used: AtomicU64,
    handle: OwnedFd,
    orders: Mutex<Line>,
    loads: Mutex<Line>,
    idle: Mutex<Vec<Line>>,
    /// Those whose threads stay where callers wait for them.
    visited: Mutex<HashMap<Core, Line>>,
    forgotten: Mutex<Vec<u32>>,
    slots: AtomicU32,
    ended: watch::Receiver<Option<Ended>>,
    /// Whether its end is wanted.
    dismissed: Arc<AtomicBool>,
    /// Whether nothing more is asked of it.
    is_broken: AtomicBool,
    /// Whether it had to be ended.
    is_outlaw: AtomicBool,
}

impl Process {
    /// Blocks: it runs where that is allowed.
    pub(super) fn start(start: Start) -> Result<Arc<Self>, HostError> {
        let failed = |cause: std::io::Error| HostError::Runner(format!("cannot be started: {cause}"));
        let (ours, theirs) = UnixStream::pair().map_err(failed)?;
        ours.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
        let began = Instant::now();
        let (tell, told) = mpsc::channel();
        let (end, ended) = watch::channel(None);
        let dismissed = Arc::new(AtomicBool::new(false));
        let wanted = dismissed.clone();
        let (generation, budgets) = (start.generation, start.budgets);
        thread::Builder::new()
            .name("gantry-runner".to_owned())
            .spawn(move || keep(&start, theirs, &tell, &end, &wanted))
            .map_err(failed)?;
        let (pid, handle) = told
            .recv()
            .map_err(|_| HostError::Internal("the thread that starts the runner ended".to_owned()))?
            .map_err(failed)?;
        let mut orders = Line::new(ours);
        let loads = match begin(&mut orders, budgets) {
            Ok(loads) => loads,
            Err(lost) => {
                // One that never began has nothing in flight.
                let words = match lost {
                    Lost::Ended => Handle::current().block_on(last_words(ended)),
                    Lost::Nonsense => "does not begin as it should".to_owned(),
                };
                dismissed.store(true, Ordering::Relaxed);
                kill(pid, &handle);
                return Err(HostError::Runner(words));
            }
        };
        Ok(Arc::new(Self {
            generation,
            pid,
            began,
            used: AtomicU64::default(),
            handle,
            orders: Mutex::new(orders),
            loads: Mutex::new(loads),
            idle: Mutex::default(),
            visited: Mutex::default(),
            forgotten: Mutex::default(),
            slots: AtomicU32::default(),
            ended,
            dismissed,
            is_broken: AtomicBool::new(false),
            is_outlaw: AtomicBool::new(false),
        }))
    }

    pub(super) fn is_living(&self) -> bool {
        self.ended.borrow().is_none() && !self.is_broken.load(Ordering::Relaxed)
    }

    /// When it ended, and whether that was before it `lived`, or by force.
    pub(super) fn life(&self, lived: Duration) -> (Instant, bool) {
        let ended = self.ended.borrow().as_ref().map_or_else(Instant::now, |ended| ended.at);
        let was_short = ended.duration_since(self.began) < lived;
        (ended, was_short || self.is_outlaw.load(Ordering::Relaxed))
    }

    /// For how long nobody has asked anything.
    pub(super) fn idle_for(&self) -> Duration {
        self.began.elapsed().saturating_sub(Duration::from_millis(self.used.load(Ordering::Relaxed)))
    }

    fn note_use(&self) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.used.store(now, Ordering::Relaxed);
    }

    /// A line for one call: for a visit, the one whose thread has its place there.
    pub(super) fn line(&self, visit: Option<Core>) -> Result<Line, Lost> {
        self.note_use();
        let settled = visit.and_then(|core| lock(&self.visited).remove(&core));
        if let Some(line) = settled.or_else(|| lock(&self.idle).pop()) {
            return Ok(line);
        }
        let line = open(&lock(&self.orders), &Order::Calls)?;
        line.socket().set_nonblocking(true).map_err(|_| Lost::Ended)?;
        Ok(line)
    }

    /// Takes a line back whose call has ended, or whose visit has.
    pub(super) fn keep_line(&self, mut line: Line, visit: Option<Core>) {
        self.note_use();
        if !line.rest() {
            return;
        }
        let spare = match visit {
            Some(core) => lock(&self.visited).insert(core, line),
            None => Some(line),
        };
        lock(&self.idle).extend(spare);
    }

    /// Sends a component, and its code where that is not there. Blocks.
    ///
    /// What fails for this component's sake fails for it alone: the child hears that its code does not come and goes on.
    pub(super) fn load(
        &self,
        load: impl FnOnce(u32) -> Load,
        code: impl FnOnce() -> Result<Vec<u8>, HostError>,
    ) -> Result<u32, HostError> {
        self.note_use();
        let slot = self.slots.fetch_add(1, Ordering::Relaxed);
        let mut line = lock(&self.loads);
        let mut missing = None;
        let outcome = (|| {
            for slot in std::mem::take(&mut *lock(&self.forgotten)) {
                line.send(Frame::new(&Load::Forget { slot }))?;
            }
            line.send(Frame::new(&load(slot)))?;
            match report(&mut line)? {
                Report::CodeWanted => {}
                other => return Ok(other),
            }
            // No code has no bytes.
            let code = code().unwrap_or_else(|error| {
                missing = Some(error);
                Vec::new()
            });
            line.send(Ok(Frame::raw(&code)))?;
            drop(code);
            report(&mut line)
        })();
        drop(line);
        let lost = |lost: Lost| {
            self.is_broken.store(true, Ordering::Relaxed);
            HostError::Runner(Handle::current().block_on(self.explain(&lost)))
        };
        match (outcome.map_err(lost)?, missing) {
            (Report::NoCode, Some(error)) => Err(error),
            (_, Some(_)) | (Report::CodeWanted | Report::NoCode, None) => Err(lost(Lost::Nonsense)),
            (Report::Done, None) => Ok(slot),
            (Report::Refused(why), None) => Err(HostError::Rejected(text::escaped(&why, REASON_CHARACTERS))),
            (Report::Unfit(why), None) => Err(HostError::outgrown(&why)),
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
        self.is_outlaw.store(true, Ordering::Relaxed);
        tracing::error!(runner.pid = self.pid, "the process that runs plugins is ended: {why}");
        kill(self.pid, &self.handle);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.dismissed.store(true, Ordering::Relaxed);
        kill(self.pid, &self.handle);
    }
}

fn kill(pid: u32, handle: &OwnedFd) {
    // One that has ended already needs nothing.
    if let Err(error) = pidfd_send_signal(handle.as_fd(), Signal::KILL)
        && error != rustix::io::Errno::SRCH
    {
        tracing::error!(runner.pid = pid, %error, "the process that runs plugins cannot be ended");
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
    let (report, _) = line.read_bounded(frame, REPORT_BYTES)?;
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
