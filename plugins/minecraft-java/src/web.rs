//! Asking the publishers of server software: https with answers in JSON, and failures that say who did not answer.

use gantry_plugin::prelude::*;
use serde::de::DeserializeOwned;

/// The longest list there is, Mojang's of all versions, has some 300 KiB.
const MAX_BYTES: u32 = 4 * 1024 * 1024;
/// Those who publish ask callers to say who they are.
const AGENT: &str = concat!("Gantry/", env!("CARGO_PKG_VERSION"), " (plugin minecraft-java)");

/// What stands at an address.
pub(crate) fn get<T: DeserializeOwned>(url: &str) -> Result<T, Failure> {
    let request = http::Request {
        method: "GET".to_owned(),
        url: url.to_owned(),
        headers: vec![
            ("accept".to_owned(), "application/json".to_owned()),
            ("user-agent".to_owned(), AGENT.to_owned()),
        ],
        body: Vec::new(),
        max_bytes: MAX_BYTES,
    };
    let response = http::send(&[request])
        .pop()
        .unwrap_or_else(|| Err(Failure::new("no_answer", format!("{} did not answer.", host(url)))))?;
    read(url, response.status, &response.body)
}

fn read<T: DeserializeOwned>(url: &str, status: u16, body: &[u8]) -> Result<T, Failure> {
    let host = host(url);
    match status {
        200 => serde_json::from_slice(body).map_err(|error| {
            Failure::new("bad_answer", format!("{host} answered something else than was asked: {error}."))
        }),
        400 | 404 => Err(Failure::new("not_found", format!("{host} does not know {}.", path(url)))),
        429 | 500.. => Err(Failure {
            retry_after_ms: Some(60_000),
            ..Failure::new("busy", format!("{host} cannot answer at the moment (status {status})."))
        }),
        other => Err(Failure::new("refused", format!("{host} refused to answer (status {other})."))),
    }
}

fn host(url: &str) -> &str {
    let rest = url.strip_prefix("https://").unwrap_or(url);
    rest.split('/').next().unwrap_or(rest)
}

fn path(url: &str) -> &str {
    let rest = url.strip_prefix("https://").unwrap_or(url);
    rest.find('/').map_or("", |start| &rest[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_says_what_to_think_of_it() {
        let url = "https://api.example.org/v2/x";
        let code = |status, body: &[u8]| read::<Vec<u8>>(url, status, body).expect_err("a failure");
        assert_eq!(read::<Vec<u8>>(url, 200, b"[1]"), Ok(vec![1]));
        assert_eq!(code(200, b"<html>").code, "bad_answer");
        assert_eq!(code(404, b"").message, "api.example.org does not know /v2/x.");
        assert_eq!(code(503, b"").retry_after_ms, Some(60_000));
        assert_eq!(code(403, b"").code, "refused");
    }
}
