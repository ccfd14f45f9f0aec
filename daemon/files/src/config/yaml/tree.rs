//! What stands in a YAML text, and where.
//!
//! The parser says what it reads as a row of events; this keeps that row, to compare it with the row of what was made of
//! the text, and beside it a tree of places in the text. Places that the parser does not say are found by their characters.
//! An alias is one node and never what it stands for, so that a file of aliases of aliases is no larger than it is.

use crate::config::{EditError, notation::MAX_DEPTH};
use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use std::{collections::HashSet, ops::Range};

/// Most values of a file: each takes many times the bytes that it has there.
const MAX_NODES: usize = 300_000;

pub(super) struct Tree<'t> {
    pub(super) text: &'t str,
    /// All that is between the beginning and the end of the one document.
    pub(super) events: Vec<Event<'t>>,
    /// The root is the first; an empty file has none.
    pub(super) nodes: Vec<Node>,
    /// What aliases take their value from.
    referred: HashSet<usize>,
    /// The byte of each character, unless they are the same.
    bytes: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) events: Range<usize>,
    /// With its anchor and tag.
    pub(super) span: Range<usize>,
    /// Column of its first character.
    pub(super) column: usize,
    pub(super) anchor: usize,
    pub(super) tagged: bool,
    /// Whether brackets are around it.
    pub(super) in_flow: bool,
    /// Of a value in a mapping.
    pub(super) key: Option<usize>,
}

#[derive(Debug)]
pub(super) enum Kind {
    Scalar(ScalarStyle),
    Alias(usize),
    Mapping(Shape, Vec<(usize, usize)>),
    Sequence(Shape, Vec<usize>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Block,
    Flow,
    /// A single pair in a flow sequence, without braces.
    Pair,
}

/// A collection that is not at its end.
struct Open {
    node: usize,
    children: Vec<usize>,
}

impl<'t> Tree<'t> {
    pub(super) fn read(text: &'t str) -> Result<Self, EditError> {
        let bytes =
            if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at).collect() };
        let mut tree = Self { text, events: vec![], nodes: vec![], referred: HashSet::new(), bytes };
        let mut open: Vec<Open> = Vec::new();
        let mut documents = 0;
        for read in Parser::new_from_str(text) {
            let (event, span) = read.map_err(|error| EditError::Malformed(error.to_string()))?;
            match event {
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
                Event::DocumentStart(_) => documents += 1,
                event => tree.take(event, span, &mut open)?,
            }
            if documents > 1 {
                return Err(EditError::Malformed("it holds several documents".to_owned()));
            }
        }
        Ok(tree)
    }

    fn take(&mut self, event: Event<'t>, span: Span, open: &mut Vec<Open>) -> Result<(), EditError> {
        if open.len() > MAX_DEPTH || self.nodes.len() > MAX_NODES {
            return Err(EditError::Malformed(format!(
                "it is nested more than {MAX_DEPTH} deep or holds more than {MAX_NODES} values"
            )));
        }
        let (kind, anchor, tagged) = match &event {
            Event::Scalar(_, style, anchor, tag) => (Kind::Scalar(*style), *anchor, tag.is_some()),
            Event::Alias(of) => {
                self.referred.insert(*of);
                (Kind::Alias(*of), 0, false)
            }
            Event::MappingStart(anchor, tag) => {
                (Kind::Mapping(self.shape(&span, open, '{'), vec![]), *anchor, tag.is_some())
            }
            Event::SequenceStart(anchor, tag) => {
                (Kind::Sequence(self.shape(&span, open, '['), vec![]), *anchor, tag.is_some())
            }
            _ => {
                self.events.push(event);
                return self.close(open);
            }
        };
        let place = self.events.len();
        let in_flow = self.in_flow(open);
        self.events.push(event);
        let number = self.nodes.len();
        if let Some(holder) = open.last_mut() {
            holder.children.push(number);
        }
        let opens = matches!(kind, Kind::Mapping(..) | Kind::Sequence(..));
        let stands = self.place(&kind, self.byte(span.start.index())..self.byte(span.end.index()), number);
        self.nodes.push(Node {
            kind,
            events: place..place + 1,
            span: stands,
            column: span.start.col(),
            anchor,
            tagged,
            in_flow,
            key: None,
        });
        if opens {
            open.push(Open { node: number, children: vec![] });
        }
        Ok(())
    }

    /// Where a node stands. What is empty has the place of whatever comes next, and text in block style takes the empty lines
    /// behind it.
    fn place(&self, kind: &Kind, said: Range<usize>, number: usize) -> Range<usize> {
        let text = self.text.get(said.clone()).unwrap_or_default();
        match kind {
            Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded) => {
                said.start..said.start + text.trim_end().len()
            }
            // Their end is said to be behind what follows on the line.
            Kind::Scalar(ScalarStyle::SingleQuoted) => said.start..said.start + quoted_end(text, '\''),
            Kind::Scalar(ScalarStyle::DoubleQuoted) => said.start..said.start + quoted_end(text, '"'),
            Kind::Alias(_) => said.start..said.start + text.trim_end().len(),
            Kind::Scalar(ScalarStyle::Plain) if self.scalar_at(self.events.len() - 1) == Some("") => {
                if text.starts_with(['&', '!']) {
                    return said;
                }
                let front = self.text[..said.start].trim_end();
                if front.ends_with('-') {
                    return front.len()..front.len();
                }
                let before = number.checked_sub(1).map_or(said.start, |before| self.nodes[before].span.end);
                before..before
            }
            _ => said,
        }
    }

    fn close(&mut self, open: &mut Vec<Open>) -> Result<(), EditError> {
        let Some(Open { node: number, children }) = open.pop() else { return Ok(()) };
        let content = children.iter().map(|child| self.nodes[*child].span.end).max();
        for pair in children.chunks_exact(2) {
            if matches!(self.nodes[number].kind, Kind::Mapping(..)) {
                self.nodes[pair[1]].key = Some(pair[0]);
            }
        }
        let events = self.events.len();
        let first = children.first().map(|first| self.nodes[*first].span.start);
        let node = &mut self.nodes[number];
        let before = self.text[..node.span.start].trim_end();
        if matches!(node.kind, Kind::Sequence(Shape::Block, _))
            && first.is_some_and(|first| first <= node.span.start)
            && before.ends_with('-')
        {
            // One that does not stand in is said to begin behind its first dash.
            node.span.start = before.len() - 1;
            node.column = before[before.rfind('\n').map_or(0, |end| end + 1)..].chars().count() - 1;
        }
        node.events.end = events;
        let end = content.unwrap_or(node.span.end).max(node.span.end);
        let (shape, bracket) = match &mut node.kind {
            Kind::Mapping(shape, entries) => {
                *entries = children.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
                (*shape, '}')
            }
            Kind::Sequence(shape, items) => {
                *items = children;
                (*shape, ']')
            }
            Kind::Scalar(_) | Kind::Alias(_) => return Ok(()),
        };
        node.span.end = end;
        if shape == Shape::Flow {
            let found = bracket_after(self.text, end, bracket);
            node.span.end = found.ok_or_else(|| EditError::Malformed("a bracket is missing".to_owned()))?;
        }
        Ok(())
    }

    fn shape(&self, span: &Span, open: &[Open], bracket: char) -> Shape {
        let here = &self.text[self.byte(span.start.index())..self.byte(span.end.index())];
        match here.ends_with(bracket) {
            true => Shape::Flow,
            false if self.in_flow(open) => Shape::Pair,
            false => Shape::Block,
        }
    }

    fn in_flow(&self, open: &[Open]) -> bool {
        open.last().is_some_and(|open| {
            let holder = &self.nodes[open.node];
            let is_flow =
                matches!(holder.kind, Kind::Mapping(Shape::Flow, _) | Kind::Sequence(Shape::Flow, _));
            holder.in_flow || is_flow
        })
    }

    fn byte(&self, character: usize) -> usize {
        if self.bytes.is_empty() {
            return character.min(self.text.len());
        }
        self.bytes.get(character).copied().unwrap_or(self.text.len())
    }

    /// Whether an alias takes its value from here.
    pub(super) fn is_referred(&self, node: &Node) -> bool {
        node.anchor != 0 && self.referred.contains(&node.anchor)
    }

    /// The node that an alias stands for.
    pub(super) fn meant(&self, number: usize) -> usize {
        let Kind::Alias(anchor) = self.nodes[number].kind else { return number };
        self.nodes.iter().position(|node| node.anchor == anchor).unwrap_or(number)
    }

    /// The text of a scalar.
    pub(super) fn scalar(&self, number: usize) -> Option<&str> {
        self.scalar_at(self.nodes[number].events.start)
    }

    fn scalar_at(&self, event: usize) -> Option<&str> {
        match &self.events[event] {
            Event::Scalar(text, ..) => Some(text),
            _ => None,
        }
    }

    /// Whether there is a key, or a place in a list, and nothing behind it.
    pub(super) fn is_empty(&self, number: usize) -> bool {
        let node = &self.nodes[number];
        matches!(node.kind, Kind::Scalar(ScalarStyle::Plain)) && self.scalar(number) == Some("")
    }
}

/// Behind the closing quote of a text in quotes, with an anchor or a tag in front.
fn quoted_end(text: &str, quote: char) -> usize {
    let mut rest = text.char_indices().skip_while(|(_, letter)| *letter != quote).skip(1).peekable();
    while let Some((at, letter)) = rest.next() {
        match letter {
            '\\' if quote == '"' => drop(rest.next()),
            _ if letter != quote => {}
            _ if quote == '\'' && rest.next_if(|(_, next)| *next == quote).is_some() => {}
            _ => return at + quote.len_utf8(),
        }
    }
    text.len()
}

/// Behind the bracket that is next but for space, comments and what may be left out.
fn bracket_after(text: &str, from: usize, bracket: char) -> Option<usize> {
    let mut rest = text[from..].char_indices();
    let mut before = text[..from].chars().next_back().unwrap_or(' ');
    while let Some((at, letter)) = rest.next() {
        match letter {
            _ if letter == bracket => return Some(from + at + 1),
            '#' if before.is_whitespace() || before == ',' => {
                rest.find(|(_, letter)| matches!(letter, '\n' | '\r'))?;
                before = '\n';
                continue;
            }
            ',' | ':' | '?' => {}
            _ if letter.is_whitespace() => {}
            _ => return None,
        }
        before = letter;
    }
    None
}
