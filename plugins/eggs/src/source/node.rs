//! Reading with a memory: what nobody read is told at the end, so that nothing of an egg is dropped silently.

use super::Tree;
use crate::{Loss, Severity};
use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
};

/// What was read, and what could not be kept.
#[derive(Default)]
pub(crate) struct Log {
    read: RefCell<BTreeSet<String>>,
    losses: RefCell<Vec<Loss>>,
}

impl Log {
    pub(crate) fn different(
        &self,
        kind: &'static str,
        at: &str,
        what: impl Into<String>,
        meaning: impl Into<String>,
    ) {
        self.say(Severity::Different, kind, at, what.into(), meaning.into());
    }
    pub(crate) fn lost(
        &self,
        kind: &'static str,
        at: &str,
        what: impl Into<String>,
        meaning: impl Into<String>,
    ) {
        self.say(Severity::Lost, kind, at, what.into(), meaning.into());
    }

    fn say(&self, severity: Severity, kind: &'static str, at: &str, what: String, meaning: String) {
        self.losses.borrow_mut().push(Loss { severity, kind, at: at.to_owned(), what, meaning });
    }

    /// All losses, with what nobody read.
    pub(crate) fn finish(self, root: &Tree) -> Vec<Loss> {
        self.unread(root, "");
        self.losses.into_inner()
    }

    fn unread(&self, tree: &Tree, at: &str) {
        if self.read.borrow().contains(at) {
            return;
        }
        match tree {
            Tree::Map(map) if !map.is_empty() => {
                let last = last_of_each(map);
                for (number, (key, value)) in map.iter().enumerate() {
                    let at = way(at, key);
                    if last[key.as_str()] != number {
                        let meaning = "The last of them counts, as it does elsewhere.";
                        self.different("twice", &at, "The key is there twice.", meaning);
                    } else {
                        self.unread(value, &at);
                    }
                }
            }
            Tree::List(list) if !list.is_empty() => {
                for (number, value) in list.iter().enumerate() {
                    self.unread(value, &way(at, &number.to_string()));
                }
            }
            _ if tree.is_empty() => {}
            _ => {
                let text: String = tree.text().unwrap_or_default().chars().take(200).collect();
                let meaning = "Nothing here knows this key in this place; the server runs without it.";
                self.lost("unknown", at, format!("It says {text:?}."), meaning);
            }
        }
    }
}

/// Where each key is there for the last time.
fn last_of_each(map: &[(String, Tree)]) -> HashMap<&str, usize> {
    map.iter().enumerate().map(|(number, (key, _))| (key.as_str(), number)).collect()
}

fn way(at: &str, key: &str) -> String {
    let key = key.replace('~', "~0").replace('/', "~1");
    if at.is_empty() { key } else { format!("{at}/{key}") }
}

/// A value in its place.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    pub(crate) tree: &'a Tree,
    /// The way from the root, as in a JSON pointer.
    pub(crate) at: String,
    pub(crate) log: &'a Log,
}

impl<'a> Node<'a> {
    pub(crate) fn root(tree: &'a Tree, log: &'a Log) -> Self {
        Self { tree, at: String::new(), log }
    }

    /// The last value under this key that is not null.
    pub(crate) fn get(&self, key: &str) -> Option<Self> {
        let Tree::Map(map) = self.tree else { return None };
        let tree = map.iter().rev().find(|(there, _)| there == key).map(|(_, tree)| tree)?;
        let node = self.below(key, tree);
        if *tree == Tree::Null {
            node.read();
            return None;
        }
        Some(node)
    }

    fn below(&self, key: &str, tree: &'a Tree) -> Self {
        Self { tree, at: way(&self.at, key), log: self.log }
    }

    /// Keys and values; of a list, its numbers and values.
    pub(crate) fn entries(&self) -> Vec<(String, Self)> {
        match self.tree {
            Tree::Map(map) => {
                let last = last_of_each(map);
                let there = map.iter().enumerate().filter(|(number, (key, _))| last[key.as_str()] == *number);
                there.map(|(_, (key, tree))| (key.clone(), self.below(key, tree))).collect()
            }
            Tree::List(list) => {
                let entry = |(number, tree)| {
                    let key = usize::to_string(&number);
                    (key.clone(), self.below(&key, tree))
                };
                list.iter().enumerate().map(entry).collect()
            }
            Tree::Null | Tree::Boolean(_) | Tree::Number(_) | Tree::Text(_) => Vec::new(),
        }
    }

    /// Notes that it was read, with all that is in it.
    pub(crate) fn read(&self) {
        self.log.read.borrow_mut().insert(self.at.clone());
    }

    /// A scalar as text. What is none stays unread.
    pub(crate) fn text(&self) -> Option<String> {
        let text = self.tree.text();
        if text.is_some() {
            self.read();
        }
        text
    }

    /// The text under a key, or the empty text.
    pub(crate) fn text_of(&self, key: &str) -> String {
        self.get(key).and_then(|node| node.text()).unwrap_or_default()
    }

    /// A text, or each text of a list.
    pub(crate) fn texts(&self) -> Vec<(String, Self)> {
        match self.tree {
            Tree::Map(_) | Tree::List(_) => {
                self.entries().into_iter().filter_map(|(_, node)| Some((node.text()?, node))).collect()
            }
            _ => self.text().into_iter().map(|text| (text, self.clone())).collect(),
        }
    }
}
