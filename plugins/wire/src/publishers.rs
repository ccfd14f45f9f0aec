//! Asking those who publish server software what there is: one https request, and failures that say who did not answer.
//!
//! It wants the capability `http` with the publisher's host, and is for the calls that may look things up.

use gantry_plugin::prelude::*;

/// What stands at an address. Those who publish ask callers to say who they are: `agent` names the plugin.
///
/// # Errors
/// A [`Failure`] that names the host, and says when to try again where that helps.
pub fn get(agent: &str, accept: &str, url: &str, max_bytes: u32) -> Result<Vec<u8>, Failure> {
    let request = http::Request {
        method: "GET".to_owned(),
        url: url.to_owned(),
        headers: vec![("accept".to_owned(), accept.to_owned()), ("user-agent".to_owned(), agent.to_owned())],
        body: Vec::new(),
        max_bytes,
    };
    let response = http::send(&[request])
        .pop()
        .unwrap_or_else(|| Err(Failure::new("no_answer", format!("{} did not answer.", host(url)))))?;
    read(url, response.status, response.body)
}

fn read(url: &str, status: u16, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let host = host(url);
    match status {
        200 => Ok(body),
        400 | 404 => Err(Failure::new("not_found", format!("{host} does not know {}.", path(url)))),
        429 | 500.. => Err(Failure {
            retry_after_ms: Some(60_000),
            ..Failure::new("busy", format!("{host} cannot answer at the moment (status {status})."))
        }),
        other => Err(Failure::new("refused", format!("{host} refused to answer (status {other})."))),
    }
}

/// What is said of an answer that makes no sense.
pub fn strange(url: &str, why: &impl std::fmt::Display) -> Failure {
    Failure::new("bad_answer", format!("{} answered something else than was asked: {why}.", host(url)))
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
        let code = |status| read(url, status, Vec::new()).expect_err("a failure");
        assert_eq!(read(url, 200, b"[1]".to_vec()), Ok(b"[1]".to_vec()));
        assert_eq!(
            strange(url, &"no list").message,
            "api.example.org answered something else than was asked: no list."
        );
        assert_eq!(code(404).message, "api.example.org does not know /v2/x.");
        assert_eq!(code(503).retry_after_ms, Some(60_000));
        assert_eq!(code(403).code, "refused");
    }
}
