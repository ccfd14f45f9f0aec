//! The contract: a file in, a document and its losses out.

use crate::{Loss, Severity, convert};
use gantry_plugin::prelude as wit;

/// Most losses that a host takes, with some room.
const MOST_LOSSES: usize = 1_000;

/// The plugin.
#[derive(Debug)]
pub struct Eggs;

impl wit::Importer for Eggs {
    fn convert(file_name: &str, content: &[u8]) -> Result<wit::Imported, wit::Failure> {
        let no_egg = |message| wit::Failure { code: "no_egg".to_owned(), message, retry_after_ms: None };
        let conversion = convert(file_name, content).map_err(no_egg)?;
        let loss = |loss: Loss| wit::Loss {
            severity: match loss.severity {
                Severity::Different => wit::Severity::Different,
                Severity::Lost => wit::Severity::Lost,
            },
            at: loss.at,
            what: loss.what,
            meaning: loss.meaning,
        };
        let mut losses: Vec<wit::Loss> = conversion.losses.into_iter().map(loss).collect();
        if losses.len() > MOST_LOSSES {
            let more = losses.split_off(MOST_LOSSES - 1);
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
            document: conversion.document.to_json(),
            losses,
        })
    }
}

gantry_plugin::export!(Eggs);
