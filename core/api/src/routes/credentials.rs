//! One's own keys and app passwords.

use super::{Answer, Created, Done, created};
use crate::{
    edge::Edge,
    extract::{self, Caller, Path},
    route::{Requirement, Route},
    wire::{AppPasswordCreated, AppPasswordInput, AppPasswordView, Page, SshKeyInput, SshKeyView},
};
use axum::{Json, extract::State};
use gantry_types::{AppPasswordId, SshKeyId, problem::Code};
use http::StatusCode;

pub(super) fn routes() -> Vec<Route> {
    let mut routes = keys();
    routes.extend(passwords());
    routes
}

fn keys() -> Vec<Route> {
    vec![
        Route::get("/api/account/ssh-keys", "listSshKeys", "One's own SSH keys", Requirement::SignedIn, list_keys)
            .pages::<SshKeyView>(),
        Route::post("/api/account/ssh-keys", "addSshKey", "Adds a public key to sign in to SFTP with", Requirement::SignedIn, add_key)
            .details("Ed25519 or ECDSA, without options; at most 20 a person. RSA keys, security keys, certificates and private keys are refused.")
            .idempotent()
            .takes::<SshKeyInput>()
            .status(201)
            .answers::<SshKeyView>()
            .fails(&[Code::Conflict]),
        Route::delete("/api/account/ssh-keys/{id}", "removeSshKey", "Removes one of one's own SSH keys", Requirement::SignedIn, remove_key)
            .details("What it has open ends within a second.")
            .status(204)
            .fails(&[Code::NotFound]),
    ]
}

fn passwords() -> Vec<Route> {
    vec![
        Route::get(
            "/api/account/app-passwords",
            "listAppPasswords",
            "One's own app passwords, without the passwords",
            Requirement::SignedIn,
            list_passwords,
        )
        .pages::<AppPasswordView>(),
        Route::post(
            "/api/account/app-passwords",
            "addAppPassword",
            "Makes a password to sign in to SFTP with",
            Requirement::SignedIn,
            add_password,
        )
        .details("It opens SFTP and nothing else. This answer alone has it; at most 20 a person.")
        .takes::<AppPasswordInput>()
        .status(201)
        .answers::<AppPasswordCreated>()
        .fails(&[Code::Conflict]),
        Route::delete(
            "/api/account/app-passwords/{id}",
            "removeAppPassword",
            "Removes one of one's own app passwords",
            Requirement::SignedIn,
            remove_password,
        )
        .details("What it has open ends within a second.")
        .status(204)
        .fails(&[Code::NotFound]),
    ]
}

async fn list_keys(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<Page<SshKeyView>> {
    Ok(Json(edge.app().ssh_keys(&ctx).await?))
}

async fn add_key(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    extract::Json(input): extract::Json<SshKeyInput>,
) -> Created<SshKeyView> {
    Ok(created(edge.app().create_ssh_key(&ctx, input).await?))
}

async fn remove_key(State(edge): State<Edge>, Caller(ctx): Caller, Path(id): Path<SshKeyId>) -> Done {
    edge.app().delete_ssh_key(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list_passwords(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<Page<AppPasswordView>> {
    Ok(Json(edge.app().app_passwords(&ctx).await?))
}

async fn add_password(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    extract::Json(input): extract::Json<AppPasswordInput>,
) -> Created<AppPasswordCreated> {
    Ok(created(edge.app().create_app_password(&ctx, input).await?))
}

async fn remove_password(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<AppPasswordId>,
) -> Done {
    edge.app().delete_app_password(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
