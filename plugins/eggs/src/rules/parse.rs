//! Rules from text: `required|string|max:20`, or a list of such.

use crate::source::{Node, Tree};

/// One rule with its arguments as they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// In lower case.
    pub(crate) name: String,
    pub(crate) arguments: String,
}

impl Rule {
    fn of(text: &str) -> Option<Self> {
        let text = text.trim_start();
        let (name, arguments) = text.split_once(':').unwrap_or((text, ""));
        let name = name.trim().to_lowercase();
        (!name.is_empty()).then(|| Self { name, arguments: arguments.to_owned() })
    }

    /// The arguments, split at commas as CSV is.
    pub(crate) fn list(&self) -> Vec<String> {
        let mut list = vec![String::new()];
        let mut quoted = false;
        let mut rest = self.arguments.chars().peekable();
        while let Some(character) = rest.next() {
            match character {
                '"' if quoted && rest.peek() == Some(&'"') => {
                    rest.next();
                    list.last_mut().expect("one at least").push('"');
                }
                '"' if quoted || list.last().is_some_and(String::is_empty) => quoted = !quoted,
                ',' if !quoted => list.push(String::new()),
                _ => list.last_mut().expect("one at least").push(character),
            }
        }
        list
    }

    pub(crate) fn numbers(&self) -> Option<Vec<f64>> {
        self.list().iter().map(|text| text.trim().parse().ok().filter(|n: &f64| n.is_finite())).collect()
    }
}

/// All rules of a variable.
pub(crate) fn parse(node: &Node<'_>) -> Vec<Rule> {
    let lists = matches!(node.tree, Tree::Map(_) | Tree::List(_));
    let texts = node.texts().into_iter();
    let split = |(text, _): (String, Node<'_>)| {
        if lists && is_pattern(&text) { vec![text] } else { split(&text) }
    };
    texts.flat_map(split).filter_map(|text| Rule::of(&text)).collect()
}

fn is_pattern(text: &str) -> bool {
    let text = text.trim_start().to_lowercase();
    text.starts_with("regex:") || text.starts_with("not_regex:")
}

/// Rules are split at `|`, but not within a pattern, which ends with its own delimiter.
fn split(text: &str) -> Vec<String> {
    let mut rules = Vec::new();
    let mut rest = text;
    loop {
        let end = match rest.split_once(':') {
            Some((_, pattern)) if is_pattern(rest) => rest.len() - pattern.len() + pattern_end(pattern),
            _ => rest.find('|').unwrap_or(rest.len()),
        };
        rules.push(rest[..end].to_owned());
        match rest[end..].strip_prefix('|') {
            Some(next) => rest = next,
            None => return rules,
        }
    }
}

/// Where a pattern with its delimiters and modifiers ends: at a `|` behind the last delimiter, or at the end.
fn pattern_end(text: &str) -> usize {
    let Some(close) = text.chars().next().and_then(closing) else {
        return text.find('|').unwrap_or(text.len());
    };
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == close => {
                let rest = &text[at + character.len_utf8()..];
                let modifiers = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_lowercase()).len();
                if rest[modifiers..].is_empty() || rest[modifiers..].starts_with('|') {
                    return at + character.len_utf8() + modifiers;
                }
            }
            _ => {}
        }
    }
    text.find('|').unwrap_or(text.len())
}

/// The delimiter that ends a pattern which begins so. Source: PHP's PCRE functions.
pub(crate) fn closing(open: char) -> Option<char> {
    match open {
        '(' => Some(')'),
        '[' => Some(']'),
        '{' => Some('}'),
        '<' => Some('>'),
        _ if open.is_ascii_punctuation() && open != '\\' => Some(open),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_may_have_bars() {
        let all = |text: &str| split(text);
        assert_eq!(all("required|regex:/^(a|b)$/i|max:5"), ["required", "regex:/^(a|b)$/i", "max:5"]);
        assert_eq!(all("not_regex:/a\\/|b/|string"), ["not_regex:/a\\/|b/", "string"]);
        assert_eq!(all("nullable|regex:([a-z]+$)"), ["nullable", "regex:([a-z]+$)"]);
        assert_eq!(all("nullable|numeric|"), ["nullable", "numeric", ""]);
    }

    #[test]
    fn arguments_are_comma_separated_values() {
        let list = |text: &str| Rule::of(text).unwrap().list();
        assert_eq!(list("in:a,b c, d"), ["a", "b c", " d"]);
        assert_eq!(list("in:\"a,b\",c,"), ["a,b", "c", ""]);
        assert_eq!(Rule::of("Nullable").unwrap().name, "nullable");
        assert_eq!(Rule::of(" "), None);
    }
}
