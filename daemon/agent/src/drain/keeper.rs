//! One task that has every server of a drain emptied, and lets all of them go again when it ends; and their games write again.

use super::emptying::{Emptying, let_write};
use crate::{node::Node, server::Message};
use gantry_protocol::SampleEnvelope;
use gantry_types::{DrainId, ServerId};
use std::{collections::HashMap, time::Duration};
use tokio::{
    sync::{
        broadcast::{self, error::RecvError},
        watch,
    },
    task::{Id, JoinError, JoinSet},
};
use tokio_util::sync::CancellationToken;

/// Before a server whose task failed is taken up again.
const AFTER_A_FAILURE: Duration = Duration::from_secs(5);

/// Follows what is wanted of the node until it is stopped. What was going on then is the next daemon's.
///
/// What comes of this is told from the call on, not from when the future is first polled.
pub(crate) fn keep(node: Node, stop: CancellationToken) -> impl Future<Output = ()> {
    let samples = node.shared().samples.subscribe();
    // Those of a former daemon's drain are held already.
    let of = node.shared().drains.id();
    let mut keeper = Keeper { node, samples, of, tasks: JoinSet::new(), at_work: HashMap::new() };
    async move {
        stop.run_until_cancelled(keeper.serve()).await;
        keeper.tasks.shutdown().await;
    }
}

struct Keeper {
    node: Node,
    samples: broadcast::Receiver<SampleEnvelope>,
    /// The drain that its tasks are about.
    of: Option<DrainId>,
    tasks: JoinSet<()>,
    /// At most one for each server: what a later drain wants begins once the former is done with it.
    at_work: HashMap<ServerId, Task>,
}

/// What a task about a server hears.
struct Given {
    called_off: CancellationToken,
    players: watch::Receiver<Option<u32>>,
}

struct Task {
    id: Id,
    called_off: CancellationToken,
    players: watch::Sender<Option<u32>>,
}

impl Keeper {
    async fn serve(&mut self) {
        loop {
            self.follow();
            let node = self.node.clone();
            tokio::select! {
                () = node.shared().drains.bell.notified() => {}
                sample = self.samples.recv() => self.count(sample),
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended),
            }
        }
    }

    /// Has a task for each server that has something left to do, and calls off what a drain wanted that is over.
    fn follow(&mut self) {
        let now = self.node.shared().drains.id();
        if now != self.of {
            self.of = now;
            self.at_work.values().for_each(|task| task.called_off.cancel());
            for handle in self.node.all() {
                // A supervisor that is not there comes back with the holds of that moment; one that is slow keeps no other waiting.
                self.tasks.spawn(async move { drop(handle.mailbox.send(Message::Rehold).await) });
            }
        }
        self.begin_all(Duration::ZERO);
    }

    fn begin_all(&mut self, after: Duration) {
        let drains = &self.node.shared().drains;
        let (open, left_quiet) = (drains.open_servers(), drains.left_quiet());
        for server in open {
            self.empty(server, after);
        }
        for server in left_quiet {
            let node = self.node.clone();
            self.begin(server, after, move |_| async move { let_write(&node, server).await });
        }
    }

    fn empty(&mut self, server: ServerId, after: Duration) {
        let drains = &self.node.shared().drains;
        let changes = drains.now.subscribe();
        let present = changes.borrow().clone();
        let (Some(known), Some(drain)) = (drains.of(server), present) else { return };
        let node = self.node.clone();
        self.begin(server, after, move |Given { players, called_off }| {
            Emptying { node, server, known, drain, changes, players }.whole(called_off)
        });
    }

    fn begin<F>(&mut self, server: ServerId, after: Duration, work: impl FnOnce(Given) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send,
    {
        if self.at_work.contains_key(&server) {
            return;
        }
        let (called_off, players) = (CancellationToken::new(), watch::Sender::new(None));
        let given = Given { called_off: called_off.clone(), players: players.subscribe() };
        let task = async move {
            if given.called_off.run_until_cancelled(tokio::time::sleep(after)).await.is_some() {
                work(given).await;
            }
        };
        let id = self.tasks.spawn(task).id();
        self.at_work.insert(server, Task { id, called_off, players });
    }

    fn count(&mut self, sample: Result<SampleEnvelope, RecvError>) {
        // What was missed comes again with the next.
        let Ok(SampleEnvelope { server_id, sample }) = sample else { return };
        if let Some(task) = self.at_work.get(&server_id) {
            let players = sample.game.and_then(|game| game.players);
            task.players.send_if_modified(|known| std::mem::replace(known, players) != players);
        }
    }

    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        let (id, failed) = match ended {
            Ok((id, ())) => (id, false),
            Err(error) => {
                tracing::error!(%error, "what a drain does to a server failed and begins again");
                (error.id(), true)
            }
        };
        let server = self.at_work.iter().find(|(_, task)| task.id == id).map(|(server, _)| *server);
        if let Some(server) = server {
            self.at_work.remove(&server);
            if failed {
                self.begin_all(AFTER_A_FAILURE);
            }
        }
    }
}
