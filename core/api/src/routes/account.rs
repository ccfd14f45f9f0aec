//! First setup, signing in and out, tickets for WebSockets, one's own account.

use super::Answer;
use crate::{
    edge::Edge,
    extract::{self, Caller, Whence},
    guard::{self, Checked, Key, Preset, session},
    problem::EdgeError,
    route::{Requirement, Route},
    wire::{
        AccountUpdate, AllowanceView, CurrentSession, SetupInput, SetupStatus, SignInInput, SignedIn,
        TicketView, UserView,
    },
};
use axum::{
    Extension, Json,
    extract::State,
    response::{IntoResponse, Response},
};
use gantry_types::problem::Code;
use http::StatusCode;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/setup", "setupStatus", "Whether the first administrator still has to be made", Requirement::Public, setup_status)
            .answers::<SetupStatus>(),
        Route::post("/api/setup", "setup", "Makes the first administrator and signs them in", Requirement::Public, setup)
            .details("Only while there is no user. From another machine than the control plane's it needs the one-time token that the control plane printed.")
            .preset(Preset::Auth)
            .takes::<SetupInput>()
            .status(201)
            .answers::<CurrentSession>()
            .fails(&[Code::AlreadySetUp, Code::SetupTokenRequired]),
        Route::post("/api/auth/sign-in/email", "signIn", "Signs in with e-mail address and password", Requirement::Public, sign_in)
            .details("The session comes as a cookie that scripts cannot read. It lasts 7 days and is refreshed by use once a day.")
            .preset(Preset::Auth)
            .takes::<SignInInput>()
            .answers::<CurrentSession>()
            .fails(&[Code::WrongCredentials, Code::Overloaded]),
        Route::post("/api/auth/sign-out", "signOut", "Ends the session", Requirement::SignedIn, sign_out).status(204),
        Route::get("/api/auth/get-session", "session", "Who is signed in", Requirement::SignedIn, current)
            .answers::<CurrentSession>(),
        Route::get("/api/ws/token", "ticket", "A one-time ticket that opens a WebSocket within 30 seconds", Requirement::SignedIn, ticket)
            .answers::<TicketView>(),
        Route::get("/api/account", "account", "One's own account", Requirement::SignedIn, account).answers::<UserView>(),
        Route::patch("/api/account", "updateAccount", "Changes one's own name, e-mail address or password", Requirement::SignedIn, update_account)
            .details("A new e-mail address or password takes the present password. Such changes count 3 in 15 minutes a person, whether they succeed or not.")
            .takes::<AccountUpdate>()
            .answers::<UserView>()
            .fails(&[Code::WrongCredentials, Code::EmailTaken]),
        Route::get("/api/account/allowance", "ownAllowance", "What one's own servers may take of all nodes together, and what is left", Requirement::SignedIn, allowance)
            .answers::<AllowanceView>(),
    ]
}

async fn setup_status(State(edge): State<Edge>, Whence(origin): Whence) -> Answer<SetupStatus> {
    Ok(Json(edge.app().setup_status(&origin).await?))
}

async fn setup(
    State(edge): State<Edge>,
    Whence(origin): Whence,
    extract::Json(input): extract::Json<SetupInput>,
) -> Result<Response, EdgeError> {
    let signed_in = edge.app().setup(&origin, input).await?;
    Ok((StatusCode::CREATED, begun(&edge, signed_in)).into_response())
}

async fn sign_in(
    State(edge): State<Edge>,
    Whence(origin): Whence,
    extract::Json(input): extract::Json<SignInInput>,
) -> Result<Response, EdgeError> {
    Ok(begun(&edge, edge.app().sign_in(&origin, input).await?))
}

/// Hands the token to the browser, in the cookie and nowhere else.
fn begun(edge: &Edge, signed_in: SignedIn) -> Response {
    let mut response = Json(signed_in.current).into_response();
    session::keep(response.headers_mut(), edge.https(), &signed_in.token);
    response
}

async fn sign_out(State(edge): State<Edge>, Caller(ctx): Caller) -> Result<Response, EdgeError> {
    edge.app().sign_out(&ctx).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    session::forget(response.headers_mut(), edge.https());
    Ok(response)
}

async fn current(Extension(Checked(session)): Extension<Checked>) -> Json<CurrentSession> {
    Json(session)
}

async fn ticket(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<TicketView> {
    Ok(Json(edge.app().issue_ticket(&ctx).await?))
}

async fn account(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<UserView> {
    Ok(Json(edge.app().account(&ctx).await?))
}

async fn allowance(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<AllowanceView> {
    Ok(Json(edge.app().own_allowance(&ctx).await?))
}

async fn update_account(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    extract::Json(input): extract::Json<AccountUpdate>,
) -> Response {
    let tries_password = input.email.is_some() || input.new_password.is_some();
    let user = ctx.actor.user_id;
    let change = async { Ok::<_, EdgeError>(Json(edge.app().update_account(&ctx, input).await?)) };
    if tries_password {
        // Whoever found a session open must not find out the password through it.
        guard::within(&edge, Preset::Sensitive, Key::User(user), change).await
    } else {
        change.await.into_response()
    }
}
