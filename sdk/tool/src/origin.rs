//! What the author's folder says of a component, so that faults speak of what the author wrote.
//!
//! A component tells neither what it was written in nor where a line of its document stood. Where there is no folder, as for a
//! component of somebody else, faults speak of no language.

use gantry_build::Language;
use gantry_document::{Format, JSON_FILE, Source, TOML_FILE};
use std::{fs, path::Path, sync::Arc};

/// What the interpreter of documents says before the way to what it cannot use.
const UNUSABLE: &str = "the document cannot be used: ";

/// Where a component comes from, as far as it is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    pub(crate) language: Option<Language>,
    document: Option<Arc<Document>>,
}

#[derive(Debug)]
struct Document {
    name: &'static str,
    format: Format,
    text: String,
}

impl Origin {
    /// Of what is built from a folder.
    pub(crate) fn of(folder: &Path) -> Self {
        let language = Language::of(folder);
        let read = |(name, format): (&'static str, Format)| {
            Some(Document { name, format, text: fs::read_to_string(folder.join(name)).ok()? })
        };
        let files = [(TOML_FILE, Format::Toml), (JSON_FILE, Format::Json)];
        let document = files.into_iter().find_map(read).filter(|_| language == Some(Language::Declarative));
        Self { language, document: document.map(Arc::new) }
    }

    /// Words of the interpreter, with the line of the document that they are about.
    pub(crate) fn placed(&self, words: &str) -> String {
        let (before, way) = match words.split_once(UNUSABLE) {
            Some((before, way)) => (format!("{before}{UNUSABLE}"), way),
            None => (String::new(), words),
        };
        match self.place(way) {
            Some(place) => format!("{before}{place}, at {way}"),
            None => words.to_owned(),
        }
    }

    /// Where the way leads that these words begin with.
    fn place(&self, words: &str) -> Option<String> {
        let Document { name, format, text } = self.document.as_deref()?;
        let (way, _) = words.split_once(": ")?;
        Some(format!("{name}, {}", Source::new(*format, text)?.place(way)?))
    }

    /// What an author does about a crash, in the words of the language.
    pub(crate) const fn after_a_crash(&self) -> &'static str {
        match self.language {
            Some(Language::Rust) => {
                "The log names the place of a panic. Where it is silent, the code wants what no plugin has: files, clocks, sockets, \
                 threads or the environment."
            }
            Some(Language::JavaScript) => {
                "The log names the place of what was thrown, or what in the answer does not fit."
            }
            Some(Language::Python) => {
                "The log names the place of what was raised, or what in the answer does not fit. Where it is silent, the code wants what \
                 no plugin has: files, clocks, sockets, threads or the environment, as `open` and `time` do."
            }
            Some(Language::Declarative) => "The log names the place in the document: correct it there.",
            None => {
                "The log names the place of a panic or of what was thrown. Where it is silent, the code wants what no plugin has: files, \
                 clocks, sockets, threads or the environment."
            }
        }
    }
}
