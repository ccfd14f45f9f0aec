//! When a game is ready: a line of its console that has one of several texts.

use crate::{
    source::{Node, Tree},
    words::leaves_line,
};
use gantry_document::model::{ConsoleRule, Event, Probe};

/// Elsewhere a server whose line never comes is starting for ever. Here that is told after this time, and it runs on.
pub(super) const TIMEOUT_S: u32 = 600;
/// Longest pattern of a probe, in characters.
const LONGEST: usize = 1_000;

#[derive(Default)]
pub(super) struct Ready {
    pub(super) probes: Vec<Probe>,
    pub(super) console: Vec<ConsoleRule>,
}

pub(super) fn read(egg: &Node<'_>) -> Ready {
    let mut ready = Ready::default();
    let Some(config) = egg.get("config") else { return ready };
    logs(&config);
    let Some(startup) = config.get("startup") else { return ready };
    if !matches!(startup.tree, Tree::Map(_)) {
        if !startup.tree.is_empty() {
            egg.log.lost(
                "ready",
                &startup.at,
                "It cannot be read.",
                "The server counts as running as soon as its process does.",
            );
        }
        startup.read();
        return ready;
    }
    startup.text_of("_comment");
    // Colours are always removed before a line is looked at.
    startup.text_of("strip_ansi");
    if let Some(interaction) = startup.get("userInteraction") {
        if !interaction.tree.is_empty() {
            let meaning = "Nobody is asked; other panels ignore it as well.";
            egg.log.different(
                "ready",
                &interaction.at,
                "It says that somebody must answer the game.",
                meaning,
            );
        }
        interaction.read();
    }
    let patterns = startup.get("done").map(|done| patterns(&done)).unwrap_or_default();
    if patterns.is_empty() {
        return ready;
    }
    let any = match patterns.as_slice() {
        [one] => one.clone(),
        all => all.iter().map(|pattern| format!("(?:{pattern})")).collect::<Vec<_>>().join("|"),
    };
    if any.chars().count() <= LONGEST {
        ready.probes.push(Probe { console: Some(any), ..Probe::default() });
    } else {
        let rule = |pattern| ConsoleRule {
            pattern,
            event: Event::Ready,
            player: None,
            text: None,
            cause: None,
            remedy: None,
        };
        ready.console = patterns.into_iter().map(rule).collect();
    }
    ready
}

fn patterns(done: &Node<'_>) -> Vec<String> {
    let mut patterns = Vec::new();
    for (text, node) in done.texts() {
        let text = without_escapes(&text);
        let text = text.trim_matches(['\r', '\n']);
        if text.is_empty() {
            continue;
        }
        let pattern = match text.strip_prefix("regex:") {
            Some(pattern) => pattern.to_owned(),
            None => regex::escape(text),
        };
        if pattern.contains(leaves_line) || regex::Regex::new(&pattern).is_err() {
            let meaning = "The server is not ready by it; another sign, or time, makes it so.";
            node.log.lost("ready", &node.at, format!("No line can match {text:?}."), meaning);
        } else {
            patterns.push(pattern);
        }
    }
    patterns
}

/// Lines are looked at without their escape sequences, so that a sign that has some is looked for without them as well.
fn without_escapes(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        let parameters = behind.trim_start_matches(|each: char| each.is_ascii_digit() || ";?".contains(each));
        rest = parameters.strip_prefix(|each: char| each.is_ascii_alphabetic()).unwrap_or(parameters);
    }
    out + rest
}

/// Where the game writes a log: the console is read from the game itself.
fn logs(config: &Node<'_>) {
    let Some(logs) = config.get("logs") else { return };
    let place = logs.text_of("location");
    if !place.is_empty() || !logs.tree.is_empty() {
        let meaning = "It is not read; the console is what the game prints. Other panels ignore it as well.";
        logs.log.different(
            "logs",
            &logs.at,
            format!("It says that the game's log is in {place:?}."),
            meaning,
        );
    }
    logs.read();
}
