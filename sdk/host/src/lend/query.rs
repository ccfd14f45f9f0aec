//! Capability `query`: the endpoints of the server that the call is about, by name.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gantry_types::server::Endpoint;
use tokio::sync::Mutex as AsyncMutex;
use wasmtime::component::Resource;

use crate::bindings::{query, types};
use crate::capability::{Connection, QUERY, Query, Reply};
use crate::convert::text;
use crate::lend::clerk::{Asked, Clerk, asked};
use crate::lend::{Answer, Question, ask, failure, too_large};
use crate::state::CallState;

/// What fits into one unfragmented datagram on nearly every path.
const DATAGRAM_BYTES: usize = 1_400;
const DATAGRAM_REPLIES: u32 = 64;
const EXCHANGE_BYTES: usize = 64 * 1024;
const EXCHANGE_REPLY_BYTES: u32 = 256 * 1024;
/// All replies of one query together, whatever the embedder brings.
const REPLY_BYTES: usize = 256 * 1024;
/// Connections that a call may hold at a time.
const CONNECTIONS: usize = 4;

/// A connection that a guest holds a handle to, by the number that the clerk gave it.
#[expect(unreachable_pub, reason = "the bindings re-export it")]
pub struct OpenConnection(u32);

type Shared = Arc<AsyncMutex<Box<dyn Connection>>>;

/// The connections of a call. They end with it.
#[derive(Clone, Default)]
pub(super) struct Connections(Arc<Mutex<Open>>);

#[derive(Default)]
struct Open {
    last: u32,
    open: HashMap<u32, Shared>,
}

impl Connections {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clerk {
    pub(super) fn datagram(
        &self,
        endpoint: &str,
        payload: Vec<u8>,
        enough: u32,
        timeout_ms: u32,
    ) -> Result<Asked, types::Failure> {
        let (query, endpoint) = self.may_ask(endpoint, payload.len(), DATAGRAM_BYTES)?;
        let (enough, timeout) = (enough.min(DATAGRAM_REPLIES), self.patience(timeout_ms));
        Ok(asked(async move {
            let replies = query.datagram(&endpoint, payload, enough, timeout).await?;
            Ok(Answer::Replies(bounded(replies, enough as usize)))
        }))
    }

    pub(super) fn exchange(
        &self,
        endpoint: &str,
        payload: Vec<u8>,
        max_bytes: u32,
        timeout_ms: u32,
    ) -> Result<Asked, types::Failure> {
        let (query, endpoint) = self.may_ask(endpoint, payload.len(), EXCHANGE_BYTES)?;
        let (max_bytes, timeout) = (max_bytes.min(EXCHANGE_REPLY_BYTES), self.patience(timeout_ms));
        Ok(asked(async move {
            let mut reply = query.exchange(&endpoint, payload, max_bytes, timeout).await?;
            reply.payload.truncate(max_bytes as usize);
            Ok(Answer::Reply(reply.into()))
        }))
    }

    pub(super) fn connect(&self, endpoint: &str, timeout_ms: u32) -> Result<Asked, types::Failure> {
        let (query, endpoint) = self.may_ask(endpoint, 0, 0)?;
        if self.connections.lock().open.len() == CONNECTIONS {
            return Err(failure(
                "too_many",
                format!("a call holds at most {CONNECTIONS} connections; end one first"),
            ));
        }
        let (timeout, connections) = (self.patience(timeout_ms), self.connections.clone());
        Ok(asked(async move {
            let connection = query.connect(&endpoint, timeout).await?;
            let mut all = connections.lock();
            all.last += 1;
            let number = all.last;
            all.open.insert(number, Arc::new(AsyncMutex::new(connection)));
            Ok(Answer::Connected(number))
        }))
    }

    pub(super) fn write_to(&self, connection: u32, payload: Vec<u8>) -> Result<Asked, types::Failure> {
        if payload.len() > EXCHANGE_BYTES {
            return Err(too_large("the payload", payload.len(), EXCHANGE_BYTES));
        }
        let open = self.open_connection(connection)?;
        Ok(asked(async move { open.lock().await.write(payload).await.map(Answer::Done) }))
    }

    pub(super) fn read_from(
        &self,
        connection: u32,
        max_bytes: u32,
        timeout_ms: u32,
    ) -> Result<Asked, types::Failure> {
        let open = self.open_connection(connection)?;
        let (max_bytes, timeout) = (max_bytes.min(EXCHANGE_REPLY_BYTES), self.patience(timeout_ms));
        Ok(asked(async move {
            let mut payload = open.lock().await.read(max_bytes, timeout).await?;
            payload.truncate(max_bytes as usize);
            Ok(Answer::Bytes(payload))
        }))
    }

    pub(super) fn close(&self, connection: u32) -> Asked {
        let closed = self.connections.lock().open.remove(&connection);
        asked(async move {
            drop(closed);
            Ok(Answer::Done(()))
        })
    }

    fn may_ask(
        &self,
        endpoint: &str,
        length: usize,
        most: usize,
    ) -> Result<(Arc<dyn Query>, Endpoint), types::Failure> {
        let query = self.find(QUERY, |lent| &lent.query)?;
        if length > most {
            return Err(too_large("the payload", length, most));
        }
        let Some(found) = self.endpoints.iter().find(|each| each.name == endpoint) else {
            let name = text::escaped(endpoint, 64);
            return Err(failure("unknown_endpoint", format!("this server has no endpoint {name:?}")));
        };
        Ok((query, found.clone()))
    }

    /// Only who was lent a query holds a connection.
    fn open_connection(&self, connection: u32) -> Result<Shared, types::Failure> {
        let open = self.connections.lock().open.get(&connection).cloned();
        open.ok_or_else(|| failure("unknown_connection", "this call has no such connection".to_owned()))
    }
}

impl query::Host for CallState {
    async fn datagram(
        &mut self,
        endpoint: String,
        payload: Vec<u8>,
        enough: u32,
        timeout_ms: u32,
    ) -> wasmtime::Result<Result<Vec<query::Reply>, types::Failure>> {
        self.count_host_call()?;
        ask!(self, Question::Datagram { endpoint, payload, enough, timeout_ms }, Answer::Replies)
    }

    async fn exchange(
        &mut self,
        endpoint: String,
        payload: Vec<u8>,
        max_bytes: u32,
        timeout_ms: u32,
    ) -> wasmtime::Result<Result<query::Reply, types::Failure>> {
        self.count_host_call()?;
        ask!(self, Question::Exchange { endpoint, payload, max_bytes, timeout_ms }, Answer::Reply)
    }
}

impl query::HostConnection for CallState {
    async fn open(
        &mut self,
        endpoint: String,
        timeout_ms: u32,
    ) -> wasmtime::Result<Result<Resource<OpenConnection>, types::Failure>> {
        self.count_host_call()?;
        let open: Result<u32, _> = ask!(self, Question::Connect { endpoint, timeout_ms }, Answer::Connected)?;
        match open {
            Ok(number) => Ok(Ok(self.table.push(OpenConnection(number))?)),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    async fn write(
        &mut self,
        connection: Resource<OpenConnection>,
        payload: Vec<u8>,
    ) -> wasmtime::Result<Result<(), types::Failure>> {
        self.count_host_call()?;
        let connection = self.table.get(&connection)?.0;
        ask!(self, Question::Write { connection, payload }, Answer::Done)
    }

    async fn read(
        &mut self,
        connection: Resource<OpenConnection>,
        max_bytes: u32,
        timeout_ms: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, types::Failure>> {
        self.count_host_call()?;
        let connection = self.table.get(&connection)?.0;
        ask!(self, Question::Read { connection, max_bytes, timeout_ms }, Answer::Bytes)
    }

    async fn drop(&mut self, connection: Resource<OpenConnection>) -> wasmtime::Result<()> {
        let OpenConnection(connection) = self.table.delete(connection)?;
        let closed: Result<(), _> = ask!(self, Question::Close { connection }, Answer::Done)?;
        closed.map_err(|refusal| wasmtime::Error::msg(refusal.message))
    }
}

impl From<Reply> for query::Reply {
    fn from(reply: Reply) -> Self {
        let after_us = u64::try_from(reply.after.as_micros()).unwrap_or(u64::MAX);
        Self { payload: reply.payload, after_us }
    }
}

impl From<query::Reply> for Reply {
    fn from(reply: query::Reply) -> Self {
        Self { payload: reply.payload, after: Duration::from_micros(reply.after_us) }
    }
}

fn bounded(replies: Vec<Reply>, most: usize) -> Vec<query::Reply> {
    let mut bytes = 0;
    replies
        .into_iter()
        .take(most)
        .take_while(|reply| {
            bytes += reply.payload.len();
            bytes <= REPLY_BYTES
        })
        .map(Into::into)
        .collect()
}
