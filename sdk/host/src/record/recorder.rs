//! Between a call and what is lent to it: everything goes through, and is written down.

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

/// Writes down what a call asks. Clones write into the same book.
#[derive(Clone, Default)]
pub struct Recorder(Arc<Book>);

#[derive(Default)]
struct Book {
    told: Mutex<Vec<Told>>,
    mask: Mask,
    connections: AtomicU32,
}

impl Recorder {
    /// Begins, and will keep these to itself.
    #[must_use]
    pub fn new(secrets: Vec<String>) -> Self {
        Self(Arc::new(Book { mask: Mask::of(secrets), ..Book::default() }))
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

    /// All that was asked so far, in the order of the answers.
    #[must_use]
    pub fn heard(&self) -> Vec<Told> {
        self.0.told().clone()
    }

    fn note<T>(
        &self,
        question: &Question,
        answer: Result<T, LentFailure>,
        shown: impl FnOnce(&T) -> Answer,
    ) -> Result<T, LentFailure> {
        let mask = &self.0.mask;
        let outcome = match &answer {
            Ok(answer) => Outcome::Answer(mask.cover(written::answer(&shown(answer)))),
            Err(LentFailure { code, message }) => {
                Outcome::Failure { code: code.clone(), message: mask.text(message.clone()) }
            }
        };
        let (call, given) = written::question(question);
        self.0.told().push(Told { call: call.to_owned(), given: mask.cover(given), outcome });
        answer
    }
}

impl Book {
    fn told(&self) -> MutexGuard<'_, Vec<Told>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
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
        let question = Question::datagram(endpoint, payload.clone(), enough, timeout);
        let answer = self.1.datagram(endpoint, payload, enough, timeout).await;
        let shown = |replies: &Vec<Reply>| Answer::Replies(replies.iter().cloned().map(Into::into).collect());
        self.0.note(&question, answer, shown)
    }

    async fn exchange(
        &self,
        endpoint: &Endpoint,
        payload: Vec<u8>,
        max_bytes: u32,
        timeout: Duration,
    ) -> Result<Reply, LentFailure> {
        let question = Question::exchange(endpoint, payload.clone(), max_bytes, timeout);
        let answer = self.1.exchange(endpoint, payload, max_bytes, timeout).await;
        self.0.note(&question, answer, |reply| Answer::Reply(reply.clone().into()))
    }

    async fn connect(
        &self,
        endpoint: &Endpoint,
        timeout: Duration,
    ) -> Result<Box<dyn Connection>, LentFailure> {
        let number = self.0.0.connections.fetch_add(1, Ordering::Relaxed);
        let question = Question::connect(endpoint, timeout);
        let answer = self.1.connect(endpoint, timeout).await;
        let inner = self.0.note(&question, answer, |_| Answer::Connected(number))?;
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
        self.recorder.note(&question, self.inner.write(payload).await, done)
    }

    async fn read(&mut self, max_bytes: u32, timeout: Duration) -> Result<Vec<u8>, LentFailure> {
        let question = Question::read(self.number, max_bytes, timeout);
        let answer = self.inner.read(max_bytes, timeout).await;
        self.recorder.note(&question, answer, |bytes| Answer::Bytes(bytes.clone()))
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
        let question = Question::Http { requests: vec![request.clone().into()] };
        let answer = self.1.send(hosts, request, timeout).await;
        self.0.note(&question, answer, |answer| Answer::Responses(vec![Ok(answer.clone().into())]))
    }
}

#[async_trait]
impl KeyValue for Heard<dyn KeyValue> {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, LentFailure> {
        let question = Question::Get { key: key.to_owned() };
        self.0.note(&question, self.1.get(key).await, |value| Answer::Value(value.clone()))
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), LentFailure> {
        let question = Question::Set { key: key.to_owned(), value: value.clone() };
        self.0.note(&question, self.1.set(key, value).await, done)
    }

    async fn remove(&self, key: &str) -> Result<(), LentFailure> {
        let question = Question::Remove { key: key.to_owned() };
        self.0.note(&question, self.1.remove(key).await, done)
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, LentFailure> {
        let question = Question::Keys { prefix: prefix.to_owned() };
        self.0.note(&question, self.1.keys(prefix).await, |keys| Answer::Names(keys.clone()))
    }
}

#[async_trait]
impl Secrets for Heard<dyn Secrets> {
    async fn get(&self, name: &str) -> Result<String, LentFailure> {
        let question = Question::Secret { name: name.to_owned() };
        self.0.note(&question, self.1.get(name).await, |secret| Answer::Text("*".repeat(secret.len())))
    }
}

#[async_trait]
impl Files for Heard<dyn Files> {
    async fn list(&self, path: &str) -> Result<Vec<FileEntry>, LentFailure> {
        let question = Question::List { path: path.to_owned() };
        let shown = |all: &Vec<FileEntry>| Answer::Entries(all.iter().cloned().map(Into::into).collect());
        self.0.note(&question, self.1.list(path).await, shown)
    }

    async fn read(&self, path: &str, max_bytes: u32) -> Result<Vec<u8>, LentFailure> {
        let question = Question::ReadFile { path: path.to_owned(), max_bytes };
        self.0.note(&question, self.1.read(path, max_bytes).await, |bytes| Answer::Bytes(bytes.clone()))
    }

    async fn write(&self, path: &str, content: Vec<u8>) -> Result<(), LentFailure> {
        let question = Question::WriteFile { path: path.to_owned(), content: content.clone() };
        self.0.note(&question, self.1.write(path, content).await, done)
    }
}
