//! A client that sends what it is told to send.

use crate::house::{ALICE, House, PASSWORD, PATIENCE};
use bytes::{Buf, Bytes, BytesMut};
use russh::{
    Channel, ChannelMsg,
    client::{self, Handle, Msg},
    keys::PublicKeyOrCertificate,
};
use std::{sync::Arc, time::Duration};
use tokio::net::TcpSocket;

pub(crate) struct Trusting;

impl client::Handler for Trusting {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _key: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        Ok(true)
    }
}

/// An answer, after its length.
pub(crate) struct Packet {
    pub(crate) kind: u8,
    pub(crate) id: u32,
    pub(crate) body: Bytes,
}

impl Packet {
    /// Of a status: its code.
    pub(crate) fn code(&self) -> u32 {
        assert_eq!(self.kind, 101, "no status");
        self.body.clone().get_u32()
    }

    /// Of a status: its sentence.
    pub(crate) fn sentence(&self) -> String {
        let mut body = self.body.slice(4..);
        let length = body.get_u32() as usize;
        String::from_utf8(body[..length].to_vec()).unwrap()
    }

    /// Of a handle or data: the bytes.
    pub(crate) fn bytes(&self) -> Bytes {
        assert!(matches!(self.kind, 102 | 103), "{} {}", self.kind, self.sentence());
        self.body.slice(4..)
    }
}

/// One channel with SFTP on it.
pub(crate) struct Raw {
    /// Held, for the connection goes with it.
    ssh: Arc<Handle<Trusting>>,
    pub(crate) channel: Channel<Msg>,
    came: BytesMut,
    next: u32,
}

pub(crate) fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

/// A whole request.
pub(crate) fn request(kind: u8, id: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 5).unwrap();
    [&length.to_be_bytes()[..], &[kind], &id.to_be_bytes(), body].concat()
}

impl Raw {
    /// Connected, and a stranger yet.
    pub(crate) async fn knock(house: &House) -> Handle<Trusting> {
        Self::knock_from(house, "127.0.0.1").await
    }

    /// The same from another address of this machine.
    pub(crate) async fn knock_from(house: &House, address: &str) -> Handle<Trusting> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(format!("{address}:0").parse().unwrap()).unwrap();
        let stream = socket.connect(([127, 0, 0, 1], house.port).into()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let config = Arc::new(client::Config::default());
        client::connect_stream(config, stream, Trusting).await.unwrap()
    }

    pub(crate) async fn login(house: &House) -> Handle<Trusting> {
        let mut ssh = Self::knock(house).await;
        assert!(ssh.authenticate_password(ALICE, PASSWORD).await.unwrap().success());
        ssh
    }

    pub(crate) async fn enter(house: &House) -> Self {
        Self::silent(house).await.begun().await
    }

    async fn begun(mut self) -> Self {
        self.send(&[0, 0, 0, 5, 1, 0, 0, 0, 3]).await;
        assert_eq!(self.receive().await.unwrap().kind, 2);
        self
    }

    /// Somebody else, from another address of this machine.
    pub(crate) async fn enter_as(house: &House, name: &str, address: &str) -> Self {
        let mut ssh = Self::knock_from(house, address).await;
        assert!(ssh.authenticate_password(name, PASSWORD).await.unwrap().success());
        Self::on(Arc::new(ssh)).await.begun().await
    }

    /// One more channel of the same connection.
    pub(crate) async fn beside(&self) -> Self {
        Self::on(Arc::clone(&self.ssh)).await.begun().await
    }

    /// Before the first packet.
    pub(crate) async fn silent(house: &House) -> Self {
        Self::on(Arc::new(Self::login(house).await)).await
    }

    async fn on(ssh: Arc<Handle<Trusting>>) -> Self {
        let mut channel = ssh.channel_open_session().await.unwrap();
        channel.request_subsystem(true, "sftp").await.unwrap();
        assert!(matches!(reply(&mut channel).await, Some(ChannelMsg::Success)));
        Self { ssh, channel, came: BytesMut::new(), next: 0 }
    }

    pub(crate) async fn send(&self, bytes: &[u8]) {
        self.channel.data(bytes).await.unwrap();
    }

    /// The next answer; none once the channel or the connection is over.
    pub(crate) async fn receive(&mut self) -> Option<Packet> {
        loop {
            if let Some(head) = self.came.first_chunk::<4>() {
                let length = u32::from_be_bytes(*head) as usize;
                if self.came.len() >= 4 + length {
                    self.came.advance(4);
                    let mut packet = self.came.split_to(length).freeze();
                    let (kind, id) = (packet.get_u8(), packet.get_u32());
                    return Some(Packet { kind, id, body: packet });
                }
            }
            match tokio::time::timeout(PATIENCE, self.channel.wait()).await.expect("an answer") {
                Some(ChannelMsg::Data { data }) => self.came.extend_from_slice(&data),
                Some(ChannelMsg::Close) | None => return None,
                Some(_) => {}
            }
        }
    }

    /// Asks with fields that are strings.
    pub(crate) async fn ask(&mut self, kind: u8, strings: &[&[u8]]) -> Packet {
        let body: Vec<u8> = strings.iter().flat_map(|bytes| string(bytes)).collect();
        self.ask_raw(kind, &body).await
    }

    pub(crate) async fn ask_raw(&mut self, kind: u8, body: &[u8]) -> Packet {
        self.next += 1;
        let id = self.next;
        self.send(&request(kind, id, body)).await;
        let packet = self.receive().await.expect("an answer");
        assert_eq!(packet.id, id);
        packet
    }

    /// Opens a file with these flags.
    pub(crate) async fn open(&mut self, path: &str, flags: u32) -> Packet {
        let body = [string(path.as_bytes()), flags.to_be_bytes().to_vec(), vec![0; 4]].concat();
        self.ask_raw(3, &body).await
    }

    pub(crate) async fn write(&mut self, handle: &[u8], position: u64, data: &[u8]) -> Packet {
        self.ask_raw(6, &[string(handle), position.to_be_bytes().to_vec(), string(data)].concat()).await
    }

    pub(crate) async fn read(&mut self, handle: &[u8], position: u64, most: u32) -> Packet {
        self.ask_raw(5, &read_body(handle, position, most)).await
    }

    /// Waits until the server has ended the channel or the connection.
    pub(crate) async fn ends_within(&mut self, patience: Duration) {
        let ended = async { while self.receive().await.is_some() {} };
        tokio::time::timeout(patience, ended).await.expect("the connection is still there");
    }
}

pub(crate) fn read_body(handle: &[u8], position: u64, most: u32) -> Vec<u8> {
    [string(handle), position.to_be_bytes().to_vec(), most.to_be_bytes().to_vec()].concat()
}

/// What is said to a request on a channel.
pub(crate) async fn reply(channel: &mut Channel<Msg>) -> Option<ChannelMsg> {
    loop {
        match tokio::time::timeout(PATIENCE, channel.wait()).await.expect("a reply") {
            Some(ChannelMsg::WindowAdjusted { .. }) => {}
            other => return other,
        }
    }
}
