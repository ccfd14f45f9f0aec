//! Ids, variables, endpoints and the rules about them.

use super::{Checker, Local, guess};
use crate::{
    Document,
    model::{Choice, Endpoint, Kind, Variable},
    source::Written,
};
use std::ops::RangeInclusive;

/// So many choices are listed where a default is none of them.
const CHOICES: usize = 12;

pub(super) fn check(checker: &mut Checker<'_>, document: &Document) {
    checker.id("plugin.id", &document.plugin.id);
    checker.id("blueprint.id", &document.blueprint.id);
    let numbers: Vec<&str> =
        document.plugin.version.split('-').next().unwrap_or_default().split('.').collect();
    if numbers.len() != 3
        || numbers.iter().any(|part| part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()))
    {
        checker.say("plugin.version", "a version is three numbers, such as 1.0.0");
    }
    variables(checker, "variables", &document.variables);
    endpoints(checker, &document.endpoints);
    for (number, rule) in document.checks.iter().enumerate() {
        let at = format!("checks[{number}]");
        checker.one_of(
            &at,
            &[
                ("matches", rule.matches.is_some()),
                ("matches-not", rule.matches_not.is_some()),
                ("fails-when", rule.fails_when.is_some()),
            ],
        );
        if !rule.key.is_empty() && !checker.settings.contains(rule.key.as_str()) {
            checker.say(&format!("{at}.key"), format!("there is no variable `{}`", rule.key));
        }
        for pattern in rule.matches.iter().chain(&rule.matches_not) {
            checker.pattern(&at, pattern);
        }
        if let Some(value) = &rule.value {
            checker.text(&format!("{at}.value"), value, Local::Nothing);
        }
    }
}

pub(super) fn variables(checker: &mut Checker<'_>, at: &str, variables: &[Variable]) {
    if variables.len() > 256 {
        checker.say(at, "there are more than 256");
    }
    checker.unique(at, "variable", variables.iter().map(|each| each.key.as_str()));
    for (number, each) in variables.iter().enumerate() {
        variable(checker, &format!("{at}[{number}]"), each);
    }
}

pub(super) fn variable(checker: &mut Checker<'_>, at: &str, variable: &Variable) {
    checker.key(&format!("{at}.key"), &variable.key);
    if variable.label.is_empty() {
        checker.say(&format!("{at}.label"), "people need a label");
    }
    sizes(checker, at, variable);
    belongs(checker, at, variable);
    if let Some(pattern) = &variable.pattern {
        checker.pattern(&format!("{at}.pattern"), pattern);
    }
    if variable.lengths().is_empty() {
        checker.say(at, "`min-length` is greater than `max-length`");
    }
    if variable.numbers().is_empty() {
        checker.say(at, "`minimum` is greater than `maximum`");
    }
    if variable.kind == Kind::OneOf && variable.choices.is_empty() {
        checker.say(at, "`one-of` needs `choices`");
    }
    checker.unique(
        &format!("{at}.choices"),
        "choice",
        variable.choices.iter().map(|choice| choice.value.as_str()),
    );
    if let Some(value) = &variable.default {
        let at = format!("{at}.default");
        let written = checker.source.and_then(|source| source.written(&at));
        if let Some(wrong) = miswritten(variable, value, written).or_else(|| refused(variable, value)) {
            checker.say(&at, wrong);
        }
    }
}

/// A default that is written as what no value of its kind is: it would be turned into text without a word, or never fit.
fn miswritten(variable: &Variable, value: &str, written: Option<Written>) -> Option<String> {
    let kind = variable.kind.name();
    match (variable.kind, written?) {
        (Kind::Text | Kind::Multiline | Kind::Secret | Kind::OneOf, Written::Text)
        | (Kind::Number, Written::Number)
        | (Kind::Boolean, Written::Boolean) => None,
        (Kind::Text | Kind::Multiline | Kind::Secret, Written::Number | Written::Boolean) => {
            Some(format!("a default of the kind `{kind}` is text; write it in quotes: {value:?}"))
        }
        // What none of the choices is, is told with them.
        (Kind::OneOf, Written::Number | Written::Boolean) => variable
            .takes(value)
            .then(|| format!("a default of the kind `{kind}` is text; write it in quotes: {value:?}")),
        (Kind::Number, Written::Text | Written::Boolean) => Some(if value.parse::<f64>().is_ok() {
            format!("a default of the kind `{kind}` is a number; write it without quotes: {value}")
        } else {
            format!("{value:?} is no number; write one without quotes, or leave `default` out")
        }),
        (Kind::Boolean, Written::Text | Written::Number) => Some(match value {
            "true" | "false" => {
                format!("a default of the kind `{kind}` is true or false; write it without quotes: {value}")
            }
            _ => format!("{value:?} is neither true nor false; write one of them, without quotes"),
        }),
    }
}

/// A default that its own variable does not take.
fn refused(variable: &Variable, value: &str) -> Option<String> {
    if variable.takes(value) {
        return None;
    }
    let choices = || variable.choices.iter().map(|choice| choice.value.as_str());
    if variable.kind != Kind::OneOf || value.is_empty() || variable.choices.is_empty() {
        return Some(format!("{value:?} is not allowed by the variable's own rule"));
    }
    let wrong = format!("{value:?} is none of its choices");
    let meant = guess(value, choices());
    if !meant.is_empty() {
        return Some(wrong + &meant);
    }
    let mut shown: Vec<String> = choices().take(CHOICES).map(|choice| format!("{choice:?}")).collect();
    if variable.choices.len() > CHOICES {
        shown.push("…".to_owned());
    }
    Some(format!("{wrong}; write one of {}", shown.join(", ")))
}

/// What hosts bound (`sdk/host`, `convert`): told here with its place, and not when a plugin is installed.
fn sizes(checker: &mut Checker<'_>, at: &str, variable: &Variable) {
    let texts = [
        ("label", variable.label.as_str(), 128),
        ("help", variable.help.as_str(), 4_096),
        ("group", variable.group.as_str(), 64),
        ("pattern", variable.pattern.as_deref().unwrap_or_default(), 1_000),
        ("pattern-help", variable.pattern_help.as_deref().unwrap_or_default(), 1_024),
    ];
    for (name, text, most) in texts {
        if text.len() > most && text.chars().count() > most {
            checker.say(&format!("{at}.{name}"), format!("it has more than {most} characters"));
        }
        if name != "help" && text.contains(char::is_control) {
            checker.say(&format!("{at}.{name}"), "it has more than one line, or a control character");
        }
    }
    if variable.choices.len() > 512 {
        checker.say(&format!("{at}.choices"), "there are more than 512");
    }
    let long = |choice: &Choice| choice.value.chars().count() > 256 || choice.shown().chars().count() > 128;
    if variable.choices.iter().any(long) {
        checker
            .say(&format!("{at}.choices"), "a value has more than 256 characters, or a label more than 128");
    }
    if *variable.lengths().end() > 64 * 1024 {
        checker.say(&format!("{at}.max-length"), "no value has more than 65536 characters");
    }
}

/// A rule that has no meaning for the kind is a mistake about the kind.
fn belongs(checker: &mut Checker<'_>, at: &str, variable: &Variable) {
    let texts = matches!(variable.kind, Kind::Text | Kind::Multiline | Kind::Secret);
    let fields = [
        ("min-length", variable.min_length.is_some(), texts),
        ("max-length", variable.max_length.is_some(), texts),
        ("pattern", variable.pattern.is_some(), texts),
        ("minimum", variable.minimum.is_some(), variable.kind == Kind::Number),
        ("maximum", variable.maximum.is_some(), variable.kind == Kind::Number),
        ("step", variable.step.is_some(), variable.kind == Kind::Number),
        ("unit", variable.unit.is_some(), variable.kind == Kind::Number),
        ("choices", !variable.choices.is_empty(), variable.kind == Kind::OneOf),
    ];
    for (name, given, fits) in fields {
        if given && !fits {
            checker
                .say(&format!("{at}.{name}"), format!("a variable of the kind {:?} has none", variable.kind));
        }
    }
}

impl Variable {
    /// How many characters a text has.
    #[must_use]
    pub fn lengths(&self) -> RangeInclusive<u32> {
        self.min_length.unwrap_or(0)..=self.max_length.unwrap_or(1_000)
    }
    /// Which numbers are possible: if nothing is said, up to what a double holds exactly, and down to where a step from there
    /// is still told apart from half a step.
    #[must_use]
    pub fn numbers(&self) -> RangeInclusive<f64> {
        const GREATEST: f64 = 9_007_199_254_740_991.0;
        const LEAST: f64 = -1_000_000_000_000.0;
        self.minimum.unwrap_or(LEAST)..=self.maximum.unwrap_or(GREATEST)
    }
    /// The distance between two numbers that are possible.
    #[must_use]
    pub fn steps(&self) -> f64 {
        self.step.unwrap_or(1.0)
    }
    /// Whether its rule allows this value. Nothing is a value for what is not required.
    #[must_use]
    pub fn takes(&self, value: &str) -> bool {
        if value.is_empty() {
            return !self.required;
        }
        match self.kind {
            Kind::Text | Kind::Multiline | Kind::Secret => {
                let length = u32::try_from(value.chars().count()).unwrap_or(u32::MAX);
                let whole = |pattern: &String| regex::Regex::new(&format!(r"\A(?:{pattern})\z"));
                let one_line = self.kind == Kind::Multiline || !value.contains(char::is_control);
                self.lengths().contains(&length)
                    && one_line
                    && self
                        .pattern
                        .as_ref()
                        .is_none_or(|text| whole(text).is_ok_and(|each| each.is_match(value)))
            }
            Kind::Number => value.parse::<f64>().is_ok_and(|number| {
                let decimal = value.bytes().all(|byte| byte.is_ascii_digit() || b".-".contains(&byte));
                let steps = (number - self.numbers().start()) / self.steps();
                let fits = self.steps() <= 0.0 || (steps - steps.round()).abs() <= 1e-6;
                decimal && fits && self.numbers().contains(&number)
            }),
            Kind::Boolean => matches!(value, "true" | "false"),
            Kind::OneOf => self.choices.iter().any(|choice| choice.value == value),
        }
    }
}

fn endpoints(checker: &mut Checker<'_>, endpoints: &[Endpoint]) {
    if endpoints.len() > 32 {
        checker.say("endpoints", "there are more than 32");
    }
    checker.unique("endpoints", "endpoint", endpoints.iter().map(|each| each.name.as_str()));
    for (number, each) in endpoints.iter().enumerate() {
        let at = format!("endpoints[{number}]");
        checker.id(&format!("{at}.name"), &each.name);
        if each.port == Some(0) {
            checker.say(&format!("{at}.port"), "0 is no port");
        }
        if let Some(relative) = &each.relative_to {
            let at = format!("{at}.relative-to");
            checker.endpoint(&at, &relative.endpoint);
            if relative.endpoint == each.name {
                checker.say(&at, "an endpoint cannot be relative to itself");
            }
            let other = endpoints.iter().find(|other| other.name == relative.endpoint);
            if relative.offset == 0 && other.is_some_and(|other| other.protocol == each.protocol) {
                checker.say(&at, "two endpoints of one protocol cannot have one number");
            }
        }
    }
}
