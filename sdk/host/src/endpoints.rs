//! Capability `query` as nodes do it: datagrams and streams to one server's own endpoints, and nowhere else.
//!
//! It stands here and not in the daemon because an author who records a game must ask it in the same way.
//!
//! All datagrams of one call to one endpoint leave from the same socket, because games answer challenges to the port
//! that asked. Endpoints on an unspecified address are asked on loopback.

use async_trait::async_trait;
use gantry_types::server::{Endpoint, Protocol};

use crate::capability::{Connection, LentFailure, Query, Reply};
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    sync::Mutex,
};

/// Largest datagram that is taken.
const DATAGRAM_BYTES: usize = 65_536;
/// No call waits longer than this for one query.
const LONGEST: Duration = Duration::from_secs(10);

/// The endpoints of one server, for one call.
pub struct Endpoints {
    allowed: Vec<Endpoint>,
    sockets: Mutex<HashMap<String, Arc<UdpSocket>>>,
}

impl Endpoints {
    /// Those that the call may ask, with no socket yet.
    #[must_use]
    pub fn new(allowed: Vec<Endpoint>) -> Self {
        Self { allowed, sockets: Mutex::default() }
    }

    /// The endpoint of this name and protocol.
    #[must_use]
    pub fn named(&self, name: &str, protocol: Protocol) -> Option<&Endpoint> {
        self.allowed.iter().find(|endpoint| endpoint.name == name && endpoint.protocol == protocol)
    }

    fn address(&self, endpoint: &Endpoint, protocol: Protocol) -> Result<SocketAddr, LentFailure> {
        if !self.allowed.contains(endpoint) || endpoint.protocol != protocol {
            return Err(LentFailure::new(
                "refused",
                "the endpoint is not one of this server's for that protocol",
            ));
        }
        reachable(endpoint)
            .ok_or_else(|| LentFailure::new("unreachable", "the endpoint's address makes no sense"))
    }

    async fn socket(&self, name: &str, to: SocketAddr) -> Result<Arc<UdpSocket>, LentFailure> {
        let mut sockets = self.sockets.lock().await;
        if let Some(socket) = sockets.get(name) {
            return Ok(Arc::clone(socket));
        }
        let any: IpAddr =
            if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind((any, 0)).await.map_err(unreachable)?;
        // Connected: a stranger's datagram never arrives here.
        socket.connect(to).await.map_err(unreachable)?;
        let socket = Arc::new(socket);
        sockets.insert(name.to_owned(), Arc::clone(&socket));
        Ok(socket)
    }
}

/// Where an endpoint is reached from this machine.
#[must_use]
pub fn reachable(endpoint: &Endpoint) -> Option<SocketAddr> {
    let address: IpAddr = endpoint.address.parse().ok()?;
    let address = match address {
        IpAddr::V4(four) if four.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(six) if six.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        other => other,
    };
    Some(SocketAddr::new(address, endpoint.port))
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err hands over")]
fn unreachable(error: std::io::Error) -> LentFailure {
    LentFailure::new("unreachable", format!("the endpoint cannot be reached: {}", error.kind()))
}

#[async_trait]
impl Query for Endpoints {
    async fn datagram(
        &self,
        endpoint: &Endpoint,
        payload: Vec<u8>,
        enough: u32,
        timeout: Duration,
    ) -> Result<Vec<Reply>, LentFailure> {
        let to = self.address(endpoint, Protocol::Udp)?;
        let socket = self.socket(&endpoint.name, to).await?;
        let began = Instant::now();
        socket.send(&payload).await.map_err(unreachable)?;
        let mut replies = Vec::new();
        let mut buffer = vec![0; if enough == 0 { 0 } else { DATAGRAM_BYTES }];
        let deadline = tokio::time::Instant::now() + timeout.min(LONGEST);
        while replies.len() < enough as usize {
            let Ok(received) = tokio::time::timeout_at(deadline, socket.recv(&mut buffer)).await else {
                break;
            };
            // A refusal of an earlier datagram shows here; the game may still be coming up.
            let Ok(length) = received else { break };
            replies.push(Reply { payload: buffer[..length].to_vec(), after: began.elapsed() });
        }
        if enough > 0 && replies.is_empty() {
            return Err(LentFailure::new("timeout", "the endpoint did not answer in time"));
        }
        Ok(replies)
    }

    async fn exchange(
        &self,
        endpoint: &Endpoint,
        payload: Vec<u8>,
        max_bytes: u32,
        timeout: Duration,
    ) -> Result<Reply, LentFailure> {
        let to = self.address(endpoint, Protocol::Tcp)?;
        let began = Instant::now();
        let deadline = tokio::time::Instant::now() + timeout.min(LONGEST);
        let mut answer = Vec::new();
        let talk = async {
            let mut stream = TcpStream::connect(to).await?;
            stream.set_nodelay(true)?;
            stream.write_all(&payload).await?;
            let mut limited = stream.take(u64::from(max_bytes));
            while limited.read_buf(&mut answer).await? > 0 {}
            Ok::<(), std::io::Error>(())
        };
        let ended = tokio::time::timeout_at(deadline, talk).await;
        match ended {
            Ok(Err(error)) if answer.is_empty() => Err(unreachable(error)),
            Err(_) if answer.is_empty() => {
                Err(LentFailure::new("timeout", "the endpoint did not answer in time"))
            }
            Ok(_) | Err(_) => Ok(Reply { payload: answer, after: began.elapsed() }),
        }
    }
    async fn connect(
        &self,
        endpoint: &Endpoint,
        timeout: Duration,
    ) -> Result<Box<dyn Connection>, LentFailure> {
        let to = self.address(endpoint, Protocol::Tcp)?;
        let stream = within(timeout, TcpStream::connect(to)).await?;
        stream.set_nodelay(true).map_err(unreachable)?;
        Ok(Box::new(Open(stream)))
    }
}

/// A conversation; whoever drops it ends it.
struct Open(TcpStream);

#[async_trait]
impl Connection for Open {
    async fn write(&mut self, payload: Vec<u8>) -> Result<(), LentFailure> {
        within(LONGEST, self.0.write_all(&payload)).await
    }

    async fn read(&mut self, max_bytes: u32, timeout: Duration) -> Result<Vec<u8>, LentFailure> {
        // Room for nothing would look like the end of the stream.
        let mut buffer = vec![0; max_bytes.max(1) as usize];
        let length = within(timeout, self.0.read(&mut buffer)).await?;
        buffer.truncate(length);
        Ok(buffer)
    }
}

async fn within<T>(
    timeout: Duration,
    work: impl Future<Output = std::io::Result<T>>,
) -> Result<T, LentFailure> {
    match tokio::time::timeout(timeout.min(LONGEST), work).await {
        Ok(outcome) => outcome.map_err(unreachable),
        Err(_) => Err(LentFailure::new("timeout", "the endpoint did not answer in time")),
    }
}
