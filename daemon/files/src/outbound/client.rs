//! The client: which hops may be asked for, and what each answer means.

use super::OutboundError;
use gantry_outbound::{Cause, Manner, NotAllowed, Public, Reach, cause, client, is_redirect};
use gantry_types::hosts::allows;
use reqwest::{Client, Response, Url, header::LOCATION};
use std::{net::IpAddr, sync::Arc, time::Duration};
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

/// The public internet, and perhaps the machine itself.
#[derive(Clone, Copy, Debug)]
struct FromNode {
    allow_loopback: bool,
}

impl Reach for FromNode {
    fn allows(&self, host: &str, address: IpAddr) -> bool {
        Public.allows(host, address) || (self.allow_loopback && address.is_loopback())
    }

    fn allows_plain(&self, url: &Url) -> bool {
        let local = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        self.allow_loopback && local
    }
}

/// Fetches from the public internet. Clones share connections.
#[derive(Clone, Debug)]
pub struct OutboundClient {
    client: Client,
    reach: FromNode,
    pub(super) config: OutboundConfig,
}

impl OutboundClient {
    pub fn new(config: OutboundConfig) -> Result<Self, OutboundError> {
        let reach = FromNode { allow_loopback: config.allow_loopback };
        let agent = concat!("gantryd/", env!("CARGO_PKG_VERSION")).to_owned();
        let manner = Manner { agent, connect: config.connect_timeout, idle: config.idle_timeout };
        let client = client(Arc::new(reach), &manner).map_err(|error| OutboundError::Setup(error.0))?;
        Ok(Self { client, reach, config })
    }

    /// The answer to a GET, after at most the configured number of redirects. Any status but 200 is an error.
    /// Where `hosts` names any, each hop must be one of them.
    pub(super) async fn get(&self, url: &str, hosts: &[String]) -> Result<Response, OutboundError> {
        let mut at = self.check(url, url, hosts)?;
        for _ in 0..=self.config.redirects {
            let answer = self.client.get(at.clone()).send().await;
            let answer = answer.map_err(|error| transport(url, &error))?;
            let status = answer.status().as_u16();
            let other = || OutboundError::Status { url: url.to_owned(), status };
            if !is_redirect(status) {
                return if status == 200 { Ok(answer) } else { Err(other()) };
            }
            let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let next = to.and_then(|to| at.join(to).ok()).ok_or_else(other)?;
            at = self.check(url, next.as_str(), hosts)?;
        }
        Err(OutboundError::TooManyRedirects { url: url.to_owned() })
    }

    /// The URL of one hop, if it may be asked for. `asked` is what the plan says, for messages.
    fn check(&self, asked: &str, url: &str, hosts: &[String]) -> Result<Url, OutboundError> {
        let refuse = |why| OutboundError::NotAllowed { url: asked.to_owned(), why };
        let parsed = Url::parse(url).map_err(|_| refuse("it is not a URL"))?;
        gantry_outbound::check(&parsed, &self.reach).map_err(|no| match no {
            NotAllowed::Form(why) => refuse(why),
            NotAllowed::Address(host) => OutboundError::NotPublic { host },
        })?;
        let named = || parsed.port().is_none() && parsed.host_str().is_some_and(|host| allows(hosts, host));
        if !hosts.is_empty() && !named() {
            return Err(refuse("it leads to a host that the plugin's manifest does not name"));
        }
        Ok(parsed)
    }
}

pub(super) fn transport(url: &str, error: &reqwest::Error) -> OutboundError {
    match cause(error) {
        Cause::LeadsAstray(host) => OutboundError::NotPublic { host },
        Cause::Other(message) => OutboundError::Transport { url: url.to_owned(), message },
    }
}
