//! Writing XML: escaped text, attributes, and elements that are missing, in the manner of those around them.

use super::{Step, source};
use crate::config::{EditError, rule::Rule, splice::Splices};
use roxmltree::Node;

/// How far what is made stands in from what holds it, where nothing else says so.
const STEP: &str = "  ";

pub(super) fn is_name(name: &str) -> bool {
    let begins = |letter: char| letter.is_alphabetic() || letter == '_';
    let goes_on = |letter: char| letter.is_alphanumeric() || "_-.:".contains(letter);
    name.starts_with(begins) && name.chars().all(goes_on)
}

/// Text that is read as this again.
fn escaped(text: &str, rule: &Rule<'_>) -> Result<String, EditError> {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\r' => escaped.push_str("&#13;"),
            '\n' | '\t' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => escaped.push(letter),
            // XML 1.0 has no way to write the others.
            _ => return Err(rule.unrepresentable()),
        }
    }
    Ok(escaped)
}

fn escaped_attribute(text: &str, rule: &Rule<'_>) -> Result<String, EditError> {
    let escaped = escaped(text, rule)?.replace('"', "&quot;").replace('\'', "&apos;");
    Ok(escaped.replace('\n', "&#10;").replace('\t', "&#9;"))
}

pub(super) fn attribute(
    element: Node<'_, '_>,
    name: &str,
    value: &str,
    rule: &Rule<'_>,
    splices: &mut Splices,
) -> Result<(), EditError> {
    let value = escaped_attribute(value, rule)?;
    match source::attribute(element, name) {
        Some(found) => splices.push(found.range_value(), value),
        None => {
            let end = source::tags(element).head_end;
            splices.push(end..end, format!(" {name}=\"{value}\""))
        }
    }
}

/// The value takes the place of the first text; comments stay.
pub(super) fn content(
    element: Node<'_, '_>,
    value: &str,
    rule: &Rule<'_>,
    splices: &mut Splices,
) -> Result<(), EditError> {
    if element.children().any(|child| child.is_element()) {
        return Err(rule.no_place("the element holds others"));
    }
    let value = escaped(value, rule)?;
    let tags = source::tags(element);
    let Some(content) = tags.content else {
        let name = source::name(element);
        return splices.push(tags.head_end..tags.end, format!(">{value}</{name}>"));
    };
    let mut texts = source::texts(element, &content).into_iter();
    splices.push(texts.next().unwrap_or(content.start..content.start), value)?;
    texts.try_for_each(|text| splices.push(text, String::new()))
}

/// Elements that are missing, one in the other, at the end of the one that stands.
pub(super) fn add(
    holder: Node<'_, '_>,
    steps: &[Step<'_>],
    attribute: Option<&str>,
    value: &str,
    rule: &Rule<'_>,
    splices: &mut Splices,
) -> Result<(), EditError> {
    let mut names = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        match step {
            Step::Named(name, None | Some(0)) => names.push(*name),
            // As many as are there: the next one.
            Step::Named(name, Some(_)) if number == 0 => names.push(*name),
            Step::Named(..) => return Err(rule.no_place("there are fewer elements of the name")),
            Step::Each => return Ok(()),
        }
    }
    if !source::text(holder).trim().is_empty() && holder.children().all(|child| !child.is_element()) {
        return Err(rule.no_place("an element on the way holds text"));
    }
    let tags = source::tags(holder);
    let around = Around::of(holder);
    let body = around.body(&names, attribute, value, rule)?;
    let Some(content) = tags.content else {
        let name = source::name(holder);
        return splices.push(tags.head_end..tags.end, format!(">{body}{}</{name}>", around.outer));
    };
    match holder.last_element_child() {
        Some(last) => splices.push(last.range().end..last.range().end, body),
        None => {
            let last = source::texts(holder, &content).pop().filter(|text| text.end == content.end);
            splices.push(last.unwrap_or(content.end..content.end), format!("{body}{}", around.outer))
        }
    }
}

/// Line ends and space in front of an element and of what it holds; nothing where all is in one line.
struct Around {
    outer: String,
    inner: String,
    step: String,
}

impl Around {
    fn of(holder: Node<'_, '_>) -> Self {
        let text = holder.document().input_text();
        let outer = before(holder).unwrap_or_default();
        let child = holder.last_element_child();
        let inner = child.map(|child| before(child).unwrap_or_default());
        let line = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let is_root = holder.parent_element().is_none();
        let outer = if is_root { line.to_owned() } else { outer };
        let above = holder.parent_element().and_then(before).unwrap_or_else(|| line.to_owned());
        let step = match &inner {
            Some(inner) => inner.strip_prefix(outer.as_str()),
            None => outer.strip_prefix(above.as_str()),
        };
        let step = step.filter(|step| !step.is_empty()).unwrap_or(STEP).to_owned();
        // An element amid a line has its children there as well.
        let inner =
            inner.unwrap_or_else(|| if outer.is_empty() { String::new() } else { format!("{outer}{step}") });
        Self { outer, inner, step }
    }

    fn body(
        &self,
        names: &[&str],
        attribute: Option<&str>,
        value: &str,
        rule: &Rule<'_>,
    ) -> Result<String, EditError> {
        let space = |depth: usize| match self.inner.as_str() {
            "" => String::new(),
            inner => format!("{inner}{}", self.step.repeat(depth)),
        };
        let mut body = String::new();
        let last = names.len().saturating_sub(1);
        for (depth, name) in names.iter().enumerate() {
            body.push_str(&format!("{}<{name}", space(depth)));
            match attribute.filter(|_| depth == last) {
                Some(attribute) => {
                    body.push_str(&format!(" {attribute}=\"{}\"/>", escaped_attribute(value, rule)?));
                }
                None if depth == last => body.push_str(&format!(">{}</{name}>", escaped(value, rule)?)),
                None => body.push('>'),
            }
        }
        for (depth, name) in names.iter().enumerate().take(last).rev() {
            body.push_str(&format!("{}</{name}>", space(depth)));
        }
        Ok(body)
    }
}

/// The line end and the space that an element begins its line with.
fn before(element: Node<'_, '_>) -> Option<String> {
    let text = &element.document().input_text()[..element.range().start];
    let spaced = text.trim_end_matches([' ', '\t']);
    let line = if spaced.ends_with("\r\n") { "\r\n" } else { spaced.ends_with('\n').then_some("\n")? };
    Some(format!("{line}{}", &text[spaced.len()..]))
}
