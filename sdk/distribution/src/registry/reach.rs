//! Which addresses a registry's name, and the names that it sends us to, may have.
//!
//! The check sits in the resolver that the connections use, so there is no second lookup that could answer otherwise.

use crate::policy::Network;
use gantry_types::address::is_public;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

pub(super) fn is_allowed(address: IpAddr, is_home: bool, network: Network) -> bool {
    match network {
        Network::Loopback if is_home => address.is_loopback(),
        Network::Private if is_home => is_public(address) || is_inner(address),
        Network::Public | Network::Private | Network::Loopback => is_public(address),
    }
}

/// Whether an address is one that people give to their own machines. Link-local ones are not: clouds answer there.
fn is_inner(address: IpAddr) -> bool {
    let shared = |address: Ipv4Addr| matches!(address.octets(), [100, 64..=127, ..]);
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_private() || address.is_loopback() || shared(address),
        IpAddr::V6(address) => address.is_unique_local() || address.is_loopback(),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a name leads where it may not")]
pub(super) struct NotPublic;

/// Looks a name up and gives its addresses only if every one of them is allowed.
pub(super) struct Checked {
    pub(super) home: String,
    pub(super) network: Network,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (is_home, network) = (name.as_str() == self.home, self.network);
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.is_empty() || !found.iter().all(|found| is_allowed(found.ip(), is_home, network)) {
                return Err(NotPublic.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
