//! The client: every hop checked, every connection to an address that was checked.
//!
//! The check sits in the resolver that the connections use, so there is no second lookup that could answer otherwise.
//! Addresses that stand in a URL are never looked up and are checked before.

use super::{OutboundError, is_public};
use gantry_types::hosts::allows;
use reqwest::{
    Client, Response, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header::LOCATION,
    redirect::Policy,
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use std::{
    error::Error,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use url::Host;

/// Limits of outgoing requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboundConfig {
    /// Allows the machine itself, and http to it. For tests and for a mirror on the same machine.
    pub allow_loopback: bool,
    pub connect_timeout: Duration,
    /// Longest silence within an answer.
    pub idle_timeout: Duration,
    /// Longest time for one download.
    pub total_timeout: Duration,
    pub redirects: u32,
}

impl Default for OutboundConfig {
    fn default() -> Self {
        Self {
            allow_loopback: false,
            connect_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_secs(60 * 60),
            redirects: 5,
        }
    }
}

/// Fetches from the public internet. Clones share connections.
#[derive(Clone, Debug)]
pub struct OutboundClient {
    client: Client,
    pub(super) config: OutboundConfig,
}

impl OutboundClient {
    pub fn new(config: OutboundConfig) -> Result<Self, OutboundError> {
        let setup = |error: &dyn std::fmt::Display| OutboundError::Setup(error.to_string());
        let client = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .http1_only()
            .connect_timeout(config.connect_timeout)
            .read_timeout(config.idle_timeout)
            .user_agent(concat!("gantryd/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Checked { allow_loopback: config.allow_loopback })
            .tls_backend_preconfigured(tls()?)
            .build()
            .map_err(|error| setup(&error))?;
        Ok(Self { client, config })
    }

    /// The answer to a GET, after at most the configured number of redirects. Any status but 200 is an error.
    /// Where `hosts` names any, each hop must be one of them.
    pub(super) async fn get(&self, url: &str, hosts: &[String]) -> Result<Response, OutboundError> {
        let mut at = self.check(url, url, hosts)?;
        for _ in 0..=self.config.redirects {
            let answer = self.client.get(at.clone()).send().await;
            let answer = answer.map_err(|error| transport(url, &error))?;
            let status = answer.status();
            if !status.is_redirection() {
                return match status.as_u16() {
                    200 => Ok(answer),
                    status => Err(OutboundError::Status { url: url.to_owned(), status }),
                };
            }
            let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let next = to.and_then(|to| at.join(to).ok());
            let next =
                next.ok_or_else(|| OutboundError::Status { url: url.to_owned(), status: status.as_u16() })?;
            at = self.check(url, next.as_str(), hosts)?;
        }
        Err(OutboundError::TooManyRedirects { url: url.to_owned() })
    }

    /// The URL of one hop, if it may be asked for. `asked` is what the plan says, for messages.
    fn check(&self, asked: &str, url: &str, hosts: &[String]) -> Result<Url, OutboundError> {
        let refuse = |why| OutboundError::NotAllowed { url: asked.to_owned(), why };
        let parsed = Url::parse(url).map_err(|_| refuse("it is not a URL"))?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(refuse("it contains credentials"));
        }
        let literal: Option<IpAddr> = match parsed.host().ok_or_else(|| refuse("it names no host"))? {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
        };
        if let Some(address) = literal
            && !is_allowed(address, self.config.allow_loopback)
        {
            return Err(OutboundError::NotPublic { host: address.to_string() });
        }
        let named = || parsed.port().is_none() && parsed.host_str().is_some_and(|host| allows(hosts, host));
        if !hosts.is_empty() && !named() {
            return Err(refuse("it leads to a host that the plugin's manifest does not name"));
        }
        let local = self.config.allow_loopback
            && (literal.is_some_and(|address| address.is_loopback())
                || parsed.host_str() == Some("localhost"));
        match parsed.scheme() {
            "https" => Ok(parsed),
            "http" if local => Ok(parsed),
            _ => Err(refuse("only https is")),
        }
    }
}

fn is_allowed(address: IpAddr, allow_loopback: bool) -> bool {
    is_public(address) || (allow_loopback && address.is_loopback())
}

fn tls() -> Result<ClientConfig, OutboundError> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        return Err(OutboundError::Setup(
            "this machine has no root certificates: install ca-certificates".to_owned(),
        ));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| OutboundError::Setup(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// Says what is at the bottom: the outer layers only repeat the URL.
pub(super) fn transport(url: &str, error: &reqwest::Error) -> OutboundError {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        if let Some(NotPublic(host)) = inner.downcast_ref() {
            return OutboundError::NotPublic { host: host.clone() };
        }
        cause = inner;
    }
    OutboundError::Transport { url: url.to_owned(), message: cause.to_string() }
}

#[derive(Debug, thiserror::Error)]
#[error("{0} is not on the public internet")]
struct NotPublic(String);

/// Looks a name up and gives its addresses only if every one of them is allowed.
struct Checked {
    allow_loopback: bool,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_loopback = self.allow_loopback;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.is_empty() || !found.iter().all(|found| is_allowed(found.ip(), allow_loopback)) {
                return Err(NotPublic(name.as_str().to_owned()).into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
