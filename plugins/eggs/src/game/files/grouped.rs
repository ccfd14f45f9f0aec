//! Replacements of what a pattern matched, with groups such as `$2` in what is written.
//!
//! An edit writes its value as it is. Where the group is what the value ends with anyhow, as the port behind an address, what
//! is in front of it is replaced alone, which comes to the same.

use crate::{source::Node, words::leaves_line};
use gantry_document::model::{Edit, Existing, Text};
use regex::Regex;

pub(super) fn edits(edit: &Edit, pattern: &str, node: &Node<'_>) -> Vec<Edit> {
    let lost = |why: &str| {
        let what = format!("The condition {pattern:?} cannot be said: {why}.");
        node.log.lost("condition", &node.at, what, "The value is not edited.");
        Vec::new()
    };
    if edit.only == Existing::Absent {
        return Vec::new();
    }
    if Regex::new(pattern).is_err() || pattern.contains(leaves_line) || pattern.chars().count() > 1_000 {
        return lost("it is no pattern, or too long");
    }
    let with = |value: Text, pattern: String| Edit {
        only: Existing::Any,
        value,
        if_matches: Some(pattern),
        ..edit.clone()
    };
    let Text::Template(value) = &edit.value else { return lost("its value is no template") };
    let Some((before, group)) = group_at_end(value) else {
        if value.contains('$') {
            return lost("its value has groups in places where they cannot be kept");
        }
        return vec![with(value.as_str().into(), pattern.to_owned())];
    };
    let Some(Tail { head, first, optional }) = tail(pattern, group) else {
        return lost("its value has groups in places where they cannot be kept");
    };
    let what = format!("The group ${group} is kept by leaving it where it stands.");
    let meaning = "What is behind its first character is not looked at.";
    node.log.different("condition", &node.at, what, meaning);
    let follows =
        with(format!("{before}{first}").into(), format!("{head}{}", regex::escape(&first.to_string())));
    let alone = optional.then(|| with(before.into(), format!("{head}$")));
    alone.into_iter().chain([follows]).collect()
}

/// What is in front of a group that the value ends with, where there is no other.
fn group_at_end(value: &str) -> Option<(&str, usize)> {
    let (before, group) = value.rsplit_once('$')?;
    let group = group.strip_prefix('{').and_then(|group| group.strip_suffix('}')).unwrap_or(group);
    (!before.contains('$')).then_some((before, group.parse().ok().filter(|group| *group > 0)?))
}

struct Tail<'a> {
    /// The pattern in front of the group.
    head: &'a str,
    /// What the group begins with.
    first: char,
    optional: bool,
}

/// The group of this number, if it is the end of the pattern and begins with a character that means itself.
fn tail(pattern: &str, group: usize) -> Option<Tail<'_>> {
    let mut number = 0;
    let (mut class, mut escaped) = (false, false);
    let mut open = None;
    for (at, character) in pattern.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' if !class => class = true,
            ']' if class => class = false,
            '(' if !class && !pattern[at + 1..].starts_with('?') => {
                number += 1;
                if number == group {
                    open = Some(at);
                }
            }
            _ => {}
        }
    }
    let open = open?;
    let head = &pattern[..open];
    let rest = pattern[open + 1..].strip_suffix('$').unwrap_or(&pattern[open + 1..]);
    let (inside, optional) = match rest.strip_suffix(")?") {
        Some(inside) => (inside, true),
        None => (rest.strip_suffix(')')?, false),
    };
    let mut characters = inside.chars();
    let first = match characters.next()? {
        '\\' => characters.next().filter(char::is_ascii_punctuation)?,
        plain => Some(plain).filter(|first| !"([{.*+?|^$)]}".contains(*first))?,
    };
    // Something that may be missing or there twice is no beginning, and neither is one of several.
    let repeated = characters.next().is_some_and(|next| "*+?{".contains(next));
    (!repeated && !inside.contains(['|', '('])).then_some(Tail { head, first, optional })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Log, Tree};

    fn converted(pattern: &str, value: &str) -> Vec<(String, Text)> {
        let (log, tree) = (Log::default(), Tree::Null);
        let edit = Edit { at: "a".into(), value: value.into(), ..Edit::default() };
        let edits = edits(&edit, pattern, &Node::root(&tree, &log));
        edits.into_iter().map(|edit| (edit.if_matches.unwrap(), edit.value)).collect()
    }

    #[test]
    fn a_port_behind_an_address_stays() {
        let pattern = r"^(127\.0\.0\.1|localhost)(:\d{1,5})?$";
        let expected = [
            (r"^(127\.0\.0\.1|localhost)$".to_owned(), "10.0.0.1".into()),
            (r"^(127\.0\.0\.1|localhost):".to_owned(), "10.0.0.1:".into()),
        ];
        assert_eq!(converted(pattern, "10.0.0.1$2"), expected);
        assert_eq!(converted("^a", "b"), [("^a".to_owned(), "b".into())]);
    }

    #[test]
    fn groups_elsewhere_cannot_be_kept() {
        for (pattern, value) in
            [("^(a)(b)$", "$1x"), ("^(a)(b)$", "$1$2"), ("^a(.*)$", "x$1"), ("^a(b|c)$", "x$1"), ("(", "x")]
        {
            assert_eq!(converted(pattern, value), [], "{pattern}");
        }
    }
}
