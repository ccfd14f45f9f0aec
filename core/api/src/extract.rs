//! What handlers take, with refusals that say which part of the request is wrong and why.

use crate::{guard::Began, problem::EdgeError};
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Request},
};
use futures_util::{StreamExt, stream};
use gantry_app::{AppError, BodyError, BodyStream, OpCtx, Origin, PluginFile};
use gantry_types::blueprint::FieldProblem;
use http::{header, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = EdgeError;

    async fn from_request(request: Request, _: &S) -> Result<Self, EdgeError> {
        expect_media_type(&request, "application/json")?;
        let bytes = body(request).await?;
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            unreadable("body", (path != ".").then_some(path), &error.into_inner())
        })?;
        reader.end().map_err(|error| unreadable("body", None, &error))?;
        Ok(Self(value))
    }
}

/// A plugin's file: a component, or a package of one with its signatures.
pub(crate) struct Wasm(pub(crate) PluginFile);

impl<S: Send + Sync> FromRequest<S> for Wasm {
    type Rejection = EdgeError;

    async fn from_request(request: Request, _: &S) -> Result<Self, EdgeError> {
        if expect_media_type(&request, "application/x-tar").is_ok() {
            return body(request).await.map(|bytes| Self(PluginFile::Package(bytes)));
        }
        expect_media_type(&request, "application/wasm")?;
        body(request).await.map(|bytes| Self(PluginFile::Component(bytes)))
    }
}

/// A body of bytes that mean nothing to the control plane, whole.
pub(crate) struct Octets(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for Octets {
    type Rejection = EdgeError;

    async fn from_request(request: Request, _: &S) -> Result<Self, EdgeError> {
        expect_media_type(&request, OCTETS)?;
        body(request).await.map(Self)
    }
}

/// The media type of such bytes.
pub(crate) const OCTETS: &str = "application/octet-stream";

/// The same as they come, so that a file is never held whole.
pub(crate) struct Flowing {
    /// In bytes, if the client says it.
    pub(crate) length: Option<u64>,
    pub(crate) content: BodyStream,
    /// Why it broke off, if it was the edge that broke it off.
    pub(crate) broken: Broken,
}

/// The edge's own reason for a body that broke off.
#[derive(Clone, Default)]
pub(crate) struct Broken(Arc<OnceLock<EdgeError>>);

impl Broken {
    /// The edge's reason, or else what the use case says.
    pub(crate) fn reason(self, error: AppError) -> EdgeError {
        Arc::into_inner(self.0).and_then(OnceLock::into_inner).unwrap_or(EdgeError::App(error))
    }

    fn end(&self, error: EdgeError) -> BodyError {
        let text = error.to_string();
        // The first reason is the one that counts.
        self.0.set(error).ok();
        text.into()
    }
}

impl<S: Send + Sync> FromRequest<S> for Flowing {
    type Rejection = EdgeError;

    async fn from_request(request: Request, _: &S) -> Result<Self, EdgeError> {
        expect_media_type(&request, OCTETS)?;
        let limit = request.extensions().get::<BodyLimit>().copied().unwrap_or_default();
        let length = request.headers().get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > limit.most as u64) {
            return Err(EdgeError::TooLarge { limit: limit.most });
        }
        let broken = Broken::default();
        let content = limit.flow(request.into_body(), broken.clone());
        Ok(Self { length, content, broken })
    }
}

fn expect_media_type(request: &Request, expected: &'static str) -> Result<(), EdgeError> {
    let given =
        request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = given.split(';').next().unwrap_or("").trim();
    if essence.eq_ignore_ascii_case(expected) { Ok(()) } else { Err(EdgeError::MediaType { expected }) }
}

/// What a route takes as a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimit {
    /// In bytes.
    pub(crate) most: usize,
    /// From the head of the request to the end of its body.
    pub(crate) time: Duration,
}

impl Default for BodyLimit {
    fn default() -> Self {
        Self { most: crate::route::JSON_LIMIT, time: crate::route::BODY_TIME }
    }
}

async fn body(request: Request) -> Result<Bytes, EdgeError> {
    let limit = request.extensions().get::<BodyLimit>().copied().unwrap_or_default();
    let began = request.extensions().get::<Began>().cloned();
    let body = limit.read(request.into_body()).await?;
    if let Some(began) = began {
        began.confirm().await?;
    }
    Ok(body)
}

impl BodyLimit {
    /// The whole body, if it is neither too long nor too slow.
    pub(crate) async fn read(self, body: Body) -> Result<Bytes, EdgeError> {
        let read = tokio::time::timeout(self.time, Limited::new(body, self.most).collect()).await;
        match read.map_err(|_| EdgeError::SlowBody(self.time))? {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if is_too_long(&*error) => Err(EdgeError::TooLarge { limit: self.most }),
            Err(_) => Err(EdgeError::invalid("The body ended before it was complete.")),
        }
    }
}

impl BodyLimit {
    /// The body as it comes, broken off where it becomes too long or too slow.
    fn flow(self, body: Body, broken: Broken) -> BodyStream {
        let deadline = tokio::time::Instant::now() + self.time;
        let state = (body.into_data_stream(), self.most as u64, broken);
        stream::try_unfold(state, move |(mut body, left, broken)| async move {
            let until = deadline.min(tokio::time::Instant::now() + SILENCE);
            let Ok(next) = tokio::time::timeout_at(until, body.next()).await else {
                return Err(broken.end(EdgeError::SlowBody(if until == deadline {
                    self.time
                } else {
                    SILENCE
                })));
            };
            let Some(piece) = next else { return Ok(None) };
            let piece = piece
                .map_err(|_| broken.end(EdgeError::invalid("The body ended before it was complete.")))?;
            match left.checked_sub(piece.len() as u64) {
                Some(left) => Ok(Some((piece, (body, left, broken)))),
                None => Err(broken.end(EdgeError::TooLarge { limit: self.most })),
            }
        })
        .boxed()
    }
}

/// For so long the next bytes of a body that flows may let wait for themselves.
const SILENCE: Duration = Duration::from_secs(30);

fn is_too_long(error: &(dyn std::error::Error + 'static)) -> bool {
    error.is::<LengthLimitError>() || error.source().is_some_and(is_too_long)
}

/// A field's path, then what is wrong there. Values of the request never stand in it.
fn unreadable(place: &str, path: Option<String>, error: &serde_json::Error) -> EdgeError {
    let whole = error.to_string();
    let reason = whole.split(" at line ").next().unwrap_or(&whole);
    let quoted = reason.split('`').nth(1).filter(|_| reason.contains(" field `"));
    let key = match (path, quoted) {
        (Some(path), Some(name)) if !path.ends_with(name) => format!("{path}.{name}"),
        (Some(path), _) => path,
        (None, Some(name)) => name.to_owned(),
        (None, None) => String::new(),
    };
    let detail = match error.classify() {
        serde_json::error::Category::Data => format!("The {place} does not fit: {}.", redacted(reason)),
        _ => format!("The {place} is not JSON: error in line {}, column {}.", error.line(), error.column()),
    };
    let field = (!key.is_empty()).then(|| FieldProblem { key, message: redacted(reason), remedy: None });
    EdgeError::Invalid { detail, field }
}

/// serde quotes the value that it did not like, which may be a password.
fn redacted(reason: &str) -> String {
    match (reason.strip_prefix("invalid type: "), reason.strip_prefix("invalid value: ")) {
        (Some(rest), _) | (_, Some(rest)) => {
            let kind = rest.split(['`', '"', ',']).next().unwrap_or("").trim();
            let expected = rest.rsplit("expected ").next().unwrap_or("something else");
            format!("expected {expected}, got {kind}")
        }
        _ => reason.to_owned(),
    }
}

/// Parameters of the path.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = EdgeError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, EdgeError> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            // Whatever cannot be an id names nothing.
            Err(_) => Err(EdgeError::invalid("An id in the address is not a UUID.")),
        }
    }
}

/// Parameters of the query.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = EdgeError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, EdgeError> {
        axum::extract::Query::<T>::try_from_uri(&parts.uri).map(|query| Self(query.0)).map_err(|rejection| {
            let source = std::error::Error::source(&rejection).map(ToString::to_string);
            EdgeError::invalid(format!(
                "The query does not fit: {}.",
                source.unwrap_or_else(|| rejection.to_string())
            ))
        })
    }
}

/// Who asks. The guard puts it there for every route that needs a session.
pub(crate) struct Caller(pub(crate) OpCtx);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = EdgeError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, EdgeError> {
        parts.extensions.get::<OpCtx>().cloned().map(Self).ok_or(EdgeError::NotSignedIn)
    }
}

/// Where the request came from, signed in or not.
pub(crate) struct Whence(pub(crate) Origin);

impl<S: Send + Sync> FromRequestParts<S> for Whence {
    type Rejection = EdgeError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, EdgeError> {
        Ok(Self(parts.extensions.get::<Origin>().cloned().unwrap_or_default()))
    }
}

/// Reads one frame of a WebSocket by the rules of a body.
pub(crate) fn frame<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, EdgeError> {
    serde_json::from_str(text).map_err(|error| unreadable("frame", None, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(body: &str) -> FieldProblem {
        #[derive(Deserialize, Debug)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "only its shape matters")]
        struct Form {
            name: String,
            port: Option<u16>,
        }
        let mut reader = serde_json::Deserializer::from_str(body);
        let error = serde_path_to_error::deserialize::<_, Form>(&mut reader).unwrap_err();
        let path = error.path().to_string();
        match unreadable("body", (path != ".").then_some(path), &error.into_inner()) {
            EdgeError::Invalid { field: Some(field), .. } => field,
            other => panic!("{other:?}"),
        }
    }

    /// A body that begins and does not go on.
    fn endless() -> Body {
        let begun = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]);
        Body::from_stream(futures_util::StreamExt::chain(begun, futures_util::stream::pending()))
    }

    #[tokio::test(start_paused = true)]
    async fn body_that_does_not_arrive_in_time_is_given_up() {
        for route in crate::routes() {
            let began = tokio::time::Instant::now();
            let limit = route.body_limit();
            let error = limit.read(endless()).await.unwrap_err();
            assert!(matches!(error, EdgeError::SlowBody(_)), "{}: {error:?}", route.path);
            assert_eq!(began.elapsed(), limit.time, "{}", route.path);
        }
    }

    #[tokio::test]
    async fn body_of_exactly_the_limit_is_read_and_one_byte_more_is_not() {
        let limit = BodyLimit { most: 8, ..BodyLimit::default() };
        assert_eq!(limit.read(Body::from("12345678")).await.unwrap(), "12345678");
        let error = limit.read(Body::from("123456789")).await.unwrap_err();
        assert!(matches!(error, EdgeError::TooLarge { limit: 8 }), "{error:?}");
    }

    #[tokio::test]
    async fn body_that_breaks_off_is_not_called_too_long() {
        let broken = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("gone"))]);
        let error = BodyLimit::default().read(Body::from_stream(broken)).await.unwrap_err();
        assert!(matches!(error, EdgeError::Invalid { .. }), "{error:?}");
    }

    #[test]
    fn missing_field_is_named() {
        assert_eq!(field("{}").key, "name");
    }

    #[test]
    fn unknown_field_is_named() {
        assert_eq!(field(r#"{"name":"a","nmae":1}"#).key, "nmae");
    }

    #[test]
    fn unfit_value_is_never_repeated() {
        let problem = field(r#"{"name":"a","port":"hunter2"}"#);
        assert_eq!(problem.key, "port");
        assert!(!problem.message.contains("hunter2"), "{}", problem.message);
    }
}
