//! The child: it gives up its power, and then runs guests, a thread for each line.
//!
//! It has no runtime and no timers: how long a call may take is the embedder's to say, who leaves the line. A guest hears
//! of that at the next tick of the epoch. The threads share the processors by turns, as they do without the wall.

use std::collections::HashMap;
use std::io::Write as _;
use std::ops::Range;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use gantry_confine::{Calls, ConfineError, Limits, Reach};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use wasmtime::Engine;

use super::line::{Frame, Line, Lost};
use super::words::{Core, FromGuest, Load, Order, Report, ToGuest};
use crate::budgets::{Budgets, MEMORY_CEILING_BYTES};
use crate::calls::{ForKind, Request};
use crate::component::Bundle;
use crate::desk::Desk;
use crate::engine;
use crate::guest::{Linked, Linking};
use crate::host::{Code, revive};
use crate::inline::Pace;
use crate::kind::Kind;
use crate::turn::{self, Turn, Turns};

/// Exit status where the child cannot do its work.
const BROKEN: u8 = 70;
/// Lines, each a socket, and what the engine has open.
const OPEN_FILES: u64 = 1_024;
/// What the engine, the code and the threads take, beside the guests' memories.
const OWN_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// An answer of the embedder, or the code of a component.
const FRAME_BYTES: usize = 256 * 1024 * 1024;
/// The first of the users that nobody has: what systemd gives to services without one of their own.
const FIRST_USER: u32 = 61_184;
const USERS: u32 = 4_336;

/// Runs guests for the embedder at the other end of stdin, until that is gone.
///
/// An embedder calls this first thing in `main`, before it starts threads, when its first argument is the hidden
/// subcommand; it returns what `main` must return.
#[must_use]
pub fn runner_main() -> ExitCode {
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // There is nowhere left to report that stderr is closed.
            drop(std::io::stderr().write_all(message.as_bytes()));
            ExitCode::from(BROKEN)
        }
    }
}

fn work() -> Result<(), String> {
    let socket = std::io::stdin().as_fd().try_clone_to_owned();
    let socket = socket.map_err(|cause| format!("taking the line: {cause}"))?;
    let mut line = Line::taking_sockets(UnixStream::from(socket));
    let Ok(Order::Begin(budgets)) = next(&mut line) else {
        return Err("nobody said how to begin".to_owned());
    };
    // It looks at its own page map, which cannot be opened later.
    let engine = engine::for_guests(&budgets.concurrency).map_err(|cause| cause.to_string())?;
    // The way to the clock is asked of the kernel once, by a call that nothing needs later.
    turn::thread_time();
    confine(&budgets).map_err(|cause| format!("giving up power: {cause}"))?;
    let turns = Turns::new(&engine, budgets.concurrency.threads).map_err(|cause| cause.to_string())?;
    let shared = Arc::new(Shared {
        engine,
        budgets: *budgets,
        turns: Arc::new(turns),
        everywhere: sched_getaffinity(None).ok(),
        plugins: Mutex::default(),
        codes: Mutex::default(),
    });
    let begun = line.send(Frame::new(&Report::Done));
    begun.map_err(|_| "nobody listens".to_owned())?;
    while let Ok(order) = next(&mut line) {
        let Some(socket) = line.take_socket() else {
            return Err("an order came without its socket".to_owned());
        };
        let (shared, theirs) = (shared.clone(), Line::new(socket));
        let (name, work): (_, fn(&Arc<Shared>, Line)) = match order {
            Order::Begin(_) => return Err("it was to begin twice".to_owned()),
            Order::Loads => ("gantry-loader", load),
            Order::Calls => ("gantry-guest", serve),
        };
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || work(&shared, theirs));
        thread.map_err(|cause| format!("starting a thread: {cause}"))?;
    }
    Ok(())
}

fn next(line: &mut Line) -> Result<Order, Lost> {
    let frame = line.wait(FRAME_BYTES)?.ok_or(Lost::Ended)?;
    line.read(frame).map(|(order, _)| order)
}

fn confine(budgets: &Budgets) -> Result<(), ConfineError> {
    let slots = u64::from(budgets.concurrency.instances * engine::MEMORIES_PER_COMPONENT);
    let limits = Limits {
        // It lives as long as its embedder.
        cpu_s: u64::MAX,
        memory_bytes: slots.saturating_mul(MEMORY_CEILING_BYTES as u64).saturating_add(OWN_BYTES),
        // What a guest's memory begins with stands in a file that has no name.
        file_bytes: MEMORY_CEILING_BYTES as u64,
        open_files: OPEN_FILES,
        niceness: 0,
    };
    limits.apply()?;
    if rustix::process::geteuid().is_root() {
        let user = FIRST_USER + std::process::id() % USERS;
        gantry_confine::become_user(user, user)?;
    }
    gantry_confine::forgo_capabilities()?;
    gantry_confine::stay_with_the_parent()?;
    // Without Landlock nothing can be opened either: the filter has no call for it.
    gantry_confine::fence(Reach::Nothing)?;
    gantry_confine::seal(Calls::Run)
}

struct Shared {
    engine: Engine,
    budgets: Budgets,
    turns: Arc<Turns>,
    /// All processors that it may use.
    everywhere: Option<CpuSet>,
    plugins: Mutex<HashMap<u32, Arc<Linked>>>,
    /// Code that some plugin holds, by the digest of what was compiled.
    codes: Mutex<HashMap<[u8; 32], Weak<Code>>>,
}

/// Nothing that is kept behind these locks can be left half-done by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Links components until the embedder is gone.
fn load(shared: &Arc<Shared>, mut line: Line) {
    while let Ok(Some(frame)) = line.wait(FRAME_BYTES) {
        let Ok((load, _)) = line.read(frame) else { return };
        line.rest();
        match load {
            Load::Forget { slot } => drop(lock(&shared.plugins).remove(&slot)),
            Load::Link { slot, code, linking, bundle } => {
                let Ok(report) = link(shared, &mut line, slot, code, &linking, bundle) else { return };
                if line.send(Frame::new(&report)).is_err() {
                    return;
                }
                line.rest();
            }
        }
    }
}

fn link(
    shared: &Shared,
    line: &mut Line,
    slot: u32,
    digest: [u8; 32],
    linking: &Linking,
    bundle: Bundle,
) -> Result<Report, Lost> {
    let known = lock(&shared.codes).get(&digest).and_then(Weak::upgrade);
    let code = match known {
        Some(code) => code,
        None => match fetch(shared, line)? {
            Some(Ok(code)) => Arc::new(code),
            Some(Err(why)) => return Ok(Report::Unfit(why)),
            None => return Ok(Report::NoCode),
        },
    };
    let mut codes = lock(&shared.codes);
    codes.retain(|_, code| code.strong_count() > 0);
    codes.insert(digest, Arc::downgrade(&code));
    drop(codes);
    Ok(match Linked::new(&shared.engine, code, Arc::new(bundle), linking) {
        Ok(linked) => {
            lock(&shared.plugins).insert(slot, Arc::new(linked));
            Report::Done
        }
        Err(error) => Report::Refused(format!("{error:#}")),
    })
}

/// The code, if it comes, or why it cannot be used.
fn fetch(shared: &Shared, line: &mut Line) -> Result<Option<Result<Code, String>>, Lost> {
    line.send(Frame::new(&Report::CodeWanted))?;
    let frame = line.wait(FRAME_BYTES)?.ok_or(Lost::Ended)?;
    let bytes = line.bytes(frame);
    if bytes.is_empty() {
        return Ok(None);
    }
    Ok(Some(revive(&shared.engine, bytes).map(Code).map_err(|error| format!("{error:#}"))))
}

/// Serves one call after the other until the embedder leaves the line.
fn serve(shared: &Arc<Shared>, line: Line) {
    let mut line = Some(line);
    let mut place = Place { everywhere: shared.everywhere, core: None };
    while let Some(mut present) = line.take() {
        let Ok(Some(frame)) = present.wait(FRAME_BYTES) else { return };
        let Ok((ToGuest::Call { slot, kind, visit, pace }, request)) = present.read(frame) else {
            return;
        };
        place.take(visit);
        line = kind.with(Called { shared, place: &mut place, line: present, request, slot, kind, pace });
    }
}

/// Where a thread runs.
///
/// Whoever waits for a brief call with his thread leaves his processor to it. Woken there, it begins at once, where waking
/// an idle processor takes several times as long as the call.
struct Place {
    everywhere: Option<CpuSet>,
    core: Option<Core>,
}

impl Place {
    fn take(&mut self, wanted: Option<Core>) {
        if self.core == wanted {
            return;
        }
        let cores = match wanted {
            Some(core) if core < CpuSet::MAX_CPU => {
                let mut one = CpuSet::new();
                one.set(core);
                Some(one)
            }
            Some(_) => None,
            None => self.everywhere,
        };
        // Where it may not choose, it runs where it is put, and calls take longer.
        let taken = cores.is_some_and(|cores| sched_setaffinity(None, &cores).is_ok());
        self.core = if taken { wanted } else { None };
    }
}

/// A call that came.
struct Called<'a> {
    shared: &'a Shared,
    place: &'a mut Place,
    line: Line,
    request: Range<usize>,
    slot: u32,
    kind: Kind,
    pace: Pace,
}

impl ForKind for Called<'_> {
    /// The line, if it is still good.
    type Outcome = Option<Line>;

    fn with<R: Request>(self) -> Option<Line> {
        let Self { shared, place, mut line, request, slot, kind, pace } = self;
        let (request, _): (R, _) = line.read(request).ok()?;
        line.rest();
        let linked = lock(&shared.plugins).get(&slot).cloned()?;
        let budget = kind.budget(&shared.budgets);
        let turn = Turn::new(shared.turns.clone(), pace);
        // Whoever waited at this place waits no longer than it takes one slice.
        let moves_on = || place.take(None);
        let run = block_on(
            async {
                turn.take().await;
                linked.answer(budget, turn, Desk::Beyond(line), request).await
            },
            moves_on,
        );
        let Desk::Beyond(mut line) = run.desk else { return None };
        let spent = run.spent;
        let frame = match run.outcome {
            Ok(answer) => {
                Frame::new(&FromGuest::Ended { spent, why: None }).and_then(|frame| frame.with(&answer))
            }
            Err(why) => Frame::new(&FromGuest::Ended { spent, why: Some(why) }),
        };
        line.send(frame).ok()?;
        line.rest().then_some(line)
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future on this thread, which sleeps while nothing can be done. `waits` is told before.
fn block_on<F: Future>(future: F, mut waits: impl FnMut()) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => {
                waits();
                thread::park();
            }
        }
    }
}
