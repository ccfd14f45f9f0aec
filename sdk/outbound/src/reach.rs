//! Where names may lead, and the resolver that holds connections to it.

use gantry_types::address::is_public;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
};
use url::{Host, Url};

/// The addresses of a name, as they come.
pub type Found = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// How far somebody may go.
pub trait Reach: Send + Sync + 'static {
    /// Whether a host, as a URL names it without brackets, may have this address.
    fn allows(&self, host: &str, address: IpAddr) -> bool;

    /// Whether this may be asked for without TLS.
    fn allows_plain(&self, _url: &Url) -> bool {
        false
    }

    /// Looks a name up. A port that is not 0 stands in for the scheme's own.
    fn look_up(&self, name: &str) -> Found {
        let name = name.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
    }
}

/// The public internet, by https, and nothing else.
#[derive(Clone, Copy, Debug, Default)]
pub struct Public;

impl Reach for Public {
    fn allows(&self, _host: &str, address: IpAddr) -> bool {
        is_public(address)
    }
}

/// An address that stands in the URL itself.
pub(crate) fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0} leads where it may not")]
pub(crate) struct LeadsAstray(pub(crate) String);

/// Gives the addresses of a name only if every one of them is allowed.
pub(crate) struct Checked(pub(crate) Arc<dyn Reach>);

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = Arc::clone(&self.0);
        Box::pin(async move {
            let found = reach.look_up(name.as_str()).await?;
            if found.is_empty() || !found.iter().all(|found| reach.allows(name.as_str(), found.ip())) {
                return Err(LeadsAstray(name.as_str().to_owned()).into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
