//! Blueprints: what the installed plugins can run.

use super::Answer;
use crate::{
    edge::Edge,
    extract::{self, Caller, Path},
    route::{Requirement, Route},
    wire::{BlueprintView, ChoicesInput, Page},
};
use axum::{Json, extract::State};
use gantry_types::{ServerId, blueprint::Choice, permission::Permission, problem::Code};

const CATALOG: &str = "A variable of the kind `from_catalog` names it. The plugin looks it up with what the form says so far, which \
     goes in the body because it may hold secrets. Answers are given again for a few minutes.";

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
        Route::post(
            "/api/blueprints/{id}/choices/{name}",
            "blueprintChoices",
            "What a catalog lists at the moment, for a server that is to be",
            Requirement::SignedIn,
            choices,
        )
        .details(CATALOG)
        .takes::<ChoicesInput>()
        .pages::<Choice>()
        .patient()
        .fails(&[Code::NotFound, Code::Forbidden, Code::PluginFailed, Code::Overloaded]),
        Route::post(
            "/api/servers/{id}/choices/{name}",
            "serverChoices",
            "What a catalog lists at the moment, for this server",
            Requirement::Server(Permission::VariablesUpdate),
            server_choices,
        )
        .details(CATALOG)
        .takes::<ChoicesInput>()
        .pages::<Choice>()
        .patient()
        .fails(&[Code::PluginFailed, Code::Overloaded]),
    ]
}

async fn choices(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, name)): Path<(String, String)>,
    extract::Json(input): extract::Json<ChoicesInput>,
) -> Answer<Page<Choice>> {
    Ok(Json(edge.app().blueprint_choices(&ctx, &id, &name, input).await?))
}

async fn server_choices(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, name)): Path<(ServerId, String)>,
    extract::Json(input): extract::Json<ChoicesInput>,
) -> Answer<Page<Choice>> {
    Ok(Json(edge.app().server_choices(&ctx, id, &name, input).await?))
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
