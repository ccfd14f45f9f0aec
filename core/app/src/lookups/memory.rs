//! Answers that are kept for a while: who asks the same meanwhile gets the same, and who asks at the same time waits for the
//! first. Failures are not kept.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::OnceCell, time::Instant};

/// Questions that are known at a time, answered or not.
const QUESTIONS: usize = 1_024;

pub(super) struct Memory<K, V> {
    entries: Mutex<HashMap<K, Entry<V>>>,
    fresh_for: Duration,
    /// Bytes of all answers together.
    most: usize,
    weight: fn(&V) -> usize,
}

struct Entry<V> {
    since: Instant,
    answer: Arc<OnceCell<V>>,
}

impl<K: Clone + Eq + Hash, V: Clone> Memory<K, V> {
    pub(super) fn new(fresh_for: Duration, most: usize, weight: fn(&V) -> usize) -> Self {
        Self { entries: Mutex::default(), fresh_for, most, weight }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<K, Entry<V>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known, or what `ask` brings.
    pub(super) async fn get<E>(&self, key: K, ask: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        let answer = self.begin(key.clone());
        let found = answer.get_or_try_init(|| ask).await.cloned();
        self.settle(&key, &answer, found.is_ok());
        found
    }

    fn begin(&self, key: K) -> Arc<OnceCell<V>> {
        let (mut entries, now) = (self.entries(), Instant::now());
        entries.retain(|_, entry| now.duration_since(entry.since) < self.fresh_for);
        if !entries.contains_key(&key) && entries.len() >= QUESTIONS {
            drop_oldest(&mut entries);
        }
        let entry = entries.entry(key).or_insert_with(|| Entry { since: now, answer: Arc::default() });
        Arc::clone(&entry.answer)
    }

    /// Forgets what failed, and the oldest where answers have become too many.
    fn settle(&self, key: &K, answer: &Arc<OnceCell<V>>, is_known: bool) {
        let mut entries = self.entries();
        if !is_known && entries.get(key).is_some_and(|entry| Arc::ptr_eq(&entry.answer, answer)) {
            entries.remove(key);
        }
        let weigh = |entry: &Entry<V>| entry.answer.get().map_or(0, self.weight);
        while entries.values().map(weigh).sum::<usize>() > self.most {
            drop_oldest(&mut entries);
        }
    }
}

fn drop_oldest<K: Clone + Eq + Hash, V>(entries: &mut HashMap<K, Entry<V>>) {
    let oldest = entries.iter().min_by_key(|(_, entry)| entry.since).map(|(key, _)| key.clone());
    if let Some(oldest) = oldest {
        entries.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const MINUTE: Duration = Duration::from_secs(60);

    fn memory(most: usize) -> Memory<&'static str, String> {
        Memory::new(MINUTE, most, String::len)
    }

    async fn ask(memory: &Memory<&'static str, String>, key: &'static str, asked: &AtomicUsize) -> String {
        let ask = async {
            asked.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok::<_, ()>(key.repeat(4))
        };
        memory.get(key, ask).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_question_is_asked_once_in_its_time() {
        let (memory, asked) = (memory(100), AtomicUsize::new(0));
        let both = tokio::join!(ask(&memory, "a", &asked), ask(&memory, "a", &asked));
        assert_eq!(both, ("aaaa".to_owned(), "aaaa".to_owned()));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        ask(&memory, "b", &asked).await;
        tokio::time::advance(MINUTE).await;
        ask(&memory, "a", &asked).await;
        assert_eq!(asked.load(Ordering::Relaxed), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_asked_again() {
        let memory = memory(100);
        assert_eq!(memory.get("a", async { Err("busy") }).await, Err("busy"));
        assert_eq!(
            memory.get("a", async { Ok::<_, &str>("there".to_owned()) }).await.as_deref(),
            Ok("there")
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_too_much_makes_way_for_the_latest() {
        let (memory, asked) = (memory(10), AtomicUsize::new(0));
        for key in ["a", "b", "c"] {
            ask(&memory, key, &asked).await;
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        ask(&memory, "c", &asked).await;
        ask(&memory, "b", &asked).await;
        assert_eq!(asked.load(Ordering::Relaxed), 3);
        ask(&memory, "a", &asked).await;
        assert_eq!(asked.load(Ordering::Relaxed), 4);
    }
}
