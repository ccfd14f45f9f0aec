//! What a document says about itself that cannot be so: names that are not there, two of what must be one, templates that
//! cannot be read.
//!
//! A host checks what a plugin answers again, for each server; here an author is told beforehand, with the place. Scripts
//! are looked at by who runs them.
//!
//! Modules in reading order: `variables`, `doing`.

mod doing;
mod variables;

use crate::{
    Document,
    model::{Choose, ConfigEdit, Text},
    read::{joined, nearest},
    source::Source,
    template::{Place, Template},
};
use std::{collections::BTreeSet, fmt};

/// Something that cannot be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The way to it: `run.edits[0].edits[2].at`.
    pub at: String,
    /// Line and column, where the document's text was at hand.
    pub place: Option<String>,
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", joined(self.place.as_deref(), &self.at), self.message)
    }
}

/// All problems of a document.
pub fn all(document: &Document) -> Vec<Problem> {
    written(document, None)
}

/// All problems of a document, and of how it is written in its text.
pub(crate) fn written(document: &Document, source: Option<&Source<'_>>) -> Vec<Problem> {
    let mut checker = Checker {
        settings: document.variables.iter().map(|each| each.key.as_str()).collect(),
        endpoints: document.endpoints.iter().map(|each| each.name.as_str()).collect(),
        actions: document.actions.iter().map(|each| each.id.as_str()).collect(),
        source,
        problems: Vec::new(),
    };
    variables::check(&mut checker, document);
    doing::check(&mut checker, document);
    checker.problems
}

/// What templates may say at a place beyond settings, endpoints, limits, server and facts.
#[derive(Clone, Copy)]
enum Local<'a> {
    Nothing,
    /// Named groups of a pattern.
    Groups(&'a BTreeSet<String>),
    /// Keys of a form.
    Form(&'a BTreeSet<&'a str>),
    /// The text that is told to everybody.
    Text,
}

struct Checker<'a> {
    settings: BTreeSet<&'a str>,
    endpoints: BTreeSet<&'a str>,
    actions: BTreeSet<&'a str>,
    source: Option<&'a Source<'a>>,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    fn say(&mut self, at: &str, message: impl Into<String>) {
        let place = self.source.and_then(|source| source.place(at));
        self.problems.push(Problem { at: at.to_owned(), place, message: message.into() });
    }

    fn id(&mut self, at: &str, id: &str) {
        let fits = id.len() <= 64
            && id.starts_with(|first: char| first.is_ascii_lowercase())
            && !id.ends_with('-')
            && !id.contains("--")
            && id.bytes().all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == b'-');
        if !fits {
            self.say(
                at,
                format!(
                    "{id:?} must be lower-case letters, digits and single hyphens, beginning with a letter, at most 64"
                ),
            );
        }
    }

    fn key(&mut self, at: &str, key: &str) {
        let fits = key.len() <= 64
            && key.starts_with(|first: char| first.is_ascii_alphabetic())
            && key.bytes().all(|each| each.is_ascii_alphanumeric() || b"_-.".contains(&each));
        if !fits {
            self.say(
                at,
                format!("{key:?} must be letters, digits and `_-.`, beginning with a letter, at most 64"),
            );
        }
    }

    fn unique<'n>(&mut self, at: &str, what: &str, names: impl Iterator<Item = &'n str>) {
        let mut seen = BTreeSet::new();
        for (number, name) in names.enumerate() {
            if !seen.insert(name) {
                self.say(&format!("{at}[{number}]"), format!("the {what} {name:?} is there twice"));
            }
        }
    }

    /// Exactly one of these is given.
    fn one_of(&mut self, at: &str, given: &[(&str, bool)]) {
        let there: Vec<&str> = given.iter().filter(|(_, is)| *is).map(|(name, _)| *name).collect();
        if there.len() != 1 {
            let all: Vec<String> = given.iter().map(|(name, _)| format!("`{name}`")).collect();
            let found = if there.is_empty() { "none".to_owned() } else { there.join(" and ") };
            self.say(at, format!("exactly one of {} is needed; there is {found}", all.join(", ")));
        }
    }

    /// Answers its named groups.
    fn pattern(&mut self, at: &str, pattern: &str) -> BTreeSet<String> {
        match regex::Regex::new(pattern) {
            Ok(pattern) => pattern.capture_names().flatten().map(str::to_owned).collect(),
            Err(error) => {
                let last = error.to_string().lines().last().unwrap_or_default().to_owned();
                self.say(at, format!("this regular expression cannot be read: {last}"));
                BTreeSet::new()
            }
        }
    }

    fn endpoint(&mut self, at: &str, name: &str) {
        if !self.endpoints.contains(name) {
            let meant = guess(name, self.endpoints.iter().copied());
            self.say(at, format!("there is no endpoint `{name}`{meant}"));
        }
    }

    fn text(&mut self, at: &str, text: &Text, local: Local<'_>) {
        match text {
            Text::Template(template) => self.template(at, template, local),
            Text::Literal(_) | Text::Script(_) => {}
            Text::Choose(choose) => {
                let Choose { choose, from, otherwise } = choose.as_ref();
                self.text(&format!("{at}.choose"), choose, local);
                for (case, text) in from {
                    self.text(&format!("{at}.from.{case}"), text, local);
                }
                if let Some(text) = otherwise {
                    self.text(&format!("{at}.otherwise"), text, local);
                }
            }
        }
    }

    fn template(&mut self, at: &str, template: &str, local: Local<'_>) {
        let template = match Template::parse(template) {
            Ok(template) => template,
            Err(error) => return self.say(at, error.0),
        };
        for place in template.places() {
            match (place, local) {
                (Place::Setting(key), _) if !self.settings.contains(key.as_str()) => {
                    let meant = guess(key, self.settings.iter().copied());
                    self.say(at, format!("there is no variable `{key}`{meant}"));
                }
                (Place::Endpoint(name, _), _) => self.endpoint(at, name),
                (Place::Match(name), Local::Groups(groups)) if !groups.contains(name) => {
                    let meant = guess(name, groups.iter().map(String::as_str));
                    self.say(at, format!("the pattern has no group `{name}`{meant}"));
                }
                (Place::Form(key), Local::Form(keys)) if !keys.contains(key.as_str()) => {
                    let meant = guess(key, keys.iter().copied());
                    self.say(at, format!("the form has no question `{key}`{meant}"));
                }
                (Place::Match(_), Local::Nothing | Local::Form(_) | Local::Text) => {
                    self.say(at, "`match.…` is there in console rules alone");
                }
                (Place::Form(_), Local::Nothing | Local::Groups(_) | Local::Text) => {
                    self.say(at, "`form.…` is there in the effects of actions alone");
                }
                (Place::Text, Local::Nothing | Local::Groups(_) | Local::Form(_)) => {
                    self.say(at, "`text` is there in `broadcast` alone");
                }
                (
                    Place::Setting(_)
                    | Place::Limit(_)
                    | Place::Server(_)
                    | Place::Fact(_)
                    | Place::Quoted(_)
                    | Place::Match(_)
                    | Place::Form(_)
                    | Place::Text,
                    _,
                ) => {}
            }
        }
    }

    fn path(&mut self, at: &str, path: &Text, local: Local<'_>) {
        self.text(at, path, local);
        if let Text::Template(path) | Text::Literal(path) = path
            && (path.is_empty() || path.starts_with('/') || path.split('/').any(|part| part == ".."))
        {
            self.say(at, "a path is relative to the server's directory, without `..`");
        }
    }

    fn config_edit(&mut self, at: &str, edit: &ConfigEdit, local: Local<'_>) {
        self.path(&format!("{at}.path"), &edit.path, local);
        for (place, value) in &edit.set {
            self.text(&format!("{at}.set.{place:?}"), value, local);
        }
        for (number, each) in edit.edits.iter().enumerate() {
            let at = format!("{at}.edits[{number}]");
            self.text(&format!("{at}.at"), &each.at, local);
            self.text(&format!("{at}.value"), &each.value, local);
            let conditions = [
                each.only != crate::model::Existing::Any,
                each.if_equals.is_some(),
                each.if_matches.is_some(),
            ];
            if conditions.into_iter().filter(|is| *is).count() > 1 {
                self.say(&at, "at most one of `only`, `if-equals` and `if-matches` is possible");
            }
            if let Some(text) = &each.if_equals {
                self.text(&format!("{at}.if-equals"), text, local);
            }
            if let Some(pattern) = &each.if_matches {
                self.pattern(&format!("{at}.if-matches"), pattern);
            }
        }
    }
}

fn guess<'a>(given: &str, there: impl Iterator<Item = &'a str>) -> String {
    nearest(given, there).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests;
