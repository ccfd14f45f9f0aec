//! The egg as it was written: one tree for JSON and YAML, and a reader that notes what was read.
//!
//! Modules in reading order: [`tree`], [`yaml`], [`node`].

pub(crate) mod node;
pub(crate) mod tree;
pub(crate) mod yaml;

pub(crate) use node::{Log, Node};
pub(crate) use tree::Tree;

/// Largest egg that is read, in bytes. The largest that are known have a tenth of it.
const MAX_BYTES: usize = 1 << 20;

/// Most values of an egg, and longest names of all of them together, in bytes. What is said of a value has its place, and a
/// short file may have very long places.
const MAX_VALUES: usize = 20_000;
const MAX_PLACES: usize = 4 << 20;

/// The tree of an egg's file. Whether it is JSON is seen by its first character, since YAML takes most JSON as well.
pub(crate) fn read(file_name: &str, content: &[u8]) -> Result<Tree, String> {
    if content.len() > MAX_BYTES {
        return Err(format!("{file_name} has {} bytes; an egg has at most {MAX_BYTES}", content.len()));
    }
    let text = std::str::from_utf8(content)
        .map_err(|error| format!("{file_name} is not text in UTF-8, from byte {} on", error.valid_up_to()))?;
    let text = text.trim_start_matches('\u{feff}').trim();
    let tree = if text.starts_with('{') {
        serde_json::from_str(text).map_err(|error| format!("{file_name} is no JSON: {error}"))?
    } else {
        yaml::read(text).map_err(|error| format!("{file_name} is neither JSON nor YAML: {error}"))?
    };
    match tree {
        Tree::Map(_) => {
            let tree = embedded(tree);
            let (mut values, mut places) = (0, 0);
            count(&tree, 0, &mut values, &mut places);
            if values > MAX_VALUES || places > MAX_PLACES {
                return Err(format!("{file_name} is no egg: it has too many values, or too long names"));
            }
            Ok(tree)
        }
        _ => Err(format!("{file_name} is no egg: it has no fields")),
    }
}

/// Adds how many values there are, and how long their places are.
fn count(tree: &Tree, place: usize, values: &mut usize, places: &mut usize) {
    *values += 1;
    *places += place;
    match tree {
        Tree::Map(map) => {
            map.iter().for_each(|(key, tree)| count(tree, place + key.len() + 1, values, places))
        }
        Tree::List(list) => list.iter().for_each(|tree| count(tree, place + 6, values, places)),
        Tree::Null | Tree::Boolean(_) | Tree::Number(_) | Tree::Text(_) => {}
    }
}

/// Opens what older versions keep as JSON within a text, so that all versions are one shape.
fn embedded(mut egg: Tree) -> Tree {
    let Tree::Map(fields) = &mut egg else { return egg };
    for (_, config) in fields.iter_mut().filter(|(key, _)| key == "config") {
        let Tree::Map(fields) = config else { continue };
        for (key, value) in fields.iter_mut() {
            if let Tree::Text(text) = value
                && matches!(key.as_str(), "files" | "startup" | "logs")
                && let Ok(tree) = serde_json::from_str(text)
            {
                *value = tree;
            }
        }
    }
    egg
}
