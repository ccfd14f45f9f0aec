//! Edits of files that tenants write: no file breaks an editor, and what was set once is set.

#![no_main]

use arbitrary::Arbitrary;
use gantry_files::config::apply;
use gantry_types::plan::{Condition, ConfigFormat, Edit, Notation};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    format: u8,
    text: &'a str,
    edits: Vec<Change<'a>>,
}

#[derive(Arbitrary, Debug)]
struct Change<'a> {
    at: &'a str,
    value: &'a str,
    condition: u8,
    there: &'a str,
    notation: u8,
}

impl Change<'_> {
    fn edit(&self) -> Edit {
        let condition = match self.condition % 5 {
            0 => Condition::Always,
            1 => Condition::Absent,
            2 => Condition::Present,
            3 => Condition::Equals(self.there.to_owned()),
            _ => Condition::Matches(self.there.to_owned()),
        };
        let notation = match self.notation % 5 {
            0 => Notation::LikeThere,
            1 => Notation::Text,
            2 => Notation::Number,
            3 => Notation::Boolean,
            _ => Notation::Document,
        };
        Edit { condition, notation, ..Edit::new(self.at, self.value) }
    }
}

fuzz_target!(|input: Input<'_>| {
    let format = match input.format % 7 {
        0 => ConfigFormat::Properties,
        1 => ConfigFormat::Ini,
        2 => ConfigFormat::Json,
        3 => ConfigFormat::Toml,
        4 => ConfigFormat::Yaml,
        5 => ConfigFormat::Xml,
        _ => ConfigFormat::Lines,
    };
    let edits: Vec<Edit> = input.edits.iter().map(Change::edit).collect();
    let Ok(once) = apply(format, input.text, &edits) else { return };
    // Several edits may meet in one place; alone, the last one has nothing left to do.
    if let Some(last) = edits.last() {
        let twice = apply(format, &once, std::slice::from_ref(last));
        assert_eq!(twice.as_deref(), Ok(once.as_str()), "{format:?}");
    }
    let body = once.trim_start_matches('\u{feff}');
    if format == ConfigFormat::Json && !once.trim().is_empty() {
        // A number too large for a reader is one nevertheless.
        serde_json::from_str::<serde::de::IgnoredAny>(body).expect("it stays JSON");
    }
    if matches!(format, ConfigFormat::Yaml | ConfigFormat::Xml | ConfigFormat::Toml) {
        assert!(apply(format, &once, &[]).is_ok(), "it stays {format:?}");
    }
});
