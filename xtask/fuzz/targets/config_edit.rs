//! Edits of files that tenants write: no file breaks an editor, and what was set once is set.

#![no_main]

use arbitrary::Arbitrary;
use gantry_files::config::apply;
use gantry_types::plan::{ConfigFormat, Edit};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    format: u8,
    text: &'a str,
    edits: Vec<(&'a str, &'a str)>,
}

fuzz_target!(|input: Input<'_>| {
    let format = match input.format % 5 {
        0 => ConfigFormat::Properties,
        1 => ConfigFormat::Ini,
        2 => ConfigFormat::Json,
        3 => ConfigFormat::Toml,
        _ => ConfigFormat::Lines,
    };
    let edit = |(at, value): &(&str, &str)| Edit { at: (*at).to_owned(), value: (*value).to_owned() };
    let edits: Vec<Edit> = input.edits.iter().map(edit).collect();
    let Ok(once) = apply(format, input.text, &edits) else { return };
    // Several edits may meet in one place; alone, the last one has nothing left to do.
    if let Some(last) = edits.last() {
        let twice = apply(format, &once, std::slice::from_ref(last));
        assert_eq!(twice.as_deref(), Ok(once.as_str()), "{format:?}");
    }
    if format == ConfigFormat::Json && !once.trim().is_empty() {
        // A number too large for a reader is one nevertheless.
        serde_json::from_str::<serde::de::IgnoredAny>(once.trim_start_matches('\u{feff}'))
            .expect("it stays JSON");
    }
});
