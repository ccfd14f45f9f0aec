//! The address of whoever asks, as far as trusted proxies tell.
//!
//! Only a peer inside a trusted network is believed, and then only the rightmost hop that is not itself trusted: what
//! stands further left was written by the client.

use http::HeaderMap;
use ipnet::IpNet;
use std::net::IpAddr;

/// Whether a peer that is not trusted claims to speak for somebody: then who asks is unknown, and above all not local.
pub(crate) fn is_doubtful(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> bool {
    let claims = headers.contains_key("x-forwarded-for") || headers.contains_key("forwarded");
    let peer = peer.to_canonical();
    claims && !trusted.iter().any(|network| network.contains(&peer))
}

/// The client behind `peer`.
pub(crate) fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let mut client = peer.to_canonical();
    if !is_trusted(client) {
        return client;
    }
    let lines = headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok());
    let hops: Vec<&str> = lines.flat_map(|line| line.split(',')).collect();
    for hop in hops.iter().rev() {
        let Some(address) = parse(hop.trim()) else { return client };
        client = address;
        if !is_trusted(client) {
            return client;
        }
    }
    client
}

fn parse(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or(hop);
    let address =
        bare.parse().ok().or_else(|| hop.parse::<std::net::SocketAddr>().ok().map(|pair| pair.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&'static str]) -> String {
        let headers = forwarded
            .iter()
            .map(|line| ("x-forwarded-for".parse().unwrap(), line.parse().unwrap()))
            .collect();
        address(peer.parse().unwrap(), &headers, &["10.0.0.0/8".parse().unwrap()]).to_string()
    }

    #[test]
    fn an_untrusted_peer_is_the_client_whatever_it_says() {
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
    }

    #[test]
    fn a_proxy_that_nobody_trusts_makes_the_client_unknown() {
        let headers =
            [("x-forwarded-for".parse().unwrap(), "198.51.100.1".parse().unwrap())].into_iter().collect();
        assert!(is_doubtful("127.0.0.1".parse().unwrap(), &headers, &[]));
        assert!(!is_doubtful("127.0.0.1".parse().unwrap(), &headers, &["127.0.0.0/8".parse().unwrap()]));
        assert!(!is_doubtful("127.0.0.1".parse().unwrap(), &HeaderMap::new(), &[]));
    }

    #[test]
    fn the_rightmost_untrusted_hop_counts_and_not_what_the_client_wrote() {
        assert_eq!(seen("10.0.0.1", &["1.2.3.4, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["1.2.3.4", "198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn an_unreadable_hop_ends_belief() {
        assert_eq!(seen("10.0.0.1", &["198.51.100.1, nonsense"]), "10.0.0.1");
    }

    #[test]
    fn mapped_and_bracketed_forms_are_understood() {
        assert_eq!(seen("::ffff:10.0.0.1", &["[2001:db8::7]:443"]), "2001:db8::7");
    }
}
