//! Addresses of a node that servers may use, and which of them a server gets.
//!
//! An allocation is one address and one port number, for TCP and UDP together: two servers never share a number, so
//! what a player types names one server. A game that needs one number in both protocols says so, by the same default
//! port or by a distance of zero, and gets one allocation for both.

use gantry_types::{
    AllocationId, NodeId, ServerId,
    blueprint::{EndpointNeed, FieldProblem, RelativePort},
    server::{Endpoint, Protocol},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// The most ports that one request may add.
pub const MAX_PORTS: usize = 1000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    pub id: AllocationId,
    pub node_id: NodeId,
    pub address: String,
    pub port: u16,
    /// The server that holds it.
    pub server_id: Option<ServerId>,
    pub server_name: Option<String>,
}

/// An endpoint of a server together with the allocation that it stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerEndpoint {
    pub allocation_id: AllocationId,
    #[serde(flatten)]
    pub endpoint: Endpoint,
}

/// An address that a node can bind and players can name.
pub fn parse_address(key: &str, text: &str) -> Result<String, FieldProblem> {
    let Ok(address) = text.trim().parse::<IpAddr>() else {
        return Err(crate::problem(
            key,
            "This is not an IP address.",
            "Enter one like 203.0.113.7 or 2001:db8::7.",
        ));
    };
    if address.is_unspecified() || address.is_multicast() {
        let remedy = "Enter the address of one of the node's interfaces.";
        return Err(crate::problem(key, "No single machine has this address.", remedy));
    }
    Ok(address.to_string())
}

/// Ports as people write them: `30000-30010, 30100`.
pub fn parse_ports(key: &str, text: &str) -> Result<BTreeSet<u16>, FieldProblem> {
    let mut ports = BTreeSet::new();
    for part in text.split(',').map(str::trim) {
        let (first, last) = part.split_once('-').map_or((part, part), |(a, b)| (a.trim(), b.trim()));
        let port = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
        let (Some(first), Some(last)) = (port(first), port(last)) else {
            let message = format!("“{}” is neither a port nor a range.", shortened(part));
            return Err(crate::problem(
                key,
                message,
                "Write ports from 1 to 65535, like 30000-30010, 30100.",
            ));
        };
        if last < first {
            let message = format!("The range {first}-{last} runs backwards.");
            return Err(crate::problem(key, message, format!("Write {last}-{first}.")));
        }
        if ports.len() + usize::from(last - first) + 1 > MAX_PORTS {
            let message = format!("That is more than {MAX_PORTS} ports.");
            return Err(crate::problem(key, message, "Add them in several parts."));
        }
        ports.extend(first..=last);
    }
    Ok(ports)
}

fn shortened(text: &str) -> String {
    text.chars().take(20).collect()
}

/// Endpoints that cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Shortage {
    #[error("no free address is left for {}", .0.join(", "))]
    NoFree(Vec<String>),
    #[error("the address that was chosen for {0} is not free")]
    Taken(String),
    #[error("there is no endpoint {0}")]
    UnknownEndpoint(String),
    /// Its port is at a fixed distance from another endpoint's, and an address elsewhere was chosen for it.
    #[error("{endpoint} has to be at the port of {leader} {offset:+}, on the same address")]
    Apart { endpoint: String, leader: String, offset: i32 },
}

/// Chooses allocations for what a blueprint needs.
///
/// `asked` names allocations for endpoints by their name; an optional endpoint gets one only if asked for. Others get
/// their default port if it is free, else the lowest port, staying on one address while that has any. What follows another
/// endpoint is at its distance from it, so that a leader gets no port whose followers' are not free.
pub fn choose(
    needs: &[EndpointNeed],
    free: &[Allocation],
    asked: &BTreeMap<String, AllocationId>,
) -> Result<Vec<ServerEndpoint>, Shortage> {
    if let Some(unknown) = asked.keys().find(|name| !needs.iter().any(|need| need.name == **name)) {
        return Err(Shortage::UnknownEndpoint(unknown.clone()));
    }
    let asked = with_leaders(needs, free, asked);
    let is_wanted = |need: &EndpointNeed| need.required || asked.contains_key(&need.name);
    let wanted: Vec<&EndpointNeed> = needs.iter().filter(|need| is_wanted(need)).collect();
    let mut choice = Choice { wanted: &wanted, free, used: BTreeMap::new(), chosen: Vec::new() };
    let leaders = || wanted.iter().filter(|need| need.relative_to.is_none());
    // People's own choices first, so that an automatic one never takes what somebody named.
    for need in leaders() {
        if let Some(id) = asked.get(&need.name) {
            let allocation =
                choice.named(*id, need.protocol).ok_or_else(|| Shortage::Taken(need.name.clone()))?;
            choice.lead(need, allocation)?;
        }
    }
    let mut missing = Vec::new();
    for need in leaders().filter(|need| !asked.contains_key(&need.name)) {
        match choice.automatic(need) {
            Some(allocation) => choice.lead(need, allocation)?,
            None => missing.extend(choice.group(need).map(|need| need.name.clone())),
        }
    }
    if !missing.is_empty() {
        return Err(Shortage::NoFree(missing));
    }
    for (name, id) in asked.iter() {
        apart(needs, &choice.chosen, name, *id)?;
    }
    let order = |endpoint: &ServerEndpoint| needs.iter().position(|need| need.name == endpoint.endpoint.name);
    choice.chosen.sort_by_key(order);
    Ok(choice.chosen)
}

/// The endpoint that follows another one of a server, where that is.
///
/// # Errors
/// [`Shortage`] where the address that is left for it is not among `free`, nor the leader's own.
pub fn follow(
    need: &EndpointNeed,
    endpoints: &[ServerEndpoint],
    free: &[Allocation],
    asked: Option<AllocationId>,
) -> Result<ServerEndpoint, Shortage> {
    let missing = || Shortage::NoFree(vec![need.name.clone()]);
    let relative = need.relative_to.as_ref().ok_or_else(missing)?;
    let leader = endpoints.iter().find(|one| one.endpoint.name == relative.endpoint);
    let leader = leader.ok_or_else(|| Shortage::NoFree(vec![relative.endpoint.clone()]))?;
    let (address, port) = (&leader.endpoint.address, distant(leader.endpoint.port, relative.offset));
    let there = |allocation: &&Allocation| allocation.address == *address && Some(allocation.port) == port;
    let id = match relative.offset {
        0 => leader.allocation_id,
        _ => free.iter().find(there).ok_or_else(missing)?.id,
    };
    if asked.is_some_and(|asked| asked != id) {
        return Err(apart_from(need, relative));
    }
    let port = port.ok_or_else(missing)?;
    let endpoint =
        Endpoint { name: need.name.clone(), protocol: need.protocol, address: address.clone(), port };
    Ok(ServerEndpoint { allocation_id: id, endpoint })
}

/// A port at a distance from another, if there is one.
fn distant(port: u16, offset: i32) -> Option<u16> {
    u16::try_from(i32::from(port) + offset).ok().filter(|port| *port > 0)
}

fn apart_from(need: &EndpointNeed, relative: &RelativePort) -> Shortage {
    let (endpoint, leader) = (need.name.clone(), relative.endpoint.clone());
    Shortage::Apart { endpoint, leader, offset: relative.offset }
}

/// That what was asked for a follower is where it follows.
fn apart(
    needs: &[EndpointNeed],
    chosen: &[ServerEndpoint],
    name: &str,
    id: AllocationId,
) -> Result<(), Shortage> {
    let need = needs.iter().find(|need| need.name == name);
    let Some((need, relative)) = need.and_then(|need| Some((need, need.relative_to.as_ref()?))) else {
        return Ok(());
    };
    let is_there = chosen.iter().any(|one| one.endpoint.name == name && one.allocation_id == id);
    if is_there { Ok(()) } else { Err(apart_from(need, relative)) }
}

/// What was asked for, with the leaders of followers for which alone somebody asked.
fn with_leaders(
    needs: &[EndpointNeed],
    free: &[Allocation],
    asked: &BTreeMap<String, AllocationId>,
) -> BTreeMap<String, AllocationId> {
    let mut all = asked.clone();
    for need in needs {
        let (Some(relative), Some(id)) = (&need.relative_to, asked.get(&need.name)) else { continue };
        let Some(own) = free.iter().find(|allocation| allocation.id == *id) else { continue };
        let port = distant(own.port, -relative.offset);
        let there = |one: &&Allocation| one.address == own.address && Some(one.port) == port;
        if let Some(leader) = free.iter().find(there) {
            all.entry(relative.endpoint.clone()).or_insert(leader.id);
        }
    }
    all
}

struct Choice<'a> {
    /// What is to be had.
    wanted: &'a [&'a EndpointNeed],
    free: &'a [Allocation],
    used: BTreeMap<AllocationId, Vec<(Protocol, Option<u16>)>>,
    chosen: Vec<ServerEndpoint>,
}

impl<'a> Choice<'a> {
    fn named(&self, id: AllocationId, protocol: Protocol) -> Option<&'a Allocation> {
        let allocation = self.free.iter().find(|allocation| allocation.id == id)?;
        let clash = self.used.get(&id).is_some_and(|used| used.iter().any(|(taken, _)| *taken == protocol));
        (!clash).then_some(allocation)
    }

    fn automatic(&self, need: &EndpointNeed) -> Option<&'a Allocation> {
        let shared = self.shared(need).filter(|allocation| self.leads(need, allocation));
        shared.or_else(|| {
            let address = self.chosen.first().map(|first| first.endpoint.address.as_str());
            let unused = |allocation: &&Allocation| {
                !self.used.contains_key(&allocation.id) && self.leads(need, allocation)
            };
            self.free.iter().filter(unused).min_by_key(|allocation| {
                let elsewhere = address.is_some_and(|address| address != allocation.address);
                (
                    elsewhere,
                    Some(allocation.port) != need.default_port,
                    allocation.port,
                    allocation.address.as_str(),
                )
            })
        })
    }

    /// The allocation of an endpoint that wants the same number in the other protocol.
    fn shared(&self, need: &EndpointNeed) -> Option<&'a Allocation> {
        let port = need.default_port?;
        let fits = |used: &[(Protocol, Option<u16>)]| {
            used.iter().all(|(protocol, default)| *protocol != need.protocol && *default == Some(port))
        };
        let (id, _) = self.used.iter().find(|(_, used)| fits(used))?;
        self.free.iter().find(|allocation| allocation.id == *id)
    }

    /// A leader and what follows it.
    fn group(&self, leader: &'a EndpointNeed) -> impl Iterator<Item = &'a EndpointNeed> {
        std::iter::once(leader).chain(self.followers(&leader.name).map(|(need, _)| need))
    }

    fn followers(&self, leader: &'a str) -> impl Iterator<Item = (&'a EndpointNeed, i32)> {
        let follows = move |need: &&'a EndpointNeed| {
            let relative = need.relative_to.as_ref().filter(|relative| relative.endpoint == leader)?;
            Some((*need, relative.offset))
        };
        self.wanted.iter().filter_map(follows)
    }

    /// Where a follower has to be.
    fn place(&self, leader: &Allocation, need: &EndpointNeed, offset: i32) -> Option<&'a Allocation> {
        let port = distant(leader.port, offset)?;
        let there = |one: &&Allocation| one.address == leader.address && one.port == port;
        self.named(self.free.iter().find(there)?.id, need.protocol)
    }

    /// Whether all that follows it has its place where this one would be.
    fn leads(&self, need: &'a EndpointNeed, allocation: &Allocation) -> bool {
        self.followers(&need.name).all(|(need, offset)| self.place(allocation, need, offset).is_some())
    }

    /// Takes an allocation for an endpoint, and the places of what follows it.
    fn lead(&mut self, need: &'a EndpointNeed, allocation: &'a Allocation) -> Result<(), Shortage> {
        self.take(need, allocation);
        let followers: Vec<_> = self.followers(&need.name).collect();
        for (need, offset) in followers {
            let place = self.place(allocation, need, offset);
            let place = place.ok_or_else(|| Shortage::NoFree(vec![need.name.clone()]))?;
            self.take(need, place);
        }
        Ok(())
    }

    fn take(&mut self, need: &EndpointNeed, allocation: &Allocation) {
        self.used.entry(allocation.id).or_default().push((need.protocol, need.default_port));
        self.chosen.push(ServerEndpoint {
            allocation_id: allocation.id,
            endpoint: Endpoint {
                name: need.name.clone(),
                protocol: need.protocol,
                address: allocation.address.clone(),
                port: allocation.port,
            },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(n: u16) -> AllocationId {
        format!("00000000-0000-0000-0000-{n:012}").parse().unwrap()
    }

    fn free(ports: &[u16]) -> Vec<Allocation> {
        let node_id = "00000000-0000-0000-0000-000000000009".parse().unwrap();
        let one = |port: &u16| Allocation {
            id: id(*port),
            node_id,
            address: "203.0.113.7".to_owned(),
            port: *port,
            server_id: None,
            server_name: None,
        };
        ports.iter().map(one).collect()
    }

    fn need(name: &str, protocol: Protocol, default_port: Option<u16>, required: bool) -> EndpointNeed {
        EndpointNeed {
            name: name.to_owned(),
            protocol,
            help: String::new(),
            default_port,
            required,
            relative_to: None,
        }
    }

    fn behind(name: &str, protocol: Protocol, leader: &str, offset: i32) -> EndpointNeed {
        let relative_to = Some(RelativePort { endpoint: leader.to_owned(), offset });
        EndpointNeed { relative_to, ..need(name, protocol, None, true) }
    }

    fn ports(chosen: &[ServerEndpoint]) -> Vec<u16> {
        chosen.iter().map(|one| one.endpoint.port).collect()
    }

    #[test]
    fn a_range_is_read_as_people_write_it() {
        let ports = parse_ports("ports", "30000-30002, 30100").unwrap();
        assert_eq!(ports.into_iter().collect::<Vec<_>>(), [30000, 30001, 30002, 30100]);
    }

    #[test]
    fn a_range_that_is_none_says_why() {
        for text in ["", "0", "70000", "a-b", "5-", "30010-30000", "1-65535"] {
            assert!(parse_ports("ports", text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_belongs_to_one_machine() {
        assert_eq!(parse_address("address", " 2001:DB8::7 ").unwrap(), "2001:db8::7");
        for text in ["0.0.0.0", "::", "224.0.0.1", "example.org"] {
            assert!(parse_address("address", text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_default_port_is_taken_when_free_else_the_lowest() {
        let needs = [need("game", Protocol::Udp, Some(27960), true)];
        assert_eq!(ports(&choose(&needs, &free(&[27000, 27960]), &BTreeMap::new()).unwrap()), [27960]);
        assert_eq!(ports(&choose(&needs, &free(&[27005, 27001]), &BTreeMap::new()).unwrap()), [27001]);
    }

    #[test]
    fn one_number_in_both_protocols_is_one_allocation() {
        let needs =
            [need("game", Protocol::Tcp, Some(25565), true), need("query", Protocol::Udp, Some(25565), true)];
        assert_eq!(ports(&choose(&needs, &free(&[30000, 30001]), &BTreeMap::new()).unwrap()), [30000, 30000]);
    }

    #[test]
    fn an_optional_endpoint_costs_nothing_unless_asked_for() {
        let needs = [need("game", Protocol::Udp, None, true), need("rcon", Protocol::Tcp, None, false)];
        assert_eq!(ports(&choose(&needs, &free(&[1, 2]), &BTreeMap::new()).unwrap()), [1]);
        let asked = BTreeMap::from([("rcon".to_owned(), id(1))]);
        assert_eq!(ports(&choose(&needs, &free(&[1, 2]), &asked).unwrap()), [2, 1]);
    }

    #[test]
    fn what_is_not_free_is_named() {
        let needs = [need("game", Protocol::Udp, None, true), need("web", Protocol::Tcp, None, true)];
        assert_eq!(
            choose(&needs, &free(&[1]), &BTreeMap::new()),
            Err(Shortage::NoFree(vec!["web".to_owned()]))
        );
        let asked = BTreeMap::from([("game".to_owned(), id(7))]);
        assert_eq!(choose(&needs, &free(&[1, 2]), &asked), Err(Shortage::Taken("game".to_owned())));
        let asked = BTreeMap::from([("x".to_owned(), id(1))]);
        assert_eq!(choose(&needs, &free(&[1, 2]), &asked), Err(Shortage::UnknownEndpoint("x".to_owned())));
    }

    #[test]
    fn what_follows_is_at_its_distance() {
        let needs = [need("game", Protocol::Udp, None, true), behind("game-tcp", Protocol::Tcp, "game", 0)];
        assert_eq!(ports(&choose(&needs, &free(&[30000]), &BTreeMap::new()).unwrap()), [30000, 30000]);
        // The lowest port is of no use: its follower's is somebody else's.
        let needs = [need("game", Protocol::Udp, None, true), behind("query", Protocol::Udp, "game", 1)];
        assert_eq!(ports(&choose(&needs, &free(&[1, 5, 7, 8]), &BTreeMap::new()).unwrap()), [7, 8]);
        let nowhere = choose(&needs, &free(&[1, 5, 7]), &BTreeMap::new());
        assert_eq!(nowhere, Err(Shortage::NoFree(vec!["game".to_owned(), "query".to_owned()])));
        let below = [need("game", Protocol::Udp, None, true), behind("query", Protocol::Udp, "game", -1)];
        assert_eq!(ports(&choose(&below, &free(&[1, 5, 7, 8]), &BTreeMap::new()).unwrap()), [8, 7]);
    }

    #[test]
    fn who_names_a_follower_names_its_leader() {
        let needs = [need("game", Protocol::Udp, None, true), behind("query", Protocol::Udp, "game", 1)];
        let asked = |pairs: &[(&str, u16)]| -> BTreeMap<String, AllocationId> {
            pairs.iter().map(|(name, port)| ((*name).to_owned(), id(*port))).collect()
        };
        let all = free(&[1, 2, 7, 8]);
        assert_eq!(ports(&choose(&needs, &all, &asked(&[("query", 8)])).unwrap()), [7, 8]);
        assert_eq!(ports(&choose(&needs, &all, &asked(&[("game", 7)])).unwrap()), [7, 8]);
        let apart = choose(&needs, &all, &asked(&[("game", 1), ("query", 8)])).unwrap_err();
        assert_eq!(apart.to_string(), "query has to be at the port of game +1, on the same address");
        assert_eq!(choose(&needs, &all, &asked(&[("query", 7)])).unwrap_err(), apart);
    }

    #[test]
    fn a_follower_joins_a_server_where_its_leader_is() {
        let needs = [need("game", Protocol::Udp, None, true)];
        let endpoints = choose(&needs, &free(&[7]), &BTreeMap::new()).unwrap();
        let shared = follow(&behind("tcp", Protocol::Tcp, "game", 0), &endpoints, &[], None).unwrap();
        assert_eq!((shared.allocation_id, shared.endpoint.port), (id(7), 7));
        let next = behind("query", Protocol::Udp, "game", 1);
        assert_eq!(follow(&next, &endpoints, &free(&[8, 9]), None).unwrap().allocation_id, id(8));
        assert_eq!(
            follow(&next, &endpoints, &free(&[9]), None),
            Err(Shortage::NoFree(vec!["query".to_owned()]))
        );
        assert!(matches!(
            follow(&next, &endpoints, &free(&[8, 9]), Some(id(9))),
            Err(Shortage::Apart { .. })
        ));
    }

    proptest! {
        #[test]
        fn any_text_is_ports_or_a_problem(text in ".{0,40}") {
            if let Ok(ports) = parse_ports("ports", &text) {
                prop_assert!(!ports.is_empty() && ports.len() <= MAX_PORTS);
            }
        }
    }
}
