//! What a game's plugin lets people do beyond power.

use super::Answer;
use crate::{
    edge::Edge,
    extract::{self, Caller, Path},
    route::{Requirement, Route},
    wire::{ActionDoneView, ActionInput, BroadcastInput, OfferedActionsView},
};
use axum::{Json, extract::State};
use gantry_types::{ServerId, permission::Permission, problem::Code};

/// What a node may say to it.
const PROBLEMS: &[Code] = &[
    Code::Conflict,
    Code::ServerHeld,
    Code::NotInstalled,
    Code::OperationInProgress,
    Code::ActionRefused,
    Code::PluginFailed,
    Code::PluginOnHold,
    Code::NodeUnreachable,
    Code::Overloaded,
    Code::DeadlineExceeded,
];

pub(super) fn routes() -> Vec<Route> {
    let needs = Requirement::Server(Permission::ActionsUse);
    vec![
        Route::get("/api/servers/{id}/actions", "serverActions", "What the game's plugin offers", needs, list)
            .details("Actions that are for the caller, each with its form, and whether it is possible at this moment.")
            .answers::<OfferedActionsView>()
            .fails(&[Code::PluginFailed, Code::PluginOnHold, Code::Overloaded]),
        Route::post("/api/servers/{id}/actions/{action}", "performAction", "Has an action done", needs, perform)
            .details("Answers once all of it is done, which takes minutes where the action waits for its game. An action that was begun goes on when whoever asked for it does not wait.")
            .takes::<ActionInput>()
            .answers::<ActionDoneView>()
            .patient()
            .fails(PROBLEMS),
        Route::post("/api/servers/{id}/broadcast", "broadcast", "Tells everybody who plays", needs, broadcast)
            .takes::<BroadcastInput>()
            .answers::<ActionDoneView>()
            .patient()
            .fails(PROBLEMS),
    ]
}

async fn list(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
) -> Answer<OfferedActionsView> {
    Ok(Json(edge.app().server_actions(&ctx, id).await?))
}

async fn perform(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, action)): Path<(ServerId, String)>,
    extract::Json(input): extract::Json<ActionInput>,
) -> Answer<ActionDoneView> {
    Ok(Json(edge.app().perform_action(&ctx, id, &action, input).await?))
}

async fn broadcast(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    extract::Json(input): extract::Json<BroadcastInput>,
) -> Answer<ActionDoneView> {
    Ok(Json(edge.app().broadcast(&ctx, id, input).await?))
}
