//! The suite of `tests/it` once more, with plugins in this very process: whoever does without the wall misses nothing else.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "../it/answers.rs"]
mod answers;
#[path = "../it/attacks/mod.rs"]
mod attacks;
#[path = "../it/cache.rs"]
mod cache;
#[path = "../it/components.rs"]
mod components;
#[path = "../it/documents.rs"]
mod documents;
#[path = "../it/fairness.rs"]
mod fairness;
#[path = "../it/generations.rs"]
mod generations;
#[path = "../it/guests.rs"]
mod guests;
#[path = "../it/hostile.rs"]
mod hostile;
#[path = "../it/hosts.rs"]
mod hosts;
#[path = "../it/keeping.rs"]
mod keeping;
#[path = "../it/lends.rs"]
mod lends;
#[path = "../it/loading.rs"]
mod loading;
#[path = "../it/queries.rs"]
mod queries;
#[path = "../it/records.rs"]
mod records;
#[path = "visits.rs"]
mod visits;
