//! Blueprints: what the installed plugins can run.

use super::Answer;
use crate::{
    edge::Edge,
    extract::{Caller, Path},
    route::{Requirement, Route},
    wire::{BlueprintView, Page},
};
use axum::{Json, extract::State};
use gantry_types::problem::Code;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/blueprints",
            "listBlueprints",
            "What can be run, by name",
            Requirement::SignedIn,
            list,
        )
        .pages::<BlueprintView>(),
        Route::get("/api/blueprints/{id}", "blueprint", "One blueprint", Requirement::SignedIn, show)
            .answers::<BlueprintView>()
            .fails(&[Code::NotFound]),
    ]
}

async fn list(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<Page<BlueprintView>> {
    Ok(Json(edge.app().list_blueprints(&ctx).await?))
}

async fn show(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Answer<BlueprintView> {
    Ok(Json(edge.app().blueprint(&ctx, &id).await?))
}
