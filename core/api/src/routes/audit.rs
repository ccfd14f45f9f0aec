//! What was done by whom.

use super::Answer;
use crate::{
    edge::Edge,
    extract::{Caller, Path, Query},
    route::{Requirement, Route},
    wire::{AuditView, Page, PageQuery},
};
use axum::{Json, extract::State};
use gantry_types::{ServerId, permission::Permission};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/servers/{id}/activity",
            "serverActivity",
            "What was done to the server, latest first",
            Requirement::Server(Permission::ActivityRead),
            activity,
        )
        .query::<PageQuery>()
        .pages::<AuditView>(),
        Route::get("/api/audit", "audit", "The audit log, latest first", Requirement::Administrator, audit)
            .query::<PageQuery>()
            .pages::<AuditView>(),
    ]
}

async fn activity(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    Query(query): Query<PageQuery>,
) -> Answer<Page<AuditView>> {
    Ok(Json(edge.app().server_activity(&ctx, id, query).await?))
}

async fn audit(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Query(query): Query<PageQuery>,
) -> Answer<Page<AuditView>> {
    Ok(Json(edge.app().audit(&ctx, query).await?))
}
