//! The machine below: one task that samples it, whoever asks.
//!
//! It samples every second while somebody watches and every ten seconds otherwise: history is kept in buckets of ten
//! seconds, and a node that nobody looks at should not be busy with looking at itself. Reading is done on a thread that
//! may block. A sample that nobody takes is replaced by the next.
//!
//! The files of the kernel are parsed here and not by a library: the one that is small enough (`procfs-core`) refuses a
//! whole file for one line that a container's kernel leaves out, leaves `\040` in mount points, and forgets which core is
//! which.
//!
//! Modules in reading order: `text` (pure, from the texts of the kernel), `reader` (files), `rates` (pure, between two
//! readings).

mod rates;
mod reader;
mod text;

use crate::clock::Clock;
use gantry_protocol::NodeSample;
use reader::Reader;
pub(crate) use reader::Sources;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Between two samples while somebody watches.
const WATCHED: Duration = Duration::from_secs(1);
/// And while nobody does.
const UNWATCHED: Duration = Duration::from_secs(10);

/// The latest sample, and who waits for the next. Clones share it.
#[derive(Clone)]
pub(crate) struct Machine(Arc<Inner>);

struct Inner {
    latest: watch::Sender<Option<Arc<NodeSample>>>,
    /// How many watch.
    watchers: watch::Sender<usize>,
}

/// Somebody who watches, until dropped.
pub(crate) struct Watching(Machine);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.0.watchers.send_modify(|count| *count = count.saturating_sub(1));
    }
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner { latest: watch::Sender::new(None), watchers: watch::Sender::new(0) }))
    }

    /// Samples from the next one on.
    pub(crate) fn samples(&self) -> watch::Receiver<Option<Arc<NodeSample>>> {
        self.0.latest.subscribe()
    }

    /// Has the next sample come at once, and one each second from then on.
    pub(crate) fn watch(&self) -> Watching {
        self.0.watchers.send_modify(|count| *count += 1);
        Watching(self.clone())
    }

    /// Samples until told to stop.
    pub(crate) async fn run(self, sources: Sources, clock: Arc<dyn Clock>, stop: CancellationToken) {
        let mut watchers = self.0.watchers.subscribe();
        let mut reader = Reader::new(sources.clone());
        let mut first = true;
        loop {
            let begun = Instant::now();
            let at = clock.now();
            let read = tokio::task::spawn_blocking(move || {
                let sample = reader.sample(at);
                (reader, sample)
            });
            // A disk that has died keeps the reading from ending, and must not keep the daemon.
            match stop.run_until_cancelled(read).await {
                None => return,
                Some(Ok((same, sample))) => {
                    reader = same;
                    self.0.latest.send_replace(Some(Arc::new(sample)));
                }
                Some(Err(error)) => {
                    tracing::error!(%error, "reading the machine failed; it begins again");
                    reader = Reader::new(sources.clone());
                }
            }
            // Rates take two readings, and the first watcher should not wait for them.
            let hurry = std::mem::take(&mut first);
            let due = async {
                loop {
                    let pause = if hurry || *watchers.borrow_and_update() > 0 { WATCHED } else { UNWATCHED };
                    let rest = clock.wait(pause).saturating_sub(begun.elapsed());
                    tokio::select! {
                        () = tokio::time::sleep(rest) => return,
                        changed = watchers.changed() => if changed.is_err() { return },
                    }
                }
            };
            if stop.run_until_cancelled(due).await.is_none() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use std::path::PathBuf;

    fn here() -> Sources {
        Sources { proc: PathBuf::from("/proc"), sys: PathBuf::from("/sys"), servers: PathBuf::from("/") }
    }

    #[tokio::test]
    async fn this_machine_is_measured_and_a_watcher_is_not_kept_waiting() {
        let machine = Machine::new();
        let stop = CancellationToken::new();
        let mut samples = machine.samples();
        let task = tokio::spawn(machine.clone().run(here(), Arc::new(SystemClock), stop.clone()));
        samples.changed().await.unwrap();
        assert_eq!(samples.borrow_and_update().as_ref().unwrap().cpu, None, "one reading has no rates");
        samples.changed().await.unwrap();
        let sample = samples.borrow_and_update().clone().unwrap();
        let busy = sample.cpu.unwrap().busy();
        assert!((0.0..=100.0).contains(&busy) && !sample.cores.is_empty(), "{sample:?}");
        assert!(sample.memory.used_bytes > 0 && sample.memory.used_bytes < sample.memory.total_bytes);
        assert!(sample.uptime_seconds > 0);

        // Nobody watches, so that the next one is ten seconds away; with a watcher it is one.
        let watching = machine.watch();
        tokio::time::timeout(UNWATCHED / 2, samples.changed()).await.expect("a watcher waited").unwrap();
        drop(watching);
        assert_eq!(*machine.0.watchers.borrow(), 0);
        stop.cancel();
        task.await.unwrap();
    }
}
