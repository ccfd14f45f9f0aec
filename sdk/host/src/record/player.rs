//! In the place of everything that is lent: answers from what was written down.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use gantry_types::server::Endpoint;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Outcome, Told, datagram, exchange, http_request};
use crate::capability::{
    Connection, FileEntry, Files, Http, HttpRequest, HttpResponse, KeyValue, Lent, LentFailure, Query, Reply,
    Secrets,
};

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
            beyond: None,
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
