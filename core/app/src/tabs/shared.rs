//! What was rendered last, for all who look at the same page.
//!
//! One rendering is under way for a page at a time; whoever comes meanwhile waits for it and gets the same, be it blocks or
//! why there are none. Nobody is owed it: whoever began it and goes away leaves it to the next.

use crate::error::{Answer, AppError};
use chrono::{DateTime, Utc};
use gantry_types::{ServerId, page::Block, problem::Code};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Pages whose renderings are kept. Each may be as large as half a megabyte, and few are larger than a few kilobytes.
const PAGES: usize = 256;
/// One that nobody asked for since then is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// A server, the component that fills the page, and which of its pages.
pub(crate) type Place = (ServerId, String, String);

/// What a page says.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub(crate) blocks: Vec<Block>,
    pub(crate) at: DateTime<Utc>,
}

/// What came of the last rendering. A refusal is kept too, so that many who look do not ask for it as often.
struct Last {
    ended: Instant,
    outcome: Result<Arc<Rendered>, No>,
}

/// Why nothing was rendered, and for how long after that there is no sense in asking.
#[derive(Clone)]
struct No {
    code: Code,
    detail: String,
    wait: Option<Duration>,
}

impl No {
    fn of(error: &AppError) -> Self {
        Self { code: error.code(), detail: error.detail(), wait: error.retry_after() }
    }

    /// As it is told when so much time has passed.
    fn told(self, passed: Duration) -> AppError {
        let Self { code, detail, wait } = self;
        match wait {
            Some(wait) => AppError::Later { code, detail, wait: wait.saturating_sub(passed) },
            None => AppError::refused(code, detail),
        }
    }
}

type Slot = Arc<tokio::sync::Mutex<Option<Last>>>;

#[derive(Default)]
pub(crate) struct Renderings(Mutex<HashMap<Place, (Slot, Instant)>>);

impl Renderings {
    /// The rendering of a page that is no older than `holds`, or a further one.
    pub(crate) async fn shared(
        &self,
        place: Place,
        holds: Duration,
        rendering: impl Future<Output = Answer<Rendered>>,
    ) -> Answer<Arc<Rendered>> {
        let slot = self.slot(place);
        let mut last = slot.lock().await;
        let told = |last: &Last| {
            let outcome = last.outcome.clone();
            outcome.map_err(|no| no.told(last.ended.elapsed()))
        };
        if let Some(last) = last.as_ref().filter(|last| last.ended.elapsed() < holds) {
            return told(last);
        }
        let outcome = rendering.await.map(Arc::new).map_err(|error| No::of(&error));
        told(last.insert(Last { ended: Instant::now(), outcome }))
    }

    /// Something was done to the game: what its pages say may be no longer so.
    pub(crate) fn forget(&self, server: ServerId) {
        self.all().retain(|(of, _, _), _| *of != server);
    }

    fn slot(&self, place: Place) -> Slot {
        let (mut all, now) = (self.all(), Instant::now());
        if !all.contains_key(&place) {
            all.retain(|_, (_, asked)| now.duration_since(*asked) < FORGOTTEN);
            if all.len() >= PAGES
                && let Some(oldest) =
                    all.iter().min_by_key(|(_, (_, asked))| *asked).map(|(place, _)| place.clone())
            {
                all.remove(&oldest);
            }
        }
        let (slot, asked) = all.entry(place).or_insert_with(|| (Slot::default(), now));
        *asked = now;
        Arc::clone(slot)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Place, (Slot, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const LONG: Duration = Duration::from_secs(3_600);

    fn place(server: ServerId) -> Place {
        (server, "digest".to_owned(), "players".to_owned())
    }

    fn server() -> ServerId {
        ServerId::new(gantry_store::new_uuid())
    }

    async fn counted(count: &AtomicUsize) -> Answer<Rendered> {
        count.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        Ok(Rendered { blocks: Vec::new(), at: Utc::now() })
    }

    #[tokio::test]
    async fn many_who_look_share_one_rendering_until_it_is_old_or_the_game_was_touched() {
        let (all, count, she) = (Renderings::default(), AtomicUsize::new(0), server());
        let look = |holds| all.shared(place(she), holds, counted(&count));
        let (one, two, three) = tokio::join!(look(LONG), look(LONG), look(LONG));
        assert_eq!(count.load(Ordering::Relaxed), 1);
        assert!(Arc::ptr_eq(&one.unwrap(), &two.unwrap()) && three.is_ok());
        look(Duration::ZERO).await.unwrap();
        assert_eq!(count.load(Ordering::Relaxed), 2, "it was too old");
        all.forget(server());
        look(LONG).await.unwrap();
        assert_eq!(count.load(Ordering::Relaxed), 2, "another server was touched");
        all.forget(she);
        look(LONG).await.unwrap();
        assert_eq!(count.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn a_refusal_is_shared_as_well_and_whoever_goes_away_leaves_the_turn() {
        let (all, count, she) = (Renderings::default(), AtomicUsize::new(0), server());
        let refused = async { Err(AppError::refused(Code::ActionRefused, "no")) };
        assert_eq!(all.shared(place(she), LONG, refused).await.unwrap_err().code(), Code::ActionRefused);
        let again = all.shared(place(she), LONG, counted(&count)).await.unwrap_err();
        assert_eq!((again.code(), again.detail().as_str()), (Code::ActionRefused, "no"));

        let other = server();
        let never = all.shared(place(other), LONG, std::future::pending());
        tokio::select! {
            biased;
            _ = never => panic!("it never ends"),
            () = tokio::task::yield_now() => {}
        }
        all.shared(place(other), LONG, counted(&count)).await.unwrap();
        assert_eq!(count.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn so_many_pages_are_kept_and_no_more() {
        let all = Renderings::default();
        let first = place(server());
        all.slot(first.clone());
        for _ in 0..PAGES {
            all.slot(place(server()));
        }
        assert_eq!(all.all().len(), PAGES);
        assert!(!all.all().contains_key(&first));
    }
}
