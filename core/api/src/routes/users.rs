//! People with an account, for administrators.

use super::{Answer, Created, Done, created};
use crate::{
    edge::Edge,
    extract::{self, Caller, Path, Query},
    route::{Requirement, Route},
    wire::{Allowance, AllowanceView, Page, PageQuery, UserInput, UserUpdate, UserView},
};
use axum::{Json, extract::State};
use gantry_types::UserId;
use gantry_types::problem::Code;
use http::StatusCode;

pub(super) fn routes() -> Vec<Route> {
    let needs = Requirement::Administrator;
    vec![
        Route::get("/api/users", "listUsers", "All accounts, by name", needs, list)
            .query::<PageQuery>()
            .pages::<UserView>(),
        Route::post("/api/users", "createUser", "Makes an account", needs, create)
            .takes::<UserInput>()
            .status(201)
            .answers::<UserView>()
            .fails(&[Code::EmailTaken]),
        Route::get("/api/users/{id}", "user", "One account", needs, show)
            .answers::<UserView>()
            .fails(&[Code::NotFound]),
        Route::patch("/api/users/{id}", "updateUser", "Changes an account", needs, update)
            .takes::<UserUpdate>()
            .answers::<UserView>()
            .fails(&[Code::NotFound, Code::EmailTaken, Code::Conflict]),
        Route::get(
            "/api/users/{id}/allowance",
            "userAllowance",
            "What an account may take of all nodes together, and what is left",
            needs,
            allowance,
        )
        .answers::<AllowanceView>()
        .fails(&[Code::NotFound]),
        Route::put(
            "/api/users/{id}/allowance",
            "setAllowance",
            "Replaces what an account may take of all nodes together",
            needs,
            set_allowance,
        )
        .details("What is left out is without a bound. Servers that take more than that stay; there are no more of them.")
        .takes::<Allowance>()
        .answers::<AllowanceView>()
        .fails(&[Code::NotFound]),
        Route::delete(
            "/api/users/{id}",
            "deleteUser",
            "Deletes an account that owns no servers",
            needs,
            delete,
        )
        .status(204)
        .fails(&[Code::NotFound, Code::InUse, Code::Conflict]),
    ]
}

async fn list(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Query(query): Query<PageQuery>,
) -> Answer<Page<UserView>> {
    Ok(Json(edge.app().list_users(&ctx, query).await?))
}

async fn create(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    extract::Json(input): extract::Json<UserInput>,
) -> Created<UserView> {
    Ok(created(edge.app().create_user(&ctx, input).await?))
}

async fn show(State(edge): State<Edge>, Caller(ctx): Caller, Path(id): Path<UserId>) -> Answer<UserView> {
    Ok(Json(edge.app().user(&ctx, id).await?))
}

async fn update(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<UserId>,
    extract::Json(input): extract::Json<UserUpdate>,
) -> Answer<UserView> {
    Ok(Json(edge.app().update_user(&ctx, id, input).await?))
}

async fn delete(State(edge): State<Edge>, Caller(ctx): Caller, Path(id): Path<UserId>) -> Done {
    edge.app().delete_user(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn allowance(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<UserId>,
) -> Answer<AllowanceView> {
    Ok(Json(edge.app().allowance(&ctx, id).await?))
}

async fn set_allowance(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<UserId>,
    extract::Json(input): extract::Json<Allowance>,
) -> Answer<AllowanceView> {
    Ok(Json(edge.app().set_allowance(&ctx, id, input).await?))
}
