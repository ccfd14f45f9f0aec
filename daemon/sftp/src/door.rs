//! What a client of SSH meets: two ways to say who it is, a few channels, and on each of them SFTP or nothing.
//!
//! Channels are kept in a table of our own, and what comes for one that is not in it goes nowhere. Whatever else SSH can
//! ask for is refused, most of it by `russh`'s own defaults and by name here where the default would be silence. Nothing
//! here waits for anybody (see `wire`).

use crate::{
    connection::Connection,
    frames::{self, Abuse, Intake},
    grants::Admitted,
    limits::{ATTEMPTS, CHANNELS, PROBES},
    server::Shared,
    session::Session,
};
use russh::{
    Channel, ChannelId, ChannelOpenFailure, MethodKind, MethodSet, Pty,
    server::{Auth, ChannelOpenHandle, Handler, Msg, PublicKeyOffer, Session as Ssh, VerifiedPublicKey},
};
use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};
use tokio::sync::{mpsc, oneshot};

/// The ways to say who one is.
pub(crate) const METHODS: [MethodKind; 2] = [MethodKind::PublicKey, MethodKind::Password];

/// Why a connection ends from this side.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Closed {
    #[error("the transport failed")]
    Ssh(#[from] russh::Error),
    #[error(transparent)]
    Abused(#[from] Abuse),
    #[error("too many keys or passwords were tried")]
    Guessed,
    #[error("the connection is over")]
    Over,
}

/// What is on a channel.
enum Use {
    Nothing,
    /// Without an intake once its client said that it has no more to ask; alive as long as its session is.
    Sftp(Option<Intake>, Weak<()>),
}

impl Use {
    /// `russh` does not say when a channel is over that was closed from this side.
    fn is_over(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Sftp(_, alive) => alive.strong_count() == 0,
        }
    }
}

/// The handler of one connection.
pub(crate) struct Door {
    shared: Arc<Shared>,
    connection: Arc<Connection>,
    attempts: usize,
    probes: u32,
    /// Who proved themselves, and who waits to hear it.
    admitted: Option<Admitted>,
    told: Option<oneshot::Sender<Admitted>>,
    channels: HashMap<ChannelId, Use>,
    /// Sessions go to the connection's task, which owns them.
    sessions: mpsc::Sender<Session>,
}

impl Door {
    pub(crate) fn new(
        shared: Arc<Shared>,
        connection: Arc<Connection>,
        told: oneshot::Sender<Admitted>,
        sessions: mpsc::Sender<Session>,
    ) -> Self {
        let (told, channels) = (Some(told), HashMap::new());
        Self { shared, connection, attempts: 0, probes: 0, admitted: None, told, channels, sessions }
    }

    /// One more try to say who one is; none if there were too many.
    fn attempt(&mut self) -> Result<(), Closed> {
        self.attempts += 1;
        if self.attempts > ATTEMPTS { Err(Closed::Guessed) } else { Ok(()) }
    }

    fn accept(&mut self, admitted: Option<Admitted>) -> Auth {
        let shut_out = self.shared.guesses.is_shut_out(self.connection.origin);
        match admitted {
            Some(admitted) if !shut_out => {
                self.admitted = Some(admitted);
                Auth::Accept
            }
            Some(_) | None => {
                self.connection.wrong(&self.shared);
                reject()
            }
        }
    }

    fn refuse(&self, channel: ChannelId, ssh: &mut Ssh) -> Result<(), Closed> {
        Ok(ssh.channel_failure(channel)?)
    }
}

/// The same ways stay open: `russh` takes away the one that failed unless it is told.
fn reject() -> Auth {
    Auth::Reject { proceed_with_methods: Some(MethodSet::from(&METHODS[..])), partial_success: false }
}

impl Handler for Door {
    type Error = Closed;

    async fn auth_none(&mut self, _user: &str) -> Result<Auth, Closed> {
        Ok(reject())
    }

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Closed> {
        self.attempt()?;
        let admitted = self.shared.grants.borrow().by_password(user, password);
        Ok(self.accept(admitted))
    }

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, Closed> {
        self.probes += 1;
        if self.probes > PROBES {
            return Err(Closed::Guessed);
        }
        let blob = offer.public_key.to_bytes().map_err(russh::Error::from)?;
        let known = self.shared.grants.borrow().by_key(user, &blob).is_some();
        if known && !self.shared.guesses.is_shut_out(self.connection.origin) {
            return Ok(Auth::Accept);
        }
        self.attempt()?;
        self.connection.wrong(&self.shared);
        Ok(reject())
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Closed> {
        self.attempt()?;
        let blob = key.public_key.to_bytes().map_err(russh::Error::from)?;
        let admitted = self.shared.grants.borrow().by_key(user, &blob);
        Ok(self.accept(admitted))
    }

    async fn auth_succeeded(&mut self, _ssh: &mut Ssh) -> Result<(), Closed> {
        let (Some(admitted), Some(told)) = (self.admitted, self.told.take()) else {
            return Err(Closed::Over);
        };
        told.send(admitted).map_err(|_| Closed::Over)
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _ssh: &mut Ssh,
    ) -> Result<(), Closed> {
        self.channels.retain(|_, present| !present.is_over());
        if self.channels.len() >= CHANNELS {
            reply.reject(ChannelOpenFailure::ResourceShortage).await;
            return Ok(());
        }
        // The channel's own queue is dropped here, for it would make the connection wait; data come to `data`.
        self.channels.insert(channel.id(), Use::Nothing);
        reply.accept().await;
        Ok(())
    }

    async fn channel_close(&mut self, channel: ChannelId, _ssh: &mut Ssh) -> Result<(), Closed> {
        self.channels.remove(&channel);
        Ok(())
    }

    async fn channel_eof(&mut self, channel: ChannelId, ssh: &mut Ssh) -> Result<(), Closed> {
        match self.channels.get_mut(&channel) {
            // The session ends once it has done what came before, and closes the channel.
            Some(Use::Sftp(intake, _)) => *intake = None,
            Some(Use::Nothing) => {
                self.channels.remove(&channel);
                ssh.close(channel)?;
            }
            None => {}
        }
        Ok(())
    }

    async fn data(&mut self, channel: ChannelId, data: &[u8], _ssh: &mut Ssh) -> Result<(), Closed> {
        if let Some(Use::Sftp(Some(intake), _)) = self.channels.get_mut(&channel)
            && let Err(abuse) = intake.take(data)
        {
            self.connection.abused(abuse);
            return Err(abuse.into());
        }
        Ok(())
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        ssh: &mut Ssh,
    ) -> Result<(), Closed> {
        let (Some(present @ Use::Nothing), Some(admitted), "sftp") =
            (self.channels.get_mut(&channel), self.admitted, name)
        else {
            return self.refuse(channel, ssh);
        };
        let (intake, frames) = frames::intake(Arc::clone(&self.connection.gate));
        let (shared, connection) = (Arc::clone(&self.shared), Arc::clone(&self.connection));
        let alive = Arc::new(());
        *present = Use::Sftp(Some(intake), Arc::downgrade(&alive));
        let session = Session { shared, connection, admitted, frames, channel, out: ssh.handle(), alive };
        self.sessions.try_send(session).map_err(|_| Closed::Over)?;
        Ok(ssh.channel_success(channel)?)
    }

    async fn shell_request(&mut self, channel: ChannelId, ssh: &mut Ssh) -> Result<(), Closed> {
        self.refuse(channel, ssh)
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        _command: &[u8],
        ssh: &mut Ssh,
    ) -> Result<(), Closed> {
        self.refuse(channel, ssh)
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        _term: &str,
        _columns: u32,
        _rows: u32,
        _width: u32,
        _height: u32,
        _modes: &[(Pty, u32)],
        ssh: &mut Ssh,
    ) -> Result<(), Closed> {
        self.refuse(channel, ssh)
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        _name: &str,
        _value: &str,
        ssh: &mut Ssh,
    ) -> Result<(), Closed> {
        self.refuse(channel, ssh)
    }

    async fn x11_request(
        &mut self,
        channel: ChannelId,
        _single: bool,
        _protocol: &str,
        _cookie: &str,
        _screen: u32,
        ssh: &mut Ssh,
    ) -> Result<(), Closed> {
        self.refuse(channel, ssh)
    }

    async fn window_change_request(
        &mut self,
        channel: ChannelId,
        _columns: u32,
        _rows: u32,
        _width: u32,
        _height: u32,
        ssh: &mut Ssh,
    ) -> Result<(), Closed> {
        self.refuse(channel, ssh)
    }

    async fn agent_request(&mut self, channel: ChannelId, ssh: &mut Ssh) -> Result<bool, Closed> {
        self.refuse(channel, ssh)?;
        Ok(false)
    }
}
