//! The news that somebody's rights may have changed.
//!
//! Every long-lived view of a server — a live socket, a console — listens here and asks the store again when the news
//! concerns it. The news carries no rights, so nobody can act on stale ones; whoever falls behind asks again as well.

use gantry_types::{ServerId, SessionId, UserId};
use tokio::sync::broadcast;

/// News that may wait for one listener before it has to ask about everything.
const WAITING_NEWS: usize = 256;

/// Whose rights may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RightsChange {
    /// The person's role, account or any of the sessions.
    User(UserId),
    Session(SessionId),
    /// Who may do what with the server.
    Server(ServerId),
    /// Unknown: ask about everything.
    Everything,
}

/// Where the news is spread.
#[derive(Debug)]
pub(crate) struct Rights(broadcast::Sender<RightsChange>);

impl Default for Rights {
    fn default() -> Self {
        Self(broadcast::channel(WAITING_NEWS).0)
    }
}

impl Rights {
    pub(crate) fn announce(&self, change: RightsChange) {
        // An error says that nobody listens, which is fine.
        self.0.send(change).ok();
    }

    pub(crate) fn listen(&self) -> RightsNews {
        RightsNews(self.0.subscribe())
    }
}

/// One listener's end.
#[derive(Debug)]
pub(crate) struct RightsNews(broadcast::Receiver<RightsChange>);

impl RightsNews {
    /// The next news. Safe to cancel.
    pub(crate) async fn next(&mut self) -> RightsChange {
        match self.0.recv().await {
            Ok(change) => change,
            Err(broadcast::error::RecvError::Lagged(_)) => RightsChange::Everything,
            // The sender lives in the same `App` as every listener.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_listener_that_falls_behind_is_told_to_ask_about_everything() {
        let rights = Rights::default();
        let mut news = rights.listen();
        for n in 0..=WAITING_NEWS as u128 {
            rights.announce(RightsChange::User(UserId::new(uuid::Uuid::from_u128(n))));
        }
        assert_eq!(news.next().await, RightsChange::Everything);
    }
}
