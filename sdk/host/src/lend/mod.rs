//! What a call may use of what its embedder lends, and the host functions of it.
//!
//! A capability serves a call if the contract has it in calls of that kind, the administrator granted it, and the
//! embedder has it: asked in this order, so that the failure that a guest sees names what there is to do. Undeclared
//! capabilities are kept out altogether by the import list, which is checked when a component is loaded.
//!
//! A guest's question is a value ([`Question`]), and the call's [`Clerk`] decides and answers. The clerk stands on the
//! embedder's side, also where the guest runs in a process of its own: whoever takes that process over can ask, and is
//! answered what the plugin of that call would be.

mod clerk;
mod files;
mod http;
mod keep;
mod query;

pub(crate) use clerk::{Clerk, EmbedderFault, Lending};
#[expect(unreachable_pub, reason = "the bindings re-export it")]
pub use query::OpenConnection;

use std::time::Duration;

use gantry_types::server::Endpoint;
use serde::{Deserialize, Serialize};

use crate::bindings::{files as wit_files, http as wit_http, query as wit_query, types};
use crate::state::CallState;

/// What a guest asks of its embedder.
#[derive(Serialize, Deserialize)]
pub(crate) enum Question {
    Datagram { endpoint: String, payload: Vec<u8>, enough: u32, timeout_ms: u32 },
    Exchange { endpoint: String, payload: Vec<u8>, max_bytes: u32, timeout_ms: u32 },
    Connect { endpoint: String, timeout_ms: u32 },
    Write { connection: u32, payload: Vec<u8> },
    Read { connection: u32, max_bytes: u32, timeout_ms: u32 },
    Close { connection: u32 },
    Http { requests: Vec<wit_http::Request> },
    Get { key: String },
    Set { key: String, value: Vec<u8> },
    Remove { key: String },
    Keys { prefix: String },
    Secret { name: String },
    List { path: String },
    ReadFile { path: String, max_bytes: u32 },
    WriteFile { path: String, content: Vec<u8> },
}

/// As embedders are asked, whose words these questions are for records as well.
impl Question {
    pub(crate) fn datagram(endpoint: &Endpoint, payload: Vec<u8>, enough: u32, timeout: Duration) -> Self {
        Self::Datagram { endpoint: endpoint.name.clone(), payload, enough, timeout_ms: millis(timeout) }
    }

    pub(crate) fn exchange(endpoint: &Endpoint, payload: Vec<u8>, max_bytes: u32, timeout: Duration) -> Self {
        Self::Exchange { endpoint: endpoint.name.clone(), payload, max_bytes, timeout_ms: millis(timeout) }
    }

    pub(crate) fn connect(endpoint: &Endpoint, timeout: Duration) -> Self {
        Self::Connect { endpoint: endpoint.name.clone(), timeout_ms: millis(timeout) }
    }

    pub(crate) fn read(connection: u32, max_bytes: u32, timeout: Duration) -> Self {
        Self::Read { connection, max_bytes, timeout_ms: millis(timeout) }
    }
}

fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

/// What it is answered.
#[derive(Serialize, Deserialize)]
pub(crate) enum Answer {
    Done(()),
    Replies(Vec<wit_query::Reply>),
    Reply(wit_query::Reply),
    Connected(u32),
    Bytes(Vec<u8>),
    Responses(Vec<Result<wit_http::Response, types::Failure>>),
    Value(Option<Vec<u8>>),
    Names(Vec<String>),
    Text(String),
    Entries(Vec<wit_files::Entry>),
}

/// What is kept of a call is bounded by these.
impl Question {
    /// Its bytes, about.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Datagram { endpoint, payload, .. } | Self::Exchange { endpoint, payload, .. } => {
                endpoint.len() + payload.len()
            }
            Self::Connect { endpoint: word, .. }
            | Self::Get { key: word }
            | Self::Remove { key: word }
            | Self::Keys { prefix: word }
            | Self::Secret { name: word }
            | Self::List { path: word }
            | Self::ReadFile { path: word, .. } => word.len(),
            Self::Read { .. } | Self::Close { .. } => 0,
            Self::Write { payload, .. } => payload.len(),
            Self::Http { requests } => requests.iter().map(request_weight).sum(),
            Self::Set { key: word, value } | Self::WriteFile { path: word, content: value } => {
                word.len() + value.len()
            }
        }
    }
}

impl Answer {
    /// Its bytes, about.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Done(()) | Self::Connected(_) => 0,
            Self::Replies(replies) => replies.iter().map(|reply| EACH + reply.payload.len()).sum(),
            Self::Reply(reply) => reply.payload.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::Responses(all) => all.iter().map(response_weight).sum(),
            Self::Value(value) => value.as_ref().map_or(0, Vec::len),
            Self::Names(names) => names.iter().map(|name| EACH + name.len()).sum(),
            Self::Text(text) => text.len(),
            Self::Entries(entries) => entries.iter().map(|entry| EACH + entry.name.len()).sum(),
        }
    }
}

/// What an element of a list takes beside its bytes.
const EACH: usize = 48;

fn request_weight(request: &wit_http::Request) -> usize {
    request.url.len() + headers_weight(&request.headers) + request.body.len()
}

fn response_weight(response: &Result<wit_http::Response, types::Failure>) -> usize {
    match response {
        Ok(response) => headers_weight(&response.headers) + response.body.len(),
        Err(no) => no.code.len() + no.message.len(),
    }
}

fn headers_weight(headers: &[(String, String)]) -> usize {
    headers.iter().map(|(name, value)| EACH + name.len() + value.len()).sum()
}

/// An answer, or why there is none.
pub(crate) type Answered = Result<Answer, types::Failure>;

/// Asks, and takes the answer that belongs to the question.
macro_rules! ask {
    ($state:expr, $question:expr, $answer:path) => {
        match $state.asked($question).await? {
            Ok($answer(given)) => Ok(Ok(given)),
            Ok(_) => Err($crate::lend::mismatched()),
            Err(refusal) => Ok(Err(refusal)),
        }
    };
}
use ask;

fn mismatched() -> wasmtime::Error {
    EmbedderFault::new("an answer was of another kind than its question").into()
}

impl CallState {
    /// Has a question answered, with the guest's turn given back meanwhile, for as long as the call has.
    async fn asked(&mut self, question: Question) -> wasmtime::Result<Answered> {
        self.turn.give_back();
        let answered = self.desk.ask(question).await;
        self.turn.take().await;
        Ok(answered?)
    }
}

fn failure(code: &str, message: String) -> types::Failure {
    types::Failure { code: code.to_owned(), message, retry_after_ms: None }
}

fn too_large(what: &str, length: usize, most: usize) -> types::Failure {
    failure("too_large", format!("{what} has {length} bytes; the limit is {most}"))
}
