//! How a game is stopped: a command on its console, or a signal.
//!
//! `^C` is Control-C, whose signal the shell of many images keeps from the game. So it is typed, then sent, then asked for
//! more firmly. `^^C` and `^X` are written where somebody meant the same and found that it did not work.

use crate::{source::Node, words::leaves_line};
use gantry_document::model::{StopStep, Text};

/// How long a command is given; elsewhere the game is killed behind it, too.
const COMMAND_S: u32 = 600;

/// Longest command, and most of them.
const LONGEST: usize = 1_000;
const MOST: usize = 8;

pub(super) fn read(egg: &Node<'_>) -> Vec<StopStep> {
    let given = egg.get("config").map(|node| node.text_of("stop")).unwrap_or_default();
    let stop = given.trim();
    let command = |text: &str| StopStep { command: Some(Text::literal(text)), ..StopStep::default() };
    match stop.strip_prefix('^') {
        None if stop.is_empty() => vec![signal("SIGTERM"), wait(COMMAND_S)],
        None => {
            let lines = stop.lines().map(str::trim_end).filter(|line| !line.is_empty());
            let (good, bad): (Vec<&str>, Vec<&str>) =
                lines.partition(|line| !line.contains(leaves_line) && line.chars().count() <= LONGEST);
            if !bad.is_empty() || good.len() > MOST {
                let what = "A command to stop has a control character, is too long, or is one of too many.";
                egg.log.lost(
                    "stop",
                    "config/stop",
                    what,
                    "It is not typed; the game is killed if the rest does not stop it.",
                );
            }
            good.into_iter().map(command).take(MOST).chain([wait(COMMAND_S)]).collect()
        }
        Some(caret) => by_signal(egg, &given, &caret.to_uppercase()),
    }
}

fn by_signal(egg: &Node<'_>, given: &str, name: &str) -> Vec<StopStep> {
    let firmly = || {
        let interrupt = StopStep { interrupt: true, ..StopStep::default() };
        vec![interrupt, wait(60), signal("SIGINT"), wait(60), signal("SIGTERM"), wait(30)]
    };
    match name {
        "C" => firmly(),
        "SIGABRT" | "SIGINT" | "SIGTERM" | "SIGQUIT" | "SIGHUP" => vec![signal(name), wait(COMMAND_S)],
        "SIGKILL" => vec![signal("SIGKILL"), wait(10)],
        _ => {
            let what = format!("{given:?} is no way to stop that anything knows; elsewhere it kills.");
            let meaning =
                "It is stopped by Control-C, SIGINT and SIGTERM, each with time to end, before it is killed.";
            egg.log.different("stop", "config/stop", what, meaning);
            firmly()
        }
    }
}

fn signal(name: &str) -> StopStep {
    StopStep { signal: Some(name.to_owned()), ..StopStep::default() }
}

fn wait(seconds: u32) -> StopStep {
    StopStep { wait_s: Some(seconds), ..StopStep::default() }
}
