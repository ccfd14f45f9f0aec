//! The web panel, embedded in the binary.
//!
//! Files under `assets/` carry their content's hash in their name and may be kept for ever; all others are asked for
//! again each time, and answered from their own hash. Every other path is the panel's: its router knows what it shows.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use gantry_api::PANEL_POLICY;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "$GANTRY_WEB_DIST"]
struct Panel;

/// Encodings that the build may have prepared beside a file, by the suffix of the prepared one.
const ENCODINGS: &[(&str, &str)] = &[("br", ".br"), ("gzip", ".gz")];

/// Answers every path of the panel.
pub(crate) fn panel() -> MethodRouter {
    get(async |uri: Uri, headers: HeaderMap| serve(uri.path().trim_start_matches('/'), &headers))
}

fn serve(path: &str, headers: &HeaderMap) -> Response {
    let known = !path.is_empty() && Panel::get(path).is_some();
    if !known && path.starts_with("assets/") {
        // A page of an earlier build asks for a file of that build.
        return (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-store")]).into_response();
    }
    let path = if known { path } else { "index.html" };
    match encoded(path, headers) {
        Some((encoding, file)) => answer(path, encoding, &file, headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The smallest form that the client takes.
fn encoded(path: &str, headers: &HeaderMap) -> Option<(Option<&'static str>, EmbeddedFile)> {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
    let takes =
        |name: &str| accepted.split(',').any(|one| one.split(';').next().unwrap_or("").trim() == name);
    let prepared = ENCODINGS.iter().filter(|(name, _)| takes(name));
    let mut prepared =
        prepared.filter_map(|(name, suffix)| Some((Some(*name), Panel::get(&format!("{path}{suffix}"))?)));
    prepared.next().or_else(|| Panel::get(path).map(|file| (None, file)))
}

fn answer(path: &str, encoding: Option<&'static str>, file: &EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = tag(&file.metadata.sha256_hash());
    let fresh = headers.get(header::IF_NONE_MATCH).is_some_and(|held| held.as_bytes() == tag.as_bytes());
    let mut response = if fresh {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(Body::from(file.data.clone().into_owned()))
    };
    let caching =
        if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let kind = if kind.type_() == "text" { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    let out = response.headers_mut();
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    out.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PANEL_POLICY));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        out.insert(header::ETAG, tag);
    }
    if let Ok(kind) = HeaderValue::from_str(&kind) {
        out.insert(header::CONTENT_TYPE, kind);
    }
    if let Some(encoding) = encoding {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

fn tag(hash: &[u8; 32]) -> String {
    format!("\"{}\"", hex::encode(&hash[..16]))
}
