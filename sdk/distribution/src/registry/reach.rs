//! Which addresses a registry's own name may have, and that of the token service that was named beside its password.
//!
//! For them alone: wherever a registry sends us by its own word is asked by https and on the public internet, and another port of
//! its own machine is such a place too. Or it would have us try the doors of this machine, and could be told which are open.

use crate::policy::Network;
use gantry_outbound::Reach;
use gantry_types::address::is_public;
use reqwest::Url;
use std::net::{IpAddr, Ipv4Addr};

/// The registry's name leads as far as the policy says; another name to the public internet alone.
pub(super) struct FromHome {
    pub(super) home: String,
    pub(super) network: Network,
}

impl Reach for FromHome {
    fn allows(&self, host: &str, address: IpAddr) -> bool {
        let is_home = host == self.home;
        match self.network {
            Network::Loopback if is_home => address.is_loopback(),
            Network::Private if is_home => is_public(address) || is_inner(address),
            Network::Public | Network::Private | Network::Loopback => is_public(address),
        }
    }

    fn allows_plain(&self, url: &Url) -> bool {
        let is_home = url.host_str().map(|name| name.trim_matches(['[', ']'])) == Some(self.home.as_str());
        is_home && self.network == Network::Loopback
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
