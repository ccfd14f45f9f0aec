//! The tasks that an HTTP/2 connection spawns, owned: they end with the link, and the link's end can be waited for.

use std::future::Future;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// hyper's executor for one link. Its tasks are cut off when `token` is cancelled.
#[derive(Clone, Debug)]
pub struct Tasks {
    tracker: TaskTracker,
    token: CancellationToken,
}

impl Tasks {
    pub fn new(token: CancellationToken) -> Self {
        Self { tracker: TaskTracker::new(), token }
    }

    /// Cuts all tasks off and waits until none is left.
    pub async fn end(&self) {
        self.token.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        let token = self.token.clone();
        self.tracker.spawn(async move { token.run_until_cancelled_owned(future).await });
    }
}
