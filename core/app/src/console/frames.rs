//! What travels over a console's WebSocket, in both directions.

use gantry_protocol::ConsoleLine;
use gantry_types::problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One message to a console.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ConsoleFrame {
    /// Lines that follow each other without a hole.
    Lines { lines: Vec<ConsoleLine> },
    /// Lines that will not come, both numbers included: the reader was too slow, or the node no longer has them.
    Gap { from: u64, to: u64 },
    /// The numbering begins again; what was shown before is history.
    Restarted,
    /// Whether lines can come at all.
    Node { connected: bool },
    /// The command of this id reached the game.
    Accepted { id: String },
    /// The command of this id did not.
    Refused { id: String, problem: Box<Problem> },
    /// The right to read this console ended, and so does the stream.
    Revoked,
}
