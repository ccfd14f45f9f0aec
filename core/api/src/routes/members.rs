//! Subusers of a server and their permissions.

use super::{Answer, Done, created};
use crate::{
    edge::Edge,
    extract::{self, Caller, Path},
    guard::{self, Key, Preset},
    problem::EdgeError,
    route::{Requirement, Route},
    wire::{MemberInput, MemberUpdate, MemberView, Page, PermissionView},
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use gantry_types::{ServerId, UserId, permission::Permission, problem::Code};
use http::StatusCode;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/permissions",
            "listPermissions",
            "Everything that a member can be allowed",
            Requirement::SignedIn,
            permissions,
        )
        .pages::<PermissionView>(),
        Route::get(
            "/api/servers/{id}/members",
            "listMembers",
            "Who else may use the server",
            Requirement::Server(Permission::MembersRead),
            list,
        )
        .pages::<MemberView>(),
        Route::post(
            "/api/servers/{id}/members",
            "addMember",
            "Invites somebody who has an account",
            Requirement::Server(Permission::MembersCreate),
            add,
        )
        .details(
            "None but one's own permissions can be given away. It takes effect at once, so the answer tells whether an \
             address has an account here, and who that is; whoever is no administrator may ask 20 times an hour.",
        )
        .idempotent()
        .takes::<MemberInput>()
        .status(201)
        .answers::<MemberView>()
        .fails(&[Code::Conflict]),
        Route::patch(
            "/api/servers/{id}/members/{userId}",
            "updateMember",
            "Replaces a member's permissions",
            Requirement::Server(Permission::MembersUpdate),
            update,
        )
        .details("None but one's own permissions can be given or taken away.")
        .takes::<MemberUpdate>()
        .answers::<MemberView>(),
        Route::delete(
            "/api/servers/{id}/members/{userId}",
            "removeMember",
            "Removes a member",
            Requirement::Server(Permission::MembersDelete),
            remove,
        )
        .details("What the member has open ends within a second.")
        .status(204),
    ]
}

async fn list(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
) -> Answer<Page<MemberView>> {
    Ok(Json(edge.app().list_members(&ctx, id).await?))
}

async fn add(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    extract::Json(input): extract::Json<MemberInput>,
) -> Response {
    let user = ctx.actor.user_id;
    let knows_everybody = ctx.actor.is_administrator();
    let adding = async { Ok::<_, EdgeError>(created(edge.app().invite_member(&ctx, id, input).await?)) };
    if knows_everybody {
        return adding.await.into_response();
    }
    // Membership begins at once, so the answer tells who has an account: nobody asks that about a list of addresses.
    guard::within(&edge, Preset::Addresses, Key::User(user), adding).await
}

async fn update(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, user)): Path<(ServerId, UserId)>,
    extract::Json(input): extract::Json<MemberUpdate>,
) -> Answer<MemberView> {
    Ok(Json(edge.app().update_member(&ctx, id, user, input).await?))
}

async fn remove(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, user)): Path<(ServerId, UserId)>,
) -> Done {
    edge.app().remove_member(&ctx, id, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn permissions() -> Json<Page<PermissionView>> {
    Json(gantry_app::permissions())
}
