//! Long work with progress and outcome.

use super::Answer;
use crate::{
    edge::Edge,
    extract::{Caller, Path, Query},
    guard::Preset,
    route::{Requirement, Route},
    wire::{OperationView, Page, PageQuery},
};
use axum::{Json, extract::State};
use gantry_types::{OperationId, ServerId, permission::Permission, problem::Code};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/servers/{id}/operations",
            "serverOperations",
            "The server's operations, latest first",
            Requirement::Server(Permission::OperationsRead),
            list,
        )
        .query::<PageQuery>()
        .pages::<OperationView>(),
        Route::get(
            "/api/operations/{id}",
            "operation",
            "One operation",
            Requirement::Nested(Permission::OperationsRead),
            show,
        )
        .answers::<OperationView>(),
        Route::post(
            "/api/operations/{id}/cancel",
            "cancelOperation",
            "Calls an installation off",
            Requirement::Nested(Permission::OperationsCancel),
            cancel,
        )
        .details(
            "The node stops where it is. What else was asked for is changed by asking for something else.",
        )
        .preset(Preset::Power)
        .answers::<OperationView>()
        .fails(&[Code::Conflict]),
    ]
}

async fn list(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    Query(query): Query<PageQuery>,
) -> Answer<Page<OperationView>> {
    Ok(Json(edge.app().server_operations(&ctx, id, query).await?))
}

async fn show(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<OperationId>,
) -> Answer<OperationView> {
    Ok(Json(edge.app().operation(&ctx, id).await?))
}

async fn cancel(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<OperationId>,
) -> Answer<OperationView> {
    Ok(Json(edge.app().cancel_operation(&ctx, id).await?))
}
