//! What somebody does in one session, gathered and told from time to time.

use crate::{grants::Admitted, server::Servers};
use gantry_protocol::{MAX_SFTP_CHANGES, SftpActivity, SftpChange};
use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

#[derive(Debug, Default)]
struct Batch {
    changes: Vec<SftpChange>,
    further: u64,
}

/// The changes of one connection that were not told yet. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activity(Arc<Mutex<Batch>>);

impl Activity {
    /// Notes changes. The same change is noted once until it was told; of what is beyond the bound only the number.
    pub(crate) fn note(&self, changes: Vec<SftpChange>) {
        let mut batch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            if batch.changes.contains(&change) {
                continue;
            }
            if batch.changes.len() < MAX_SFTP_CHANGES {
                batch.changes.push(change);
            } else {
                batch.further += 1;
            }
        }
    }

    fn take(&self) -> Batch {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells that the session began, then what changes, until the session is over and all is told.
    pub(crate) async fn tell(
        self,
        servers: Arc<dyn Servers>,
        admitted: Admitted,
        address: IpAddr,
        every: Duration,
        over: CancellationToken,
    ) {
        let mut opened = true;
        loop {
            let is_over = over.is_cancelled();
            let Batch { changes, further } = self.take();
            if opened || !changes.is_empty() || further > 0 {
                let (user, credential) = (admitted.user, admitted.credential);
                let address = address.to_string();
                let told = SftpActivity { user, credential, address, opened, changes, further };
                servers.tell(admitted.server, told).await;
                opened = false;
            }
            if is_over {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                () = over.cancelled() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_protocol::SftpAction;

    #[test]
    fn a_batch_is_bounded_and_says_each_change_once() {
        let activity = Activity::default();
        let change =
            |number: usize| SftpChange { action: SftpAction::Write, path: format!("file{number}"), to: None };
        activity.note((0..150).map(change).collect());
        activity.note((0..150).map(change).collect());
        let batch = activity.take();
        assert_eq!((batch.changes.len(), batch.further), (MAX_SFTP_CHANGES, 100));
        assert!(activity.take().changes.is_empty());
    }
}
