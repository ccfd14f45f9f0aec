//! `/api/ws/console/{id}`: a console's lines as they come, and commands the other way.

use super::{Goodbye, Talk, bounded, farewell, seats::Seat};
use crate::{
    edge::Edge,
    extract::{self, Path, Whence},
    guard::{Key, Preset},
    observe::Counted,
    problem::EdgeError,
    wire::{CommandInput, ConsoleClientFrame, ConsoleFrame},
};
use axum::{
    Extension,
    extract::{State, WebSocketUpgrade},
    response::Response,
};
use gantry_app::{Network, OpCtx, Origin};
use gantry_types::ServerId;

/// Longest id that a client may give a command.
const COMMAND_ID: usize = 64;

pub(crate) async fn console(
    State(edge): State<Edge>,
    Path(server): Path<ServerId>,
    Whence(origin): Whence,
    Extension(Counted(address)): Extension<Counted>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, EdgeError> {
    let mut seat = edge.sockets().take_as_stranger(Network::of(address))?;
    Ok(bounded(upgrade).on_upgrade(async move |socket| {
        let mut talk = Talk::new(socket);
        let goodbye =
            follow(&edge, server, &origin, &mut seat, &mut talk).await.err().unwrap_or(Goodbye::Closing);
        talk.close(goodbye).await;
        drop(seat);
    }))
}

async fn follow(
    edge: &Edge,
    server: ServerId,
    origin: &Origin,
    seat: &mut Seat,
    talk: &mut Talk,
) -> Result<(), Goodbye> {
    let ConsoleClientFrame::Authenticate { token, after } = talk.first().await? else {
        return Err(Goodbye::NotSignedIn);
    };
    let ctx = edge.app().redeem_ticket(&token, origin).await.map_err(|error| farewell(&error))?;
    seat.is_of(ctx.actor.user_id)?;
    let mut feed = edge.app().console(&ctx, server, after).await.map_err(|error| farewell(&error))?;
    loop {
        tokio::select! {
            () = edge.closing().cancelled() => return Err(Goodbye::Closing),
            text = talk.hear() => {
                let answer = command(edge, &ctx, server, &text?).await?;
                talk.say(&answer).await?;
            }
            frame = feed.next() => match frame {
                Some(ConsoleFrame::Revoked) | None => {
                    talk.say(&ConsoleFrame::Revoked).await?;
                    return Err(Goodbye::Forbidden);
                }
                Some(frame) => talk.say(&frame).await?,
            }
        }
    }
}

/// Passes a command on and says how that went. Each counts against the general limit.
async fn command(edge: &Edge, ctx: &OpCtx, server: ServerId, text: &str) -> Result<ConsoleFrame, Goodbye> {
    let Ok(ConsoleClientFrame::Command { id, command }) = extract::frame(text) else {
        return Err(Goodbye::Unreadable);
    };
    if id.len() > COMMAND_ID {
        return Err(Goodbye::Unreadable);
    }
    let standing = edge.rates().take(Preset::General, Key::User(ctx.actor.user_id));
    let outcome = match standing.and_then(|standing| standing.wait) {
        Some(wait) => Err(EdgeError::RateLimited { wait }),
        None => {
            edge.app().console_command(ctx, server, CommandInput { command }).await.map_err(EdgeError::from)
        }
    };
    Ok(match outcome {
        Ok(()) => ConsoleFrame::Accepted { id },
        Err(error) => {
            let problem = Box::new(error.problem(ctx.origin.request_id.as_deref()));
            ConsoleFrame::Refused { id, problem }
        }
    })
}
