//! Installed plugins and what they were granted.

use super::{Answer, Created, Done, created};
use crate::{
    edge::Edge,
    extract::{self, Caller, Path, Query, Wasm},
    guard::Preset,
    route::{Requirement, Route},
    wire::{
        GrantsInput, MoveInput, MovedView, Page, PluginFailureView, PluginView, PullInput, ReleaseView,
        RollbackInput, UpdateView,
    },
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
    /// Names of capabilities, separated by commas. Left out, an update has what the release before it was granted for each
    /// request that goes no further, and waits for a grant where it asks for more; what is no update has none.
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

    pub(super) fn grants(&self) -> Option<Vec<String>> {
        let names = self.grant.as_deref()?.split(',');
        Some(names.map(str::trim).filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect())
    }
}

const NEEDS: Requirement = Requirement::Administrator;

pub(super) fn routes() -> Vec<Route> {
    let mut routes = whole();
    routes.extend(registries());
    routes.extend(releases());
    routes.extend(super::conduct::routes());
    routes
}

fn whole() -> Vec<Route> {
    let needs = NEEDS;
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
        .details(
            "The component is checked, compiled and asked for its blueprints before it is stored. An update that asks for more \
             than was granted is kept as `waiting`, and the release before it goes on. With the media type `application/x-tar`, \
             the body is a package with its signatures (`.gantry.tar`).",
        )
        .preset(Preset::Files)
        .unhurried()
        .query::<InstallQuery>()
        .takes_bytes("application/wasm", COMPONENT_LIMIT)
        .status(201)
        .answers::<PluginView>()
        .fails(&[Code::PluginRejected, Code::PluginUntrusted, Code::Conflict]),
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

fn registries() -> Vec<Route> {
    vec![
        Route::post(
            "/api/plugins/install",
            "pullPlugin",
            "Pulls a plugin from its registry and installs it",
            NEEDS,
            pull,
        )
        .details("As an upload, under the rules of the trust policy.")
        .preset(Preset::Files)
        .patient()
        .takes::<PullInput>()
        .status(201)
        .answers::<PluginView>()
        .fails(&[Code::PluginRejected, Code::PluginUntrusted, Code::RegistryFailed, Code::Conflict]),
        Route::post(
            "/api/plugins/{id}/check",
            "checkPlugin",
            "Looks whether a plugin's reference leads to another release",
            NEEDS,
            check,
        )
        .preset(Preset::Files)
        .patient()
        .answers::<UpdateView>()
        .fails(&[Code::NotFound, Code::Conflict, Code::PluginUntrusted, Code::RegistryFailed]),
    ]
}

fn releases() -> Vec<Route> {
    vec![
        Route::post(
            "/api/plugins/{id}/grants",
            "grantPlugin",
            "Grants the waiting release, or the current one, what it is to have",
            NEEDS,
            grant,
        )
        .details("A release that waited is current from then on.")
        .takes::<GrantsInput>()
        .answers::<PluginView>()
        .fails(&[Code::NotFound, Code::Conflict, Code::PluginRejected]),
        Route::post(
            "/api/plugins/{id}/disable",
            "disablePlugin",
            "Has nothing new made of a plugin; its servers go on",
            NEEDS,
            disable,
        )
        .answers::<PluginView>()
        .fails(&[Code::NotFound]),
        Route::post("/api/plugins/{id}/enable", "enablePlugin", "Offers a disabled plugin again", NEEDS, enable)
            .answers::<PluginView>()
            .fails(&[Code::NotFound]),
        Route::post(
            "/api/plugins/{id}/rollback",
            "rollBackPlugin",
            "Makes a former release current; servers stay where they are",
            NEEDS,
            roll_back,
        )
        .details("A release that was given up is tried once more.")
        .takes::<RollbackInput>()
        .answers::<PluginView>()
        .fails(&[Code::NotFound, Code::Conflict]),
        Route::post(
            "/api/plugins/{id}/move",
            "moveServers",
            "Moves a plugin's servers to one of its releases, each for itself",
            NEEDS,
            move_all,
        )
        .details("Servers that run take it in when they start again. Those that cannot be moved stay, and are named.")
        .patient()
        .takes::<MoveInput>()
        .answers::<MovedView>()
        .fails(&[Code::NotFound, Code::Conflict]),
        Route::get("/api/plugins/{id}/releases", "listReleases", "A plugin's releases, latest first", NEEDS, list_releases)
            .pages::<ReleaseView>()
            .fails(&[Code::NotFound]),
        Route::delete(
            "/api/plugins/{id}/releases/{digest}",
            "deleteRelease",
            "Declines the release that waits, or removes one that no server runs",
            NEEDS,
            delete_release,
        )
        .status(204)
        .fails(&[Code::NotFound, Code::InUse]),
        Route::get(
            "/api/plugins/{id}/failures",
            "listPluginFailures",
            "What went wrong in a plugin, each kind of it once, latest first",
            NEEDS,
            failures,
        )
        .pages::<PluginFailureView>()
        .fails(&[Code::NotFound]),
    ]
}

async fn list(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<Page<PluginView>> {
    Ok(Json(edge.app().list_plugins(&ctx).await?))
}

async fn install(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Query(query): Query<InstallQuery>,
    Wasm(file): Wasm,
) -> Created<PluginView> {
    let (grants, takeover) = (query.grants(), query.takeover());
    let upload = PluginUpload { file, grants, takeover };
    Ok(created(edge.app().upload_plugin(&ctx, upload).await?))
}

async fn show(State(edge): State<Edge>, Caller(ctx): Caller, Path(id): Path<PluginId>) -> Answer<PluginView> {
    Ok(Json(edge.app().plugin(&ctx, id).await?))
}

async fn delete(State(edge): State<Edge>, Caller(ctx): Caller, Path(id): Path<PluginId>) -> Done {
    edge.app().delete_plugin(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn grant(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<PluginId>,
    extract::Json(input): extract::Json<GrantsInput>,
) -> Answer<PluginView> {
    Ok(Json(edge.app().grant_plugin(&ctx, id, input).await?))
}

async fn disable(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<PluginId>,
) -> Answer<PluginView> {
    Ok(Json(edge.app().disable_plugin(&ctx, id).await?))
}

async fn enable(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<PluginId>,
) -> Answer<PluginView> {
    Ok(Json(edge.app().enable_plugin(&ctx, id).await?))
}

async fn roll_back(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<PluginId>,
    extract::Json(input): extract::Json<RollbackInput>,
) -> Answer<PluginView> {
    Ok(Json(edge.app().roll_back_plugin(&ctx, id, input).await?))
}

async fn move_all(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<PluginId>,
    extract::Json(input): extract::Json<MoveInput>,
) -> Answer<MovedView> {
    Ok(Json(edge.app().move_servers(&ctx, id, input).await?))
}

async fn list_releases(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<PluginId>,
) -> Answer<Page<ReleaseView>> {
    Ok(Json(edge.app().plugin_releases(&ctx, id).await?))
}

async fn delete_release(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, digest)): Path<(PluginId, String)>,
) -> Done {
    edge.app().delete_release(&ctx, id, &digest).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn failures(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<PluginId>,
) -> Answer<Page<PluginFailureView>> {
    Ok(Json(edge.app().plugin_failures(&ctx, id).await?))
}

async fn pull(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    extract::Json(input): extract::Json<PullInput>,
) -> Created<PluginView> {
    Ok(created(edge.app().pull_plugin(&ctx, input).await?))
}

async fn check(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<PluginId>,
) -> Answer<UpdateView> {
    Ok(Json(edge.app().check_plugin(&ctx, id).await?))
}
