//! A call from its question to its end, in one file: JSON lines, so that a file that was cut off is seen to be.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Mask, Player, Question, Recorder, Told};
use crate::capability::{CallContext, Grants};
use crate::error::CallError;
use crate::fair::Plugin;

/// What the first line says of the rest.
const FORMAT: &str = "gantry-record-1";

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ended {
    /// With this answer.
    Answer(Value),
    /// The plugin said no.
    Failed {
        /// Its code.
        code: String,
        /// Its words.
        message: String,
    },
    /// It broke a rule.
    Stopped {
        /// Which, by its stable name.
        reason: String,
        /// In words.
        message: String,
    },
    /// The host could not ask.
    Host {
        /// Why.
        message: String,
    },
}

impl Ended {
    fn of(outcome: &Result<Value, CallError>) -> Self {
        match outcome {
            Ok(answer) => Self::Answer(answer.clone()),
            Err(CallError::Failed(no)) => Self::Failed { code: no.code.clone(), message: no.message.clone() },
            Err(CallError::Stopped(stop)) => {
                Self::Stopped { reason: stop.reason.as_str().to_owned(), message: stop.message.clone() }
            }
            Err(CallError::Refused(refusal)) => Self::Host { message: refusal.to_string() },
            Err(CallError::Host(error)) => Self::Host { message: error.to_string() },
        }
    }
}

/// All that is needed to ask once more.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The manifest id.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// Lower-case hexadecimal SHA-256 of the component.
    pub digest: String,
    /// What the call was granted.
    pub grants: Grants,
    /// What was asked.
    pub question: Question,
    /// What the call asked in turn, and was told.
    pub told: Vec<Told>,
    /// What came of it.
    pub ended: Ended,
}

/// Why a text is no record.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct RecordError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

/// What came of asking once more.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    /// How it ended this time.
    pub ended: Ended,
    /// What it asked that is not recorded.
    pub strange: Vec<String>,
    /// What was recorded and not asked.
    pub unasked: Vec<Told>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    plugin: String,
    version: String,
    digest: String,
    grants: Grants,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Question(Question),
    Told(Told),
    Ended(Ended),
}

impl Plugin {
    /// Asks, and writes down all of it. `secrets` are kept out of the record.
    pub async fn recorded(
        &self,
        call: &CallContext,
        question: &Question,
        secrets: Vec<String>,
    ) -> (Result<Value, CallError>, Record) {
        let mask = Mask::of(secrets.clone());
        let recorder = Recorder::new(secrets);
        let heard = CallContext { lent: recorder.lend(&call.lent), ..call.clone() };
        let outcome = self.ask(&heard, question).await;
        let record = Record {
            plugin: self.manifest().id.clone(),
            version: self.manifest().version.clone(),
            digest: self.digest().to_owned(),
            grants: call.grants.clone(),
            question: covered(&mask, question),
            told: recorder.heard(),
            ended: covered(&mask, &Ended::of(&outcome)),
        };
        (outcome, record)
    }

    /// Asks what a record asks, with the record's answers in the place of the world. The log and nothing else is taken of
    /// `call`.
    pub async fn replay(&self, call: &CallContext, record: &Record) -> Replayed {
        let player = Player::new(record.told.clone());
        let call = CallContext { grants: record.grants.clone(), lent: player.lent(), ..call.clone() };
        let outcome = self.ask(&call, &record.question).await;
        Replayed { ended: Ended::of(&outcome), strange: player.strange(), unasked: player.rest() }
    }
}

/// The value without secrets. What cannot be read again then had a secret in the place of a name; it is kept as it was.
fn covered<T: Serialize + for<'a> Deserialize<'a> + Clone>(mask: &Mask, value: &T) -> T {
    let covered = serde_json::to_value(value).map(|value| mask.cover(value));
    covered.and_then(serde_json::from_value).unwrap_or_else(|_| value.clone())
}

impl Record {
    /// As the text of a file.
    #[must_use]
    pub fn to_lines(&self) -> String {
        let Self { plugin, version, digest, grants, question, told, ended } = self;
        let mut text = String::new();
        let mut line = |value: Value| {
            // Text grows without fault.
            writeln!(text, "{value}").ok();
        };
        line(
            json!({ "format": FORMAT, "plugin": plugin, "version": version, "digest": digest, "grants": grants }),
        );
        line(json!({ "question": question }));
        for told in told {
            line(json!({ "told": told }));
        }
        line(json!({ "ended": ended }));
        text
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// It is no record, or not whole.
    pub fn from_lines(text: &str) -> Result<Self, RecordError> {
        let wrong = |line: usize, message: &str| RecordError { line: line + 1, message: message.to_owned() };
        let mut lines = text.lines().enumerate();
        let (_, first) = lines.next().ok_or_else(|| wrong(0, "it is empty"))?;
        let header: Header =
            serde_json::from_str(first).map_err(|error| wrong(0, &format!("it is no record: {error}")))?;
        if header.format != FORMAT {
            return Err(wrong(0, &format!("its format is {:?}, not {FORMAT:?}", header.format)));
        }
        let (mut question, mut told, mut ended) = (None, Vec::new(), None);
        for (number, line) in lines {
            match serde_json::from_str(line).map_err(|error| wrong(number, &error.to_string()))? {
                Line::Question(found) => question = Some(found),
                Line::Told(found) => told.push(found),
                Line::Ended(found) => ended = Some(found),
            }
        }
        let Header { plugin, version, digest, grants, .. } = header;
        match (question, ended) {
            (Some(question), Some(ended)) => {
                Ok(Self { plugin, version, digest, grants, question, told, ended })
            }
            (_, _) => Err(wrong(text.lines().count(), "it ends too early")),
        }
    }
}
