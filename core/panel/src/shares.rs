//! How many of the connections one network may hold, so that no stranger takes the room of all.
//!
//! An address of IPv4 counts for itself and one of IPv6 as its /64, as everywhere. Proxies speak for many, and programs on
//! this machine are not strangers: networks that are exempt take what there is.

use gantry_app::Network;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How the room is shared.
#[derive(Clone, Debug)]
pub struct Sharing {
    /// Connections of one network at once.
    pub most: NonZeroUsize,
    /// Networks that have no share of their own.
    pub exempt: Vec<IpNet>,
}

impl Sharing {
    /// Exempts this machine, and the proxies that are trusted.
    pub fn new(most: NonZeroUsize, trusted_proxies: &[IpNet]) -> Self {
        let this_machine = [
            IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8)),
            Ipv6Net::from(Ipv6Addr::LOCALHOST).into(),
        ];
        Self { most, exempt: trusted_proxies.iter().copied().chain(this_machine).collect() }
    }
}

/// Who holds how many. Clones share the count.
#[derive(Clone)]
pub(crate) struct Shares {
    sharing: Arc<Sharing>,
    taken: Arc<Mutex<HashMap<Network, usize>>>,
}

/// One connection's part of its network's share, for as long as it lives.
pub(crate) struct Part {
    shares: Shares,
    network: Option<Network>,
}

impl Shares {
    pub(crate) fn new(sharing: Sharing) -> Self {
        Self { sharing: Arc::new(sharing), taken: Arc::default() }
    }

    /// A part for a connection from there, if there is one left.
    pub(crate) fn take(&self, peer: IpAddr) -> Option<Part> {
        let peer = peer.to_canonical();
        if self.sharing.exempt.iter().any(|network| network.contains(&peer)) {
            return Some(Part { shares: self.clone(), network: None });
        }
        let network = Network::of(peer);
        let mut taken = self.taken();
        let count = taken.entry(network).or_default();
        if *count >= self.sharing.most.get() {
            return None;
        }
        *count += 1;
        Some(Part { shares: self.clone(), network: Some(network) })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Network, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let Some(network) = self.network else { return };
        let mut taken = self.shares.taken();
        if let Some(count) = taken.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares() -> Shares {
        Shares::new(Sharing::new(2.try_into().unwrap(), &["10.0.0.0/8".parse().unwrap()]))
    }

    fn take(shares: &Shares, peer: &str) -> Option<Part> {
        shares.take(peer.parse().unwrap())
    }

    #[test]
    fn a_network_has_its_share_and_leaves_the_others_theirs() {
        let shares = shares();
        let held = [take(&shares, "2001:db8:1:2::1"), take(&shares, "2001:db8:1:2::2")];
        assert!(held.iter().all(Option::is_some));
        assert!(take(&shares, "2001:db8:1:2:ffff::9").is_none());
        assert!(take(&shares, "2001:db8:1:3::1").is_some());
        drop(held);
        assert!(take(&shares, "2001:db8:1:2:ffff::9").is_some());
        assert!(shares.taken().is_empty(), "who has none is not remembered");
    }

    #[test]
    fn proxies_and_this_machine_take_what_there_is() {
        let shares = shares();
        for peer in ["10.1.2.3", "::ffff:10.1.2.3", "127.0.0.1", "::ffff:127.0.0.2", "::1"] {
            let held: Vec<_> = (0..3).map(|_| take(&shares, peer)).collect();
            assert!(held.iter().all(Option::is_some), "{peer}");
        }
        let held: Vec<_> = (0..3).map(|_| take(&shares, "::ffff:192.0.2.1")).collect();
        assert_eq!(held.iter().flatten().count(), 2);
    }
}
