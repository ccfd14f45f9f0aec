//! A configuration file as a form: looked at, and changed over the version that was read.
//!
//! Whoever fills a form saw a state of the file. Their answers go into that state alone: it is compared when the file is
//! read, and once more right before the new one takes its place, where only the game can still slip in.

use crate::{
    config::{EditError, form},
    error::FilesError,
    jail::Jail,
    path::JailPath,
    place::{Durability, Placing},
    transfer::Version,
};
use gantry_types::{
    page::{PlaceAnswer, PlaceValue},
    plan::ConfigFormat,
};
use serde::{Deserialize, Serialize};
use std::io::Write as _;

/// The largest file that is shown as a form: what an editor of the panel takes.
pub const MAX_FORM_BYTES: u64 = 1 << 20;
/// Longest version that a worker may tell, in bytes.
const VERSION_BYTES: usize = 200;

/// What is looked at, and what is changed before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    pub path: String,
    pub format: ConfigFormat,
    /// As in edits.
    pub places: Vec<String>,
    pub change: Option<Change>,
}

/// Answers over one state of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub version: String,
    pub answers: Vec<PlaceAnswer>,
}

/// A file as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filled {
    pub version: String,
    /// One for each place.
    pub values: Vec<PlaceValue>,
}

impl Filled {
    /// Whether it can be an answer to this form: a worker may say anything.
    pub(crate) fn fits(&self, form: &Form) -> bool {
        let is_plain = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
        self.values.len() == form.places.len()
            && self.version.len() <= VERSION_BYTES
            && self.version.bytes().all(is_plain)
    }

    /// Without control characters in what is said of a place. What stands in the file is told as it is.
    pub(crate) fn plain(mut self) -> Self {
        for value in &mut self.values {
            if let PlaceValue::Unreachable { why } = value {
                *why = why.chars().filter(|letter| !letter.is_control()).take(200).collect();
            }
        }
        self
    }
}

/// One state of a file.
struct State {
    version: Version,
    text: String,
    mode: u32,
}

impl Jail {
    /// Fills a form, in this very process: see [`crate::worker`].
    pub fn fill(&self, form: &Form) -> Result<Filled, FilesError> {
        let path = JailPath::parse(&form.path)?;
        let failed = |source| FilesError::Edit { path: path.to_string(), source };
        if let Some(change) = &form.change {
            self.answer(&path, form.format, change)?;
        }
        let state = self.state(&path)?;
        let values = form::look(form.format, &state.text, &form.places).map_err(failed)?;
        Ok(Filled { version: state.version.as_str().to_owned(), values })
    }

    fn answer(&self, path: &JailPath, format: ConfigFormat, change: &Change) -> Result<(), FilesError> {
        let stale = || FilesError::Stale { path: path.to_string() };
        let read = Version::from_text(&change.version);
        let before = match self.state(path) {
            Ok(state) if state.version == read => state,
            Ok(_) | Err(FilesError::NotFound { .. }) => return Err(stale()),
            Err(error) => return Err(error),
        };
        let after = form::answer(format, &before.text, &change.answers);
        let after = after.map_err(|source| FilesError::Edit { path: path.to_string(), source })?;
        if after == before.text {
            return Ok(());
        }
        if after.len() as u64 > MAX_FORM_BYTES {
            return Err(FilesError::TooLarge { path: path.to_string(), limit: MAX_FORM_BYTES });
        }
        let mut placing = Placing::begin(self, path, before.mode)?;
        let written = placing.file().write_all(after.as_bytes());
        written.map_err(|error| FilesError::io("write", path, error))?;
        match self.open_for_reading(path) {
            Ok(present) if present.version == read => placing.commit(Durability::Synced),
            Ok(_) | Err(FilesError::NotFound { .. }) => Err(stale()),
            Err(error) => Err(error),
        }
    }

    fn state(&self, path: &JailPath) -> Result<State, FilesError> {
        let too_large = || FilesError::TooLarge { path: path.to_string(), limit: MAX_FORM_BYTES };
        let mut opened = self.open_for_reading(path)?;
        if opened.bytes > MAX_FORM_BYTES {
            return Err(too_large());
        }
        let bytes = opened.piece(usize::try_from(MAX_FORM_BYTES).unwrap_or(usize::MAX).saturating_add(1))?;
        if bytes.len() as u64 > MAX_FORM_BYTES {
            return Err(too_large());
        }
        let no_text = |_| FilesError::Edit { path: path.to_string(), source: EditError::NotText };
        let text = String::from_utf8(bytes).map_err(no_text)?;
        Ok(State { version: opened.version.clone(), text, mode: opened.mode()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_types::plan::Notation;
    use std::fs;

    fn form(change: Option<Change>) -> Form {
        let places = vec!["slots".to_owned(), "motd".to_owned()];
        Form { path: "game.conf".to_owned(), format: ConfigFormat::Ini, places, change }
    }

    fn answers(version: &str, value: &str) -> Option<Change> {
        let answer =
            PlaceAnswer { at: "slots".to_owned(), notation: Notation::LikeThere, value: value.to_owned() };
        Some(Change { version: version.to_owned(), answers: vec![answer] })
    }

    #[test]
    fn answers_go_into_the_version_that_was_read_and_into_no_other() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        let jail = Jail::open(root.path(), None).unwrap();
        assert!(matches!(jail.fill(&form(None)), Err(FilesError::NotFound { .. })));
        assert!(matches!(jail.fill(&form(answers("1-2-3", "9"))), Err(FilesError::Stale { .. })));
        fs::write(path("game.conf"), "# mine\nslots = 8\n").unwrap();
        let seen = jail.fill(&form(None)).unwrap();
        assert_eq!(seen.values, [PlaceValue::Text { text: "8".to_owned() }, PlaceValue::Nothing]);
        assert!(seen.fits(&form(None)));

        let saved = jail.fill(&form(answers(&seen.version, "9"))).unwrap();
        assert_eq!(saved.values[0], PlaceValue::Text { text: "9".to_owned() });
        assert_eq!(fs::read_to_string(path("game.conf")).unwrap(), "# mine\nslots = 9\n");
        assert_ne!(saved.version, seen.version);
        assert!(matches!(jail.fill(&form(answers(&seen.version, "7"))), Err(FilesError::Stale { .. })));
        let same = jail.fill(&form(answers(&saved.version, "9"))).unwrap();
        assert_eq!(same, saved, "a file that says the right thing already is not touched");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "nothing is left behind");
    }

    #[test]
    fn what_is_no_text_or_too_large_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        let jail = Jail::open(root.path(), None).unwrap();
        fs::write(path("game.conf"), b"slots = \xff\n").unwrap();
        assert!(matches!(jail.fill(&form(None)), Err(FilesError::Edit { source: EditError::NotText, .. })));
        fs::write(path("game.conf"), vec![b'#'; (1 << 20) + 1]).unwrap();
        assert!(matches!(jail.fill(&form(None)), Err(FilesError::TooLarge { .. })));
    }
}
