//! Where the parts of an element stand in the text. The parser says where an element begins and ends, and nothing between.

use roxmltree::{Attribute, Node};
use std::ops::Range;

/// Where an element's tags begin and end.
pub(super) struct Tags {
    /// Behind the name.
    pub(super) name_end: usize,
    /// In front of what ends the first tag: `>` or `/>`, and space before that.
    pub(super) head_end: usize,
    /// None where the element is one tag.
    pub(super) content: Option<Range<usize>>,
    pub(super) end: usize,
}

/// The name as it is written.
pub(super) fn name<'a>(element: Node<'a, '_>) -> &'a str {
    let text = element.document().input_text();
    &text[element.range().start + 1..tags(element).name_end]
}

pub(super) fn tags(element: Node<'_, '_>) -> Tags {
    let text = element.document().input_text();
    let Range { start, end } = element.range();
    let bytes = text.as_bytes();
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/');
    let name_end = bytes[start..end].iter().position(is_end).map_or(end, |at| start + at);
    let mut quote = None;
    let mut at = name_end;
    while at < end {
        match (bytes[at], quote) {
            (byte, Some(open)) if byte == open => quote = None,
            (_, Some(_)) => {}
            (b'"' | b'\'', None) => quote = Some(bytes[at]),
            (b'>', None) => break,
            _ => {}
        }
        at += 1;
    }
    let is_one = text[..at].ends_with('/');
    let head = text[..at - usize::from(is_one)].trim_end();
    let closing = text[start..end].rfind("</").map_or(end, |at| start + at);
    let content = (!is_one).then_some(at + 1..closing);
    Tags { name_end, head_end: head.len(), content, end }
}

/// The attribute whose name is written so.
pub(super) fn attribute<'a, 'i>(element: Node<'a, 'i>, wanted: &str) -> Option<Attribute<'a, 'i>> {
    let text = element.document().input_text();
    element.attributes().find(|attribute| &text[attribute.range_qname()] == wanted)
}

/// The text of an element; with elements inside, all that is written there.
pub(super) fn text(element: Node<'_, '_>) -> String {
    if element.children().any(|child| child.is_element()) {
        let content = tags(element).content.unwrap_or_default();
        return element.document().input_text()[content].to_owned();
    }
    element.children().filter(Node::is_text).filter_map(|child| child.text()).collect()
}

/// What of an element's content is text, and neither comments nor instructions.
pub(super) fn texts(element: Node<'_, '_>, content: &Range<usize>) -> Vec<Range<usize>> {
    let mut texts = Vec::new();
    let mut from = content.start;
    for child in element.children().filter(|child| !child.is_text()) {
        texts.push(from..child.range().start);
        from = child.range().end;
    }
    texts.push(from..content.end);
    texts.retain(|text| !text.is_empty());
    texts
}
