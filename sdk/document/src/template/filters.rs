//! What a value passes on its way into a template.

use super::{TemplateError, fail, quoted, split};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Filter {
    Lower,
    Upper,
    Trim,
    Default(String),
    Either(String, String),
    Replace(String, String),
    Plus(f64),
    Times(f64),
    Json,
    Quoted,
    Shell,
    Url,
    Line,
}

/// Every filter: its name, its arguments, and what it does, for the reference.
pub const FILTERS: &[(&str, &str)] = &[
    ("lower", "lower-case letters"),
    ("upper", "upper-case letters"),
    ("trim", "without space at both ends"),
    ("default(\"text\")", "this text where there is none"),
    ("either(\"yes\", \"no\")", "the first text for `true`, the second for `false`, and nothing for nothing"),
    ("replace(\"a\", \"b\")", "every `a` becomes `b`"),
    ("plus(1)", "the sum, for numbers"),
    ("times(0.9)", "the product without its fraction, for numbers"),
    ("json", "a JSON text with its quotes"),
    ("quoted", "between double quotes; a value that has one, or a control character, is refused"),
    ("shell", "one word for a POSIX shell, in single quotes"),
    ("url", "percent-encoded, for a part of a URL"),
    ("line", "as it is; a value with a control character is refused"),
];

pub(super) fn filter(text: &str) -> Result<Filter, TemplateError> {
    let (name, arguments) = match text.split_once('(') {
        Some((name, rest)) => {
            let Some(inside) = rest.trim_end().strip_suffix(')') else {
                return fail(format!("the filter `{text}` has no end `)`"));
            };
            (name.trim(), split(inside, ',').into_iter().map(str::trim).collect())
        }
        None => (text, Vec::new()),
    };
    let texts: Vec<Option<String>> = arguments.iter().map(|each| quoted(each)).collect();
    let numbers: Vec<Option<f64>> = arguments.iter().map(|each| each.parse().ok()).collect();
    Ok(match (name, texts.as_slice(), numbers.as_slice()) {
        ("lower", [], _) => Filter::Lower,
        ("upper", [], _) => Filter::Upper,
        ("trim", [], _) => Filter::Trim,
        ("json", [], _) => Filter::Json,
        ("quoted", [], _) => Filter::Quoted,
        ("shell", [], _) => Filter::Shell,
        ("url", [], _) => Filter::Url,
        ("line", [], _) => Filter::Line,
        ("default", [Some(text)], _) => Filter::Default(text.clone()),
        ("either", [Some(yes), Some(no)], _) => Filter::Either(yes.clone(), no.clone()),
        ("replace", [Some(from), Some(to)], _) if !from.is_empty() => {
            Filter::Replace(from.clone(), to.clone())
        }
        ("plus", _, [Some(number)]) => Filter::Plus(*number),
        ("times", _, [Some(number)]) => Filter::Times(*number),
        _ => {
            let all: Vec<&str> = FILTERS.iter().map(|(name, _)| *name).collect();
            return fail(format!("there is no filter `{text}`; there is {}", all.join(", ")));
        }
    })
}

pub(super) fn apply(text: String, filter: &Filter) -> Result<String, TemplateError> {
    let computed = |by: &dyn Fn(f64) -> f64| {
        if text.is_empty() {
            return Ok(String::new());
        }
        match text.trim().parse::<f64>() {
            Ok(number) => Ok(by(number).to_string()),
            Err(_) => fail("a filter for numbers met what is no number"),
        }
    };
    Ok(match filter {
        Filter::Lower => text.to_lowercase(),
        Filter::Upper => text.to_uppercase(),
        Filter::Trim => text.trim().to_owned(),
        Filter::Default(instead) => {
            if text.is_empty() {
                instead.clone()
            } else {
                text
            }
        }
        Filter::Either(yes, no) => match text.as_str() {
            "true" => yes.clone(),
            "false" => no.clone(),
            _ => String::new(),
        },
        Filter::Replace(from, to) => text.replace(from, to),
        Filter::Plus(by) => computed(&|number| number + by)?,
        Filter::Times(by) => computed(&|number| (number * by).trunc())?,
        Filter::Json => serde_json::Value::from(text).to_string(),
        Filter::Quoted if text.contains(|c: char| c == '"' || c.is_control()) => {
            return fail("a value that stands between double quotes has one itself, or a control character");
        }
        Filter::Quoted => format!("\"{text}\""),
        Filter::Shell => format!("'{}'", text.replace('\'', r"'\''")),
        Filter::Url => url(&text),
        Filter::Line if text.contains(char::is_control) => {
            return fail("a value that must be one line has a control character");
        }
        Filter::Line => text,
    })
}

/// All but what RFC 3986 calls unreserved is written as `%XX`.
fn url(text: &str) -> String {
    let spell = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(spell).collect()
}
