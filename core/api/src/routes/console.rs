//! A server's console: history and commands over HTTP, both live over a WebSocket.

use super::{Answer, Done};
use crate::{
    edge::Edge,
    extract::{self, Caller, Path, Query},
    route::{Requirement, Route},
    sockets,
    wire::{CommandInput, ConsoleClientFrame, ConsoleFrame, ConsolePage, ConsoleQuery},
};
use axum::{Json, extract::State};
use gantry_types::{ServerId, permission::Permission, problem::Code};
use http::StatusCode;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/servers/{id}/console", "consoleHistory", "Lines of the console, oldest first", Requirement::Server(Permission::ConsoleRead), history)
            .query::<ConsoleQuery>()
            .answers::<ConsolePage>()
            .fails(&[Code::NodeUnreachable, Code::DeadlineExceeded]),
        Route::post("/api/servers/{id}/console", "consoleCommand", "Types a line into the console", Requirement::Server(Permission::ConsoleWrite), command)
            .takes::<CommandInput>()
            .status(204)
            .fails(&[Code::Conflict, Code::NodeUnreachable, Code::DeadlineExceeded]),
        Route::get("/api/ws/console/{id}", "consoleSocket", "The console, live", Requirement::Ticket(Some(Permission::ConsoleRead)), sockets::console)
            .details("A WebSocket of text frames, each one JSON value: `ConsoleClientFrame` up, `ConsoleFrame` down, at most 64 KiB each. Commands need `console.write`, checked for each.")
            .unhurried()
            .mentions::<ConsoleClientFrame>()
            .mentions::<ConsoleFrame>()
            .status(101),
    ]
}

async fn history(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    Query(query): Query<ConsoleQuery>,
) -> Answer<ConsolePage> {
    Ok(Json(edge.app().console_history(&ctx, id, query).await?))
}

async fn command(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    extract::Json(input): extract::Json<CommandInput>,
) -> Done {
    edge.app().console_command(&ctx, id, input).await?;
    Ok(StatusCode::NO_CONTENT)
}
