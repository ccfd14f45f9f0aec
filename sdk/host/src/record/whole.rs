//! A call from its question to its end, in one file: JSON lines, so that a file that was cut off is seen to be.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Mask, Player, Question, Recorder, Told};
use crate::capability::{CallContext, Grants};
use crate::error::{CallError, Stop};
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
            Err(CallError::Stopped(stop)) => Self::stopped(stop),
            Err(CallError::Refused(refusal)) => Self::Host { message: refusal.to_string() },
            Err(CallError::Host(error)) => Self::Host { message: error.to_string() },
        }
    }

    pub(crate) fn stopped(stop: &Stop) -> Self {
        Self::Stopped { reason: stop.reason.as_str().to_owned(), message: stop.message.clone() }
    }

    fn covered(self, mask: &Mask) -> Self {
        match self {
            Self::Answer(answer) => Self::Answer(mask.cover(answer)),
            Self::Failed { code, message } => {
                Self::Failed { code: mask.text(code), message: mask.text(message) }
            }
            Self::Stopped { reason, message } => Self::Stopped { reason, message: mask.text(message) },
            Self::Host { message } => Self::Host { message: mask.text(message) },
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
    /// Whether it was told more than a host keeps of a call: this can be read, and not be replayed.
    pub is_cut: bool,
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
    #[serde(default)]
    cut: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Question(Question),
    Told(Told),
    Ended(Ended),
}

impl Plugin {
    /// Asks, and writes down all of it. `secrets` are kept out of the record; there is none where it could not be read again
    /// without them.
    pub async fn recorded(
        &self,
        call: &CallContext,
        question: &Question,
        secrets: Vec<String>,
    ) -> (Result<Value, CallError>, Option<Record>) {
        let recorder = Recorder::new(Vec::new());
        let heard = CallContext { lent: recorder.lend(&call.lent), ..call.clone() };
        let outcome = self.ask(&heard, question).await;
        let component = Component {
            plugin: self.manifest().id.clone(),
            version: self.manifest().version.clone(),
            digest: self.digest().to_owned(),
            grants: call.grants.clone(),
        };
        let record = Record::of(component, question, &recorder, secrets, Ended::of(&outcome));
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

/// Which component was asked, and what it was granted.
pub(crate) struct Component {
    pub(crate) plugin: String,
    pub(crate) version: String,
    pub(crate) digest: String,
    pub(crate) grants: Grants,
}

/// What stands under these names in a question is one of the contract's own words, and no secret whatever it is like.
const WORDS: [&str; 2] = ["call", "protocol"];

/// The question without secrets; nothing where it cannot be read again then.
fn covered(mask: &Mask, question: &Question) -> Option<Question> {
    fn cover(mask: &Mask, value: Value) -> Value {
        match value {
            Value::Object(map) => {
                let each = |(key, each): (String, Value)| {
                    let is_word = WORDS.contains(&key.as_str()) && each.is_string();
                    let each = if is_word { each } else { cover(mask, each) };
                    (key, each)
                };
                map.into_iter().map(each).collect::<serde_json::Map<_, _>>().into()
            }
            Value::Array(list) => list.into_iter().map(|each| cover(mask, each)).collect(),
            other => mask.cover(other),
        }
    }
    serde_json::from_value(cover(mask, serde_json::to_value(question).ok()?)).ok()
}

impl Record {
    /// Writes down a call that has ended, without these secrets and those that it was told.
    pub(crate) fn of(
        component: Component,
        question: &Question,
        recorder: &Recorder,
        secrets: Vec<String>,
        ended: Ended,
    ) -> Option<Self> {
        let mask = recorder.mask(secrets);
        let Component { plugin, version, digest, grants } = component;
        let question = covered(&mask, question)?;
        let (told, is_cut, ended) = (recorder.written(&mask), recorder.is_cut(), ended.covered(&mask));
        Some(Self { plugin, version, digest, grants, question, told, is_cut, ended })
    }

    /// As the text of a file.
    #[must_use]
    pub fn to_lines(&self) -> String {
        let Self { plugin, version, digest, grants, question, told, is_cut, ended } = self;
        let mut text = String::new();
        let mut line = |value: Value| {
            // Text grows without fault.
            writeln!(text, "{value}").ok();
        };
        let mut header = json!({
            "format": FORMAT, "plugin": plugin, "version": version, "digest": digest, "grants": grants,
        });
        if *is_cut {
            header["cut"] = true.into();
        }
        line(header);
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
        let Header { plugin, version, digest, grants, cut: is_cut, .. } = header;
        match (question, ended) {
            (Some(question), Some(ended)) => {
                Ok(Self { plugin, version, digest, grants, question, told, is_cut, ended })
            }
            (_, _) => Err(wrong(text.lines().count(), "it ends too early")),
        }
    }
}
