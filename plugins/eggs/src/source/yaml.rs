//! YAML into the tree, with the words that panels of this kind write and read: those of YAML 1.2's core schema.
//!
//! What aliases bring is counted, since a short file may stand for a very large one.

use super::Tree;
use saphyr_parser::{Event, Parser, ScalarStyle};
use std::{collections::BTreeMap, iter::Peekable};

const MAX_NODES: usize = 100_000;
const MAX_DEPTH: usize = 64;

pub(crate) fn read(text: &str) -> Result<Tree, String> {
    let mut events = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|error| error.to_string())?;
        if events.len() > MAX_NODES {
            return Err("it has too many values".to_owned());
        }
        if !matches!(
            event,
            Event::Nothing
                | Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(_)
                | Event::DocumentEnd
        ) {
            events.push(event);
        }
    }
    let mut builder = Builder { events: events.into_iter().peekable(), anchors: BTreeMap::new(), nodes: 0 };
    let tree = builder.value(0)?;
    if builder.events.peek().is_some() {
        return Err("it is more than one document".to_owned());
    }
    Ok(tree)
}

struct Builder<'a, I: Iterator<Item = Event<'a>>> {
    events: Peekable<I>,
    anchors: BTreeMap<usize, Tree>,
    nodes: usize,
}

impl<'a, I: Iterator<Item = Event<'a>>> Builder<'a, I> {
    fn value(&mut self, depth: usize) -> Result<Tree, String> {
        if depth > MAX_DEPTH {
            return Err("it is nested too deep".to_owned());
        }
        self.count(1)?;
        let (anchor, tree) = match self.events.next() {
            Some(Event::Alias(anchor)) => {
                let tree = self.anchors.get(&anchor).cloned().ok_or("an alias stands before its anchor")?;
                self.count(size(&tree))?;
                return Ok(tree);
            }
            Some(Event::Scalar(text, style, anchor, tag)) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                (anchor, if plain { word(&text) } else { Tree::Text(text.into_owned()) })
            }
            Some(Event::SequenceStart(anchor, _)) => {
                let mut list = Vec::new();
                while !matches!(self.events.peek(), Some(Event::SequenceEnd) | None) {
                    list.push(self.value(depth + 1)?);
                }
                self.events.next();
                (anchor, Tree::List(list))
            }
            Some(Event::MappingStart(anchor, _)) => {
                let mut map = Vec::new();
                while !matches!(self.events.peek(), Some(Event::MappingEnd) | None) {
                    let key = self.value(depth + 1)?.text().ok_or("a key is no text")?;
                    map.push((key, self.value(depth + 1)?));
                }
                self.events.next();
                (anchor, Tree::Map(map))
            }
            _ => return Err("it ends too early".to_owned()),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, tree.clone());
        }
        Ok(tree)
    }

    fn count(&mut self, nodes: usize) -> Result<(), String> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES { Err("it has too many values".to_owned()) } else { Ok(()) }
    }
}

fn size(tree: &Tree) -> usize {
    match tree {
        Tree::List(list) => 1 + list.iter().map(size).sum::<usize>(),
        Tree::Map(map) => 1 + map.iter().map(|(_, value)| size(value)).sum::<usize>(),
        Tree::Null | Tree::Boolean(_) | Tree::Number(_) | Tree::Text(_) => 1,
    }
}

/// What a word without quotes is.
fn word(text: &str) -> Tree {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Tree::Null,
        "true" | "True" | "TRUE" => Tree::Boolean(true),
        "false" | "False" | "FALSE" => Tree::Boolean(false),
        _ => {
            let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
            let decimal = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
                && digits.bytes().any(|byte| byte.is_ascii_digit())
                && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
                && digits.matches('.').count() <= 1;
            // As it is written: a version such as 1.20 is no 1.2.
            if decimal { Tree::Number(text.to_owned()) } else { Tree::Text(text.to_owned()) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lists_and_maps_are_told_apart_and_keep_their_order() {
        let text = "b: true\na: 'true'\nc: [1, -2.50, x, ~]\nd: |\n  two\n  lines\ne: &one {k: v}\nf: *one\n";
        let Tree::Map(map) = read(text).unwrap() else { panic!("a map") };
        let keys: Vec<&str> = map.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["b", "a", "c", "d", "e", "f"]);
        assert_eq!(map[0].1, Tree::Boolean(true));
        assert_eq!(map[1].1, Tree::Text("true".to_owned()));
        let number = |text: &str| Tree::Number(text.to_owned());
        assert_eq!(
            map[2].1,
            Tree::List(vec![number("1"), number("-2.50"), Tree::Text("x".to_owned()), Tree::Null])
        );
        assert_eq!(map[3].1, Tree::Text("two\nlines\n".to_owned()));
        assert_eq!(map[4].1, map[5].1);
    }

    #[test]
    fn a_short_file_cannot_stand_for_a_huge_one() {
        let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..9 {
            let alias = format!("*a{}", level - 1);
            text += &format!("a{level}: &a{level} [{}]\n", vec![alias; 10].join(","));
        }
        assert_eq!(read(&text), Err("it has too many values".to_owned()));
        assert!(read(&"[".repeat(100_000)).is_err());
    }
}
