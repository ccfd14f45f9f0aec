//! Pages that a game's plugin fills.

use super::Answer;
use crate::{
    edge::Edge,
    extract::{Caller, Path},
    route::{Requirement, Route},
    wire::{TabContentView, TabsView},
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
    Code::NodeUnreachable,
    Code::Overloaded,
    Code::DeadlineExceeded,
];

pub(super) fn routes() -> Vec<Route> {
    let needs = Requirement::Server(Permission::TabsRead);
    vec![
        Route::get("/api/servers/{id}/tabs", "serverTabs", "Which pages the game's plugin has", needs, list)
            .details("Pages that are for the caller, and whether they can be filled this moment.")
            .answers::<TabsView>()
            .fails(&[Code::PluginFailed, Code::Overloaded]),
        Route::get("/api/servers/{id}/tabs/{tab}", "serverTab", "What stands on a page", needs, content)
            .details("The plugin is asked on the node at most every two seconds, or as seldom as the page says, however many look; an action that was done to the game ends what was shared. All text is a plugin's or a game's, and never markup.")
            .patient()
            .answers::<TabContentView>()
            .fails(PROBLEMS),
    ]
}

async fn list(State(edge): State<Edge>, Caller(ctx): Caller, Path(id): Path<ServerId>) -> Answer<TabsView> {
    Ok(Json(edge.app().server_tabs(&ctx, id).await?))
}

async fn content(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, tab)): Path<(ServerId, String)>,
) -> Answer<TabContentView> {
    Ok(Json(edge.app().server_tab(&ctx, id, &tab).await?))
}
