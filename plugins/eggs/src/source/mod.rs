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
        Tree::Map(_) => Ok(embedded(tree)),
        _ => Err(format!("{file_name} is no egg: it has no fields")),
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
