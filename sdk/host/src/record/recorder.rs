//! Between a call and what is lent to it: everything goes through, and is kept until it is known how the call ends.
//!
//! While the call runs nothing is written: values are kept as they are, so that a call that goes well costs their copies
//! alone. Only [`Recorder::heard`] turns them into words.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use gantry_types::server::Endpoint;

use super::{Mask, Outcome, Told, written};
use crate::capability::{
    Connection, FileEntry, Files, Http, HttpRequest, HttpResponse, KeyValue, Lent, LentFailure, Query, Reply,
    Secrets,
};
use crate::lend::{Answer, Question};

/// Of what is kept while a call runs whose record nobody may want: questions and answers together.
const KEPT_BYTES: usize = 1 << 20;
/// Their number.
const KEPT: usize = 1_024;

/// Writes down what a call asks. Clones write into the same book.
#[derive(Clone, Default)]
pub struct Recorder(Arc<Book>);

#[derive(Default)]
struct Book {
    notes: Mutex<Notes>,
    secrets: Vec<String>,
    connections: AtomicU32,
    is_bounded: bool,
}

#[derive(Default)]
struct Notes {
    all: Vec<Note>,
    bytes: usize,
    is_cut: bool,
}

/// A question, and its answer once there is one.
struct Note {
    question: Question,
    answer: Option<Result<Answer, LentFailure>>,
}

impl Recorder {
    /// Begins, and will keep these to itself.
    #[must_use]
    pub fn new(secrets: Vec<String>) -> Self {
        Self(Arc::new(Book { secrets, ..Book::default() }))
    }

    /// The same for a call that nobody watches: what goes beyond the bounds is not kept.
    pub(crate) fn bounded() -> Self {
        Self(Arc::new(Book { is_bounded: true, ..Book::default() }))
    }

    /// The same things to lend, with an ear in between.
    #[must_use]
    pub fn lend(&self, lent: &Lent) -> Lent {
        Lent {
            query: lent.query.clone().map(|inner| Arc::new(Heard(self.clone(), inner)) as Arc<dyn Query>),
            http: lent.http.clone().map(|inner| Arc::new(Heard(self.clone(), inner)) as Arc<dyn Http>),
            kv: lent.kv.clone().map(|inner| Arc::new(Heard(self.clone(), inner)) as Arc<dyn KeyValue>),
            secrets: lent
                .secrets
                .clone()
                .map(|inner| Arc::new(Heard(self.clone(), inner)) as Arc<dyn Secrets>),
            files: lent.files.clone().map(|inner| Arc::new(Heard(self.clone(), inner)) as Arc<dyn Files>),
            beyond: lent.beyond.clone(),
        }
    }

    /// All that was asked so far, in the order of the questions.
    #[must_use]
    pub fn heard(&self) -> Vec<Told> {
        self.written(&self.mask(self.0.secrets.clone()))
    }

    /// What covers these, and the secrets that the call itself was told.
    pub(crate) fn mask(&self, mut secrets: Vec<String>) -> Mask {
        for note in &self.0.notes().all {
            if let (Question::Secret { .. }, Some(Ok(Answer::Text(secret)))) = (&note.question, &note.answer)
            {
                secrets.push(secret.clone());
            }
        }
        Mask::of(secrets)
    }

    pub(crate) fn written(&self, mask: &Mask) -> Vec<Told> {
        let write = |Note { question, answer }: &Note| {
            let (call, given) = written::question(question);
            let outcome = match answer {
                Some(Ok(Answer::Text(secret))) => Outcome::Answer("*".repeat(secret.len()).into()),
                Some(Ok(answer)) => Outcome::Answer(mask.cover(written::answer(answer))),
                Some(Err(LentFailure { code, message })) => {
                    Outcome::Failure { code: code.clone(), message: mask.text(message.clone()) }
                }
                None => Outcome::Unanswered {},
            };
            Told { call: call.to_owned(), given: mask.cover(given), outcome }
        };
        self.0.notes().all.iter().map(write).collect()
    }

    /// Whether it was told more than is kept.
    pub(crate) fn is_cut(&self) -> bool {
        self.0.notes().is_cut
    }

    /// Keeps a question; answers where its answer belongs.
    fn asked(&self, question: Question) -> Option<usize> {
        let mut notes = self.0.notes();
        if !notes.takes(question.weight(), self.0.is_bounded) {
            return None;
        }
        notes.all.push(Note { question, answer: None });
        Some(notes.all.len() - 1)
    }

    /// Keeps the answer, and passes it on.
    fn told<T>(
        &self,
        place: Option<usize>,
        answer: Result<T, LentFailure>,
        shown: impl FnOnce(&T) -> Answer,
    ) -> Result<T, LentFailure> {
        let Some(place) = place else { return answer };
        let shown = answer.as_ref().map(shown).map_err(Clone::clone);
        let weight = shown.as_ref().map_or_else(|no| no.code.len() + no.message.len(), Answer::weight);
        let mut notes = self.0.notes();
        if notes.takes(weight, self.0.is_bounded)
            && let Some(note) = notes.all.get_mut(place)
        {
            note.answer = Some(shown);
        }
        drop(notes);
        answer
    }
}

impl Book {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notes {
    /// Whether there is room for so much more; once there was not, there is none.
    fn takes(&mut self, weight: usize, is_bounded: bool) -> bool {
        self.bytes += weight;
        self.is_cut |= is_bounded && (self.bytes > KEPT_BYTES || self.all.len() >= KEPT);
        !self.is_cut
    }
}

/// Something lent, and who listens.
struct Heard<T: ?Sized>(Recorder, Arc<T>);

const fn done((): &()) -> Answer {
    Answer::Done(())
}

#[async_trait]
impl Query for Heard<dyn Query> {
    async fn datagram(
        &self,
        endpoint: &Endpoint,
        payload: Vec<u8>,
        enough: u32,
        timeout: Duration,
    ) -> Result<Vec<Reply>, LentFailure> {
        let place = self.0.asked(Question::datagram(endpoint, payload.clone(), enough, timeout));
        let answer = self.1.datagram(endpoint, payload, enough, timeout).await;
        let shown = |replies: &Vec<Reply>| Answer::Replies(replies.iter().cloned().map(Into::into).collect());
        self.0.told(place, answer, shown)
    }

    async fn exchange(
        &self,
        endpoint: &Endpoint,
        payload: Vec<u8>,
        max_bytes: u32,
        timeout: Duration,
    ) -> Result<Reply, LentFailure> {
        let place = self.0.asked(Question::exchange(endpoint, payload.clone(), max_bytes, timeout));
        let answer = self.1.exchange(endpoint, payload, max_bytes, timeout).await;
        self.0.told(place, answer, |reply| Answer::Reply(reply.clone().into()))
    }

    async fn connect(
        &self,
        endpoint: &Endpoint,
        timeout: Duration,
    ) -> Result<Box<dyn Connection>, LentFailure> {
        let number = self.0.0.connections.fetch_add(1, Ordering::Relaxed);
        let place = self.0.asked(Question::connect(endpoint, timeout));
        let answer = self.1.connect(endpoint, timeout).await;
        let inner = self.0.told(place, answer, |_| Answer::Connected(number))?;
        Ok(Box::new(HeardConnection { recorder: self.0.clone(), number, inner }))
    }
}

struct HeardConnection {
    recorder: Recorder,
    number: u32,
    inner: Box<dyn Connection>,
}

#[async_trait]
impl Connection for HeardConnection {
    async fn write(&mut self, payload: Vec<u8>) -> Result<(), LentFailure> {
        let question = Question::Write { connection: self.number, payload: payload.clone() };
        let place = self.recorder.asked(question);
        self.recorder.told(place, self.inner.write(payload).await, done)
    }

    async fn read(&mut self, max_bytes: u32, timeout: Duration) -> Result<Vec<u8>, LentFailure> {
        let place = self.recorder.asked(Question::read(self.number, max_bytes, timeout));
        let answer = self.inner.read(max_bytes, timeout).await;
        self.recorder.told(place, answer, |bytes| Answer::Bytes(bytes.clone()))
    }
}

#[async_trait]
impl Http for Heard<dyn Http> {
    async fn send(
        &self,
        hosts: &[String],
        request: HttpRequest,
        timeout: Duration,
    ) -> Result<HttpResponse, LentFailure> {
        let place = self.0.asked(Question::Http { requests: vec![request.clone().into()] });
        let answer = self.1.send(hosts, request, timeout).await;
        self.0.told(place, answer, |answer| Answer::Responses(vec![Ok(answer.clone().into())]))
    }
}

#[async_trait]
impl KeyValue for Heard<dyn KeyValue> {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, LentFailure> {
        let place = self.0.asked(Question::Get { key: key.to_owned() });
        self.0.told(place, self.1.get(key).await, |value| Answer::Value(value.clone()))
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), LentFailure> {
        let place = self.0.asked(Question::Set { key: key.to_owned(), value: value.clone() });
        self.0.told(place, self.1.set(key, value).await, done)
    }

    async fn remove(&self, key: &str) -> Result<(), LentFailure> {
        let place = self.0.asked(Question::Remove { key: key.to_owned() });
        self.0.told(place, self.1.remove(key).await, done)
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, LentFailure> {
        let place = self.0.asked(Question::Keys { prefix: prefix.to_owned() });
        self.0.told(place, self.1.keys(prefix).await, |keys| Answer::Names(keys.clone()))
    }
}

#[async_trait]
impl Secrets for Heard<dyn Secrets> {
    async fn get(&self, name: &str) -> Result<String, LentFailure> {
        let place = self.0.asked(Question::Secret { name: name.to_owned() });
        self.0.told(place, self.1.get(name).await, |secret| Answer::Text(secret.clone()))
    }
}

#[async_trait]
impl Files for Heard<dyn Files> {
    async fn list(&self, path: &str) -> Result<Vec<FileEntry>, LentFailure> {
        let place = self.0.asked(Question::List { path: path.to_owned() });
        let shown = |all: &Vec<FileEntry>| Answer::Entries(all.iter().cloned().map(Into::into).collect());
        self.0.told(place, self.1.list(path).await, shown)
    }

    async fn read(&self, path: &str, max_bytes: u32) -> Result<Vec<u8>, LentFailure> {
        let place = self.0.asked(Question::ReadFile { path: path.to_owned(), max_bytes });
        self.0.told(place, self.1.read(path, max_bytes).await, |bytes| Answer::Bytes(bytes.clone()))
    }

    async fn write(&self, path: &str, content: Vec<u8>) -> Result<(), LentFailure> {
        let place = self.0.asked(Question::WriteFile { path: path.to_owned(), content: content.clone() });
        self.0.told(place, self.1.write(path, content).await, done)
    }
}
