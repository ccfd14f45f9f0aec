//! The client that connections are made by, and what was at the bottom when one was not.

use crate::reach::{Checked, LeadsAstray, Reach};
use reqwest::{Client, redirect::Policy};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use std::{error::Error, sync::Arc, time::Duration};

/// How strangers are spoken to.
#[derive(Clone, Debug)]
pub struct Manner {
    /// What we call ourselves where a request does not say it.
    pub agent: String,
    pub connect: Duration,
    /// Longest silence within an answer.
    pub idle: Duration,
}

/// No client could be made.
#[derive(Debug, thiserror::Error)]
#[error("outgoing connections cannot be set up: {0}")]
pub struct NoClient(pub String);

/// A client that connects only where `reach` allows, and follows no redirect by itself. Check each URL by
/// [`check`](crate::check) before.
pub fn client(reach: Arc<dyn Reach>, manner: &Manner) -> Result<Client, NoClient> {
    with_roots(reach, manner, of_this_machine()?)
}

pub(crate) fn with_roots(
    reach: Arc<dyn Reach>,
    manner: &Manner,
    roots: RootCertStore,
) -> Result<Client, NoClient> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| NoClient(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .referer(false)
        .http1_only()
        .connect_timeout(manner.connect)
        .read_timeout(manner.idle)
        .user_agent(manner.agent.as_str())
        .dns_resolver(Checked(reach))
        .tls_backend_preconfigured(config)
        .build()
        .map_err(|error| NoClient(error.to_string()))
}

fn of_this_machine() -> Result<RootCertStore, NoClient> {
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if added == 0 {
        return Err(NoClient("this machine has no root certificates: install ca-certificates".to_owned()));
    }
    Ok(roots)
}

/// Why a request brought nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// This name has an address that is out of reach.
    LeadsAstray(String),
    /// In the words of whatever failed.
    Other(String),
}

/// What is at the bottom of an error: the outer layers only repeat the URL.
pub fn cause(error: &reqwest::Error) -> Cause {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        if let Some(LeadsAstray(name)) = inner.downcast_ref() {
            return Cause::LeadsAstray(name.clone());
        }
        cause = inner;
    }
    Cause::Other(cause.to_string())
}
