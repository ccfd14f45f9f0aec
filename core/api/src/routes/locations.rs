//! Locations: named groups of nodes.

use super::{Answer, Created, Done, created};
use crate::{
    edge::Edge,
    extract::{self, Caller, Path},
    route::{Requirement, Route},
    wire::{LocationInput, LocationUpdate, LocationView, Page},
};
use axum::{Json, extract::State};
use gantry_types::LocationId;
use gantry_types::problem::Code;
use http::StatusCode;

pub(super) fn routes() -> Vec<Route> {
    let needs = Requirement::Administrator;
    vec![
        Route::get("/api/locations", "listLocations", "All locations, by name", Requirement::SignedIn, list)
            .pages::<LocationView>(),
        Route::post("/api/locations", "createLocation", "Makes a location", needs, create)
            .idempotent()
            .takes::<LocationInput>()
            .status(201)
            .answers::<LocationView>()
            .fails(&[Code::NameTaken]),
        Route::patch("/api/locations/{id}", "updateLocation", "Changes a location", needs, update)
            .takes::<LocationUpdate>()
            .answers::<LocationView>()
            .fails(&[Code::NotFound, Code::NameTaken]),
        Route::delete(
            "/api/locations/{id}",
            "deleteLocation",
            "Deletes a location without nodes",
            needs,
            delete,
        )
        .status(204)
        .fails(&[Code::NotFound, Code::InUse]),
    ]
}

async fn list(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<Page<LocationView>> {
    Ok(Json(edge.app().list_locations(&ctx).await?))
}

async fn create(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    extract::Json(input): extract::Json<LocationInput>,
) -> Created<LocationView> {
    Ok(created(edge.app().create_location(&ctx, input).await?))
}

async fn update(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<LocationId>,
    extract::Json(input): extract::Json<LocationUpdate>,
) -> Answer<LocationView> {
    Ok(Json(edge.app().update_location(&ctx, id, input).await?))
}

async fn delete(State(edge): State<Edge>, Caller(ctx): Caller, Path(id): Path<LocationId>) -> Done {
    edge.app().delete_location(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
