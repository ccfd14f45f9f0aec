//! A game's own files as forms: what people see of a value, and what an answer may be.
//!
//! A file is the game's, and people edit it by hand: it may hold what its form cannot. That is shown as it stands and why it
//! does not fit, and stays until somebody gives another answer. Places with whole trees, or that no edit reaches, are
//! not answered at all.

use crate::{
    actions::{NotPossible, Situation, replaces_files},
    variables::{StoredValue, Values, canonical, is_secret, may},
};
use gantry_types::{
    blueprint::{Audience, FieldProblem, VariableKind},
    page::{ConfigField, ConfigFile, PlaceValue},
    problem::Code,
    server::{Desired, Observed},
};

/// What is shown of one value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// None for a secret, and where nothing stands.
    pub value: Option<String>,
    /// Whether anything stands there.
    pub set: bool,
    /// Why the form cannot hold what stands there.
    pub misfit: Option<String>,
    /// Whether it can be answered at all.
    pub fixed: bool,
}

/// A value for a field of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered<'a> {
    pub field: &'a ConfigField,
    pub value: StoredValue,
}

/// Whether files can be looked at and changed in this situation. Rights are another matter.
pub fn check(situation: Situation<'_>) -> Result<(), NotPossible> {
    let no = |code, reason: &str| Err(NotPossible { code, reason: reason.to_owned() });
    if situation.desired == Desired::Deleted {
        return no(Code::Conflict, "The server is being deleted.");
    }
    if let Some(because) = situation.operation.and_then(replaces_files) {
        return no(Code::OperationInProgress, because);
    }
    if matches!(situation.observed, Observed::Uninstalled | Observed::Deleted) {
        return no(Code::NotInstalled, "The game is not installed.");
    }
    if !situation.connected {
        return no(Code::NodeUnreachable, "The node is not connected, so its files cannot be reached.");
    }
    Ok(())
}

/// The file with the fields that are for somebody of this standing; none if none is.
pub fn visible(mut file: ConfigFile, who: Audience) -> Option<ConfigFile> {
    file.fields.retain(|field| may(who, field.question.viewable));
    (!file.fields.is_empty()).then_some(file)
}

/// What is shown of what stands at a field's place.
pub fn shown(field: &ConfigField, stands: &PlaceValue) -> Shown {
    let misfit = |why: &str, fixed| Shown { value: None, set: true, misfit: Some(why.to_owned()), fixed };
    let text = match stands {
        PlaceValue::Nothing => return Shown::default(),
        PlaceValue::Tree => {
            return misfit("The file has lists or keys of their own here, which a form cannot show.", true);
        }
        PlaceValue::Several => {
            return misfit("The file has several values here. Saving one sets all of them.", false);
        }
        PlaceValue::TooLong => {
            return misfit("The file has a value here that is too long for a form.", false);
        }
        PlaceValue::Unreachable { why } => {
            return misfit(&format!("The form cannot reach this place of the file: {why}."), true);
        }
        PlaceValue::Text { text } => text,
    };
    if text.is_empty() && !is_text(field) {
        return Shown::default();
    }
    let secret = is_secret(&field.question);
    let show = |value: String| (!secret).then_some(value);
    match canonical(&field.question, text) {
        Ok(value) => {
            let set = value.is_some();
            Shown { value: show(value.unwrap_or_default()), set, misfit: None, fixed: false }
        }
        Err(problem) => {
            let misfit = Some(format!("The file has a value that does not fit. {}", problem.message));
            Shown { value: show(text.clone()), set: true, misfit, fixed: false }
        }
    }
}

/// The answers that change something, or what is wrong with them. An empty secret leaves the one in the file.
pub fn answers<'a>(
    file: &'a ConfigFile,
    given: &Values,
    who: Audience,
) -> Result<Vec<Answered<'a>>, Vec<FieldProblem>> {
    let (mut answers, mut problems) = (Vec::new(), Vec::new());
    for (key, value) in given {
        let Some(field) = file.fields.iter().find(|field| field.question.key == *key) else {
            problems.push(crate::problem(key, "The form has no such field.", "Remove it."));
            continue;
        };
        match answer(field, value, who) {
            Ok(None) => {}
            Ok(Some(value)) => answers.push(Answered { field, value }),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(answers) } else { Err(problems) }
}

fn answer(field: &ConfigField, value: &str, who: Audience) -> Result<Option<StoredValue>, FieldProblem> {
    let question = &field.question;
    let secret = is_secret(question);
    if !may(who, question.editable) {
        let whom = match question.editable {
            Audience::Administrators => "Ask an administrator.",
            Audience::Owners | Audience::Members => "Ask the server's owner.",
        };
        return Err(crate::problem(&question.key, "You may not change this.", whom));
    }
    if secret && value.is_empty() {
        return Ok(None);
    }
    let value = match canonical(question, value)? {
        Some(value) => value,
        None if is_text(field) => String::new(),
        None => {
            let remedy = "Enter one; to take it out of the file, edit the file itself.";
            return Err(crate::problem(&question.key, "There is no value.", remedy));
        }
    };
    Ok(Some(StoredValue { key: question.key.clone(), value, secret }))
}

/// Whether nothing is a value too.
fn is_text(field: &ConfigField) -> bool {
    match field.question.kind {
        VariableKind::Text(_) | VariableKind::Multiline(_) | VariableKind::Secret(_) => true,
        VariableKind::Number(_)
        | VariableKind::Boolean
        | VariableKind::OneOf { .. }
        | VariableKind::FromCatalog { .. } => false,
    }
}

#[cfg(test)]
#[path = "config_files_tests.rs"]
mod tests;
