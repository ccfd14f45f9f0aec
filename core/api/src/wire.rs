//! The shapes on the wire.
//!
//! Views and inputs belong to the use cases, which build each view for one actor; the edge adds what only a WebSocket
//! says. Fields are camelCase, times RFC 3339 in UTC, ids UUIDs; a request's field that is unknown is an error.

pub use gantry_app::{
    ConsoleFrame, LiveFrame,
    inputs::*,
    views::*,
    wire::{
        ConsoleLine, ConsolePage, EnrollRequest, EnrollResponse, FileEntry, FileKind, FileListing,
        FileOutcome, FileSaved, NodeReport, SystemReport,
    },
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a client says on `/api/ws/live`. The first frame, within 5 seconds, is `authenticate`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum LiveClientFrame {
    Authenticate {
        /// From `GET /api/ws/token`.
        token: String,
    },
    /// Replaces the topics: `servers` (every server that one may see, without samples), `server:<id>` (one server with
    /// its samples), `operations`, `nodes` (administrators), `node:<id>` (one node's machine each second; administrators), `plugins`.
    Subscribe { topics: Vec<String> },
}

/// What the server says on `/api/ws/live` about the socket itself. All else is a `LiveFrame`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveNotice {
    /// The topics are followed from here on.
    Subscribed { topics: Vec<String> },
    /// The stream ends and the socket closes: the session has ended, or too much was missed. A page that still has a
    /// session connects again and fetches again what it shows.
    Ended,
}

/// What a client says on `/api/ws/console/{id}`. The first frame, within 5 seconds, is `authenticate`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ConsoleClientFrame {
    Authenticate {
        /// From `GET /api/ws/token`.
        token: String,
        /// The last line that the client has; the recent end of the console follows when left out.
        after: Option<u64>,
    },
    Command {
        /// Of the client's choosing, at most 64 bytes; the answer repeats it.
        id: String,
        command: String,
    },
}
