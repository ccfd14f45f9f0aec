//! XML, edited in its text so that comments, order and spacing stay.
//!
//! Names are as they are written, with their prefix. A file with a document type is refused: it may define what anything
//! means, and stand for much more than it is. The parser does not recurse, and neither does this.
//!
//! Format: XML 1.0. Modules in reading order: [`source`], [`write`].

mod source;
mod write;

use super::{EditError, notation::check_text, rule::Rule, splice::Splices};
use gantry_types::plan::Edit;
use roxmltree::{Document, Node};
use source::name;

pub(super) fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let mut text = text.to_owned();
    read(&text)?;
    for edit in edits {
        text = set(&text, &Rule::of(edit)?)?;
    }
    Ok(text)
}

fn read(text: &str) -> Result<Document<'_>, EditError> {
    Document::parse(text).map_err(|error| EditError::Malformed(error.to_string()))
}

/// The way to a place.
struct Way<'a> {
    elements: Vec<Step<'a>>,
    attribute: Option<&'a str>,
    makes: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step<'a> {
    Each,
    /// All of the name, or one of them.
    Named(&'a str, Option<usize>),
}

impl<'a> Way<'a> {
    fn of(rule: &Rule<'a>) -> Result<Self, EditError> {
        let (elements, attribute) = match rule.at.rsplit_once('@') {
            Some((elements, attribute)) => (elements.strip_suffix('.').unwrap_or(elements), Some(attribute)),
            None => (rule.at, None),
        };
        let step = |part: &'a str| {
            if part == "*" {
                return Ok(Step::Each);
            }
            let (name, place) = match part.strip_suffix(']').and_then(|part| part.split_once('[')) {
                Some((name, place)) => (name, Some(place.parse())),
                None => (part, None),
            };
            if !write::is_name(name) {
                return Err(rule.no_place("that is no name of an element"));
            }
            let place = place.transpose().map_err(|_| rule.no_place("that is no position"))?;
            Ok(Step::Named(name, place))
        };
        let elements = elements.split('.').map(step).collect::<Result<Vec<_>, _>>()?;
        if attribute.is_some_and(|name| !write::is_name(name) || name.contains('.')) {
            return Err(rule.no_place("that is no name of an attribute"));
        }
        let makes = rule.makes() && !elements.contains(&Step::Each);
        Ok(Self { elements, attribute, makes })
    }

    fn blocked(&self, rule: &Rule<'_>, why: &'static str) -> Result<(), EditError> {
        if self.makes { Err(rule.no_place(why)) } else { Ok(()) }
    }
}

pub(super) fn look(text: &str, rules: &[Rule<'_>]) -> Result<Vec<Result<(), EditError>>, EditError> {
    let document = read(text)?;
    Ok(rules.iter().map(|rule| look_at(&document, rule)).collect())
}

fn look_at(document: &Document<'_>, rule: &Rule<'_>) -> Result<(), EditError> {
    let way = Way::of(rule)?;
    let (found, missing) = follow(document.root_element(), &way, rule)?;
    if missing.is_none() {
        for place in found {
            write(place, &way, rule, &mut Splices::default())?;
        }
    }
    Ok(())
}

fn set(text: &str, rule: &Rule<'_>) -> Result<String, EditError> {
    let way = Way::of(rule)?;
    let document = read(text)?;
    let mut splices = Splices::default();
    let mut meant = Vec::new();
    let (found, missing) = follow(document.root_element(), &way, rule)?;
    if let (Some(at), Some(holder)) = (missing, found.first().copied()) {
        if let Some(value) = rule.fresh()?.filter(|_| way.makes) {
            check_text(rule, &value)?;
            write::add(holder, &way.elements[at..], way.attribute, &value, rule, &mut splices)?;
            meant.push(value.into_owned());
        }
    } else {
        for place in found {
            meant.extend(write(place, &way, rule, &mut splices)?);
        }
    }
    if splices.is_empty() {
        return Ok(text.to_owned());
    }
    let edited = splices.apply(text);
    check(&edited, &way, rule, &meant)?;
    Ok(edited)
}

/// The elements that the way leads to; or those that it gets to, and how far that is. An error where nothing can be made.
fn follow<'a, 'i>(
    root: Node<'a, 'i>,
    way: &Way<'_>,
    rule: &Rule<'_>,
) -> Result<(Vec<Node<'a, 'i>>, Option<usize>), EditError> {
    match way.elements.first() {
        Some(Step::Named(wanted, place)) if *wanted != name(root) || place.is_some_and(|place| place > 0) => {
            way.blocked(rule, "the root element is another")?;
            return Ok((vec![], None));
        }
        _ => {}
    }
    let mut places = vec![root];
    for (number, step) in way.elements.iter().enumerate().skip(1) {
        let children = |place: &Node<'a, 'i>| place.children().filter(Node::is_element).collect::<Vec<_>>();
        let mut next = Vec::new();
        for place in &places {
            let children = children(place);
            match step {
                Step::Each => next.extend(children),
                Step::Named(wanted, at) => {
                    let named: Vec<_> =
                        children.into_iter().filter(|child| name(*child) == *wanted).collect();
                    match at {
                        None => next.extend(named),
                        Some(at) if *at > named.len() => {
                            way.blocked(rule, "there are fewer elements of the name")?
                        }
                        Some(at) => next.extend(named.get(*at)),
                    }
                }
            }
        }
        if next.is_empty() {
            return Ok((places, Some(number)));
        }
        places = next;
    }
    Ok((places, None))
}

/// Writes over what an element or its attribute holds. Gives what that is to be.
fn write(
    place: Node<'_, '_>,
    way: &Way<'_>,
    rule: &Rule<'_>,
    splices: &mut Splices,
) -> Result<Option<String>, EditError> {
    let there = match way.attribute {
        Some(attribute) => source::attribute(place, attribute).map(|found| found.value().to_owned()),
        None => Some(source::text(place)),
    };
    let value = match &there {
        Some(there) if way.attribute.is_none() && place.children().any(|child| child.is_element()) => {
            rule.over_tree(there)?
        }
        Some(there) => rule.over(there)?,
        None if way.makes => rule.fresh()?,
        None => None,
    };
    let Some(value) = value else { return Ok(there) };
    check_text(rule, &value)?;
    if there.as_deref() == Some(&*value) {
        return Ok(there);
    }
    match way.attribute {
        Some(attribute) => write::attribute(place, attribute, &value, rule, splices)?,
        None => write::content(place, &value, rule, splices)?,
    }
    Ok(Some(value.into_owned()))
}

/// What was made is read again: it must say what was meant.
fn check(edited: &str, way: &Way<'_>, rule: &Rule<'_>, meant: &[String]) -> Result<(), EditError> {
    let document = read(edited).map_err(|_| rule.unrepresentable())?;
    let (found, missing) = follow(document.root_element(), way, rule)?;
    let says = |place: &Node<'_, '_>| match way.attribute {
        Some(attribute) => source::attribute(*place, attribute).map(|found| found.value().to_owned()),
        None => Some(source::text(*place)),
    };
    let said: Vec<_> = found.iter().filter_map(says).collect();
    if missing.is_none() && said == meant { Ok(()) } else { Err(rule.unrepresentable()) }
}

#[cfg(test)]
mod tests;
