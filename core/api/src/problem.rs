//! Every refusal of the edge, and how it becomes `application/problem+json`.
//!
//! What the outside is told (`code`, `detail`, `fields`) and what went wrong inside (the chain of sources) are separate.
//! A handler only returns the error; [`crate::observe`] adds the request's id, writes the body and logs the chain, once. How
//! loud depends on whose fault it is: nobody who merely asks can fill the log.

use axum::response::{IntoResponse, Response};
use gantry_app::{AppError, Seldom};
use gantry_types::{
    blueprint::FieldProblem,
    problem::{Code, Problem},
};
use http::{HeaderValue, StatusCode, header};
use std::{error::Error, sync::Arc, time::Duration};

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EdgeError {
    /// Headers, path, query or body could not be understood.
    #[error("the request could not be understood: {detail}")]
    Invalid { detail: String, field: Option<FieldProblem> },
    #[error("the body is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the body did not arrive within {0:?}")]
    SlowBody(Duration),
    #[error("the body is not {expected}")]
    MediaType { expected: &'static str },
    #[error("no session")]
    NotSignedIn,
    #[error("cross-site request: {0}")]
    CrossSite(&'static str),
    #[error("refused: {0}")]
    Forbidden(&'static str),
    #[error("no such address")]
    NotFound,
    #[error("no such method at this address")]
    MethodNotAllowed,
    #[error("rate limit, {wait:?} to wait")]
    RateLimited { wait: Duration },
    #[error("too much at once")]
    Busy,
    #[error("nothing was answered within {0:?}")]
    TimedOut(Duration),
    #[error("the handler panicked: {0}")]
    Panicked(String),
    #[error("the use case refused")]
    App(#[from] AppError),
}

impl EdgeError {
    /// An unreadable request, in one sentence.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::Invalid { detail: detail.into(), field: None }
    }

    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Invalid { .. } => Code::InvalidRequest,
            Self::TooLarge { .. } => Code::PayloadTooLarge,
            Self::MediaType { .. } => Code::UnsupportedMediaType,
            Self::NotSignedIn => Code::NotSignedIn,
            Self::CrossSite(_) => Code::CrossSite,
            Self::Forbidden(_) => Code::Forbidden,
            Self::NotFound => Code::NotFound,
            Self::MethodNotAllowed => Code::MethodNotAllowed,
            Self::RateLimited { .. } => Code::RateLimited,
            Self::Busy => Code::Overloaded,
            Self::SlowBody(_) | Self::TimedOut(_) => Code::DeadlineExceeded,
            Self::Panicked(_) => Code::Internal,
            Self::App(error) => error.code(),
        }
    }

    /// For the outside.
    fn detail(&self) -> String {
        match self {
            Self::Invalid { detail, .. } => detail.clone(),
            Self::TooLarge { limit } => format!("The body may have {limit} bytes at most."),
            Self::SlowBody(limit) => format!("The body did not arrive within {} s.", limit.as_secs()),
            Self::MediaType { expected } => format!("The body's content type must be {expected}."),
            Self::NotSignedIn => "The request carries no session, or one that has ended.".to_owned(),
            Self::CrossSite(detail) | Self::Forbidden(detail) => (*detail).to_owned(),
            Self::NotFound => "There is no such address.".to_owned(),
            Self::MethodNotAllowed => "The address exists, but does not take this method.".to_owned(),
            Self::RateLimited { wait } => {
                format!("The limit is used up; it has room again in {} s.", whole_seconds(*wait))
            }
            Self::Busy => "There are too many connections at this moment.".to_owned(),
            Self::TimedOut(limit) => format!("Nothing was answered within {} s.", limit.as_secs()),
            Self::Panicked(_) => "The request met a fault in Gantry itself.".to_owned(),
            Self::App(error) => error.detail(),
        }
    }

    fn fields(&self) -> Vec<FieldProblem> {
        match self {
            Self::Invalid { field, .. } => field.clone().into_iter().collect(),
            Self::App(error) => error.fields().to_vec(),
            Self::TooLarge { .. }
            | Self::SlowBody(_)
            | Self::MediaType { .. }
            | Self::NotSignedIn
            | Self::CrossSite(_)
            | Self::Forbidden(_)
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::RateLimited { .. }
            | Self::Busy
            | Self::TimedOut(_)
            | Self::Panicked(_) => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { wait } => Some(*wait),
            Self::Busy => Some(Duration::from_secs(5)),
            Self::App(error) => error.retry_after(),
            Self::Invalid { .. }
            | Self::TooLarge { .. }
            | Self::SlowBody(_)
            | Self::MediaType { .. }
            | Self::NotSignedIn
            | Self::CrossSite(_)
            | Self::Forbidden(_)
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::TimedOut(_)
            | Self::Panicked(_) => None,
        }
    }

    /// The body for the outside.
    pub(crate) fn problem(&self, request_id: Option<&str>) -> Problem {
        let code = self.code();
        Problem {
            type_uri: format!("/api/docs#problem-{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            code,
            detail: self.detail(),
            remedy: code.remedy().to_owned(),
            request_id: request_id.map(ToOwned::to_owned),
            fields: self.fields(),
        }
    }
}

/// An error on its way out, carried by the response until the request's id is known.
#[derive(Clone)]
pub(crate) struct Failure(pub(crate) Arc<EdgeError>);

impl IntoResponse for EdgeError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(Failure(Arc::new(self)));
        response
    }
}

/// Writes the body of a failed response and logs its cause.
pub(crate) fn render(mut response: Response, request_id: &str) -> Response {
    let status = response.status();
    let error = match response.extensions_mut().remove::<Failure>() {
        Some(Failure(error)) => error,
        None if is_bare(&response) => Arc::new(bare(status)),
        None => return response,
    };
    log(&error);
    let body = serde_json::to_vec(&error.problem(Some(request_id))).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.remove(header::CONTENT_LENGTH);
    if let Some(wait) = error.retry_after() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
    }
    *response.body_mut() = body.into();
    response
}

/// A failure that a library made, such as a refused WebSocket upgrade.
fn is_bare(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let failed = response.status().is_client_error() || response.status().is_server_error();
    failed && !kind.starts_with("application/") && !kind.starts_with("text/html")
}

fn bare(status: StatusCode) -> EdgeError {
    match status {
        StatusCode::NOT_FOUND => EdgeError::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => EdgeError::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => EdgeError::TooLarge { limit: crate::route::JSON_LIMIT },
        _ if status.is_client_error() => EdgeError::invalid("The request is not what this address takes."),
        _ => EdgeError::Panicked(format!("a library answered {status}")),
    }
}

/// How loud a failure is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// A fault of whoever asks, or an answer as it should be.
    Asked,
    /// There is too much to do, or something that is needed is away: of each kind once in a while.
    Load,
    /// A fault of Gantry's.
    Fault,
}

fn weight(error: &EdgeError) -> Weight {
    match error {
        EdgeError::SlowBody(_) => Weight::Asked,
        // A probe that asks too early is told so too.
        EdgeError::App(AppError::Refused { code, .. } | AppError::Later { code, .. })
            if *code != Code::Internal =>
        {
            Weight::Asked
        }
        error if error.code() == Code::Internal => Weight::Fault,
        error if error.code().status() >= 500 => Weight::Load,
        _ => Weight::Asked,
    }
}

fn log(error: &EdgeError) {
    static LOAD: Seldom = Seldom::new(Duration::from_secs(10));
    let code = error.code().as_str();
    metrics::counter!("gantry_http_problems_total", "code" => code).increment(1);
    let chain = chain(error);
    let due = match weight(error) {
        Weight::Asked => None,
        Weight::Load => LOAD.due(code),
        Weight::Fault => return tracing::error!(code, cause = %chain, "request failed"),
    };
    match due {
        Some(left_out) => tracing::warn!(code, cause = %chain, left_out, "request not served"),
        None => tracing::debug!(code, cause = %chain, "request refused"),
    }
}

fn chain(error: &EdgeError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Rounded up, so that who waits that long is let in.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_only_asks_makes_no_fault() {
        let slow = EdgeError::SlowBody(Duration::from_secs(20));
        assert_eq!(weight(&slow), Weight::Asked);
        assert_eq!(weight(&EdgeError::RateLimited { wait: Duration::ZERO }), Weight::Asked);
        assert_eq!(weight(&EdgeError::Busy), Weight::Load);
        assert_eq!(weight(&EdgeError::TimedOut(Duration::ZERO)), Weight::Load);
        assert_eq!(weight(&EdgeError::App(AppError::Crowded { wait: Duration::ZERO })), Weight::Load);
    }

    #[test]
    fn what_gantry_itself_did_wrong_is_a_fault() {
        assert_eq!(weight(&EdgeError::Panicked("x".to_owned())), Weight::Fault);
        assert_eq!(weight(&EdgeError::App(AppError::Broken("x"))), Weight::Fault);
    }
}
