//! YAML, edited in its text so that comments, order and spacing stay.
//!
//! Every change is made twice: in the text, and in the row of events that a parser reads of it ([`tree`]). The text is then
//! read again, and is thrown away unless it says exactly that row. So whatever the format has in store for a text that was
//! put together, the file holds what was meant and everything else as before, or the edit is an error.
//!
//! An anchor that aliases take their value from is not edited, nor what stands behind an alias: other places would change.
//!
//! Modules in reading order: [`tree`], [`write`], [`change`].

mod change;
mod tree;
mod write;

use super::{
    EditError,
    notation::{self, There},
    place::{Part, Way},
    rule::Rule,
};
use change::{Change, replace};
use gantry_types::plan::{Edit, Notation};
use saphyr_parser::ScalarStyle;
use tree::{Kind, Tree};
use write::{Class, class};

pub(super) fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let mut text = text.to_owned();
    if edits.is_empty() {
        Tree::read(&text)?;
    }
    for edit in edits {
        text = set(&text, &Rule::of(edit)?)?;
    }
    Ok(text)
}

pub(super) fn look(text: &str, rules: &[Rule<'_>]) -> Result<Vec<Result<(), EditError>>, EditError> {
    let tree = Tree::read(text)?;
    Ok(rules.iter().map(|rule| look_at(&tree, rule)).collect())
}

fn look_at(tree: &Tree<'_>, rule: &Rule<'_>) -> Result<(), EditError> {
    let way = Way::of(rule)?;
    if tree.nodes.is_empty() || tree.is_empty(0) {
        return Ok(());
    }
    for place in places(tree, rule, &way, &mut Vec::new())? {
        write(tree, place, rule)?;
    }
    Ok(())
}

fn set(text: &str, rule: &Rule<'_>) -> Result<String, EditError> {
    let way = Way::of(rule)?;
    let tree = Tree::read(text)?;
    let mut changes = Vec::new();
    if tree.nodes.is_empty() || tree.is_empty(0) {
        changes.extend(change::begin(&tree, rule, &way)?);
    } else {
        for place in places(&tree, rule, &way, &mut changes)? {
            changes.extend(write(&tree, place, rule)?);
        }
    }
    change::make(&tree, changes, rule)
}

/// All places that the way leads to. What is missing on it becomes a change.
fn places(
    tree: &Tree<'_>,
    rule: &Rule<'_>,
    way: &Way<'_>,
    changes: &mut Vec<Change>,
) -> Result<Vec<usize>, EditError> {
    let mut places = vec![0];
    for (number, part) in way.parts.iter().enumerate() {
        let mut next = Vec::new();
        for place in places {
            match step(tree, place, part, rule)? {
                Step::To(found) => next.extend(found),
                Step::Missing if way.makes => {
                    changes.extend(change::add(tree, place, &way.parts[number..], rule)?);
                }
                Step::Missing => {}
                Step::Blocked(why) => way.blocked(rule, why)?,
            }
        }
        places = next;
    }
    Ok(places)
}

enum Step {
    To(Vec<usize>),
    Missing,
    Blocked(&'static str),
}

fn step(tree: &Tree<'_>, place: usize, part: &Part<'_>, rule: &Rule<'_>) -> Result<Step, EditError> {
    let node = &tree.nodes[place];
    if tree.is_referred(node) {
        return Err(rule.no_place("an alias elsewhere takes its value from what is on the way"));
    }
    Ok(match (&node.kind, part) {
        (Kind::Alias(_), _) => return Err(rule.no_place("an alias stands on the way")),
        (Kind::Scalar(_), _) if tree.is_empty(place) && node.anchor == 0 && !node.tagged => Step::Missing,
        (Kind::Scalar(_), _) => Step::Blocked("something on the way holds no keys"),
        (Kind::Mapping(_, entries), Part::Each) => {
            Step::To(entries.iter().map(|(_, value)| *value).collect())
        }
        (Kind::Mapping(_, entries), Part::Key(key)) => {
            let has = |name: &str| {
                let named = entries.iter().filter(move |(key, _)| tree.scalar(*key) == Some(name));
                named.map(|(_, value)| *value).collect::<Vec<_>>()
            };
            let found = has(key);
            if found.is_empty() && !rule.is_always() && !has("<<").is_empty() {
                return Err(rule.no_place("a mapping on the way takes keys from elsewhere by <<"));
            }
            if found.is_empty() { Step::Missing } else { Step::To(found) }
        }
        (Kind::Mapping(..), Part::Place(_)) => Step::Blocked("no list stands there"),
        (Kind::Sequence(_, items), Part::Each) => Step::To(items.clone()),
        (Kind::Sequence(_, items), Part::Key(key)) => {
            match key.parse::<usize>().map(|position| items.get(position)) {
                Ok(Some(found)) => Step::To(vec![*found]),
                Ok(None) => Step::Blocked("the list is shorter"),
                Err(_) => Step::Blocked("a list needs a position"),
            }
        }
        (Kind::Sequence(_, items), Part::Place(position)) => match items.get(*position) {
            Some(found) => Step::To(vec![*found]),
            None if *position == items.len() => Step::Missing,
            None => Step::Blocked("the list is shorter"),
        },
    })
}

fn write(tree: &Tree<'_>, place: usize, rule: &Rule<'_>) -> Result<Option<Change>, EditError> {
    let node = &tree.nodes[place];
    let meant = tree.meant(place);
    let stands = &tree.nodes[meant];
    let there = tree.scalar(meant).unwrap_or_else(|| &tree.text[stands.span.clone()]);
    let (kind, style) = match stands.kind {
        Kind::Scalar(ScalarStyle::Plain) if class(there) != Class::Text => (There::Other, ScalarStyle::Plain),
        Kind::Scalar(style) => (There::Text, style),
        Kind::Alias(_) | Kind::Mapping(..) | Kind::Sequence(..) => (There::Other, ScalarStyle::Plain),
    };
    let value = match stands.kind {
        Kind::Mapping(..) | Kind::Sequence(..) => rule.over_tree(there),
        Kind::Scalar(ScalarStyle::Plain) if class(there) == Class::Null => rule.over_nothing(there),
        Kind::Scalar(_) | Kind::Alias(_) => rule.over(there),
    }?;
    let Some(value) = value else { return Ok(None) };
    let is_scalar = matches!(stands.kind, Kind::Scalar(_));
    let is_text = matches!(rule.notation, Notation::LikeThere | Notation::Text);
    if is_scalar && kind == There::Text && is_text && *value == *there {
        return Ok(None);
    }
    let same_kind = is_scalar && !there.is_empty() && !value.is_empty() && class(there) == class(&value);
    let written = match (rule.notation, kind) {
        // `yes` stays a word where `no` stands.
        (Notation::LikeThere, There::Other) if same_kind => value.into_owned(),
        _ => write::of_json(&notation::json(rule, &value, kind)?, style),
    };
    if written == tree.text[node.span.clone()] {
        return Ok(None);
    }
    if node.tagged {
        return Err(rule.no_place("it has a tag, which would not fit the value"));
    }
    if tree.is_referred(node) {
        return Err(rule.no_place("an alias elsewhere takes its value from here"));
    }
    replace(tree, place, &written, rule).map(Some)
}

#[cfg(test)]
mod tests;
