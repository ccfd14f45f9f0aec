//! Changes of a YAML text, and of the row of events that it stands for.

use super::{
    tree::{Kind, Node, Shape, Tree},
    write,
};
use crate::config::{
    EditError,
    json::nest,
    notation::{self, There},
    place::{Part, Way},
    rule::Rule,
    splice::Splices,
};
use saphyr_parser::{Event, ScalarStyle};
use std::{borrow::Cow, ops::Range};

/// How far what is made stands in from what holds it.
const STEP: usize = 2;

pub(super) struct Change {
    place: Range<usize>,
    text: String,
    events: Range<usize>,
    made: Vec<Event<'static>>,
}

/// Makes all changes, and looks whether the text says what it is meant to say.
pub(super) fn make(tree: &Tree<'_>, mut changes: Vec<Change>, rule: &Rule<'_>) -> Result<String, EditError> {
    if changes.is_empty() {
        return Ok(tree.text.to_owned());
    }
    changes.sort_by_key(|change| change.place.start);
    let (mut splices, mut meant, mut end) = (Splices::default(), Vec::new(), 0);
    for change in changes {
        splices.push(change.place, change.text)?;
        meant.extend(tree.events[end..change.events.start].iter().cloned());
        meant.extend(change.made);
        end = change.events.end;
    }
    meant.extend(tree.events[end..].iter().cloned());
    let edited = splices.apply(tree.text);
    match Tree::read(&edited) {
        Ok(read) if read.events == meant => Ok(edited),
        Ok(_) | Err(EditError::Malformed(_)) => Err(rule.unrepresentable()),
        Err(error) => Err(error),
    }
}

/// A text of its own over what stands there.
pub(super) fn replace(
    tree: &Tree<'_>,
    place: usize,
    text: &str,
    rule: &Rule<'_>,
) -> Result<Change, EditError> {
    let node = &tree.nodes[place];
    let spaced = format!(" {text}");
    let colon = || node.key.and_then(|key| behind_colon(tree, &tree.nodes[key]));
    let behind = behind_anchor(tree, node);
    let (place, text) = match &node.kind {
        _ if behind == node.span.end && behind > node.span.start => (behind..behind, spaced),
        _ if node.anchor != 0 => (behind..node.span.end, text.to_owned()),
        Kind::Scalar(_) if tree.is_empty(place) && node.span.is_empty() => match (node.key, colon()) {
            (None, _) => (node.span.clone(), spaced),
            (Some(_), Some(colon)) => (colon..colon, spaced),
            (Some(_), None) if node.in_flow => (node.span.clone(), format!(":{spaced}")),
            (Some(_), None) => return Err(rule.no_place("its key has no colon")),
        },
        Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded) => {
            let head =
                head_of_block(tree, node).ok_or_else(|| rule.no_place("its beginning is not found"))?;
            (head..node.span.end, text.to_owned())
        }
        Kind::Mapping(Shape::Block, _) | Kind::Sequence(Shape::Block, _) => match colon() {
            Some(colon) if tree.text[colon..node.span.start].trim().is_empty() => {
                (colon..node.span.end, spaced)
            }
            _ => (node.span.clone(), text.to_owned()),
        },
        _ => (node.span.clone(), text.to_owned()),
    };
    let mut made = events(text.trim_start_matches([':', ' ']))?;
    if let Some(
        Event::Scalar(_, _, anchor, _) | Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _),
    ) = made.first_mut()
    {
        *anchor = node.anchor;
    }
    Ok(Change { place, text, events: node.events.clone(), made })
}

/// Where a value begins; its anchor stays.
fn behind_anchor(tree: &Tree<'_>, node: &Node) -> usize {
    let whole = &tree.text[node.span.clone()];
    if !whole.starts_with('&') {
        return node.span.start;
    }
    let value = whole.find(char::is_whitespace).map_or("", |end| whole[end..].trim_start());
    node.span.end - value.len()
}

/// Behind the colon of a key.
fn behind_colon(tree: &Tree<'_>, key: &Node) -> Option<usize> {
    let rest = &tree.text[key.span.end..];
    let space = rest.len() - rest.trim_start().len();
    rest[space..].starts_with(':').then_some(key.span.end + space + 1)
}

/// Where `|` or `>` stands.
fn head_of_block(tree: &Tree<'_>, node: &Node) -> Option<usize> {
    let colon = behind_colon(tree, &tree.nodes[node.key?])?;
    let rest = &tree.text[colon..node.span.start.max(colon)];
    let space = rest.len() - rest.trim_start().len();
    rest[space..].starts_with(['|', '>']).then_some(colon + space)
}

/// What an empty file becomes.
pub(super) fn begin(tree: &Tree<'_>, rule: &Rule<'_>, way: &Way<'_>) -> Result<Option<Change>, EditError> {
    if !way.makes {
        return Ok(None);
    }
    let Some(value) = rule.fresh()? else { return Ok(None) };
    if !matches!(way.parts.first(), Some(Part::Key(_))) {
        return Err(rule.no_place("an empty file becomes a mapping"));
    }
    let lines = lines(&way.parts, &notation::json(rule, &value, There::Other)?, rule)?;
    let end = tree.text.len();
    let text = format!("{}{}", broken_off(tree.text), indented(&lines, 0, line_end(tree.text)));
    Ok(Some(Change { place: end..end, text, events: 0..tree.events.len(), made: events(&lines)? }))
}

/// What the first part names, in what is to hold it, with all that the others name inside.
pub(super) fn add(
    tree: &Tree<'_>,
    holder: usize,
    parts: &[Part<'_>],
    rule: &Rule<'_>,
) -> Result<Option<Change>, EditError> {
    let Some(value) = rule.fresh()? else { return Ok(None) };
    let json = notation::json(rule, &value, There::Other)?;
    let node = &tree.nodes[holder];
    let (shape, last) = match &node.kind {
        Kind::Mapping(shape, entries) => (*shape, entries.last().map(|(_, value)| *value)),
        Kind::Sequence(shape, items) => (*shape, items.last().copied()),
        Kind::Scalar(_) | Kind::Alias(_) => return fill(tree, holder, parts, &json, rule).map(Some),
    };
    let whole = match parts.first() {
        Some(Part::Place(_)) => nested(&parts[1..], &json, rule).map(|inner| format!("[{inner}]")),
        _ => nested(parts, &json, rule),
    }?;
    let (place, text, made) = match shape {
        Shape::Pair => return Err(rule.no_place("a pair without braces is on the way")),
        Shape::Flow => {
            let text = write::of_json(&whole, ScalarStyle::Plain);
            let (place, spliced) = in_brackets(tree, node, last, &text[1..text.len() - 1]);
            (place, spliced, events(&text)?)
        }
        Shape::Block => {
            let lines = match node.kind {
                Kind::Mapping(..) => lines(parts, &json, rule)?,
                _ => format!("- {}\n", write::of_json(whole[1..whole.len() - 1].trim(), ScalarStyle::Plain)),
            };
            let column = match &node.kind {
                // What stands in front of it is on another line.
                Kind::Mapping(_, entries) if node.anchor != 0 || node.tagged => {
                    entries.first().map(|(key, _)| tree.nodes[*key].column)
                }
                _ => Some(node.column),
            };
            let (at, before) = next_line(tree.text, node.span.end);
            let text = indented(&lines, column.unwrap_or_default(), line_end(tree.text));
            (at..at, format!("{before}{text}"), events(&lines)?)
        }
    };
    let end = node.events.end - 1;
    // Without the brackets, or what stands for them.
    let made = made.get(1..made.len() - 1).unwrap_or_default().to_vec();
    Ok(Some(Change { place, text, events: end..end, made }))
}

/// What is added to a collection in brackets, and where.
fn in_brackets(tree: &Tree<'_>, node: &Node, last: Option<usize>, member: &str) -> (Range<usize>, String) {
    let opening = tree.text[node.span.clone()].find(['{', '[']).unwrap_or(0) + node.span.start + 1;
    let closing = node.span.end - 1;
    let Some(last) = last else { return (opening..closing, member.to_owned()) };
    if tree.is_empty(last) {
        return (closing..closing, format!(", {member}"));
    }
    let inside = &tree.text[opening..closing];
    let space = match &inside[..inside.len() - inside.trim_start().len()] {
        "" => " ",
        space => space,
    };
    let end = tree.nodes[last].span.end;
    (end..end, format!(",{space}{member}"))
}

/// A key without value becomes one with a mapping.
fn fill(
    tree: &Tree<'_>,
    place: usize,
    parts: &[Part<'_>],
    json: &str,
    rule: &Rule<'_>,
) -> Result<Change, EditError> {
    let node = &tree.nodes[place];
    let are_keys = parts.iter().all(|part| matches!(part, Part::Key(_)));
    let key = node.key.map(|key| &tree.nodes[key]).filter(|_| are_keys && !node.in_flow);
    let Some((key, colon)) = key.and_then(|key| Some((key, behind_colon(tree, key)?))) else {
        let whole = write::of_json(&nested(parts, json, rule)?, ScalarStyle::Plain);
        return replace(tree, place, &whole, rule);
    };
    let lines = lines(parts, json, rule)?;
    let (at, before) = next_line(tree.text, colon);
    let text = format!("{before}{}", indented(&lines, key.column + STEP, line_end(tree.text)));
    Ok(Change { place: at..at, text, events: node.events.clone(), made: events(&lines)? })
}

fn nested(parts: &[Part<'_>], json: &str, rule: &Rule<'_>) -> Result<String, EditError> {
    nest(parts, json.to_owned()).ok_or_else(|| rule.no_place("a list begins with its place 0"))
}

/// Keys in lines of their own; from the first place in a list on, all is in one line.
fn lines(parts: &[Part<'_>], json: &str, rule: &Rule<'_>) -> Result<String, EditError> {
    let (mut lines, mut depth, mut parts) = (String::new(), 0, parts);
    while let [Part::Key(key), rest @ ..] = parts {
        let key = write::text(key, ScalarStyle::Plain);
        lines.push_str(&format!("{}{key}:", " ".repeat(depth)));
        depth += STEP;
        parts = rest;
        if !matches!(rest, [Part::Key(_), ..]) {
            break;
        }
        lines.push('\n');
    }
    let value = write::of_json(&nested(parts, json, rule)?, ScalarStyle::Plain);
    lines.push_str(&format!(" {value}\n"));
    Ok(lines)
}

fn indented(lines: &str, column: usize, end: &str) -> String {
    lines.lines().map(|line| format!("{}{line}{end}", " ".repeat(column))).collect()
}

fn line_end(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// The line end that a last line lacks.
fn broken_off(text: &str) -> &'static str {
    if text.is_empty() || text.ends_with('\n') { "" } else { line_end(text) }
}

/// Where the next line begins, and what has to be written before it does.
fn next_line(text: &str, from: usize) -> (usize, &'static str) {
    match text[from..].find('\n') {
        Some(end) => (from + end + 1, ""),
        None => (text.len(), broken_off(text)),
    }
}

/// What a parser reads of a text of ours.
fn events(text: &str) -> Result<Vec<Event<'static>>, EditError> {
    let owned = |event| match event {
        Event::Scalar(text, style, anchor, tag) => Event::Scalar(
            Cow::Owned(text.into_owned()),
            style,
            anchor,
            tag.map(|tag| Cow::Owned(tag.into_owned())),
        ),
        Event::MappingStart(..) => Event::MappingStart(0, None),
        Event::SequenceStart(..) => Event::SequenceStart(0, None),
        Event::MappingEnd => Event::MappingEnd,
        Event::SequenceEnd => Event::SequenceEnd,
        // None of them is ever written.
        _ => Event::Nothing,
    };
    Ok(Tree::read(text)?.events.into_iter().map(owned).collect())
}
