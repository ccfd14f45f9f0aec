//! The daemons' side: joining, and the link.

use super::{Created, created};
use crate::{
    edge::Edge,
    extract::{self, Whence},
    guard::Preset,
    route::{Requirement, Route},
    sockets,
    wire::{EnrollRequest, EnrollResponse},
};
use axum::extract::State;
use gantry_types::problem::Code;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/api/daemon/enroll",
            "enrollDaemon",
            "Turns a daemon into the node that its one-time token was made for",
            Requirement::Daemon,
            enroll,
        )
        .preset(Preset::Auth)
        .takes::<EnrollRequest>()
        .status(201)
        .answers::<EnrollResponse>()
        .fails(&[Code::EnrollmentRefused]),
        Route::get(
            "/api/daemon/link",
            "daemonLink",
            "The WebSocket that a daemon dials and then serves its API over",
            Requirement::Daemon,
            sockets::link,
        )
        .unhurried()
        .status(101),
    ]
}

async fn enroll(
    State(edge): State<Edge>,
    Whence(origin): Whence,
    extract::Json(request): extract::Json<EnrollRequest>,
) -> Created<EnrollResponse> {
    Ok(created(edge.app().enroll_daemon(&origin, request).await?))
}
