//! Handing a message to Discord, and what its answer means for the next attempt.
//!
//! Source: Discord's documentation, "Rate Limits": a 429 says in its body, or else in a header, in how many seconds to come again.

use gantry_plugin::prelude::*;
use serde_json::Value;

/// Answers are short: nothing, or why not.
const MAX_BYTES: u32 = 64 * 1024;
/// The pause where a 429 names none.
const USUAL_PAUSE_MS: u32 = 5_000;

pub(crate) fn send(webhook: &str, message: &Value) -> Result<(), Failure> {
    let request = http::Request {
        method: "POST".to_owned(),
        url: webhook.to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: message.to_string().into_bytes(),
        max_bytes: MAX_BYTES,
    };
    let answer = http::send(&[request]).pop();
    let answer = answer.unwrap_or_else(|| Err(Failure::new("no_answer", "Discord did not answer.")))?;
    read(answer.status, &answer.headers, &answer.body)
}

fn read(status: u16, headers: &[(String, String)], body: &[u8]) -> Result<(), Failure> {
    match status {
        200..=299 => Ok(()),
        429 => Err(Failure {
            retry_after_ms: Some(pause(headers, body)),
            ..Failure::new("rate_limited", "Discord takes no more messages for a while.")
        }),
        401 | 403 | 404 => Err(Failure::new(
            "webhook_gone",
            "Discord does not know this webhook any more. Make another in the channel's settings, and enter its URL.",
        )),
        500.. => Err(Failure::new("busy", format!("Discord cannot answer at the moment (status {status})."))),
        _ => Err(Failure::new("refused", format!("Discord did not take the message (status {status})."))),
    }
}

/// In milliseconds, rounded up.
fn pause(headers: &[(String, String)], body: &[u8]) -> u32 {
    let told: Option<Value> = serde_json::from_slice(body).ok();
    let told = told.and_then(|answer| answer["retry_after"].as_f64());
    let header = || {
        let (_, value) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
        value.trim().parse().ok()
    };
    let seconds = told.or_else(header).filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast of this kind keeps to its bounds"
    )]
    seconds.map_or(USUAL_PAUSE_MS, |seconds| (seconds * 1_000.0).ceil() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(value: &str) -> Vec<(String, String)> {
        vec![("Retry-After".to_owned(), value.to_owned())]
    }

    #[test]
    fn a_rate_limit_is_waited_for_as_long_as_discord_says() {
        let after = |headers: &[(String, String)], body: &str| {
            read(429, headers, body.as_bytes()).unwrap_err().retry_after_ms
        };
        assert_eq!(after(&headers("3"), r#"{"retry_after": 0.6401}"#), Some(641));
        assert_eq!(after(&headers("3"), "<html>"), Some(3_000));
        assert_eq!(after(&[], ""), Some(USUAL_PAUSE_MS));
        assert_eq!(after(&headers("-1"), ""), Some(USUAL_PAUSE_MS));
    }

    #[test]
    fn each_answer_says_whether_it_is_worth_coming_again() {
        assert_eq!(read(204, &[], b""), Ok(()));
        for (status, code) in [(404, "webhook_gone"), (503, "busy"), (400, "refused")] {
            let failure = read(status, &[], b"").unwrap_err();
            assert_eq!((failure.code.as_str(), failure.retry_after_ms), (code, None));
        }
    }
}
