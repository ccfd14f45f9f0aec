//! Requests that change something come from the panel itself.
//!
//! Browsers say where a request came from: `Sec-Fetch-Site`, and `Origin` where that is missing. A client that sends
//! neither is no browser, so nobody can make it act for somebody else by a page.

use crate::problem::EdgeError;
use http::{HeaderMap, Method, header};

/// Refuses a browser's unsafe request from elsewhere. `origins` are the panel's own.
pub(crate) fn check(method: &Method, headers: &HeaderMap, origins: &[String]) -> Result<(), EdgeError> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    // A site whose name was made to point here is of one origin with itself, so the name counts wherever it is told.
    match text(headers, "sec-fetch-site") {
        Some("same-origin" | "none") if !headers.contains_key(header::ORIGIN) => return Ok(()),
        Some(_) => {}
        None if headers.contains_key("sec-fetch-site") => {}
        None if !headers.contains_key(header::ORIGIN) => return Ok(()),
        None => {}
    }
    let own = text(headers, "origin").is_some_and(|origin| is_own(origin, origins));
    if own { Ok(()) } else { Err(EdgeError::CrossSite("Its Origin is not the panel's own address.")) }
}

/// Refuses a WebSocket that is not opened by the panel: browsers send no preflight for them.
pub(crate) fn check_socket(headers: &HeaderMap, origins: &[String]) -> Result<(), EdgeError> {
    match text(headers, "origin") {
        Some(origin) if is_own(origin, origins) => Ok(()),
        Some(_) => Err(EdgeError::CrossSite("The WebSocket's Origin is not the panel's own address.")),
        None => Err(EdgeError::CrossSite("A WebSocket must carry the panel's address as its Origin.")),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn is_own(origin: &str, origins: &[String]) -> bool {
    origins.iter().any(|own| own == origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(method: &Method, pairs: &[(&'static str, &'static str)]) -> bool {
        let headers =
            pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        check(method, &headers, &["https://panel.example".to_owned()]).is_ok()
    }

    #[test]
    fn the_panel_itself_may_change_things() {
        assert!(allowed(
            &Method::POST,
            &[("sec-fetch-site", "same-origin"), ("origin", "https://panel.example")]
        ));
        assert!(allowed(&Method::POST, &[("origin", "https://panel.example")]));
    }

    #[test]
    fn another_site_may_not() {
        assert!(!allowed(
            &Method::POST,
            &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")]
        ));
        assert!(!allowed(&Method::DELETE, &[("origin", "https://evil.example")]));
        assert!(!allowed(&Method::POST, &[("origin", "null")]));
    }

    #[test]
    fn a_name_that_was_made_to_point_here_may_not() {
        assert!(!allowed(
            &Method::POST,
            &[("sec-fetch-site", "same-origin"), ("origin", "http://rebound.example:7080")]
        ));
    }

    #[test]
    fn a_subdomain_of_the_same_site_may_not() {
        assert!(!allowed(
            &Method::POST,
            &[("sec-fetch-site", "same-site"), ("origin", "https://x.panel.example")]
        ));
        assert!(!allowed(&Method::POST, &[("origin", "https://panel.example.evil.example")]));
    }

    #[test]
    fn a_client_that_is_no_browser_may() {
        assert!(allowed(&Method::POST, &[]));
    }

    #[test]
    fn reading_is_open() {
        assert!(allowed(&Method::GET, &[("sec-fetch-site", "cross-site")]));
    }
}
