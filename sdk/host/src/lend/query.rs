//! Capability `query`: the endpoints of the server that the call is about, by name.

use std::sync::Arc;

use gantry_types::server::Endpoint;
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use wasmtime::component::Resource;

use crate::bindings::{query, types};
use crate::capability::{Connection, QUERY, Query, Reply};
use crate::convert::text;
use crate::lend::{failure, too_large};
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

/// A connection that a guest holds a handle to.
#[expect(unreachable_pub, reason = "the bindings re-export it")]
pub struct OpenConnection(Shared);

type Shared = Arc<Mutex<Box<dyn Connection>>>;

impl query::Host for CallState {
    async fn datagram(
        &mut self,
        endpoint: String,
        payload: Vec<u8>,
        enough: u32,
        timeout_ms: u32,
    ) -> wasmtime::Result<Result<Vec<query::Reply>, types::Failure>> {
        self.count_host_call()?;
        let (query, endpoint, runtime) = match self.may_ask(&endpoint, payload.len(), DATAGRAM_BYTES) {
            Ok(allowed) => allowed,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let (enough, timeout) = (enough.min(DATAGRAM_REPLIES), self.patience(timeout_ms));
        let question = async move { query.datagram(&endpoint, payload, enough, timeout).await };
        let outcome = self.asked(&runtime, question).await?;
        Ok(outcome.map(|replies| bounded(replies, enough as usize)))
    }

    async fn exchange(
        &mut self,
        endpoint: String,
        payload: Vec<u8>,
        max_bytes: u32,
        timeout_ms: u32,
    ) -> wasmtime::Result<Result<query::Reply, types::Failure>> {
        self.count_host_call()?;
        let (query, endpoint, runtime) = match self.may_ask(&endpoint, payload.len(), EXCHANGE_BYTES) {
            Ok(allowed) => allowed,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let (max_bytes, timeout) = (max_bytes.min(EXCHANGE_REPLY_BYTES), self.patience(timeout_ms));
        let question = async move { query.exchange(&endpoint, payload, max_bytes, timeout).await };
        let outcome = self.asked(&runtime, question).await?;
        Ok(outcome.map(|mut reply| {
            reply.payload.truncate(max_bytes as usize);
            wit_reply(reply)
        }))
    }
}

impl query::HostConnection for CallState {
    async fn open(
        &mut self,
        endpoint: String,
        timeout_ms: u32,
    ) -> wasmtime::Result<Result<Resource<OpenConnection>, types::Failure>> {
        self.count_host_call()?;
        let (query, endpoint, runtime) = match self.may_ask(&endpoint, 0, 0) {
            Ok(allowed) => allowed,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if self.connections == CONNECTIONS {
            return Ok(Err(failure(
                "too_many",
                format!("a call holds at most {CONNECTIONS} connections; end one first"),
            )));
        }
        let timeout = self.patience(timeout_ms);
        let question = async move { query.connect(&endpoint, timeout).await };
        match self.asked(&runtime, question).await? {
            Ok(connection) => {
                self.connections += 1;
                Ok(Ok(self.table.push(OpenConnection(Arc::new(Mutex::new(connection))))?))
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    async fn write(
        &mut self,
        connection: Resource<OpenConnection>,
        payload: Vec<u8>,
    ) -> wasmtime::Result<Result<(), types::Failure>> {
        self.count_host_call()?;
        if payload.len() > EXCHANGE_BYTES {
            return Ok(Err(too_large("the payload", payload.len(), EXCHANGE_BYTES)));
        }
        let (open, runtime) = self.open_connection(&connection)?;
        self.asked(&runtime, async move { open.lock().await.write(payload).await }).await
    }

    async fn read(
        &mut self,
        connection: Resource<OpenConnection>,
        max_bytes: u32,
        timeout_ms: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, types::Failure>> {
        self.count_host_call()?;
        let (open, runtime) = self.open_connection(&connection)?;
        let (max_bytes, timeout) = (max_bytes.min(EXCHANGE_REPLY_BYTES), self.patience(timeout_ms));
        let question = async move { open.lock().await.read(max_bytes, timeout).await };
        let outcome = self.asked(&runtime, question).await?;
        Ok(outcome.map(|mut payload| {
            payload.truncate(max_bytes as usize);
            payload
        }))
    }

    async fn drop(&mut self, connection: Resource<OpenConnection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        self.connections -= 1;
        Ok(())
    }
}

impl CallState {
    fn may_ask(
        &self,
        endpoint: &str,
        length: usize,
        most: usize,
    ) -> Result<(Arc<dyn Query>, Endpoint, Handle), types::Failure> {
        let (query, runtime) = self.access.find(QUERY, |lent| &lent.query)?;
        if length > most {
            return Err(too_large("the payload", length, most));
        }
        let Some(found) = self.access.endpoints.iter().find(|each| each.name == endpoint) else {
            let name = text::escaped(endpoint, 64);
            return Err(failure("unknown_endpoint", format!("this server has no endpoint {name:?}")));
        };
        Ok((query, found.clone(), runtime))
    }

    fn open_connection(&self, connection: &Resource<OpenConnection>) -> wasmtime::Result<(Shared, Handle)> {
        let open = self.table.get(connection)?.0.clone();
        let runtime = self.access.runtime.clone();
        // Who holds a connection was lent a query, and with it a runtime.
        runtime
            .map(|runtime| (open, runtime))
            .ok_or_else(|| wasmtime::Error::msg("a connection without a runtime"))
    }
}

fn wit_reply(reply: Reply) -> query::Reply {
    let after_us = u64::try_from(reply.after.as_micros()).unwrap_or(u64::MAX);
    query::Reply { payload: reply.payload, after_us }
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
        .map(wit_reply)
        .collect()
}
