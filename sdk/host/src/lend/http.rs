//! Capability `http`: https requests to the hosts that the manifest names. Addresses are the embedder's to check.

use std::sync::Arc;

use futures_util::future::join_all;
use gantry_types::hosts;
use url::Url;

use crate::bindings::{http, types};
use crate::capability::{HTTP, Http, HttpRequest, HttpResponse, LentFailure};
use crate::lend::{failure, too_large};
use crate::state::CallState;

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const REQUESTS: usize = 16;
const BODY_BYTES: usize = 256 * 1024;
const ANSWER_BYTES: u32 = 4 * 1024 * 1024;
const HEADERS: usize = 32;
const HEADER_BYTES: usize = 4 * 1024;
const URL_BYTES: usize = 4 * 1024;
/// What makes a request another one than it looks like; the embedder sets them.
const KEPT_BACK: [&str; 6] = ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te"];

impl http::Host for CallState {
    async fn send(
        &mut self,
        requests: Vec<http::Request>,
    ) -> wasmtime::Result<Vec<Result<http::Response, types::Failure>>> {
        self.count_host_call()?;
        let refuse_all = |refusal: types::Failure| vec![Err(refusal); requests.len()];
        let (http, runtime) = match self.access.find(HTTP, |lent| &lent.http) {
            Ok(found) => found,
            Err(refusal) => return Ok(refuse_all(refusal)),
        };
        if requests.len() > REQUESTS {
            let much = failure("too_many", format!("at most {REQUESTS} requests are sent at once"));
            return Ok(refuse_all(much));
        }
        let hosts: Arc<[String]> = self.access.plugin.manifest().hosts(HTTP).into();
        let timeout = self.remaining();
        let mut checked = Vec::with_capacity(requests.len());
        for request in requests {
            checked.push(check(request, &hosts, |host| self.access.beyond(HTTP, host)));
        }
        let all = checked.into_iter().map(move |request| {
            let (http, hosts) = (http.clone(), hosts.clone());
            async move { sent(&*http, &hosts, request?, timeout).await }
        });
        let answers = self.asked(&runtime, async move { Ok(join_all(all).await) }).await?;
        let answers = answers.unwrap_or_default();
        Ok(answers.into_iter().map(|answer| answer.map(response).map_err(refusal)).collect())
    }
}

async fn sent(
    http: &dyn Http,
    hosts: &[String],
    request: HttpRequest,
    timeout: std::time::Duration,
) -> Result<HttpResponse, LentFailure> {
    let most = request.max_bytes as usize;
    let answer = http.send(hosts, request, timeout).await?;
    if answer.body.len() > most {
        return Err(LentFailure::new("too_large", format!("the answer is longer than {most} bytes")));
    }
    Ok(answer)
}

fn check(given: http::Request, hosts: &[String], beyond: impl Fn(&str)) -> Result<HttpRequest, LentFailure> {
    let wrong = |message: String| LentFailure::new("invalid", message);
    if !METHODS.contains(&given.method.as_str()) {
        return Err(wrong(format!("the method must be one of {}", METHODS.join(", "))));
    }
    let url =
        Url::parse(&given.url).ok().filter(|url| given.url.len() <= URL_BYTES && url.scheme() == "https");
    let Some(url) = url else {
        return Err(wrong(format!("the URL must be https, of at most {URL_BYTES} bytes")));
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("a name or password does not belong in a URL; use a header".to_owned()));
    }
    if !is_allowed(hosts, &url) {
        let host = url.host_str().unwrap_or_default();
        beyond(host);
        return Err(LentFailure::new(
            "denied",
            format!("the manifest does not name the host {host:?} under the capability `http`"),
        ));
    }
    if given.body.len() > BODY_BYTES {
        let types::Failure { code, message, .. } = too_large("the body", given.body.len(), BODY_BYTES);
        return Err(LentFailure { code, message });
    }
    let bytes: usize = given.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    let sane = |(name, value): &(String, String)| {
        !name.is_empty()
            && name.bytes().all(|each| each.is_ascii_alphanumeric() || b"-_".contains(&each))
            && value.bytes().all(|each| each == b'\t' || (0x20..0x7f).contains(&each))
            && !KEPT_BACK.contains(&name.to_ascii_lowercase().as_str())
    };
    if given.headers.len() > HEADERS || bytes > HEADER_BYTES || !given.headers.iter().all(sane) {
        return Err(wrong(format!(
            "there may be {HEADERS} headers of {HEADER_BYTES} bytes together, in visible ASCII, and none of {}",
            KEPT_BACK.join(", ")
        )));
    }
    Ok(HttpRequest {
        method: given.method,
        url: url.into(),
        headers: given.headers,
        body: given.body,
        max_bytes: given.max_bytes.min(ANSWER_BYTES),
    })
}

/// Whether the manifest names the URL's host, and its port is https's own.
fn is_allowed(hosts: &[String], url: &Url) -> bool {
    url.port().is_none() && url.host_str().is_some_and(|host| hosts::allows(hosts, host))
}

fn response(given: HttpResponse) -> http::Response {
    http::Response { status: given.status, headers: given.headers, body: given.body }
}

fn refusal(given: LentFailure) -> types::Failure {
    failure(&given.code, given.message)
}
