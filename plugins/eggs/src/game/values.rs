//! The environment of the container: what the images' entrypoints, startup commands and install scripts read.

use super::{
    ports::GAME,
    startup::Startup,
    variables::{Variables, names},
};
use crate::source::{Node, Tree};
use gantry_document::model::Text;
use std::collections::BTreeMap;

/// What panels of this kind set themselves, as templates.
pub(super) const BUILT_IN: [(&str, &str); 7] = [
    ("TZ", "{{server.time-zone}}"),
    ("SERVER_MEMORY", "{{limits.memory}}"),
    // Within the container nobody can listen on the machine's own addresses; the loopback's would reach nobody.
    ("SERVER_IP", "{{endpoints.game.address | replace(\"127.0.0.1\", \"0.0.0.0\")}}"),
    ("SERVER_PORT", "{{endpoints.game.port}}"),
    ("P_SERVER_UUID", "{{server.id}}"),
    ("P_SERVER_ALLOCATION_LIMIT", "0"),
    ("P_SERVER_LOCATION", ""),
];

/// Every variable under its own name, and what comes with the panel.
pub(super) fn environment(
    egg: &Node<'_>,
    variables: &Variables,
    startup: &Startup,
) -> BTreeMap<String, Text> {
    debug_assert!(BUILT_IN.iter().any(|(_, value)| value.contains(GAME)));
    let built_in = BUILT_IN.iter().map(|(name, value)| ((*name).to_owned(), Text::from(*value)));
    let own = variables.values.iter().map(|(name, value)| (name.clone(), Text::from(value.as_str())));
    let mut all: BTreeMap<String, Text> = built_in.chain(own).collect();
    all.insert("STARTUP".to_owned(), startup.value());
    used_but_unknown(egg);
    all
}

/// What cannot be said here is told where somebody looks at it.
fn used_but_unknown(egg: &Node<'_>) {
    for (name, meaning) in [
        ("P_SERVER_LOCATION", "It is empty: a plugin does not know where its node is."),
        ("P_SERVER_ALLOCATION_LIMIT", "It is 0: there is no such limit."),
    ] {
        let mut found = Vec::new();
        search(egg, name, &mut found);
        for at in found {
            egg.log.different("environment", &at, format!("It looks at {name}."), meaning);
        }
    }
    let mut found = Vec::new();
    search(egg, "SERVER_IP", &mut found);
    for at in found {
        let meaning = "It is the allocation's address, or 0.0.0.0 where that is 127.0.0.1. A game that listens there alone may \
                       have to be told 0.0.0.0.";
        egg.log.different("environment", &at, "It looks at SERVER_IP.", meaning);
    }
}

/// Where a text names this word; configuration files apart, whose placeholders are looked at one by one.
fn search(node: &Node<'_>, word: &str, found: &mut Vec<String>) {
    if let Tree::Text(text) = node.tree {
        let program = node.at.starts_with("startup") || node.at.starts_with("scripts/");
        if program && names(text, word) {
            found.push(node.at.clone());
        }
    }
    for (_, child) in node.entries() {
        search(&child, word, found);
    }
}
