//! One pull or build for everybody who wants the same image.
//!
//! Whoever comes first does the work; the others follow its progress and get its outcome. There is no task behind it:
//! if the one who works goes away, one of those who wait takes over, and if nobody waits the work ends.

use crate::{
    error::RuntimeError,
    image::{ImageId, ImageProgress, ProgressSink},
};
use std::{
    collections::HashMap,
    future::Future,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{broadcast, watch};

/// Lines of progress that a slow follower may be behind before it misses some.
const BEHIND: usize = 256;

type Outcome = Result<ImageId, RuntimeError>;

struct Work {
    progress: broadcast::Sender<ImageProgress>,
    outcome: watch::Receiver<Option<Outcome>>,
}

/// The work under way, by what identifies the image.
#[derive(Default)]
pub(crate) struct Shared {
    works: Mutex<HashMap<String, Work>>,
}

struct Leader<'a> {
    shared: &'a Shared,
    key: &'a str,
    progress: broadcast::Sender<ImageProgress>,
    outcome: watch::Sender<Option<Outcome>>,
}

enum Role<'a> {
    Leader(Leader<'a>),
    Follower(broadcast::Receiver<ImageProgress>, watch::Receiver<Option<Outcome>>),
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        self.shared.lock().remove(self.key);
    }
}

impl Shared {
    /// The outcome of `work`, done by this call or by another that came before.
    #[expect(clippy::needless_lifetimes, reason = "the bound on F names it")]
    pub(crate) async fn run<'s, F, W>(&self, key: &str, sink: &'s dyn ProgressSink, mut work: F) -> Outcome
    where
        F: FnMut(Box<dyn ProgressSink + 's>) -> W,
        W: Future<Output = Outcome> + Send,
    {
        loop {
            match self.join(key) {
                Role::Leader(leader) => {
                    let progress = leader.progress.clone();
                    let told = move |one: ImageProgress| {
                        // Nobody may be following, which is no failure.
                        progress.send(one.clone()).ok();
                        sink.report(one);
                    };
                    let outcome = work(Box::new(told)).await;
                    leader.outcome.send_replace(Some(outcome.clone()));
                    return outcome;
                }
                Role::Follower(progress, outcome) => {
                    if let Some(outcome) = follow(progress, outcome, sink).await {
                        return outcome;
                    }
                }
            }
        }
    }

    fn join<'a>(&'a self, key: &'a str) -> Role<'a> {
        let mut works = self.lock();
        if let Some(work) = works.get(key) {
            return Role::Follower(work.progress.subscribe(), work.outcome.clone());
        }
        let (progress, _) = broadcast::channel(BEHIND);
        let (outcome, receiver) = watch::channel(None);
        works.insert(key.to_owned(), Work { progress: progress.clone(), outcome: receiver });
        Role::Leader(Leader { shared: self, key, progress, outcome })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Work>> {
        self.works.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// None if the one who worked went away.
async fn follow(
    mut progress: broadcast::Receiver<ImageProgress>,
    mut outcome: watch::Receiver<Option<Outcome>>,
    sink: &dyn ProgressSink,
) -> Option<Outcome> {
    loop {
        match progress.recv().await {
            Ok(one) => sink.report(one),
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            // The one who worked has ended, with an outcome or without.
            Err(broadcast::error::RecvError::Closed) => break,
        }
    }
    outcome.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Notify;

    fn done() -> Outcome {
        Ok(ImageId("done".to_owned()))
    }

    #[tokio::test]
    async fn callers_at_the_same_time_share_one_work() {
        let (shared, count, go) = (Shared::default(), AtomicUsize::new(0), Notify::new());
        let ignore = |_: ImageProgress| {};
        let call = || {
            shared.run("key", &ignore, |_| async {
                count.fetch_add(1, Ordering::SeqCst);
                go.notified().await;
                done()
            })
        };
        let release = async { go.notify_one() };
        let (first, second, third, ()) = tokio::join!(call(), call(), call(), release);
        assert!(first.is_ok() && second.is_ok() && third.is_ok());
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_follower_takes_over_when_the_worker_goes_away() {
        let (shared, count) = (Shared::default(), AtomicUsize::new(0));
        let ignore = |_: ImageProgress| {};
        let call = || {
            shared.run("key", &ignore, |_| async {
                if count.fetch_add(1, Ordering::SeqCst) == 0 {
                    std::future::pending::<()>().await;
                }
                done()
            })
        };
        let mut first = Box::pin(call());
        assert!(futures_util::poll!(&mut first).is_pending());
        let mut second = Box::pin(call());
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(first);
        assert!(second.await.is_ok());
        assert_eq!(count.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_failure_is_told_to_everybody_and_not_repeated() {
        let (shared, count, go) = (Shared::default(), AtomicUsize::new(0), Notify::new());
        let ignore = |_: ImageProgress| {};
        let call = || {
            shared.run("key", &ignore, |_| async {
                count.fetch_add(1, Ordering::SeqCst);
                go.notified().await;
                Err(RuntimeError::InvalidImage("no".to_owned()))
            })
        };
        let (first, second, ()) = tokio::join!(call(), call(), async { go.notify_one() });
        assert!(first.is_err() && second.is_err());
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }
}
