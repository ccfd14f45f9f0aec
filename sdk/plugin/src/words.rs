//! Builders for what every part may speak of: questions to people, and failures.

use crate::prelude::{Audience, CatalogRule, Choice, Failure, Kind, NumberRule, TextRule, Variable};

impl Variable {
    fn new(key: &str, label: &str, kind: Kind, default: Option<String>) -> Self {
        Self {
            key: key.to_owned(),
            label: label.to_owned(),
            help: String::new(),
            group: "General".to_owned(),
            kind,
            default_value: default,
            required: false,
            viewable: Audience::Members,
            editable: Audience::Members,
            needs_reinstall: false,
            needs_restart: true,
            extra: Vec::new(),
        }
    }
    /// One line of text of at most `max_length` characters.
    pub fn text(key: &str, label: &str, default: &str, max_length: u32) -> Self {
        let rule = TextRule { min_length: 0, max_length, pattern: None, pattern_help: None };
        Self::new(key, label, Kind::Text(rule), Some(default.to_owned()))
    }
    /// Text that is encrypted at rest and never shown again.
    pub fn secret(key: &str, label: &str, min_length: u32, max_length: u32) -> Self {
        let rule = TextRule { min_length, max_length, pattern: None, pattern_help: None };
        Self::new(key, label, Kind::Secret(rule), None)
    }
    /// A whole number.
    pub fn number(key: &str, label: &str, default: i64, minimum: i64, maximum: i64) -> Self {
        let rule = NumberRule { minimum: minimum as f64, maximum: maximum as f64, step: 1.0, unit: None };
        Self::new(key, label, Kind::Number(rule), Some(default.to_string()))
    }
    /// Yes or no.
    pub fn boolean(key: &str, label: &str, default: bool) -> Self {
        Self::new(key, label, Kind::Boolean, Some(default.to_string()))
    }
    /// One of some values, each with its label.
    pub fn one_of(key: &str, label: &str, default: &str, choices: &[(&str, &str)]) -> Self {
        let choices = choices
            .iter()
            .map(|(value, label)| Choice {
                value: (*value).to_owned(),
                label: (*label).to_owned(),
                help: None,
            })
            .collect();
        Self::new(key, label, Kind::OneOf(choices), Some(default.to_owned()))
    }
    /// One of the values that the plugin's catalog lists under this name when a form is filled in: the part `catalog`
    /// answers them. What is there once a plan is made is for the plugin to check.
    pub fn from_catalog(key: &str, label: &str, default: &str, catalog: &str) -> Self {
        let rule = CatalogRule { name: catalog.to_owned(), open: false };
        Self::new(key, label, Kind::FromCatalog(rule), Some(default.to_owned()))
    }
    /// Takes what its catalog does not list as well, for the day on which nobody answers. No effect on other kinds.
    #[must_use]
    pub fn open(mut self) -> Self {
        if let Kind::FromCatalog(rule) = &mut self.kind {
            rule.open = true;
        }
        self
    }
    /// A sentence below the field.
    #[must_use]
    pub fn help(mut self, help: &str) -> Self {
        self.help = help.to_owned();
        self
    }
    /// The heading under which it stands.
    #[must_use]
    pub fn group(mut self, group: &str) -> Self {
        self.group = group.to_owned();
        self
    }
    /// Must have a value.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }
    /// Text must match this RE2 pattern as a whole; `help` says the same in words. No effect on other kinds.
    #[must_use]
    pub fn pattern(mut self, pattern: &str, help: &str) -> Self {
        if let Kind::Text(rule) | Kind::Multiline(rule) | Kind::Secret(rule) = &mut self.kind {
            rule.pattern = Some(pattern.to_owned());
            rule.pattern_help = Some(help.to_owned());
        }
        self
    }
    /// The number's unit. No effect on other kinds.
    #[must_use]
    pub fn unit(mut self, unit: &str) -> Self {
        if let Kind::Number(rule) = &mut self.kind {
            rule.unit = Some(unit.to_owned());
        }
        self
    }
    /// Who may edit it.
    #[must_use]
    pub fn editable_by(mut self, audience: Audience) -> Self {
        self.editable = audience;
        self
    }
    /// A change takes effect only after a reinstallation.
    #[must_use]
    pub fn needs_reinstall(mut self) -> Self {
        self.needs_reinstall = true;
        self
    }
}

impl Failure {
    /// A failure with a stable code and a sentence for people.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), retry_after_ms: None }
    }
}
