//! What a call asked of its embedder and was answered, written down and said again.
//!
//! All that a guest learns while it runs comes through what it is lent, so a call that is given the same arguments and the
//! same answers does the same again, byte for byte: at another desk, on another day. A [`Recorder`] stands between a call
//! and what is lent to it; a [`Player`] stands in the place of all of it and answers from what was written. The host's own
//! answers (a denied capability, a limit, the plugin's files) need no record: they are the same wherever the grants are.
//!
//! A [`Record`] is all of it in one file: which component, the [`Question`], what was told, and how it ended.
//!
//! Secrets are replaced wherever they appear, also in what is sent, by as many asterisks: what depends on their length
//! stays the same, and nobody who reads a record learns them. What a plugin makes of a secret (a part of it, its hash) is not
//! recognised: it stands in the record, and the call then asks otherwise when it is replayed.
//!
//! What is recorded are the questions and answers that cross the second wall (`lend`), in the form that `written` gives them. The
//! call itself is a [`Question`] in the words of `gantry_types`, from before it was put into the contract's (`calls`).
//!
//! Modules in reading order: `written`, `recorder`, `player`, `question`, `whole`.

mod player;
mod question;
mod recorder;
mod whole;
mod written;

pub use player::Player;
pub use question::Question;
pub use recorder::Recorder;
pub use whole::{Ended, Record, RecordError, Replayed};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A secret that is shorter appears everywhere by chance; it is replaced where it stands alone.
const SHORTEST: usize = 4;

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
}

/// Replaces secrets in what is written down.
#[derive(Clone, Debug, Default)]
pub struct Mask(Vec<String>);

impl Mask {
    /// Replaces these.
    #[must_use]
    pub fn of(mut secrets: Vec<String>) -> Self {
        secrets.retain(|secret| !secret.is_empty());
        // A secret that is part of another must not spoil it.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(secrets)
    }

    /// The value without any of them.
    #[must_use]
    pub fn cover(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(list) => list.into_iter().map(|each| self.cover(each)).collect(),
            Value::Object(map) => map
                .into_iter()
                .map(|(key, each)| (key, self.cover(each)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            other => other,
        }
    }

    pub(crate) fn text(&self, mut text: String) -> String {
        for secret in &self.0 {
            let cover = "*".repeat(secret.len());
            if secret.len() < SHORTEST {
                if text == *secret {
                    return cover;
                }
                continue;
            }
            text = text.replace(secret.as_str(), &cover);
            text = text.replace(&hex::encode(secret), &hex::encode(&cover));
        }
        text
    }
}
