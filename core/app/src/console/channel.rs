//! One server's console inside the control plane: what its watchers share.
//!
//! A channel lives while somebody watches and a little longer, so that a page that reloads finds its lines. The task
//! that follows the node owns the writing half; watchers hold [`Watch`]es, and the last one that goes starts the clock.

use super::ring::{Next, Place, Ring};
use gantry_protocol::ConsoleLine;
use gantry_types::{NodeId, ServerId};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

#[derive(Debug)]
pub(super) struct Channel {
    pub(super) server_id: ServerId,
    pub(super) node_id: NodeId,
    ring: Mutex<Ring>,
    state: watch::Sender<State>,
    watchers: watch::Sender<usize>,
}

/// What wakes watchers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct State {
    /// Counts writings; its number means nothing.
    version: u64,
    /// None until it is known whether the node can be heard.
    connected: Option<bool>,
}

impl Channel {
    pub(super) fn new(server_id: ServerId, node_id: NodeId) -> Self {
        Self {
            server_id,
            node_id,
            ring: Mutex::default(),
            state: watch::Sender::default(),
            watchers: watch::Sender::default(),
        }
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes lines for everybody.
    pub(super) fn push(&self, lines: impl IntoIterator<Item = ConsoleLine>) {
        {
            let mut ring = self.ring();
            lines.into_iter().for_each(|line| ring.push(line));
        }
        self.state.send_modify(|state| state.version += 1);
    }

    /// The last line that the ring has.
    pub(super) fn last(&self) -> Option<u64> {
        self.ring().last()
    }

    /// The node counts from the beginning again.
    pub(super) fn restart(&self) {
        self.ring().restart();
        self.state.send_modify(|state| state.version += 1);
    }

    pub(super) fn set_connected(&self, connected: bool) {
        self.state.send_if_modified(|state| {
            let changed = state.connected != Some(connected);
            state.connected = Some(connected);
            changed
        });
    }

    /// How many watch, for the task that follows the node.
    pub(super) fn watchers(&self) -> watch::Receiver<usize> {
        self.watchers.subscribe()
    }

    pub(super) fn is_watched(&self) -> bool {
        *self.watchers.borrow() > 0
    }

    /// Begins to watch after a line, or with what the ring has.
    pub(super) fn watch(self: &Arc<Self>, after: Option<u64>) -> Watch {
        self.watchers.send_modify(|watchers| *watchers += 1);
        let mut state = self.state.subscribe();
        state.mark_changed();
        let place = {
            let ring = self.ring();
            // A number that was never given is of another numbering.
            let known = ring.last().is_none_or(|last| after <= Some(last));
            Place { after: after.filter(|_| known), epoch: ring.epoch() }
        };
        Watch { channel: self.clone(), state, place, begun: false, told_connected: None }
    }
}

/// One watcher's end of a channel.
#[derive(Debug)]
pub(super) struct Watch {
    channel: Arc<Channel>,
    state: watch::Receiver<State>,
    place: Place,
    begun: bool,
    told_connected: Option<bool>,
}

/// What a watcher hears.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Lines(Vec<ConsoleLine>),
    Gap { from: u64, to: u64 },
    Restarted,
    Connected(bool),
}

impl Watch {
    /// The next thing to tell. Safe to cancel.
    pub(super) async fn next(&mut self) -> Heard {
        loop {
            if let Some(heard) = self.take() {
                return heard;
            }
            if self.state.changed().await.is_err() {
                // The channel outlives its watchers: they hold it.
                std::future::pending::<()>().await;
            }
        }
    }

    fn take(&mut self) -> Option<Heard> {
        let connected = self.state.borrow_and_update().connected;
        if std::mem::replace(&mut self.begun, true) {
            self.news(connected).or_else(|| self.lines())
        } else {
            // A console that has lines is at no moment an empty one.
            self.lines().or_else(|| self.news(connected))
        }
    }

    fn news(&mut self, connected: Option<bool>) -> Option<Heard> {
        if connected == self.told_connected {
            return None;
        }
        self.told_connected = connected;
        connected.map(Heard::Connected)
    }

    fn lines(&mut self) -> Option<Heard> {
        match self.channel.ring().next(&mut self.place) {
            Next::Lines(lines) => Some(Heard::Lines(lines)),
            Next::Gap { from, to } => Some(Heard::Gap { from, to }),
            Next::Restarted => Some(Heard::Restarted),
            Next::Nothing => None,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.channel.watchers.send_modify(|watchers| *watchers = watchers.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_protocol::ConsoleSource;
    use uuid::Uuid;

    fn channel() -> Arc<Channel> {
        Arc::new(Channel::new(ServerId::new(Uuid::from_u128(1)), NodeId::new(Uuid::from_u128(2))))
    }

    fn line(seq: u64) -> ConsoleLine {
        ConsoleLine {
            seq,
            at: chrono::DateTime::UNIX_EPOCH,
            source: ConsoleSource::Game,
            text: seq.to_string(),
        }
    }

    #[tokio::test]
    async fn every_watcher_hears_every_line_from_where_it_began() {
        let channel = channel();
        channel.push([line(1), line(2)]);
        let (mut fresh, mut resumed) = (channel.watch(None), channel.watch(Some(1)));
        assert_eq!(fresh.next().await, Heard::Lines(vec![line(1), line(2)]));
        assert_eq!(resumed.next().await, Heard::Lines(vec![line(2)]));
        let later = tokio::spawn(async move { (fresh.next().await, resumed.next().await) });
        channel.push([line(3)]);
        assert_eq!(later.await.unwrap(), (Heard::Lines(vec![line(3)]), Heard::Lines(vec![line(3)])));
    }

    #[tokio::test]
    async fn whether_the_node_is_there_is_told_once_it_is_known_and_after_the_lines() {
        let channel = channel();
        let mut early = channel.watch(None);
        assert!(early.take().is_none(), "nothing is known yet");
        channel.push([line(1)]);
        channel.set_connected(true);
        let heard = [early.next().await, early.next().await];
        assert!(heard.contains(&Heard::Connected(true)) && heard.contains(&Heard::Lines(vec![line(1)])));
        let mut late = channel.watch(None);
        assert_eq!(late.next().await, Heard::Lines(vec![line(1)]));
        assert_eq!(late.next().await, Heard::Connected(true));
        channel.push([line(2)]);
        channel.set_connected(false);
        assert_eq!(late.next().await, Heard::Connected(false), "lines keep nobody from knowing");
    }

    #[tokio::test]
    async fn the_last_watcher_that_goes_leaves_the_channel_unwatched() {
        let channel = channel();
        let watch = channel.watch(None);
        assert!(channel.is_watched());
        drop(watch);
        assert!(!channel.is_watched());
    }
}
