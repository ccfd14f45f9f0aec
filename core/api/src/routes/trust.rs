//! Whose plugins may come in, and with which words private registries are asked.

use super::{Answer, Done};
use crate::{
    edge::Edge,
    extract::{self, Caller, Path},
    route::{Requirement, Route},
    wire::{KeyInput, KeyView, Page, RegistryLoginInput, RegistryLoginView, TrustInput, TrustView},
};
use axum::{Json, extract::State};
use gantry_types::{RegistryLoginId, problem::Code};
use http::StatusCode;

const NEEDS: Requirement = Requirement::Administrator;

pub(super) fn routes() -> Vec<Route> {
    let mut routes = policy();
    routes.extend(logins());
    routes
}

fn policy() -> Vec<Route> {
    vec![
        Route::get("/api/trust", "trustPolicy", "Whose plugins may come in", NEEDS, trust)
            .answers::<TrustView>(),
        Route::put("/api/trust", "setTrustPolicy", "Replaces the trust policy", NEEDS, set_trust)
            .details(
                "A rule that is wrong is named by its place, such as `rules.keys[0].expires`. With the version that was read, \
                 nothing is replaced if somebody else was quicker.",
            )
            .takes::<TrustInput>()
            .answers::<TrustView>()
            .fails(&[Code::Conflict]),
        Route::post("/api/trust/key", "readKey", "What a public key is, before it is trusted", NEEDS, read_key)
            .details("Nothing is stored.")
            .takes::<KeyInput>()
            .answers::<KeyView>(),
    ]
}

fn logins() -> Vec<Route> {
    vec![
        Route::get(
            "/api/trust/logins",
            "listRegistryLogins",
            "For which registries there is a user name and a password",
            NEEDS,
            list,
        )
        .pages::<RegistryLoginView>(),
        Route::put(
            "/api/trust/logins",
            "setRegistryLogin",
            "Stores a user name and a password for a registry, in place of any that is there",
            NEEDS,
            set,
        )
        .details(
            "The password is never shown again. It is sent to the registry itself and to the token service that is named with \
             it; where a registry asks for it elsewhere, the pull fails and says so.",
        )
        .takes::<RegistryLoginInput>()
        .answers::<RegistryLoginView>()
        .fails(&[Code::Conflict]),
        Route::delete("/api/trust/logins/{id}", "removeRegistryLogin", "Takes a login away", NEEDS, remove)
            .status(204)
            .fails(&[Code::NotFound]),
    ]
}

async fn trust(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<TrustView> {
    Ok(Json(edge.app().trust_policy(&ctx).await?))
}

async fn set_trust(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    extract::Json(input): extract::Json<TrustInput>,
) -> Answer<TrustView> {
    Ok(Json(edge.app().set_trust_policy(&ctx, input).await?))
}

async fn read_key(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    extract::Json(input): extract::Json<KeyInput>,
) -> Answer<KeyView> {
    Ok(Json(edge.app().read_key(&ctx, &input)?))
}

async fn list(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<Page<RegistryLoginView>> {
    Ok(Json(edge.app().registry_logins(&ctx).await?))
}

async fn set(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    extract::Json(input): extract::Json<RegistryLoginInput>,
) -> Answer<RegistryLoginView> {
    Ok(Json(edge.app().set_registry_login(&ctx, input).await?))
}

async fn remove(State(edge): State<Edge>, Caller(ctx): Caller, Path(id): Path<RegistryLoginId>) -> Done {
    edge.app().remove_registry_login(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
