//! What a call asked of its embedder and was answered, written down and said again.
//!
//! All that a guest learns while it runs comes through what it is lent, so a call that is given the same arguments and the
//! same answers does the same again, byte for byte: at another desk, on another day. A [`Recorder`] stands between a call
//! and what is lent to it; a [`Player`] stands in the place of all of it and answers from what was written. The host's own
//! answers (a denied capability, a limit, the plugin's files) need no record: they are the same wherever the grants are.
//!
//! A [`Record`] is all of it in one file: which component, the [`Question`], what was told, and how it ended.
//!
//! Secrets are replaced wherever they appear, also in what is sent, by as many asterisks (see `mask`): what depends on their
//! length stays the same, and nobody who reads a record learns them. What a plugin makes of a secret (a part of it, its hash) is
//! not recognised: it stands in the record, and the call then asks otherwise when it is replayed.
//!
//! In production every call has a recorder whose embedder says what is secret ([`Discretion`](crate::Discretion)). What it holds is
//! written down only if the call is stopped, and kept, bounded, for an administrator who hands it to the author (`kept`).
//!
//! What is recorded are the questions and answers that cross the second wall (`lend`), in the form that `written` gives them. The
//! call itself is a [`Question`] in the words of `gantry_types`, from before it was put into the contract's (`calls`).
//!
//! Modules in reading order: `written`, `mask`, `recorder`, `player`, `question`, `whole`, `keeper`, `kept`.

mod keeper;
mod kept;
mod mask;
mod player;
mod question;
mod recorder;
mod whole;
mod written;

pub use kept::KeptRecord;
pub use mask::Mask;
pub use player::Player;
pub use question::Question;
pub use recorder::Recorder;
pub use whole::{Ended, Record, RecordError, Replayed};
pub use written::Bytes;

pub(crate) use keeper::Keeper;
pub(crate) use kept::Records;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A question and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The function, as the contract names it: `query.datagram`.
    pub call: String,
    /// Its arguments. Bytes are hexadecimal.
    pub given: Value,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// An answer, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As the function answers it. Bytes are hexadecimal.
    Answer(Value),
    /// As the plugin sees it.
    Failure {
        /// Stable.
        code: String,
        /// For people.
        message: String,
    },
    /// The call ended while it waited for one.
    Unanswered {},
}
