//! Plugins that listen to events: what is set for them, what they were told.

use super::Answer;
use crate::{
    edge::Edge,
    extract::{self, Caller, Path},
    route::{Requirement, Route},
    wire::{DeliveriesView, PluginSettingsView, VariablesInput},
};
use axum::{Json, extract::State};
use gantry_types::{PluginId, problem::Code};

pub(super) fn routes() -> Vec<Route> {
    let needs = Requirement::Administrator;
    vec![
        Route::get(
            "/api/plugins/{id}/settings",
            "pluginSettings",
            "What is set for a plugin as a whole, without secrets",
            needs,
            settings,
        )
        .answers::<PluginSettingsView>()
        .fails(&[Code::NotFound, Code::Conflict]),
        Route::patch(
            "/api/plugins/{id}/settings",
            "setPluginSettings",
            "Changes what is set for a plugin as a whole",
            needs,
            set_settings,
        )
        .details("It holds from the next event on. What is emptied has its default again; a secret stays until it is given another value.")
        .takes::<VariablesInput>()
        .answers::<PluginSettingsView>()
        .fails(&[Code::NotFound, Code::Conflict]),
        Route::get(
            "/api/plugins/{id}/deliveries",
            "listDeliveries",
            "What a plugin was told of events, is to be told, and was not told",
            needs,
            deliveries,
        )
        .answers::<DeliveriesView>()
        .fails(&[Code::NotFound]),
        Route::post(
            "/api/plugins/{id}/deliveries/test",
            "testDelivery",
            "Has a plugin told an event that means nothing",
            needs,
            test,
        )
        .details("Its kind is `gantry.test`, whatever the plugin wants to hear of.")
        .answers::<DeliveriesView>()
        .fails(&[Code::NotFound, Code::Conflict]),
        Route::post(
            "/api/plugins/{id}/deliveries/retry",
            "retryDeliveries",
            "Has a plugin told at once what waits and what was given up",
            needs,
            retry,
        )
        .answers::<DeliveriesView>()
        .fails(&[Code::NotFound]),
    ]
}

async fn settings(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<PluginId>,
) -> Answer<PluginSettingsView> {
    Ok(Json(edge.app().plugin_settings(&ctx, id).await?))
}

async fn set_settings(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<PluginId>,
    extract::Json(input): extract::Json<VariablesInput>,
) -> Answer<PluginSettingsView> {
    Ok(Json(edge.app().set_plugin_settings(&ctx, id, input).await?))
}

async fn deliveries(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<PluginId>,
) -> Answer<DeliveriesView> {
    Ok(Json(edge.app().plugin_deliveries(&ctx, id).await?))
}

async fn test(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<PluginId>,
) -> Answer<DeliveriesView> {
    Ok(Json(edge.app().test_delivery(&ctx, id).await?))
}

async fn retry(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<PluginId>,
) -> Answer<DeliveriesView> {
    Ok(Json(edge.app().retry_deliveries(&ctx, id).await?))
}
