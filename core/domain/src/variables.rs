//! Variables of a blueprint: what a value may be, who may change it, what a change costs.
//!
//! A blueprint comes from a plugin and is not trusted: its patterns are anchored and bounded, its sizes capped. Values
//! are kept as canonical text, so that equal values are equal texts.

use gantry_types::{
    blueprint::{Audience, FieldProblem, NumberRule, TextRule, Variable, VariableKind},
    server::Setting,
};
use regex::{Regex, RegexBuilder};
use std::collections::BTreeMap;

/// No value is larger, whatever its blueprint allows. In bytes.
pub const MAX_VALUE: usize = 64 * 1024;
/// Characters of a value that a catalog lists.
const MAX_CHOICE: usize = 256;
/// Longest pattern that is compiled, in bytes.
const MAX_PATTERN: usize = 1000;
/// Most memory that a compiled pattern may take, in bytes.
const PATTERN_MEMORY: usize = 1 << 20;

/// Values by key.
pub type Values = BTreeMap<String, String>;

/// A value as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredValue {
    pub key: String,
    pub value: String,
    /// Whether it is encrypted at rest and never shown.
    pub secret: bool,
}

/// It may be a secret, so it is never printed.
impl std::fmt::Debug for StoredValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredValue").field("key", &self.key).finish_non_exhaustive()
    }
}

/// A variable's value as people may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownValue {
    pub key: String,
    /// None for a secret.
    pub value: Option<String>,
    /// Whether there is a value at all.
    pub set: bool,
}

/// What a change of values comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    pub values: Vec<StoredValue>,
    /// Whether the game must be installed again before the change is felt.
    pub needs_reinstall: bool,
}

/// Values for a server that is to be made: defaults filled in, everything checked.
///
/// `who` is the closest standing that the asker has. A value that the asker may not set is refused unless it equals
/// the default.
pub fn complete(
    variables: &[Variable],
    given: &Values,
    who: Audience,
) -> Result<Vec<StoredValue>, Vec<FieldProblem>> {
    let mut problems = unknown(variables, given);
    let mut values = Vec::new();
    for variable in variables {
        let own = given.get(&variable.key);
        if let Some(value) = own
            && !may(who, variable.editable)
            && variable.default_value.as_ref() != Some(value)
        {
            problems.push(reserved(variable));
            continue;
        }
        let Some(value) = own.or(variable.default_value.as_ref()) else {
            if variable.required {
                problems.push(missing(variable));
            }
            continue;
        };
        match canonical(variable, value) {
            Ok(Some(value)) => values.push(stored(variable, value)),
            Ok(None) => {}
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(values) } else { Err(problems) }
}

/// The values that change: those given that are other than `present`. An empty secret leaves the stored one.
pub fn change(
    variables: &[Variable],
    present: &Values,
    given: &Values,
    who: Audience,
) -> Result<Change, Vec<FieldProblem>> {
    let mut problems = unknown(variables, given);
    let mut change = Change::default();
    for variable in variables {
        let Some(value) = given.get(&variable.key) else { continue };
        let secret = is_secret(variable);
        if present.get(&variable.key) == Some(value) || (secret && value.is_empty()) {
            continue;
        }
        if !may(who, variable.editable) {
            problems.push(reserved(variable));
            continue;
        }
        match canonical(variable, value) {
            Ok(value) => {
                let value = value.unwrap_or_default();
                if present.get(&variable.key) != Some(&value) {
                    change.needs_reinstall |= variable.needs_reinstall;
                    change.values.push(stored(variable, value));
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(change) } else { Err(problems) }
}

/// What a form says so far, for somebody who fills it in: what cannot be a value yet, or is not for them to set, is as if it had
/// not been typed. An empty secret is the one that stands.
pub fn so_far(variables: &[Variable], present: &Values, given: &Values, who: Audience) -> Values {
    let value = |variable: &Variable| {
        let typed = given.get(&variable.key).filter(|_| may(who, variable.editable));
        let typed = typed.filter(|value| !(is_secret(variable) && value.is_empty()));
        match typed.map(|value| canonical(variable, value)) {
            Some(Ok(value)) => value,
            Some(Err(_)) | None => present.get(&variable.key).or(variable.default_value.as_ref()).cloned(),
        }
    };
    variables.iter().filter_map(|variable| Some((variable.key.clone(), value(variable)?))).collect()
}

/// What has to be written for a server whose blueprint becomes that of another release: defaults of what is there for the
/// first time, and what is to stand in another form. Values that only the former release knows stay where they are, so that
/// nothing is lost on the way back.
pub fn carry(
    present: &Values,
    before: &[Variable],
    after: &[Variable],
) -> Result<Vec<StoredValue>, Vec<FieldProblem>> {
    let was_secret = |key: &str| before.iter().any(|variable| variable.key == key && is_secret(variable));
    let (mut values, mut problems) = (Vec::new(), Vec::new());
    for variable in after {
        let kept = present.get(&variable.key);
        let Some(value) = kept.filter(|value| !value.is_empty()).or(variable.default_value.as_ref()) else {
            if variable.required {
                problems.push(missing(variable));
            }
            continue;
        };
        match canonical(variable, value) {
            Ok(Some(value)) => {
                if kept != Some(&value) || was_secret(&variable.key) != is_secret(variable) {
                    values.push(stored(variable, value));
                }
            }
            Ok(None) => {}
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(values) } else { Err(problems) }
}

/// Whether somebody of standing `who` is among `audience`.
pub fn may(who: Audience, audience: Audience) -> bool {
    who <= audience
}

/// Whether a variable's value is never shown.
pub fn is_secret(variable: &Variable) -> bool {
    match variable.kind {
        VariableKind::Secret(_) => true,
        VariableKind::Text(_)
        | VariableKind::Multiline(_)
        | VariableKind::Number(_)
        | VariableKind::Boolean
        | VariableKind::OneOf { .. }
        | VariableKind::FromCatalog { .. } => false,
    }
}

/// What `who` may see of the values, in the blueprint's order.
pub fn shown(variables: &[Variable], present: &Values, who: Audience) -> Vec<ShownValue> {
    let visible = variables.iter().filter(|variable| may(who, variable.viewable));
    visible
        .map(|variable| {
            let value = present.get(&variable.key);
            let shown = if is_secret(variable) { None } else { value.cloned() };
            ShownValue { key: variable.key.clone(), value: shown, set: value.is_some_and(|v| !v.is_empty()) }
        })
        .collect()
}

/// Settings as a plugin gets them: in the blueprint's order, secrets in clear.
pub fn settings(variables: &[Variable], present: &Values) -> Vec<Setting> {
    let pair = |variable: &Variable| {
        let value = present.get(&variable.key)?;
        Some(Setting { key: variable.key.clone(), value: value.clone() })
    };
    variables.iter().filter_map(pair).collect()
}

/// Keys of the variables whose values are secrets.
pub fn secrets(variables: &[Variable]) -> Vec<String> {
    variables.iter().filter(|variable| is_secret(variable)).map(|variable| variable.key.clone()).collect()
}

/// Checks one value and gives its canonical text; none when an optional variable is left empty.
pub fn canonical(variable: &Variable, value: &str) -> Result<Option<String>, FieldProblem> {
    let say = |message: String, remedy: String| Err(crate::problem(&variable.key, message, remedy));
    if value.len() > MAX_VALUE {
        return say(format!("It has {} bytes.", value.len()), format!("Use at most {MAX_VALUE}."));
    }
    if value.contains('\0') {
        return say(
            "It has a character that no game reads.".to_owned(),
            "Remove the NUL character.".to_owned(),
        );
    }
    if value.is_empty() {
        return if variable.required { Err(missing(variable)) } else { Ok(None) };
    }
    match &variable.kind {
        VariableKind::Text(rule) | VariableKind::Secret(rule) => {
            one_line(variable, value)?;
            text(variable, rule, value).map(Some)
        }
        VariableKind::Multiline(rule) => {
            let value = value.replace("\r\n", "\n");
            if value.chars().any(|each| each.is_control() && !matches!(each, '\n' | '\t')) {
                return say(
                    "It has a control character.".to_owned(),
                    "Use line breaks and tabs, and nothing else that cannot be seen.".to_owned(),
                );
            }
            text(variable, rule, &value).map(Some)
        }
        VariableKind::Number(rule) => number(variable, rule, value).map(Some),
        VariableKind::Boolean => match value {
            "true" | "false" => Ok(Some(value.to_owned())),
            _ => say("It is neither true nor false.".to_owned(), "Send true or false.".to_owned()),
        },
        // Which choices there are is known to the plugin alone, when it is asked.
        VariableKind::FromCatalog { .. } => {
            one_line(variable, value)?;
            if value.chars().count() > MAX_CHOICE {
                return say(
                    "This is too long for a choice.".to_owned(),
                    format!("Use at most {MAX_CHOICE} characters."),
                );
            }
            Ok(Some(value.to_owned()))
        }
        VariableKind::OneOf { choices } => {
            if choices.iter().any(|choice| choice.value == value) {
                return Ok(Some(value.to_owned()));
            }
            let all: Vec<&str> = choices.iter().map(|choice| choice.value.as_str()).collect();
            say("This is not one of the choices.".to_owned(), format!("Choose one of {}.", all.join(", ")))
        }
    }
}

fn one_line(variable: &Variable, value: &str) -> Result<(), FieldProblem> {
    if value.chars().any(gantry_types::names::leaves_line) {
        return Err(crate::problem(
            &variable.key,
            "It has more than one line.",
            "Use one line of plain text.",
        ));
    }
    Ok(())
}

fn text(variable: &Variable, rule: &TextRule, value: &str) -> Result<String, FieldProblem> {
    let count = value.chars().count();
    let (least, most) = (rule.min_length as usize, rule.max_length as usize);
    if count < least || count > most {
        let remedy = format!("Use {least} to {most} characters.");
        return Err(crate::problem(&variable.key, format!("It has {count} characters."), remedy));
    }
    let Some(pattern) = &rule.pattern else { return Ok(value.to_owned()) };
    let Some(whole) = anchored(pattern) else {
        let remedy = "Tell the plugin's author.";
        return Err(crate::problem(
            &variable.key,
            "The blueprint's own rule for this value is broken.",
            remedy,
        ));
    };
    if whole.is_match(value) {
        return Ok(value.to_owned());
    }
    let remedy = rule.pattern_help.clone().unwrap_or_else(|| format!("It must match {pattern}."));
    Err(crate::problem(&variable.key, "It does not have the form that is needed.", remedy))
}

/// A pattern that must match the whole value. It has to be complete by itself, so that it cannot close our group.
fn anchored(pattern: &str) -> Option<Regex> {
    if pattern.len() > MAX_PATTERN {
        return None;
    }
    let build = |text: &str| RegexBuilder::new(text).size_limit(PATTERN_MEMORY).nest_limit(50).build().ok();
    build(pattern)?;
    build(&format!(r"\A(?:{pattern})\z"))
}

fn number(variable: &Variable, rule: &NumberRule, value: &str) -> Result<String, FieldProblem> {
    let say = |message: &str, remedy: String| Err(crate::problem(&variable.key, message, remedy));
    let unit = rule.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
    let range = format!("Enter a number from {} to {}{unit}.", rule.minimum, rule.maximum);
    let decimal = value.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-');
    let Some(parsed) = value.parse::<f64>().ok().filter(|n| decimal && n.is_finite()) else {
        return say("This is not a number.", range);
    };
    if parsed < rule.minimum || parsed > rule.maximum {
        return say("The number is out of range.", range);
    }
    if rule.step > 0.0 {
        let steps = (parsed - rule.minimum) / rule.step;
        if (steps - steps.round()).abs() > 1e-6 {
            return say("The number lies between two steps.", format!("Go in steps of {}.", rule.step));
        }
    }
    // Adding zero turns -0 into 0.
    Ok((parsed + 0.0).to_string())
}

fn unknown(variables: &[Variable], given: &Values) -> Vec<FieldProblem> {
    let known = |key: &String| variables.iter().any(|variable| variable.key == *key);
    let say = |key: &String| crate::problem(key, "The blueprint has no such variable.", "Remove it.");
    given.keys().filter(|key| !known(key)).map(say).collect()
}

fn missing(variable: &Variable) -> FieldProblem {
    crate::problem(&variable.key, format!("{} is needed.", variable.label), "Enter a value.")
}

fn reserved(variable: &Variable) -> FieldProblem {
    let who = match variable.editable {
        Audience::Administrators => "an administrator",
        Audience::Owners => "the server's owner",
        Audience::Members => "a member with the permission variables.update",
    };
    crate::problem(&variable.key, "You may not change this.", format!("Ask {who}."))
}

fn stored(variable: &Variable, value: String) -> StoredValue {
    StoredValue { key: variable.key.clone(), value, secret: is_secret(variable) }
}

#[cfg(test)]
#[path = "variables_tests.rs"]
mod tests;
