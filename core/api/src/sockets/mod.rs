//! WebSockets: bounded on every side, let in by a one-time ticket, and ended when the right to them ends.
//!
//! A socket is one loop in one task: what it hears and what it says take turns, so a reader that does not read holds up
//! nobody but itself, and is dropped when a frame cannot be handed over in time. Feeds drop or mark what a slow reader
//! missed; nothing queues here.

mod console;
mod link;
mod live;
mod seats;

pub(crate) use console::console;
pub(crate) use link::link;
pub(crate) use live::live;
pub(crate) use seats::Seats;

use crate::extract;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use futures_util::SinkExt;
use serde::{Serialize, de::DeserializeOwned};
use std::{iter, time::Duration};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout};

/// Largest frame and message that a browser may send, in bytes.
const FRAME: usize = 64 * 1024;
/// What is read of a socket at once, in bytes, and held for as long as it is open: pages say little, and very many are open.
const READ_BUFFER: usize = 4 * 1024;
/// What may wait in a socket's write buffer, in bytes.
const WRITE_BUFFER: usize = 1024 * 1024;
/// How long the first frame may take.
const FIRST_FRAME: Duration = Duration::from_secs(5);
/// How often the other end is asked whether it still listens.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// How long it may say nothing, pongs included.
const SILENCE: Duration = Duration::from_secs(60);
/// How long the other end may take to answer a close.
const CLOSING: Duration = Duration::from_secs(1);
/// Most frames that are handed over together.
const TOGETHER: usize = 64;
/// How long they may take to be handed over, and one alone.
const HAND_OVER: Duration = Duration::from_secs(10);

/// Why a socket is closed, as its close code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goodbye {
    /// The control plane stops; come back in a moment.
    Closing,
    /// A frame that could not be understood.
    Unreadable,
    /// What is no WebSocket.
    Violated,
    /// A text that is none.
    NoText,
    /// A frame or message of more than [`FRAME`] bytes. What is left of it is not read.
    TooLong,
    /// No ticket, a spent one, or a session that has ended.
    NotSignedIn,
    /// What was asked for may not be seen, or no longer.
    Forbidden,
    /// The stream ended; connect again and fetch again what is shown.
    Again,
    /// The person has as many sockets open as anybody may.
    TooMany,
    /// Nothing was heard, or nothing could be handed over.
    Silent,
}

impl Goodbye {
    const fn code(self) -> u16 {
        match self {
            Self::Closing => 1001,
            Self::Violated => 1002,
            Self::NoText => 1007,
            Self::TooLong => 1009,
            Self::Unreadable => 4400,
            Self::NotSignedIn => 4401,
            Self::Forbidden => 4403,
            Self::Again => 4409,
            Self::TooMany => 4429,
            Self::Silent => 4408,
        }
    }

    const fn reason(self) -> &'static str {
        match self {
            Self::Closing => "the control plane stops",
            Self::Violated => "the WebSocket protocol was not kept",
            Self::NoText => "a text is not UTF-8",
            Self::TooLong => "a frame is too long",
            Self::Unreadable => "a frame could not be understood",
            Self::NotSignedIn => "no session",
            Self::Forbidden => "not allowed",
            Self::Again => "connect again",
            Self::TooMany => "too many sockets",
            Self::Silent => "too slow",
        }
    }
}

/// The upgrade with its limits.
fn bounded(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    let read = upgrade.read_buffer_size(READ_BUFFER).max_frame_size(FRAME).max_message_size(FRAME);
    read.max_write_buffer_size(WRITE_BUFFER)
}

/// One browser at the other end.
struct Talk {
    socket: WebSocket,
    heard: Instant,
    heartbeat: Interval,
}

impl Talk {
    fn new(socket: WebSocket) -> Self {
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { socket, heard: Instant::now(), heartbeat }
    }

    /// The next text frame; an error once there will be none. May be dropped at any await.
    async fn hear(&mut self) -> Result<Utf8Bytes, Goodbye> {
        loop {
            tokio::select! {
                message = self.socket.recv() => {
                    self.heard = Instant::now();
                    match message {
                        Some(Ok(Message::Text(text))) => return Ok(text),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Ok(Message::Binary(_))) => return Err(Goodbye::Unreadable),
                        Some(Err(error)) => return Err(broken(&error)),
                        Some(Ok(Message::Close(_))) | None => return Err(Goodbye::Closing),
                    }
                }
                _ = self.heartbeat.tick() => {
                    if self.heard.elapsed() > SILENCE {
                        return Err(Goodbye::Silent);
                    }
                    self.hand_over(Message::Ping(Default::default())).await?;
                }
            }
        }
    }

    /// The first frame, in time.
    async fn first<T: DeserializeOwned>(&mut self) -> Result<T, Goodbye> {
        let text = timeout(FIRST_FRAME, self.hear()).await.map_err(|_| Goodbye::NotSignedIn)??;
        extract::frame(&text).map_err(|_| Goodbye::Unreadable)
    }

    async fn say<T: Serialize>(&mut self, frame: &T) -> Result<(), Goodbye> {
        let text = serde_json::to_string(frame).map_err(|_| Goodbye::Unreadable)?;
        self.hand_over(Message::Text(text.into())).await
    }

    /// Says one frame and what is at hand behind it, handed over together: a page that watches hundreds of servers hears of all
    /// of them each second.
    async fn say_all<T: Serialize>(
        &mut self,
        first: T,
        more: impl FnMut() -> Option<T>,
    ) -> Result<(), Goodbye> {
        let handed_over = timeout(HAND_OVER, async {
            let frames = iter::once(first).chain(iter::from_fn(more).take(TOGETHER - 1));
            for frame in frames {
                let text = serde_json::to_string(&frame).map_err(|_| Goodbye::Unreadable)?;
                self.socket.feed(Message::Text(text.into())).await.map_err(|_| Goodbye::Closing)?;
            }
            self.socket.flush().await.map_err(|_| Goodbye::Closing)
        });
        handed_over.await.unwrap_or(Err(Goodbye::Silent))
    }

    async fn hand_over(&mut self, message: Message) -> Result<(), Goodbye> {
        match timeout(HAND_OVER, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Goodbye::Closing),
            Err(_) => Err(Goodbye::Silent),
        }
    }

    /// Says why and closes. The other end may be gone already, which then is no news.
    async fn close(mut self, goodbye: Goodbye) {
        let frame = CloseFrame { code: goodbye.code(), reason: goodbye.reason().into() };
        if self.hand_over(Message::Close(Some(frame))).await.is_err() {
            tracing::trace!(?goodbye, "the other end had gone");
            return;
        }
        // Bytes that were sent meanwhile must be read: closing over them resets the connection, and the reason is lost.
        // Where they cannot be read any more, the other end is given that time to read the reason.
        let answered = timeout(CLOSING, async {
            while let Some(Ok(_)) = self.socket.recv().await {}
            if goodbye == Goodbye::TooLong {
                std::future::pending::<()>().await;
            }
        });
        let answered = answered.await;
        if answered.is_err() {
            tracing::trace!(?goodbye, "the other end did not answer the close");
        }
    }
}

/// Why nothing more can be heard.
fn broken(error: &axum::Error) -> Goodbye {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<tungstenite::Error>());
    match cause {
        Some(tungstenite::Error::Capacity(_)) => Goodbye::TooLong,
        Some(tungstenite::Error::Utf8(_)) => Goodbye::NoText,
        Some(tungstenite::Error::Protocol(
            tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
        )) => Goodbye::Closing,
        Some(tungstenite::Error::Protocol(_)) => Goodbye::Violated,
        _ => Goodbye::Closing,
    }
}

/// What a refusal of the application means for a whole socket.
fn farewell(error: &gantry_app::AppError) -> Goodbye {
    match error.code().status() {
        401 => Goodbye::NotSignedIn,
        403 | 404 => Goodbye::Forbidden,
        _ => Goodbye::Closing,
    }
}
