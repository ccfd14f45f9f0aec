//! Foreign descriptions of games and documents, which become plugins.

use super::{Answer, Created, created};
use crate::{
    edge::Edge,
    extract::{Caller, OCTETS, Octets, Query},
    guard::Preset,
    route::{Requirement, Route},
    routes::plugins::InstallQuery,
    wire::{ConvertedView, PluginView},
};
use axum::{Json, extract::State};
use gantry_app::DocumentUpload;
use gantry_types::problem::Code;
use serde::Deserialize;
use utoipa::IntoParams;

/// Largest foreign description: four times the largest egg that is known.
const FOREIGN_LIMIT: usize = 1024 * 1024;
/// Largest document: as `gantry_document` reads it.
const DOCUMENT_LIMIT: usize = 2 * 1024 * 1024;

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConvertQuery {
    /// What the file is called; its ending tells JSON from YAML where the content does not.
    #[param(example = "egg-paper.json")]
    #[serde(default)]
    file_name: String,
}

pub(super) fn routes() -> Vec<Route> {
    let needs = Requirement::Administrator;
    vec![
        Route::post(
            "/api/plugins/convert",
            "convertForeign",
            "Shows what an egg would become, and what would be lost",
            needs,
            convert,
        )
        .details(
            "Reads an egg of Pterodactyl or Pelican (JSON or YAML) in the sandbox. Nothing is stored; the answer's document, \
             changed or not, goes to `POST /api/plugins/documents`.",
        )
        .preset(Preset::Files)
        .unhurried()
        .query::<ConvertQuery>()
        .takes_bytes(OCTETS, FOREIGN_LIMIT)
        .answers::<ConvertedView>()
        .fails(&[Code::ValidationFailed, Code::PluginRejected, Code::PluginFailed]),
        Route::post(
            "/api/plugins/documents",
            "installDocument",
            "Installs a declarative blueprint",
            needs,
            install,
        )
        .details("Takes a document in JSON or TOML, as `sdk/document` describes it, and makes a plugin of it.")
        .preset(Preset::Files)
        .unhurried()
        .query::<InstallQuery>()
        .takes_bytes(OCTETS, DOCUMENT_LIMIT)
        .status(201)
        .answers::<PluginView>()
        .fails(&[Code::ValidationFailed, Code::PluginRejected, Code::Conflict]),
    ]
}

async fn convert(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Query(query): Query<ConvertQuery>,
    Octets(content): Octets,
) -> Answer<ConvertedView> {
    Ok(Json(edge.app().convert_foreign(&ctx, &query.file_name, content).await?))
}

async fn install(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Query(query): Query<InstallQuery>,
    Octets(document): Octets,
) -> Created<PluginView> {
    let (grants, takeover) = (query.grants(), query.takeover());
    let upload = DocumentUpload { document, grants, takeover };
    Ok(created(edge.app().upload_document(&ctx, upload).await?))
}
