//! One hop: whether a URL may be asked for, before anything is looked up.

use crate::reach::{Reach, literal};
use url::Url;

/// Why a URL may not be asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    /// In words that follow "it may not be asked for:".
    #[error("{0}")]
    Form(&'static str),
    /// It names an address that is out of reach.
    #[error("{0} is not on the public internet")]
    Address(String),
}

/// Whether this URL may be asked for. What its name leads to is checked when it is looked up.
pub fn check(url: &Url, reach: &dyn Reach) -> Result<(), NotAllowed> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err(NotAllowed::Form("it contains credentials"));
    }
    let host = url.host_str().ok_or(NotAllowed::Form("it names no host"))?.trim_matches(['[', ']']);
    if let Some(address) = literal(url)
        && !reach.allows(host, address)
    {
        return Err(NotAllowed::Address(host.to_owned()));
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if reach.allows_plain(url) => Ok(()),
        _ => Err(NotAllowed::Form("only https is")),
    }
}

/// Whether a status sends whoever asked somewhere else.
pub fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reach::Public;

    #[test]
    fn only_https_to_public_hosts_without_credentials_is_asked_for() {
        let checked = |url: &str| check(&url.parse().unwrap(), &Public);
        for url in [
            "https://example.org/x",
            "https://example.org:8443/",
            "https://1.1.1.1/",
            "https://[2606:4700::1111]/",
        ] {
            assert_eq!(checked(url), Ok(()), "{url}");
        }
        for url in [
            "http://example.org/",
            "ftp://example.org/",
            "https://a@example.org/",
            "https://:b@example.org/",
            "file:///etc/passwd",
        ] {
            assert!(matches!(checked(url), Err(NotAllowed::Form(_))), "{url}");
        }
        for url in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest/meta-data",
        ] {
            assert!(matches!(checked(url), Err(NotAllowed::Address(_))), "{url}");
        }
    }
}
