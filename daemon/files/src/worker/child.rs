//! The child's half: give up power, read the order, do it, say what came of it.
//!
//! No runtime, no log, no configuration: nothing is there before the walls but these few lines. One thread besides the
//! one that works reads the socket, because work that goes astray must still notice that it was called off.

use super::{
    order::{Job, LENGTH_BYTES, MAX_BYTES, Order},
    terms::{Received, Terms},
    told::{Said, Told},
};
use crate::{FilesError, jail::Jail, place};
use gantry_confine::{Calls, Reach};
use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    os::fd::{AsFd, OwnedFd},
    process::ExitCode,
    sync::{
        Arc, Barrier, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// Exit status of a child that could not begin, or was not heard to the end.
const BROKEN: u8 = 70;
/// So long a child that was called off may take to tidy up.
const TIDYING: Duration = Duration::from_secs(1);
/// Progress is shown to people: more often than this is of no use.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Does one job in the server's directory that stdin brings.
///
/// An embedder calls this first thing in `main`, before it starts threads, when its first argument is the hidden
/// subcommand; it returns what `main` must return.
#[must_use]
pub fn worker_main() -> ExitCode {
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // There is nowhere left to report that stderr is closed.
            drop(io::stderr().write_all(message.as_bytes()));
            ExitCode::from(BROKEN)
        }
    }
}

fn work() -> Result<(), String> {
    let socket = io::stdin().as_fd().try_clone_to_owned().map_err(|error| format!("no socket: {error}"))?;
    let Received { terms, directory, archive } =
        Terms::receive(&socket).map_err(|error| format!("no terms: {error}"))?;
    let cancel = CancellationToken::new();
    let listener = Listener { walls: Arc::new(Barrier::new(2)), cancel: cancel.clone() };
    let (walls, order) = (Arc::clone(&listener.walls), sync_channel(1));
    confine(&terms, &directory, || listener.start(socket, order.0))
        .map_err(|error| format!("giving up power: {error}"))?;
    walls.wait();
    let order = read(&order.1)?;
    let Order { temporary, job } = order;
    place::begin_names_with(temporary).map_err(|_| "temporary files have names already")?;
    let said = perform(&Jail::of_directory(directory), archive, &job, &cancel);
    say(&said).map_err(|error| format!("the answer is not heard: {error}"))
}

/// Walls first, threads between: a thread has the fence of the one that starts it, and the last wall is around all.
fn confine(
    terms: &Terms,
    directory: &OwnedFd,
    start_threads: impl FnOnce() -> io::Result<()>,
) -> Result<(), Box<dyn std::error::Error>> {
    if let Some(user) = terms.user {
        gantry_confine::become_user(user.uid, user.gid)?;
    }
    terms.limits.apply()?;
    // What an old kernel grants less, the daemon has told at its start.
    gantry_confine::fence(Reach::Beneath(&[directory.as_fd()]))?;
    start_threads()?;
    gantry_confine::no_more_processes()?;
    Ok(gantry_confine::seal(Calls::Files)?)
}

/// Reads the socket: the order, and then nothing until its end, which ends the process.
struct Listener {
    /// Both threads meet here once the walls stand; nothing of the order is read before.
    walls: Arc<Barrier>,
    cancel: CancellationToken,
}

impl Listener {
    fn start(self, socket: OwnedFd, order: SyncSender<io::Result<Vec<u8>>>) -> io::Result<()> {
        let listen = move || {
            self.walls.wait();
            // Read as a file: what is said of sockets alone ends the process.
            let mut socket = File::from(socket);
            // Whoever waits for the order is there until it has it.
            order.send(receive(&mut socket)).ok();
            // Nothing more is to come but the end.
            while socket.read(&mut [0]).is_ok_and(|count| count > 0) {}
            self.cancel.cancel();
            std::thread::sleep(TIDYING);
            std::process::exit(BROKEN.into());
        };
        // Its owner is the process, which ends with whichever of the two is done first.
        std::thread::Builder::new().spawn(listen).map(drop)
    }
}

fn receive(socket: &mut File) -> io::Result<Vec<u8>> {
    let mut length = [0; LENGTH_BYTES];
    socket.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_le_bytes(length)).map_err(io::Error::other)?;
    if length > MAX_BYTES {
        return Err(io::Error::other("the order is too long"));
    }
    let mut order = vec![0; length];
    socket.read_exact(&mut order).map(|()| order)
}

fn read(order: &Receiver<io::Result<Vec<u8>>>) -> Result<Order, String> {
    let order = order.recv().map_err(|_| "nobody reads the order")?;
    let order = order.map_err(|error| format!("no order: {error}"))?;
    serde_json::from_slice(&order).map_err(|error| format!("no order: {error}"))
}

fn perform(jail: &Jail, archive: Option<OwnedFd>, job: &Job, cancel: &CancellationToken) -> Said {
    let progress = progress(cancel.clone());
    let archive = || archive.map(File::from).ok_or(FilesError::Interrupted);
    let done = match job {
        Job::Extract { extract, limits } => {
            jail.extract_within(extract, *limits, &progress, cancel).map(Said::Extracted)
        }
        Job::Pack { limits } => {
            archive().and_then(|into| jail.pack(into, *limits, &progress, cancel)).map(Said::Packed)
        }
        Job::Unpack { extract, limits } => archive()
            .and_then(|file| jail.unpack(file, extract, *limits, &progress, cancel))
            .map(Said::Extracted),
        Job::Edit { edits } => {
            let each =
                |edit| if cancel.is_cancelled() { Err(FilesError::Cancelled) } else { jail.edit(edit) };
            edits.iter().try_for_each(each).map(|()| Said::Edited)
        }
        Job::Form { form } => jail.fill(form).map(Said::Filled),
    };
    done.unwrap_or_else(|error| Said::Failed(Told::from(error)))
}

/// Says how far it is, from time to time. Where nobody hears it, the work is called off.
fn progress(cancel: CancellationToken) -> impl Fn(u64, Option<u64>) + Send + Sync {
    let last: Mutex<Option<Instant>> = Mutex::new(None);
    move |done, total| {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|at| at.elapsed() < PROGRESS_EVERY) {
            return;
        }
        *last = Some(Instant::now());
        if say(&Said::Progress { done, total }).is_err() {
            cancel.cancel();
        }
    }
}

fn say(said: &Said) -> io::Result<()> {
    let mut line = serde_json::to_vec(said)?;
    line.push(b'\n');
    io::stdout().lock().write_all(&line)
}
