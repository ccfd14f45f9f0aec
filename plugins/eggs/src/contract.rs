//! The contract: a file in, a document and its losses out.

use crate::{Loss, Severity, convert};
use gantry_plugin::prelude as wit;

/// Most losses that a host takes, with some room.
const MOST_LOSSES: usize = 1_000;
/// Longest text of a loss and of a refusal, in characters, and of all losses together, in bytes.
const LONGEST: usize = 1_000;
const MOST_BYTES: usize = 1 << 20;
/// Largest document that a host takes, in bytes.
const MOST_DOCUMENT: usize = 1 << 20;

/// The plugin.
#[derive(Debug)]
pub struct Eggs;

impl wit::Importer for Eggs {
    fn convert(file_name: &str, content: &[u8]) -> Result<wit::Imported, wit::Failure> {
        let no_egg = |message: String| wit::Failure {
            code: "no_egg".to_owned(),
            message: cut(&message),
            retry_after_ms: None,
        };
        let conversion = convert(file_name, content).map_err(no_egg)?;
        let document = conversion.document.to_json();
        if document.len() > MOST_DOCUMENT {
            return Err(no_egg(format!(
                "{file_name} is too large: the document that it would become has {} bytes, and may have {MOST_DOCUMENT}.",
                document.len()
            )));
        }
        let loss = |loss: Loss| wit::Loss {
            severity: match loss.severity {
                Severity::Different => wit::Severity::Different,
                Severity::Lost => wit::Severity::Lost,
            },
            at: cut(&loss.at),
            what: cut(&loss.what),
            meaning: cut(&loss.meaning),
        };
        let mut losses: Vec<wit::Loss> = conversion.losses.into_iter().map(loss).collect();
        let kept = fitting(&losses);
        if kept < losses.len() {
            let more = losses.split_off(kept);
            losses.push(wit::Loss {
                severity: wit::Severity::Lost,
                at: String::new(),
                what: format!("There are {} more; the first of them is at {}.", more.len(), more[0].at),
                meaning: "The egg has more that cannot be kept than a report can tell.".to_owned(),
            });
        }
        Ok(wit::Imported {
            id: conversion.document.plugin.id.clone(),
            name: conversion.document.blueprint.name.clone(),
            document,
            losses,
        })
    }
}

fn cut(text: &str) -> String {
    if text.chars().nth(LONGEST).is_none() {
        return text.to_owned();
    }
    text.chars().take(LONGEST - 1).chain(['\u{2026}']).collect()
}

/// How many of the losses a report has room for, with one that tells of the rest.
fn fitting(losses: &[wit::Loss]) -> usize {
    let mut bytes = 0;
    let within = losses.iter().take_while(|loss| {
        bytes += loss.at.len() + loss.what.len() + loss.meaning.len();
        bytes <= MOST_BYTES
    });
    match within.count() {
        all if all == losses.len() && all <= MOST_LOSSES => all,
        some => some.min(MOST_LOSSES - 1),
    }
}

gantry_plugin::export!(Eggs);
