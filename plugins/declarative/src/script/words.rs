//! What is wrong with a script, in words for whoever wrote it: the place in the script first, then what, then what to do.
//!
//! Words of rhai are kept where they are clear. Limits are told with their number, since rhai names none, and names that are not
//! there with the one that was probably meant.

use super::{CALL_LEVELS, DEPTH, FUNCTIONS, ITEMS, NAMES, OPERATIONS, TEXT_BYTES, VARIABLES};
use gantry_document::nearest;
use rhai::{AST, Engine, EvalAltResult, ParseError, ParseErrorType, Position};

/// Why a script cannot be read.
pub(super) fn unreadable(error: &ParseError) -> String {
    placed(error.position(), &unread(error.err_type()))
}

/// Why a script failed while it ran.
pub(super) fn failed(engine: &Engine, script: &AST, error: &EvalAltResult) -> String {
    let error = error.unwrap_inner();
    let what = match error {
        EvalAltResult::ErrorFunctionNotFound(signature, _) => unknown_function(engine, script, signature),
        EvalAltResult::ErrorParsing(error, _) => unread(error),
        EvalAltResult::ErrorTooManyOperations(_) => format!(
            "it takes more than {OPERATIONS} operations, which is the limit; have its loops end, or compute less"
        ),
        EvalAltResult::ErrorStackOverflow(_) => format!(
            "its functions call each other more than {CALL_LEVELS} deep, which is the limit; have the recursion end"
        ),
        EvalAltResult::ErrorTooManyVariables(_) => {
            format!("it has more than {VARIABLES} variables, which is the limit; use a list or a map")
        }
        EvalAltResult::ErrorDataTooLarge(kind, _) => too_large(kind),
        error => {
            // The place stands before it.
            let text = error.to_string();
            let behind = format!(" ({})", error.position());
            text.strip_suffix(&behind).unwrap_or(&text).to_owned()
        }
    };
    placed(error.position(), &what)
}

fn placed(position: Position, what: &str) -> String {
    match (position.line(), position.position()) {
        (Some(line), Some(column)) => format!("line {line}, column {column} of the script: {what}"),
        (Some(line), None) => format!("line {line} of the script: {what}"),
        (None, _) => format!("the script: {what}"),
    }
}

fn unread(error: &ParseErrorType) -> String {
    match error {
        ParseErrorType::VariableUndefined(name) => {
            let meant = nearest(name, NAMES.into_iter());
            let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
            format!("there is no variable `{name}`{meant}")
        }
        ParseErrorType::ExprTooDeep => {
            format!("an expression is more than {DEPTH} deep, which is the limit; split it with `let`")
        }
        ParseErrorType::TooManyFunctions => {
            format!("it has more than {FUNCTIONS} functions, which is the limit")
        }
        ParseErrorType::LiteralTooLarge(kind, _) => too_large(kind),
        error => format!("it cannot be read: {error}"),
    }
}

/// By the words that rhai has for what grew.
fn too_large(kind: &str) -> String {
    let limit = if kind.contains("string") {
        format!("a text of more than {TEXT_BYTES} bytes")
    } else if kind.contains("map") {
        format!("a map of more than {ITEMS} entries")
    } else {
        format!("a list of more than {ITEMS} items")
    };
    format!("it makes {limit}, which is the limit; make less of it, and have its loops end")
}

/// A signature is `name (type, type)`.
fn unknown_function(engine: &Engine, script: &AST, signature: &str) -> String {
    let (name, given) = signature.split_once(" (").unwrap_or((signature, ")"));
    let given = given.replace("&str | ImmutableString | String", "string");
    let given = given.strip_suffix(')').unwrap_or(&given);
    let given = if given.is_empty() { "nothing" } else { given };
    let is_operator = !name.starts_with(|first: char| first.is_alphabetic() || first == '_');
    let own = script.iter_functions().map(|function| function.name.to_owned());
    let there = engine.collect_fn_metadata(None, |function| Some(function.metadata.name.to_string()), true);
    let all: Vec<String> = own.chain(there).collect();
    if is_operator || all.iter().any(|each| each == name) {
        return format!("`{name}` takes other values than it is given here, which is {given}");
    }
    // Names with other characters are those of properties and operators.
    let plain = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let meant = nearest(name, all.iter().map(String::as_str).filter(plain));
    let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
    format!("there is no function `{name}`{meant}")
}
