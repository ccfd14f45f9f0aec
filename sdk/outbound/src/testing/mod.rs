//! An internet of a test: names that lead where the test says, behind certificates of its own.
//!
//! What a name leads to is held to the rule all the same: names of a test's own servers may lead to this machine, and nothing
//! else may.

mod site;

pub use site::{Asked, Said, Site};

use crate::{
    client::{Manner, NoClient, with_roots},
    reach::{Found, Public, Reach},
};
use reqwest::Client;
use rustls::{RootCertStore, pki_types::CertificateDer};
use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

/// Names, each with the addresses that it has.
#[derive(Clone, Debug, Default)]
pub struct Names {
    found: BTreeMap<String, Vec<SocketAddr>>,
    /// Names of servers of the test.
    excepted: Vec<String>,
}

impl Names {
    /// A name that leads to a server of the test.
    #[must_use]
    pub fn served(mut self, name: &str, at: SocketAddr) -> Self {
        self.excepted.push(name.to_owned());
        self.leading(name, vec![at])
    }

    /// A name with these addresses, to which the rule applies.
    #[must_use]
    pub fn leading(mut self, name: &str, to: Vec<SocketAddr>) -> Self {
        self.found.insert(name.to_owned(), to);
        self
    }
}

impl Reach for Names {
    fn allows(&self, host: &str, address: IpAddr) -> bool {
        Public.allows(host, address)
            || (address.is_loopback() && self.excepted.iter().any(|name| name == host))
    }

    fn look_up(&self, name: &str) -> Found {
        let found = self.found.get(name).cloned();
        let unknown = io::Error::new(io::ErrorKind::NotFound, format!("there is no {name} in this test"));
        Box::pin(async move { found.ok_or(unknown) })
    }
}

/// A client of that internet, which believes this root alone.
pub fn client(names: Names, manner: &Manner, root: &[u8]) -> Result<Client, NoClient> {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from(root.to_vec());
    roots.add(root).map_err(|error| NoClient(error.to_string()))?;
    with_roots(Arc::new(names), manner, roots)
}
