//! What people and scripts see: words or one JSON value on standard output, progress and faults on standard error.

use crate::fault::Fault;
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    io::{self, Write},
    process::ExitCode,
};

/// How a command is answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    pub(crate) json: bool,
}

/// How a command that ran to its end came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Good,
    /// It did its work and found faults, which have been shown.
    Bad,
}

impl Terminal {
    /// The answer of a command: its JSON form, or its words.
    pub(crate) fn answer(self, value: &impl Serialize, words: &str) -> Result<(), Fault> {
        let text = if self.json {
            let text = serde_json::to_string_pretty(value);
            text.map_err(|error| Fault::io("the answer cannot be written", &io::Error::other(error)))?
        } else {
            words.trim_end().to_owned()
        };
        self.line(&text)
    }

    /// A line of an answer that comes bit by bit.
    pub(crate) fn line(self, text: &str) -> Result<(), Fault> {
        let mut out = io::stdout().lock();
        let written = writeln!(out, "{text}").and_then(|()| out.flush());
        written.map_err(|error| Fault::io("the answer cannot be written", &error))
    }

    /// What is being done, and why.
    pub(crate) fn say(self, what: &str, why: &str) {
        let why = if why.is_empty() { String::new() } else { format!(" — {why}") };
        // There is nowhere left to report that stderr is closed.
        drop(writeln!(io::stderr(), "• {what}{why}"));
    }

    /// Something that is no fault, and that the author should know.
    pub(crate) fn warn(self, text: &str) {
        drop(writeln!(io::stderr(), "! {text}"));
    }

    /// Shows what came of a command; answers the program's exit status.
    pub(crate) fn end(self, outcome: Result<Verdict, Fault>) -> ExitCode {
        match outcome {
            Ok(Verdict::Good) => ExitCode::SUCCESS,
            Ok(Verdict::Bad) => ExitCode::FAILURE,
            Err(fault) => {
                if self.json {
                    let value: Value = json!({ "ok": false, "problems": [fault] });
                    drop(writeln!(io::stdout(), "{value:#}"));
                } else {
                    drop(writeln!(io::stderr(), "error: {fault}"));
                }
                ExitCode::FAILURE
            }
        }
    }
}
