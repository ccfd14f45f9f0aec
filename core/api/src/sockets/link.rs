//! `/api/daemon/link`: the socket that a daemon dials. What travels over it is the application's business.

use crate::{edge::Edge, observe::Counted, problem::EdgeError};
use axum::{
    Extension,
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    response::Response,
};
use gantry_app::{
    Network,
    link::{Frame, MAX_FRAME, Mapped},
};

pub(crate) async fn link(
    State(edge): State<Edge>,
    Extension(Counted(address)): Extension<Counted>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, EdgeError> {
    let from = Network::of(address);
    edge.app().has_room_for_link(from)?;
    let seat = edge.sockets().take()?;
    let upgrade = upgrade.max_frame_size(MAX_FRAME).max_message_size(MAX_FRAME);
    Ok(upgrade.on_upgrade(async move |socket| {
        serve(&edge, from, socket).await;
        drop(seat);
    }))
}

/// Until the link ends, which the application logs.
async fn serve(edge: &Edge, from: Network, socket: WebSocket) {
    let link = edge.app().accept_link(from, Mapped::new(socket, decode, encode));
    edge.closing().run_until_cancelled(link).await;
}

fn decode(message: Message) -> Option<Frame> {
    match message {
        Message::Text(text) => Some(Frame::Text(text.to_string())),
        Message::Binary(bytes) => Some(Frame::Binary(bytes)),
        Message::Close(_) => Some(Frame::Close),
        Message::Ping(_) | Message::Pong(_) => None,
    }
}

fn encode(frame: Frame) -> Message {
    match frame {
        Frame::Text(text) => Message::Text(text.into()),
        Frame::Binary(bytes) => Message::Binary(bytes),
        Frame::Close => Message::Close(None),
    }
}
