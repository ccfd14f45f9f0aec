//! A private network for each server.
//!
//! A server's containers share a bridge that nobody else is on. The engine's own address pools hold some thirty
//! networks; a node holds far more servers, so each network gets a small subnet from a pool of ours. Where a subnet lies
//! follows from the server's id, and a taken one is passed over: there is no table that could be lost.

use super::{DockerRuntime, errors};
use crate::{error::RuntimeError, spec};
use bollard::{
    errors::Error,
    models::{Ipam, IpamConfig, NetworkCreateRequest},
    query_parameters::ListNetworksOptionsBuilder,
};
use gantry_types::ServerId;
use sha2::{Digest, Sha256};
use std::{collections::HashMap, net::Ipv4Addr};

/// Each network's prefix: gateway, one server, one installer, and room.
const PREFIX: u8 = 29;
/// Subnets that are tried before giving up.
const TRIES: u32 = 256;

/// The addresses that private networks are cut from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubnetPool {
    base: Ipv4Addr,
    prefix: u8,
}

impl SubnetPool {
    /// A pool of `base/prefix`; none if the prefix leaves no room for a network.
    pub fn new(base: Ipv4Addr, prefix: u8) -> Option<Self> {
        (8..=PREFIX).contains(&prefix).then_some(Self { base, prefix })
    }

    fn count(self) -> u32 {
        1 << (PREFIX - self.prefix)
    }

    /// The subnet of a number below [`Self::count`], in CIDR notation.
    fn subnet(self, number: u32) -> String {
        let mask = u32::MAX << (32 - self.prefix);
        let first = (u32::from(self.base) & mask) + (number << (32 - PREFIX));
        format!("{}/{PREFIX}", Ipv4Addr::from(first))
    }

    /// Subnets for a server, in the order to try them.
    fn candidates(self, server: ServerId) -> impl Iterator<Item = String> {
        let hash = Sha256::digest(server.uuid().as_bytes());
        let start = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
        (0..TRIES.min(self.count())).map(move |step| self.subnet(start.wrapping_add(step) % self.count()))
    }
}

/// 8192 networks in a corner of 10.0.0.0/8 that few sites use.
impl Default for SubnetPool {
    fn default() -> Self {
        Self { base: Ipv4Addr::new(10, 213, 0, 0), prefix: 16 }
    }
}

impl DockerRuntime {
    /// The id of the server's network, which is made if it is missing.
    pub(super) async fn network_of(&self, server: ServerId) -> Result<String, RuntimeError> {
        let _one_at_a_time = self.networks.lock().await;
        if let Some(id) = self.networks_of(server).await?.into_iter().next() {
            return Ok(id);
        }
        for subnet in self.config.subnets.candidates(server) {
            match self.docker.create_network(self.network_request(server, subnet)).await {
                Ok(created) => return Ok(created.id),
                Err(error) if is_taken(&error) => {}
                Err(error) => return Err(errors::engine("create network", error)),
            }
        }
        Err(RuntimeError::Refused {
            operation: "create network",
            message: format!("no free subnet in {}/{}", self.config.subnets.base, self.config.subnets.prefix),
        })
    }

    pub(super) async fn remove_networks(&self, server: ServerId) -> Result<(), RuntimeError> {
        for id in self.networks_of(server).await? {
            match self.docker.remove_network(&id).await {
                Ok(()) => {}
                Err(error) if errors::status(&error) == Some(404) => {}
                Err(error) => return Err(errors::engine("remove network", error)),
            }
        }
        Ok(())
    }

    async fn networks_of(&self, server: ServerId) -> Result<Vec<String>, RuntimeError> {
        let labels = vec![self.node_label(), format!("{}={server}", spec::LABEL_SERVER)];
        let filters = HashMap::from([("label".to_owned(), labels)]);
        let options = ListNetworksOptionsBuilder::default().filters(&filters).build();
        let found = self.docker.list_networks(Some(options)).await;
        let found = found.map_err(|error| errors::engine("list networks", error))?;
        Ok(found.into_iter().filter_map(|network| network.id).collect())
    }

    fn network_request(&self, server: ServerId, subnet: String) -> NetworkCreateRequest {
        let config = IpamConfig { subnet: Some(subnet), ..Default::default() };
        let labels =
            [(spec::LABEL_NODE, self.config.node.to_string()), (spec::LABEL_SERVER, server.to_string())];
        NetworkCreateRequest {
            name: format!("gantry-{server}"),
            driver: Some("bridge".to_owned()),
            ipam: Some(Ipam { config: Some(vec![config]), ..Default::default() }),
            enable_ipv6: Some(false),
            options: Some(HashMap::from([(
                "com.docker.network.bridge.enable_icc".to_owned(),
                "false".to_owned(),
            )])),
            labels: Some(labels.map(|(key, value)| (key.to_owned(), value)).into()),
            ..Default::default()
        }
    }
}

fn is_taken(error: &Error) -> bool {
    let text = errors::text(error);
    text.contains("overlap") || text.contains("Pool overlaps") || text.contains("conflicts with network")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn candidates_are_different_and_inside_the_pool() {
        let pool = SubnetPool::new(Ipv4Addr::new(10, 9, 8, 7), 24).unwrap();
        let server = ServerId::new("0190f2f0-0000-7000-8000-000000000001".parse().unwrap());
        let all: Vec<_> = pool.candidates(server).collect();
        assert_eq!(all.len(), 32);
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), 32);
        assert!(all.iter().all(|subnet| subnet.starts_with("10.9.8.") && subnet.ends_with("/29")), "{all:?}");
    }
}
