//! Console lines and commands.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsoleSource {
    /// The game's terminal.
    Game,
    /// An install step or an image build.
    Install,
    /// A command that somebody typed.
    Command,
    /// The daemon itself: starts, stops, crashes, gaps.
    Gantry,
}

/// One line. Its text keeps escape sequences and is untrusted; the end of line is removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConsoleLine {
    /// Counts up by one for the life of the server on this node.
    pub seq: u64,
    pub at: DateTime<Utc>,
    pub source: ConsoleSource,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConsolePage {
    pub lines: Vec<ConsoleLine>,
    /// The oldest line that the node still has.
    pub first_seq: u64,
    /// The next line's number.
    pub next_seq: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsoleCommand {
    /// One line without its end.
    pub command: String,
    /// Who typed it, shown beside the echo.
    pub actor: String,
}
