//! What a call asked of its embedder and was answered, written down and said again.
//!
//! All that a guest learns while it runs comes through what it is lent, so a call that is given the same arguments and the
//! same answers does the same again, byte for byte: at another desk, on another day. A [`Recorder`] stands between a call
//! and what is lent to it; a [`Player`] stands in the place of all of it and answers from what was written. The host's own
//! answers (a denied capability, a limit, the plugin's files) need no record: they are the same wherever the grants are.
//!
//! Secrets are replaced wherever they appear, also in what is sent, by as many asterisks: what depends on their length
//! stays the same, and nobody who reads a record learns them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use gantry_types::server::Endpoint;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::capability::{
    Connection, FileEntry, Files, Http, HttpRequest, HttpResponse, KeyValue, Lent, LentFailure, Query, Reply,
    Secrets,
};

/// A secret that is shorter appears everywhere by chance; it is replaced where it stands alone.
const SHORTEST: usize = 4;

/// A question and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The function, as the contract names it: `query.datagram`.
    pub call: String,
    /// Its arguments. Bytes are hexadecimal.
    pub given: Value,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// An answer, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As the function answers it. Bytes are hexadecimal.
    Answer(Value),
    /// As the plugin sees it.
    Failure {
        /// Stable.
        code: String,
        /// For people.
        message: String,
    },
}

/// Replaces secrets in what is written down.
#[derive(Clone, Debug, Default)]
pub struct Mask(Vec<String>);

impl Mask {
    /// Replaces these.
    #[must_use]
    pub fn of(mut secrets: Vec<String>) -> Self {
        secrets.retain(|secret| !secret.is_empty());
        // A secret that is part of another must not spoil it.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(secrets)
    }

    /// The value without any of them.
    #[must_use]
    pub fn cover(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(list) => list.into_iter().map(|each| self.cover(each)).collect(),
            Value::Object(map) => map
                .into_iter()
                .map(|(key, each)| (key, self.cover(each)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            other => other,
        }
    }

    fn text(&self, mut text: String) -> String {
        for secret in &self.0 {
            let cover = "*".repeat(secret.len());
            if secret.len() < SHORTEST {
                if text == *secret {
                    return cover;
                }
                continue;
            }
            text = text.replace(secret.as_str(), &cover);
            text = text.replace(&hex::encode(secret), &hex::encode(&cover));
        }
        text
    }
}

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

fn datagram(endpoint: &Endpoint, payload: &[u8], enough: u32) -> Value {
    json!({ "endpoint": endpoint.name, "payload": hex::encode(payload), "enough": enough })
}

fn exchange(endpoint: &Endpoint, payload: &[u8], max_bytes: u32) -> Value {
    json!({ "endpoint": endpoint.name, "payload": hex::encode(payload), "maxBytes": max_bytes })
}

fn http_request(request: &HttpRequest) -> Value {
    json!({
        "method": request.method, "url": request.url, "headers": request.headers,
        "body": hex::encode(&request.body), "maxBytes": request.max_bytes,
    })
}

fn reply(reply: &Reply) -> Value {
    let after_us = u64::try_from(reply.after.as_micros()).unwrap_or(u64::MAX);
    json!({ "payload": hex::encode(&reply.payload), "afterUs": after_us })
}

/// Answers from what was written down: each entry once, the first that fits.
#[derive(Clone)]
pub struct Player(Arc<Script>);

struct Script {
    left: Mutex<Vec<Told>>,
    strange: Mutex<Vec<String>>,
}

impl Player {
    /// Will answer these.
    #[must_use]
    pub fn new(told: Vec<Told>) -> Self {
        Self(Arc::new(Script { left: Mutex::new(told), strange: Mutex::default() }))
    }

    /// Everything, as far as it was recorded.
    #[must_use]
    pub fn lent(&self) -> Lent {
        let own = Arc::new(self.clone());
        Lent {
            query: Some(own.clone()),
            http: Some(own.clone()),
            kv: Some(own.clone()),
            secrets: Some(own.clone()),
            files: Some(own),
        }
    }

    /// What was recorded and has not been asked.
    #[must_use]
    pub fn rest(&self) -> Vec<Told> {
        self.0.left.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was asked and is not recorded, in words.
    #[must_use]
    pub fn strange(&self) -> Vec<String> {
        self.0.strange.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn answer<T: DeserializeOwned>(&self, call: &str, given: &Value) -> Result<T, LentFailure> {
        let mut left = self.0.left.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = left.iter().position(|told| told.call == call && told.given == *given) else {
            let words = format!("{call} {given}");
            self.0.strange.lock().unwrap_or_else(PoisonError::into_inner).push(words.clone());
            return Err(LentFailure::new("not_recorded", format!("this was not recorded: {words}")));
        };
        match left.remove(place).outcome {
            Outcome::Failure { code, message } => Err(LentFailure { code, message }),
            Outcome::Answer(value) => serde_json::from_value(value).map_err(|error| {
                LentFailure::new(
                    "not_recorded",
                    format!("the recorded answer to {call} makes no sense: {error}"),
                )
            }),
        }
    }
}

/// Bytes as they are written down.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Bytes(Vec<u8>);

impl TryFrom<String> for Bytes {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        hex::decode(text).map(Self)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenReply {
    payload: Bytes,
    after_us: u64,
}

impl From<WrittenReply> for Reply {
    fn from(written: WrittenReply) -> Self {
        Self { payload: written.payload.0, after: Duration::from_micros(written.after_us) }
    }
}

#[derive(Deserialize)]
struct WrittenResponse {
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenEntry {
    name: String,
    is_directory: bool,
    size: u64,
}

#[async_trait]
impl Query for Player {
    async fn datagram(
        &self,
        endpoint: &Endpoint,
        payload: Vec<u8>,
        enough: u32,
        _timeout: Duration,
    ) -> Result<Vec<Reply>, LentFailure> {
        let replies: Vec<WrittenReply> =
            self.answer("query.datagram", &datagram(endpoint, &payload, enough))?;
        Ok(replies.into_iter().map(Into::into).collect())
    }

    async fn exchange(
        &self,
        endpoint: &Endpoint,
        payload: Vec<u8>,
        max_bytes: u32,
        _timeout: Duration,
    ) -> Result<Reply, LentFailure> {
        let reply: WrittenReply = self.answer("query.exchange", &exchange(endpoint, &payload, max_bytes))?;
        Ok(reply.into())
    }

    async fn connect(
        &self,
        endpoint: &Endpoint,
        _timeout: Duration,
    ) -> Result<Box<dyn Connection>, LentFailure> {
        let number = self.answer("query.connect", &json!({ "endpoint": endpoint.name }))?;
        Ok(Box::new(PlayedConnection { player: self.clone(), number }))
    }
}

struct PlayedConnection {
    player: Player,
    number: u32,
}

#[async_trait]
impl Connection for PlayedConnection {
    async fn write(&mut self, payload: Vec<u8>) -> Result<(), LentFailure> {
        let given = json!({ "connection": self.number, "payload": hex::encode(payload) });
        self.player.answer("query.write", &given)
    }

    async fn read(&mut self, max_bytes: u32, _timeout: Duration) -> Result<Vec<u8>, LentFailure> {
        let given = json!({ "connection": self.number, "maxBytes": max_bytes });
        self.player.answer::<Bytes>("query.read", &given).map(|bytes| bytes.0)
    }
}

#[async_trait]
impl Http for Player {
    async fn send(
        &self,
        _hosts: &[String],
        request: HttpRequest,
        _timeout: Duration,
    ) -> Result<HttpResponse, LentFailure> {
        let WrittenResponse { status, headers, body } = self.answer("http.send", &http_request(&request))?;
        Ok(HttpResponse { status, headers, body: body.0 })
    }
}

#[async_trait]
impl KeyValue for Player {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, LentFailure> {
        let value: Option<Bytes> = self.answer("kv.get", &json!({ "key": key }))?;
        Ok(value.map(|bytes| bytes.0))
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), LentFailure> {
        self.answer("kv.set", &json!({ "key": key, "value": hex::encode(value) }))
    }

    async fn remove(&self, key: &str) -> Result<(), LentFailure> {
        self.answer("kv.remove", &json!({ "key": key }))
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, LentFailure> {
        self.answer("kv.keys", &json!({ "prefix": prefix }))
    }
}

#[async_trait]
impl Secrets for Player {
    async fn get(&self, name: &str) -> Result<String, LentFailure> {
        self.answer("secrets.get", &json!({ "name": name }))
    }
}

#[async_trait]
impl Files for Player {
    async fn list(&self, path: &str) -> Result<Vec<FileEntry>, LentFailure> {
        let entries: Vec<WrittenEntry> = self.answer("files.list", &json!({ "path": path }))?;
        let entry = |WrittenEntry { name, is_directory, size }| FileEntry { name, is_directory, size };
        Ok(entries.into_iter().map(entry).collect())
    }

    async fn read(&self, path: &str, max_bytes: u32) -> Result<Vec<u8>, LentFailure> {
        let given = json!({ "path": path, "maxBytes": max_bytes });
        self.answer::<Bytes>("files.read", &given).map(|bytes| bytes.0)
    }

    async fn write(&self, path: &str, content: Vec<u8>) -> Result<(), LentFailure> {
        self.answer("files.write", &json!({ "path": path, "content": hex::encode(content) }))
    }
}
