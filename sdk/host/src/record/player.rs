//! In the place of everything that is lent: answers from what was written down.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use gantry_types::server::Endpoint;
use serde_json::Value;

use super::{Outcome, Told, written};
use crate::capability::{
    Connection, FileEntry, Files, Http, HttpRequest, HttpResponse, KeyValue, Lent, LentFailure, Query, Reply,
    Secrets,
};
use crate::lend::{Answer, Question};

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

    async fn answer(&self, question: &Question) -> Result<Answer, LentFailure> {
        let (call, given) = written::question(question);
        let Some(told) = self.take(call, &given) else {
            let words = format!("{call} {given}");
            self.0.strange.lock().unwrap_or_else(PoisonError::into_inner).push(words.clone());
            return Err(LentFailure::new("not_recorded", format!("this was not recorded: {words}")));
        };
        match told.outcome {
            // The call ended while it waited, and does again.
            Outcome::Unanswered {} => std::future::pending().await,
            Outcome::Failure { code, message } => Err(LentFailure { code, message }),
            Outcome::Answer(answer) => written::read(question, answer).map_err(|error| {
                LentFailure::new(
                    "not_recorded",
                    format!("the recorded answer to {call} makes no sense: {error}"),
                )
            }),
        }
    }

    fn take(&self, call: &str, given: &Value) -> Option<Told> {
        let mut left = self.0.left.lock().unwrap_or_else(PoisonError::into_inner);
        let place = left.iter().position(|told| told.call == call && told.given == *given)?;
        Some(left.remove(place))
    }
}

/// Takes what belongs to a question of this kind; an answer is read by its question, so that it is nothing else.
macro_rules! told {
    ($player:expr, $question:expr, $answer:path) => {
        match $player.answer(&$question).await? {
            $answer(given) => Ok(given),
            _ => Err(LentFailure::new("not_recorded", "the recorded answer is of another kind")),
        }
    };
}

#[async_trait]
impl Query for Player {
    async fn datagram(
        &self,
        endpoint: &Endpoint,
        payload: Vec<u8>,
        enough: u32,
        timeout: Duration,
    ) -> Result<Vec<Reply>, LentFailure> {
        let replies = told!(self, Question::datagram(endpoint, payload, enough, timeout), Answer::Replies)?;
        Ok(replies.into_iter().map(Into::into).collect())
    }

    async fn exchange(
        &self,
        endpoint: &Endpoint,
        payload: Vec<u8>,
        max_bytes: u32,
        timeout: Duration,
    ) -> Result<Reply, LentFailure> {
        told!(self, Question::exchange(endpoint, payload, max_bytes, timeout), Answer::Reply).map(Into::into)
    }

    async fn connect(
        &self,
        endpoint: &Endpoint,
        timeout: Duration,
    ) -> Result<Box<dyn Connection>, LentFailure> {
        let number = told!(self, Question::connect(endpoint, timeout), Answer::Connected)?;
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
        told!(self.player, Question::Write { connection: self.number, payload }, Answer::Done)
    }

    async fn read(&mut self, max_bytes: u32, timeout: Duration) -> Result<Vec<u8>, LentFailure> {
        told!(self.player, Question::read(self.number, max_bytes, timeout), Answer::Bytes)
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
        let question = Question::Http { requests: vec![request.into()] };
        match told!(self, question, Answer::Responses)?.pop() {
            Some(Ok(response)) => Ok(response.into()),
            Some(Err(_)) | None => Err(LentFailure::new("not_recorded", "no answer was recorded")),
        }
    }
}

#[async_trait]
impl KeyValue for Player {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, LentFailure> {
        told!(self, Question::Get { key: key.to_owned() }, Answer::Value)
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), LentFailure> {
        told!(self, Question::Set { key: key.to_owned(), value }, Answer::Done)
    }

    async fn remove(&self, key: &str) -> Result<(), LentFailure> {
        told!(self, Question::Remove { key: key.to_owned() }, Answer::Done)
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, LentFailure> {
        told!(self, Question::Keys { prefix: prefix.to_owned() }, Answer::Names)
    }
}

#[async_trait]
impl Secrets for Player {
    async fn get(&self, name: &str) -> Result<String, LentFailure> {
        told!(self, Question::Secret { name: name.to_owned() }, Answer::Text)
    }
}

#[async_trait]
impl Files for Player {
    async fn list(&self, path: &str) -> Result<Vec<FileEntry>, LentFailure> {
        let entries = told!(self, Question::List { path: path.to_owned() }, Answer::Entries)?;
        Ok(entries.into_iter().map(Into::into).collect())
    }

    async fn read(&self, path: &str, max_bytes: u32) -> Result<Vec<u8>, LentFailure> {
        told!(self, Question::ReadFile { path: path.to_owned(), max_bytes }, Answer::Bytes)
    }

    async fn write(&self, path: &str, content: Vec<u8>) -> Result<(), LentFailure> {
        told!(self, Question::WriteFile { path: path.to_owned(), content }, Answer::Done)
    }
}
