//! One task that has every server of a drain emptied, and lets all of them go again when it ends; and their games write again.

use super::emptying::{Emptying, let_write};
use crate::{node::Node, server::Message};
use gantry_types::{DrainId, ServerId};
use std::{collections::HashMap, time::Duration};
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

/// Before a server whose task failed is taken up again.
const AFTER_A_FAILURE: Duration = Duration::from_secs(5);

/// Follows what is wanted of the node until it is stopped. What was going on then is the next daemon's.
///
/// What comes of this is told from the call on, not from when the future is first polled.
pub(crate) fn keep(node: Node, stop: CancellationToken) -> impl Future<Output = ()> {
    // Those of a former daemon's drain are held already.
    let of = node.shared().drains.id();
    let mut keeper = Keeper { node, of, tasks: JoinSet::new(), at_work: HashMap::new() };
    async move {
        stop.run_until_cancelled(keeper.serve()).await;
        keeper.tasks.shutdown().await;
    }
}

struct Keeper {
    node: Node,
    /// The drain that its tasks are about.
    of: Option<DrainId>,
    tasks: JoinSet<()>,
    /// At most one for each server: what a later drain wants begins once the former is done with it.
    at_work: HashMap<ServerId, Task>,
}

struct Task {
    id: Id,
    called_off: CancellationToken,
}

impl Keeper {
    async fn serve(&mut self) {
        loop {
            self.follow();
            let node = self.node.clone();
            tokio::select! {
                () = node.shared().drains.bell.notified() => {}
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
        self.begin(server, after, move |called_off| {
            Emptying { node, server, known, drain, changes }.whole(called_off)
        });
    }

    fn begin<F>(
        &mut self,
        server: ServerId,
        after: Duration,
        work: impl FnOnce(CancellationToken) -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send,
    {
        if self.at_work.contains_key(&server) {
            return;
        }
        let called_off = CancellationToken::new();
        let given = called_off.clone();
        let task = async move {
            if given.run_until_cancelled(tokio::time::sleep(after)).await.is_some() {
                work(given).await;
            }
        };
        let id = self.tasks.spawn(task).id();
        self.at_work.insert(server, Task { id, called_off });
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
