//! Consoles: one stream from the node per server however many watch, and commands the other way.
//!
//! The right to read is asked for when a watch begins and again whenever news concerns it; the right to type is asked
//! for at every command, which is attributed to who typed it and written to the audit log without its text.

mod channel;
mod feed;
mod follow;
mod frames;
mod ring;

pub use feed::ConsoleFeed;
pub use frames::ConsoleFrame;

use channel::{Channel, Watch};
use gantry_nodes::Links;
use gantry_types::{NodeId, ServerId};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The channels that are watched.
#[derive(Default)]
pub(crate) struct Consoles {
    channels: Mutex<HashMap<ServerId, Arc<Channel>>>,
    tasks: TaskTracker,
    cancel: CancellationToken,
}

impl Consoles {
    fn lock(&self) -> MutexGuard<'_, HashMap<ServerId, Arc<Channel>>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Watches a server's console, opening its stream if nobody does.
    fn watch(self: &Arc<Self>, links: &Links, server: ServerId, node: NodeId, after: Option<u64>) -> Watch {
        let mut channels = self.lock();
        if let Some(channel) = channels.get(&server).filter(|channel| channel.node_id == node) {
            return channel.watch(after);
        }
        let channel = Arc::new(Channel::new(server, node));
        let watch = channel.watch(after);
        channels.insert(server, channel.clone());
        metrics::gauge!("gantry_console_streams").set(channels.len() as f64);
        drop(channels);
        let (consoles, links) = (self.clone(), links.clone());
        self.tasks.spawn(async move {
            consoles.attend(channel, links).await;
        });
        watch
    }

    /// Follows the node for as long as the channel is watched, then puts the channel away.
    async fn attend(&self, channel: Arc<Channel>, links: Links) {
        loop {
            follow::follow(&channel, &links, &self.cancel).await;
            let mut channels = self.lock();
            // Whoever began to watch while the stream ended holds a channel that nobody would feed.
            if channel.is_watched() && !self.cancel.is_cancelled() {
                continue;
            }
            if channels.get(&channel.server_id).is_some_and(|held| Arc::ptr_eq(held, &channel)) {
                channels.remove(&channel.server_id);
            }
            metrics::gauge!("gantry_console_streams").set(channels.len() as f64);
            return;
        }
    }

    /// Ends all streams and waits for them.
    pub(crate) async fn close(&self) {
        self.cancel.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
