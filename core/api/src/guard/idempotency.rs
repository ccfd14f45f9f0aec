//! `Idempotency-Key`: which request a key stands for.
//!
//! The use case claims the key in the very transaction that does the work, so an answer is kept exactly if its effect is.
//! The edge only says what the request was.

use crate::{extract::BodyLimit, problem::EdgeError};
use axum::{body::Body, extract::Request};
use gantry_app::OpCtx;
use sha2::{Digest, Sha256};

/// Puts key and fingerprint of the request into its context, if it carries a key.
pub(crate) async fn mark(request: Request, limit: BodyLimit) -> Result<Request, EdgeError> {
    let Some(key) = request.headers().get("idempotency-key") else { return Ok(request) };
    let key =
        key.to_str().map_err(|_| EdgeError::invalid("Idempotency-Key is not visible ASCII."))?.to_owned();

    let (mut parts, body) = request.into_parts();
    let body = limit.read(body).await?;
    let mut fingerprint = Sha256::new();
    for part in [parts.method.as_str().as_bytes(), parts.uri.to_string().as_bytes(), &body] {
        fingerprint.update((part.len() as u64).to_be_bytes());
        fingerprint.update(part);
    }
    if let Some(ctx) = parts.extensions.remove::<OpCtx>() {
        parts.extensions.insert(ctx.with_idempotency_key(&key, fingerprint.finalize().into())?);
    }
    Ok(Request::from_parts(parts, Body::from(body)))
}
