//! The door over real sockets: OpenSSH's own client as people use it, and a client that breaks the rules.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be set up is a test that fails")]

mod attacks;
mod house;
mod login;
mod openssh;
mod protected;
mod raw;
mod revocation;
mod shares;
