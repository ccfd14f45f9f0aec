//! Secrets that plugins ask for by name: written, replaced, removed, and never read.

use super::{Answer, Done};
use crate::{
    edge::Edge,
    extract::{self, Caller, Path},
    route::{Requirement, Route},
    wire::{Page, PluginSecretView, SecretInput},
};
use axum::{Json, extract::State};
use gantry_types::{PluginId, problem::Code};
use http::StatusCode;

const NEEDS: Requirement = Requirement::Administrator;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/plugins/{id}/secrets",
            "listPluginSecrets",
            "Which secrets a plugin asks for, and which are stored for it",
            NEEDS,
            list,
        )
        .pages::<PluginSecretView>()
        .fails(&[Code::NotFound]),
        Route::put(
            "/api/plugins/{id}/secrets/{name}",
            "setPluginSecret",
            "Stores a secret under a name that the plugin asks for, in place of any that is there",
            NEEDS,
            set,
        )
        .details(
            "It is never shown again; the plugin reads it where the capability `secrets` is granted to it.",
        )
        .takes::<SecretInput>()
        .status(204)
        .fails(&[Code::NotFound]),
        Route::delete(
            "/api/plugins/{id}/secrets/{name}",
            "removePluginSecret",
            "Takes a secret away",
            NEEDS,
            remove,
        )
        .status(204)
        .fails(&[Code::NotFound]),
    ]
}

async fn list(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<PluginId>,
) -> Answer<Page<PluginSecretView>> {
    Ok(Json(edge.app().plugin_secrets(&ctx, id).await?))
}

async fn set(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, name)): Path<(PluginId, String)>,
    extract::Json(input): extract::Json<SecretInput>,
) -> Done {
    edge.app().set_plugin_secret(&ctx, id, &name, input).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, name)): Path<(PluginId, String)>,
) -> Done {
    edge.app().remove_plugin_secret(&ctx, id, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
