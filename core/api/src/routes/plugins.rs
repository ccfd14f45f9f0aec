//! Installed plugins and what they were granted.

use super::{Answer, Created, Done, created};
use crate::{
    edge::Edge,
    extract::{Caller, Path, Query, Wasm},
    guard::Preset,
    route::{Requirement, Route},
    wire::{Page, PluginView},
};
use axum::{Json, extract::State};
use gantry_app::{PluginUpload, Takeover};
use gantry_types::PluginId;
use gantry_types::problem::Code;
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

/// Largest component that can be installed: what the plugin host looks at where it is granted to be large, so that nothing is
/// taken in only to be refused.
const COMPONENT_LIMIT: usize = 32 * 1024 * 1024;

/// What an installed plugin is granted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct InstallQuery {
    /// Names of capabilities, separated by commas; none when left out.
    #[param(example = "query")]
    grant: Option<String>,
    /// Whether it may take the place of a plugin with its id that comes with Gantry, or of a later version.
    #[serde(default)]
    replace: bool,
}

impl InstallQuery {
    pub(super) fn takeover(&self) -> Takeover {
        if self.replace { Takeover::Meant } else { Takeover::Refused }
    }

    pub(super) fn grants(&self) -> Vec<String> {
        let names = self.grant.as_deref().unwrap_or("").split(',');
        names.map(str::trim).filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect()
    }
}

pub(super) fn routes() -> Vec<Route> {
    let needs = Requirement::Administrator;
    vec![
        Route::get("/api/plugins", "listPlugins", "Installed plugins, by name", needs, list)
            .pages::<PluginView>(),
        Route::post(
            "/api/plugins",
            "installPlugin",
            "Installs a component, or a further version of one",
            needs,
            install,
        )
        .details("The component is checked, compiled and asked for its blueprints before it is stored.")
        .preset(Preset::Files)
        .unhurried()
        .query::<InstallQuery>()
        .takes_bytes("application/wasm", COMPONENT_LIMIT)
        .status(201)
        .answers::<PluginView>()
        .fails(&[Code::PluginRejected, Code::Conflict]),
        Route::get("/api/plugins/{id}", "plugin", "One plugin", needs, show)
            .answers::<PluginView>()
            .fails(&[Code::NotFound]),
        Route::delete(
            "/api/plugins/{id}",
            "deletePlugin",
            "Removes a plugin that no server uses",
            needs,
            delete,
        )
        .status(204)
        .fails(&[Code::NotFound, Code::InUse]),
    ]
}

async fn list(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<Page<PluginView>> {
    Ok(Json(edge.app().list_plugins(&ctx).await?))
}

async fn install(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Query(query): Query<InstallQuery>,
    Wasm(component): Wasm,
) -> Created<PluginView> {
    let (grants, takeover) = (query.grants(), query.takeover());
    let upload = PluginUpload { component, grants, takeover };
    Ok(created(edge.app().upload_plugin(&ctx, upload).await?))
}

async fn show(State(edge): State<Edge>, Caller(ctx): Caller, Path(id): Path<PluginId>) -> Answer<PluginView> {
    Ok(Json(edge.app().plugin(&ctx, id).await?))
}

async fn delete(State(edge): State<Edge>, Caller(ctx): Caller, Path(id): Path<PluginId>) -> Done {
    edge.app().delete_plugin(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
