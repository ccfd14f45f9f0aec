//! One task that has every server of a drain emptied, and lets all of them go again when it ends.

use super::emptying::Emptying;
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

/// Follows what is wanted of the node until it stops. What was going on then is the next daemon's.
pub(crate) async fn keep(node: Node) {
    let stopping = node.stopping();
    let samples = node.shared().samples.subscribe();
    let mut keeper = Keeper { node, samples, of: None, tasks: JoinSet::new(), emptying: HashMap::new() };
    // Those of a former daemon's drain are held already.
    keeper.of = keeper.node.shared().drains.id();
    stopping.run_until_cancelled(keeper.serve()).await;
    keeper.tasks.shutdown().await;
}

struct Keeper {
    node: Node,
    samples: broadcast::Receiver<SampleEnvelope>,
    /// The drain that its tasks are about.
    of: Option<DrainId>,
    tasks: JoinSet<()>,
    emptying: HashMap<ServerId, Task>,
}

struct Task {
    id: Id,
    called_off: CancellationToken,
    players: watch::Sender<Option<u32>>,
}

impl Keeper {
    async fn serve(&mut self) {
        loop {
            self.follow().await;
            let node = self.node.clone();
            tokio::select! {
                () = node.shared().drains.bell.notified() => {}
                sample = self.samples.recv() => self.count(sample),
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended),
            }
        }
    }

    /// Has a task for each server that has something left to do, and none where the drain is another or over.
    async fn follow(&mut self) {
        let now = self.node.shared().drains.id();
        if now != self.of {
            self.of = now;
            self.call_off().await;
            for handle in self.node.all() {
                // A supervisor that is not there comes back with the holds of that moment.
                handle.mailbox.send(Message::Rehold).await.ok();
            }
        }
        let open = self.node.shared().drains.open_servers();
        let open: Vec<_> = open.into_iter().filter(|server| !self.emptying.contains_key(server)).collect();
        for server in open {
            self.begin(server, Duration::ZERO);
        }
    }

    fn begin(&mut self, server: ServerId, after: Duration) {
        let drains = &self.node.shared().drains;
        let (changes, called_off) = (drains.now.subscribe(), CancellationToken::new());
        let present = changes.borrow().clone();
        let (Some(known), Some(drain)) = (drains.of(server), present) else { return };
        let (node, players) = (self.node.clone(), watch::Sender::new(None));
        let emptying = Emptying { node, server, known, drain, changes, players: players.subscribe() };
        let token = called_off.clone();
        let task = async move {
            if token.run_until_cancelled(tokio::time::sleep(after)).await.is_some() {
                emptying.whole(token).await;
            }
        };
        let id = self.tasks.spawn(task).id();
        self.emptying.insert(server, Task { id, called_off, players });
    }

    /// Ends what is going on, and waits until games that were being saved may write again.
    async fn call_off(&mut self) {
        self.emptying.values().for_each(|task| task.called_off.cancel());
        self.emptying.clear();
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "the emptying of a server failed");
            }
        }
    }

    fn count(&mut self, sample: Result<SampleEnvelope, RecvError>) {
        // What was missed comes again with the next.
        let Ok(SampleEnvelope { server_id, sample }) = sample else { return };
        if let Some(task) = self.emptying.get(&server_id) {
            let players = sample.game.and_then(|game| game.players);
            task.players.send_if_modified(|known| std::mem::replace(known, players) != players);
        }
    }

    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        let (id, failed) = match ended {
            Ok((id, ())) => (id, false),
            Err(error) => {
                tracing::error!(%error, "the emptying of a server failed and begins again");
                (error.id(), true)
            }
        };
        let server = self.emptying.iter().find(|(_, task)| task.id == id).map(|(server, _)| *server);
        if let Some(server) = server {
            self.emptying.remove(&server);
            if failed {
                self.begin(server, AFTER_A_FAILURE);
            }
        }
    }
}
