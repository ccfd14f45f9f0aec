//! How plugins fare where they run: figures, holds, logs, and calls that were stopped.

use super::{Answer, Done, files::attachment};
use crate::{
    edge::Edge,
    extract::{self, Caller, Path, Query},
    problem::EdgeError,
    route::{Requirement, Route},
    wire::{
        ConductView, HoldsView, LiftInput, PluginLogQuery, PluginLogView, RecordQuery, RecordsView,
        ServerHoldsView,
    },
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use gantry_types::{PluginId, ServerId, permission::Permission, problem::Code};
use http::{HeaderMap, HeaderValue, StatusCode, header};

const NEEDS: Requirement = Requirement::Administrator;
/// A value of JSON in each line.
const LINES: &str = "application/jsonl";

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
            "/api/servers/{id}/plugin-holds",
            "serverHolds",
            "Whether the plugin of a server's game is on hold because it kept failing",
            Requirement::Server(Permission::ServerRead),
            server_holds,
        )
        .details("In the control plane, or on the server's node. Administrators are told how it failed.")
        .answers::<ServerHoldsView>(),
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
        Route::get(
            "/api/plugins/{id}/records",
            "pluginRecords",
            "Calls of a plugin that were stopped and are kept for its author, in each place, newest first",
            NEEDS,
            records,
        )
        .details("The same failure again is the same record, counted. Nodes that are away are named.")
        .answers::<RecordsView>()
        .fails(&[Code::NotFound]),
        Route::get(
            "/api/plugins/{id}/records/{record}",
            "pluginRecord",
            "A call that was stopped, as a file for `gantry plugin replay`",
            NEEDS,
            record,
        )
        .details("It has what the call was told and answered, without the secrets that Gantry knows of.")
        .query::<RecordQuery>()
        .answers_bytes(LINES)
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

async fn server_holds(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
) -> Answer<ServerHoldsView> {
    Ok(Json(edge.app().server_holds(&ctx, id).await?))
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

async fn records(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<PluginId>,
) -> Answer<RecordsView> {
    Ok(Json(edge.app().plugin_records(&ctx, id).await?))
}

async fn record(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, record)): Path<(PluginId, String)>,
    Query(query): Query<RecordQuery>,
) -> Result<Response, EdgeError> {
    let file = edge.app().plugin_record(&ctx, id, &record, query).await?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(LINES));
    headers.insert(header::CONTENT_DISPOSITION, attachment(&file.name)?);
    Ok((headers, file.text).into_response())
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
