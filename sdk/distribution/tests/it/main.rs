//! Plugins on their way, through the doors that the command line and the control plane use: packed, signed, pushed to and
//! pulled from a real registry, judged by a policy, and carried as files; and everything that somebody on the way could try.
//!
//! The registry is Debian's `docker-registry`, started by each test that wants one. Other people's tools read what is written
//! here and write what is read here: `oras` for Python, `skopeo`, `openssl`, and the crate that
//! `wkg` is made of.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod artifacts;
mod docker;
mod hearsay;
mod hostile;
mod keys;
mod kit;
mod lures;
mod packages;
mod peers;
mod policies;
mod references;
mod registries;
mod trust;
