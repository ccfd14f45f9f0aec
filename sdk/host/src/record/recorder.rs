//! Between a call and what is lent to it: everything goes through, and is written down.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use gantry_types::server::Endpoint;
use serde_json::{Value, json};

use super::{Mask, Outcome, Told, datagram, exchange, http_request, reply};
use crate::capability::{
    Connection, FileEntry, Files, Http, HttpRequest, HttpResponse, KeyValue, Lent, LentFailure, Query, Reply,
    Secrets,
};

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
        call: &str,
        given: Value,
        answer: Result<T, LentFailure>,
        shown: impl FnOnce(&T) -> Value,
    ) -> Result<T, LentFailure> {
        let mask = &self.0.mask;
        let outcome = match &answer {
            Ok(answer) => Outcome::Answer(mask.cover(shown(answer))),
            Err(LentFailure { code, message }) => {
                Outcome::Failure { code: code.clone(), message: mask.text(message.clone()) }
            }
        };
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

#[async_trait]
impl Query for Heard<dyn Query> {
    async fn datagram(
        &self,
        endpoint: &Endpoint,
        payload: Vec<u8>,
        enough: u32,
        timeout: Duration,
    ) -> Result<Vec<Reply>, LentFailure> {
        let given = datagram(endpoint, &payload, enough);
        let answer = self.1.datagram(endpoint, payload, enough, timeout).await;
        self.0.note("query.datagram", given, answer, |replies| replies.iter().map(reply).collect())
    }

    async fn exchange(
        &self,
        endpoint: &Endpoint,
        payload: Vec<u8>,
        max_bytes: u32,
        timeout: Duration,
    ) -> Result<Reply, LentFailure> {
        let given = exchange(endpoint, &payload, max_bytes);
        let answer = self.1.exchange(endpoint, payload, max_bytes, timeout).await;
        self.0.note("query.exchange", given, answer, reply)
    }

    async fn connect(
        &self,
        endpoint: &Endpoint,
        timeout: Duration,
    ) -> Result<Box<dyn Connection>, LentFailure> {
        let number = self.0.0.connections.fetch_add(1, Ordering::Relaxed);
        let answer = self.1.connect(endpoint, timeout).await;
        let given = json!({ "endpoint": endpoint.name });
        let inner = self.0.note("query.connect", given, answer, |_| json!(number))?;
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
        let given = json!({ "connection": self.number, "payload": hex::encode(&payload) });
        let answer = self.inner.write(payload).await;
        self.recorder.note("query.write", given, answer, |()| Value::Null)
    }

    async fn read(&mut self, max_bytes: u32, timeout: Duration) -> Result<Vec<u8>, LentFailure> {
        let given = json!({ "connection": self.number, "maxBytes": max_bytes });
        let answer = self.inner.read(max_bytes, timeout).await;
        self.recorder.note("query.read", given, answer, |bytes| json!(hex::encode(bytes)))
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
        let given = http_request(&request);
        let answer = self.1.send(hosts, request, timeout).await;
        self.0.note("http.send", given, answer, |answer| {
            json!({ "status": answer.status, "headers": answer.headers, "body": hex::encode(&answer.body) })
        })
    }
}

#[async_trait]
impl KeyValue for Heard<dyn KeyValue> {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, LentFailure> {
        let answer = self.1.get(key).await;
        self.0.note("kv.get", json!({ "key": key }), answer, |value| json!(value.as_ref().map(hex::encode)))
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), LentFailure> {
        let given = json!({ "key": key, "value": hex::encode(&value) });
        self.0.note("kv.set", given, self.1.set(key, value).await, |()| Value::Null)
    }

    async fn remove(&self, key: &str) -> Result<(), LentFailure> {
        self.0.note("kv.remove", json!({ "key": key }), self.1.remove(key).await, |()| Value::Null)
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, LentFailure> {
        self.0.note("kv.keys", json!({ "prefix": prefix }), self.1.keys(prefix).await, |keys| json!(keys))
    }
}

#[async_trait]
impl Secrets for Heard<dyn Secrets> {
    async fn get(&self, name: &str) -> Result<String, LentFailure> {
        let answer = self.1.get(name).await;
        self.0.note("secrets.get", json!({ "name": name }), answer, |secret| json!("*".repeat(secret.len())))
    }
}

#[async_trait]
impl Files for Heard<dyn Files> {
    async fn list(&self, path: &str) -> Result<Vec<FileEntry>, LentFailure> {
        let shown = |entry: &FileEntry| json!({ "name": entry.name, "isDirectory": entry.is_directory, "size": entry.size });
        let answer = self.1.list(path).await;
        self.0.note("files.list", json!({ "path": path }), answer, |all| all.iter().map(shown).collect())
    }

    async fn read(&self, path: &str, max_bytes: u32) -> Result<Vec<u8>, LentFailure> {
        let given = json!({ "path": path, "maxBytes": max_bytes });
        let answer = self.1.read(path, max_bytes).await;
        self.0.note("files.read", given, answer, |bytes| json!(hex::encode(bytes)))
    }

    async fn write(&self, path: &str, content: Vec<u8>) -> Result<(), LentFailure> {
        let given = json!({ "path": path, "content": hex::encode(&content) });
        self.0.note("files.write", given, self.1.write(path, content).await, |()| Value::Null)
    }
}
