//! How plugins fare where they run: figures, holds, logs.

use super::{Answer, Done};
use crate::{
    edge::Edge,
    extract::{self, Caller, Path, Query},
    route::{Requirement, Route},
    wire::{ConductView, HoldsView, LiftInput, PluginLogQuery, PluginLogView},
};
use axum::{Json, extract::State};
use gantry_types::{PluginId, problem::Code};
use http::StatusCode;

const NEEDS: Requirement = Requirement::Administrator;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/plugins/holds",
            "pluginHolds",
            "Every plugin that is on hold because it kept failing, in each place",
            NEEDS,
            holds,
        )
        .answers::<HoldsView>(),
        Route::get(
            "/api/plugins/{id}/conduct",
            "pluginConduct",
            "What a plugin used, what stopped it and whether it is on hold, in each place",
            NEEDS,
            conduct,
        )
        .details("Counted since the control plane, or the daemon of that node, started.")
        .answers::<ConductView>()
        .fails(&[Code::NotFound]),
        Route::get(
            "/api/plugins/{id}/log",
            "pluginLog",
            "What a plugin wrote lately in one place, oldest first",
            NEEDS,
            log,
        )
        .query::<PluginLogQuery>()
        .answers::<PluginLogView>()
        .fails(&[Code::NotFound, Code::NodeUnreachable]),
        Route::post("/api/plugins/{id}/lift", "liftPluginHold", "Ends a hold of a plugin", NEEDS, lift)
            .takes::<LiftInput>()
            .status(204)
            .fails(&[Code::NotFound, Code::NodeUnreachable]),
    ]
}

async fn holds(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<HoldsView> {
    Ok(Json(edge.app().plugin_holds(&ctx).await?))
}

async fn conduct(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<PluginId>,
) -> Answer<ConductView> {
    Ok(Json(edge.app().plugin_conduct(&ctx, id).await?))
}

async fn log(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<PluginId>,
    Query(query): Query<PluginLogQuery>,
) -> Answer<PluginLogView> {
    Ok(Json(edge.app().plugin_log(&ctx, id, query).await?))
}

async fn lift(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<PluginId>,
    extract::Json(input): extract::Json<LiftInput>,
) -> Done {
    edge.app().lift_hold(&ctx, id, input).await?;
    Ok(StatusCode::NO_CONTENT)
}
