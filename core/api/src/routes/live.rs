//! One WebSocket per page for all that changes.

use crate::{
    route::{Requirement, Route},
    sockets,
    wire::{LiveClientFrame, LiveFrame, LiveNotice},
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/ws/live", "liveSocket", "Changes as they happen", Requirement::Ticket(None), sockets::live)
            .details("A WebSocket of text frames, each one JSON value: `LiveClientFrame` up, `LiveFrame` and `LiveNotice` down, at most 64 KiB each way up.")
            .unhurried()
            .mentions::<LiveClientFrame>()
            .mentions::<LiveFrame>()
            .mentions::<LiveNotice>()
            .status(101),
    ]
}
