//! A server's files over SFTP, the second door of a node and the only one that strangers can knock at.
//!
//! SSH here is a means to carry SFTP and can do nothing else: no shell, no command, no terminal, no environment, no
//! forwarding, no compression, no questions beyond a key or an app password. The control plane says whom to let in
//! ([`Sftp::replace`]); nothing of that is kept on the disk, and it holds for a lease. Every single request asks what the
//! person may do at that moment, and a connection whose right to be here has gone is closed although nobody asks for
//! anything. Files are reached through `gantry-files` alone; what joins this to the node's servers is [`Servers`].
//!
//! The protocol is version 3 as OpenSSH speaks it (draft-ietf-secsh-filexfer-02, and OpenSSH's `PROTOCOL`, section 4).
//! `russh` carries it. Of `russh-sftp` the packet vocabulary and its deserializer are used, and not its server: that
//! answers one request after the other with two hops for each, turns names that are not UTF-8 into others, and goes on
//! for ever, with a log line each, after packets that are none. Here frames are cut and counted before anybody looks into
//! them (`frames`), a whole batch of requests is done in one visit to the disk (`session`), names are bytes, and the
//! third packet that cannot be read ends the connection.
//!
//! Flow control is the transport's: `russh` keeps granting window whatever becomes of the data, and while it waits for
//! anybody it neither writes nor reads. So nothing ever makes it wait. Requests that are not yet answered are counted, and
//! above a bound the socket is not read, unless an answer is stuck, for then only reading can free it
//! (`wire`).
//!
//! Modules in reading order: [`limits`], `shares`, `grants`, `guesses`, `host_key`, `wire`, `frames`, `packet`, `reply`, `failure`,
//! `handles`, `activity`, `work`, `session`, `door`, `connection`, [`server`].

mod activity;
mod connection;
mod door;
mod failure;
mod frames;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod grants;
mod guesses;
mod handles;
mod host_key;
pub mod limits;
mod packet;
mod reply;
pub mod server;
mod session;
mod shares;
mod wire;
mod work;

pub use grants::InvalidGrants;
pub use limits::Limits;
pub use server::{ServerFiles, Servers, Sftp, SftpConfig, Turn, listen};
