//! What machines ask: is it alive, is it ready, how is it doing, what can it do.

use crate::{
    edge::Edge,
    guard::Preset,
    problem::EdgeError,
    reasons,
    route::{Requirement, Route},
};
use axum::{extract::State, response::IntoResponse};
use http::header;
use std::sync::LazyLock;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/health", "health", "Whether the process lives", Requirement::Public, health)
            .preset(Preset::Open)
            .answers_text("text/plain"),
        Route::get(
            "/ready",
            "ready",
            "Whether the database answers and its schema is the one expected",
            Requirement::Public,
            ready,
        )
        .preset(Preset::Open)
        .answers_text("text/plain"),
        Route::get(
            "/metrics",
            "metrics",
            "Numbers in Prometheus' text format",
            Requirement::Scraper,
            metrics,
        )
        .preset(Preset::Open)
        .answers_text("text/plain; version=0.0.4"),
        Route::get("/api/openapi.json", "document", "This document", Requirement::Public, document)
            .answers_text("application/json"),
        Route::get("/api/docs", "docs", "A page to browse this document", Requirement::Public, docs)
            .answers_text("text/html; charset=utf-8"),
        Route::get(
            "/api/docs/docs.js",
            "docsScript",
            "The script of that page",
            Requirement::Public,
            docs_script,
        )
        .answers_text("text/javascript; charset=utf-8"),
        Route::get(
            "/api/docs/docs.css",
            "docsStyle",
            "The style of that page",
            Requirement::Public,
            docs_style,
        )
        .answers_text("text/css; charset=utf-8"),
    ]
}

async fn health() -> &'static str {
    "ok"
}

async fn ready(State(edge): State<Edge>) -> Result<&'static str, EdgeError> {
    edge.app().ready().await?;
    Ok("ready")
}

async fn metrics(State(edge): State<Edge>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], edge.metrics().await)
}

/// The document is made once: the table does not change while the process lives.
static DOCUMENT: LazyLock<String> = LazyLock::new(crate::openapi);

async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}

/// The page with what every problem code means, so that a problem's `type` leads somewhere.
static DOCS: LazyLock<String> =
    LazyLock::new(|| include_str!("../../assets/docs.html").replace("<!-- problems -->", &reasons::rows()));

async fn docs() -> impl IntoResponse {
    let policy = (header::CONTENT_SECURITY_POLICY, crate::headers::DOCS);
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8"), policy], DOCS.as_str())
}

async fn docs_script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("../../assets/docs.js"))
}

async fn docs_style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../../assets/docs.css"))
}
