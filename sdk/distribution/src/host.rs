//! The host of a registry.
//!
//! Lower-case ASCII alone: a name in other letters, or one that only looks like another, is refused before anything is compared
//! with it.

use crate::reference::{BadReference, bad};
use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};
use url::Url;

/// The host of a registry, with its port where it is not that of https: `ghcr.io`, `127.0.0.1:5000`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryHost(String);

impl RegistryHost {
    /// Without port; an address of IPv6 without its brackets.
    #[must_use]
    pub fn name(&self) -> &str {
        match self.0.strip_prefix('[') {
            Some(address) => address.split_once(']').map_or(address, |(address, _)| address),
            None => self.0.split_once(':').map_or(&*self.0, |(name, _)| name),
        }
    }

    /// Where it is not that of https.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        let rest = self.0.rsplit_once(']').map_or(&*self.0, |(_, rest)| rest);
        rest.rsplit_once(':').and_then(|(_, port)| port.parse().ok())
    }

    /// Whether a URL leads there. Whether it may be asked at all is another question.
    pub(crate) fn is_of(&self, url: &Url) -> bool {
        let name = url.host_str().map(|name| name.trim_matches(['[', ']']));
        name == Some(self.name()) && url.port_or_known_default() == Some(self.port().unwrap_or(443))
    }

    /// How people write to where a URL leads.
    pub(crate) fn said_of(url: &Url) -> String {
        let host = url.host_str().unwrap_or_default();
        match url.port_or_known_default() {
            None | Some(443) => host.to_owned(),
            Some(port) => format!("{host}:{port}"),
        }
    }

    /// As it stands in references.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the name says that it is this machine: an address of loopback, or `localhost`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.name() == "localhost" || self.name().parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }

    /// The error says what is wrong with it.
    pub(crate) fn new(text: &str) -> Result<Self, &'static str> {
        check(text)?;
        Ok(Self(text.to_owned()))
    }
}

fn check(text: &str) -> Result<(), &'static str> {
    const PORT: &str = "its port is not a number from 1 to 65535";
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = rest.split_once(']').ok_or("its address has no closing bracket")?;
            address.parse::<Ipv6Addr>().map_err(|_| "what stands in brackets is not an IPv6 address")?;
            if address.bytes().any(|each| each.is_ascii_uppercase()) {
                return Err("its registry has upper case");
            }
            (None, if rest.is_empty() { None } else { Some(rest.strip_prefix(':').ok_or(PORT)?) })
        }
        None => match text.split_once(':') {
            Some((name, port)) => (Some(name), Some(port)),
            None => (Some(text), None),
        },
    };
    if let Some(port) = port {
        let number: u16 = port.parse().map_err(|_| PORT)?;
        if number == 0 || port != number.to_string() {
            return Err(PORT);
        }
    }
    let Some(name) = name else { return Ok(()) };
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == b'-')
    };
    if !name.split('.').all(label) {
        return Err("its registry is not a host name in lower-case ASCII");
    }
    // A first segment such as `library` is a path whose registry was left out.
    if !name.contains('.') && port.is_none() && name != "localhost" {
        return Err("it must begin with a registry, as in ghcr.io/acme/luanti");
    }
    Ok(())
}

impl FromStr for RegistryHost {
    type Err = BadReference;

    fn from_str(text: &str) -> Result<Self, BadReference> {
        Self::new(text).map_err(bad(text))
    }
}

impl fmt::Display for RegistryHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
