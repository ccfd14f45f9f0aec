//! Which release of its plugin runs a server, and moving it to another.

use super::Answer;
use crate::{
    edge::Edge,
    extract::{self, Caller, Path},
    route::{Requirement, Route},
    wire::{ReleaseInput, ServerReleaseView, ServerView},
};
use axum::{Json, extract::State};
use gantry_types::{ServerId, permission::Permission, problem::Code};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/servers/{id}/release",
            "serverRelease",
            "Which release of its plugin runs the server, and to which it can be moved",
            Requirement::Server(Permission::ServerRead),
            release,
        )
        .answers::<ServerReleaseView>(),
        Route::post(
            "/api/servers/{id}/release",
            "moveServer",
            "Moves the server to another release of its plugin",
            Requirement::Server(Permission::ServerReinstall),
            move_to,
        )
        .details("What runs takes it in when it starts again. The release is asked about the server as it is, first.")
        .patient()
        .takes::<ReleaseInput>()
        .answers::<ServerView>()
        .fails(&[
            Code::Conflict,
            Code::OperationInProgress,
            Code::NoFreeAllocation,
            Code::LookUpFailed,
            Code::PluginFailed,
        ]),
    ]
}

async fn release(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
) -> Answer<ServerReleaseView> {
    Ok(Json(edge.app().server_release(&ctx, id).await?))
}

async fn move_to(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    extract::Json(input): extract::Json<ReleaseInput>,
) -> Answer<ServerView> {
    Ok(Json(edge.app().move_server(&ctx, id, input).await?))
}
