//! Connections to the control plane: TCP without delay, TLS when the address says `https`.
//!
//! An address without TLS is fine for a control plane on this machine or in a private network. To a public address it
//! would carry tokens and settings in clear, so it is refused at the socket, where the address is known for certain.

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, InvalidDnsNameError, ServerName, pem, pem::PemObject},
};
use std::{
    io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::OnceCell,
};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

/// For names, TCP and TLS together.
const DEADLINE: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum DialError {
    #[error("{0} is not an address of a control plane: it has to look like https://panel.example.com")]
    Address(Url),
    #[error("{host}:{port} cannot be reached: check the address, and that the control plane runs")]
    Connect {
        host: String,
        port: u16,
        #[source]
        source: io::Error,
    },
    #[error("{host}:{port} did not answer within {} seconds: check the address and firewalls", DEADLINE.as_secs())]
    Deadline { host: String, port: u16 },
    #[error(
        "{address} is a public address and the control plane's address begins with http: use https, so that secrets are not sent in clear"
    )]
    Clear { address: IpAddr },
    #[error(
        "{host} offers no connection that is to be trusted: check its certificate, or give the authority's file by --ca"
    )]
    Tls {
        host: String,
        #[source]
        source: io::Error,
    },
    #[error("{host} is not a name that a certificate can have")]
    Name {
        host: String,
        #[source]
        source: InvalidDnsNameError,
    },
    #[error(
        "this system trusts no certificate authority: install the package ca-certificates, or give a file by --ca"
    )]
    NoAuthorities,
    #[error("{} holds no certificates that can be read", path.display())]
    Authorities {
        path: PathBuf,
        #[source]
        source: pem::Error,
    },
    #[error("the TLS library cannot be set up")]
    Library(#[source] rustls::Error),
}

/// A connection of either kind.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// What an address comes down to.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) secure: bool,
    host: Host,
    port: u16,
    base: String,
}

impl Target {
    pub(crate) fn of(url: &Url) -> Result<Self, DialError> {
        let bad = || DialError::Address(url.clone());
        let (secure, standard) = match url.scheme() {
            "https" => (true, 443),
            "http" => (false, 80),
            _ => return Err(bad()),
        };
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
            return Err(bad());
        }
        let host = url.host().ok_or_else(bad)?.to_owned();
        let base = url.path().trim_end_matches('/').to_owned();
        Ok(Self { secure, host, port: url.port().unwrap_or(standard), base })
    }

    /// Host and port as in a `Host` header.
    pub(crate) fn authority(&self) -> String {
        match (self.secure, self.port) {
            (true, 443) | (false, 80) => self.host.to_string(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }

    /// A path of the control plane, below the address's own.
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The host as the resolver wants it, without the brackets of IPv6.
    fn bare(&self) -> String {
        match &self.host {
            Host::Domain(name) => name.clone(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        }
    }
}

/// Makes connections; reads the certificate authorities once, when the first is wanted.
#[derive(Debug)]
pub(crate) struct Dialer {
    extra_ca: Option<PathBuf>,
    tls: OnceCell<Arc<ClientConfig>>,
}

impl Dialer {
    pub(crate) fn new(extra_ca: Option<PathBuf>) -> Self {
        Self { extra_ca, tls: OnceCell::new() }
    }

    pub(crate) async fn connect(&self, target: &Target) -> Result<Box<dyn Io>, DialError> {
        let late = |_| DialError::Deadline { host: target.bare(), port: target.port };
        tokio::time::timeout(DEADLINE, self.connect_patiently(target)).await.map_err(late)?
    }

    async fn connect_patiently(&self, target: &Target) -> Result<Box<dyn Io>, DialError> {
        let socket = tcp(target).await.map_err(|source| DialError::Connect {
            host: target.bare(),
            port: target.port,
            source,
        })?;
        if target.secure {
            return self.secure(target, socket).await;
        }
        let peer = socket.peer_addr().map(|peer| peer.ip());
        match peer {
            Ok(address) if is_near(address) => Ok(Box::new(socket)),
            Ok(address) => Err(DialError::Clear { address }),
            Err(source) => Err(DialError::Connect { host: target.bare(), port: target.port, source }),
        }
    }

    async fn secure(&self, target: &Target, socket: TcpStream) -> Result<Box<dyn Io>, DialError> {
        let host = target.bare();
        let config = self.tls.get_or_try_init(|| tls(self.extra_ca.clone())).await?;
        let name = ServerName::try_from(host.clone())
            .map_err(|source| DialError::Name { host: host.clone(), source })?;
        match TlsConnector::from(Arc::clone(config)).connect(name, socket).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(source) => Err(DialError::Tls { host, source }),
        }
    }
}

async fn tcp(target: &Target) -> io::Result<TcpStream> {
    let socket = TcpStream::connect((target.bare().as_str(), target.port)).await?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

/// Whether bytes to this address stay on the machine or in a private network.
fn is_near(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            // 100.64.0.0/10 is the range of carrier NAT, which overlay networks use.
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || (a == 100 && b & 0xc0 == 64)
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

async fn tls(extra_ca: Option<PathBuf>) -> Result<Arc<ClientConfig>, DialError> {
    let roots = tokio::task::spawn_blocking(move || authorities(extra_ca.as_deref()))
        .await
        .unwrap_or(Err(DialError::NoAuthorities))?;
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(DialError::Library)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn authorities(extra: Option<&Path>) -> Result<RootCertStore, DialError> {
    let mut roots = RootCertStore::empty();
    // Systems carry certificates that rustls does not take; the others count.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = extra {
        let failed = |source| DialError::Authorities { path: path.to_owned(), source };
        for certificate in CertificateDer::pem_file_iter(path).map_err(failed)? {
            roots.add(certificate.map_err(failed)?).map_err(DialError::Library)?;
        }
    }
    if roots.is_empty() { Err(DialError::NoAuthorities) } else { Ok(roots) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Result<Target, DialError> {
        Target::of(&url.parse().unwrap())
    }

    #[test]
    fn address_gives_authority_and_path() {
        let plain = target("http://127.0.0.1:7080").unwrap();
        assert_eq!((plain.authority().as_str(), plain.path("/api/x").as_str()), ("127.0.0.1:7080", "/api/x"));
        let below = target("https://example.com/gantry/").unwrap();
        assert_eq!(
            (below.authority().as_str(), below.path("/api/x").as_str()),
            ("example.com", "/gantry/api/x")
        );
        let six = target("https://[2001:db8::1]:8443").unwrap();
        assert_eq!((six.authority().as_str(), six.bare().as_str()), ("[2001:db8::1]:8443", "2001:db8::1"));
    }

    #[test]
    fn address_of_another_kind_is_refused() {
        for url in ["ftp://example.com", "https://user:word@example.com", "https://example.com/?a=b"] {
            assert!(matches!(target(url), Err(DialError::Address(_))), "{url}");
        }
    }

    #[test]
    fn only_private_addresses_are_near() {
        for near in [
            "127.0.0.1",
            "10.1.2.3",
            "172.17.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "::1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(is_near(near.parse().unwrap()), "{near}");
        }
        for far in ["8.8.8.8", "100.128.0.1", "172.32.0.1", "2001:4860::1", "::ffff:8.8.8.8"] {
            assert!(!is_near(far.parse().unwrap()), "{far}");
        }
    }
}
