//! The drawing above the machine, made from the machine.

use crate::world::{World, failure, hold, id, process};
use gantry_lifecycle::{Asked, Event, Exit, Outcome, Phase, Request, State, Timer, step};
use gantry_types::{operation::OperationKind as Kind, server::Desired};
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

fn ask(kind: Kind, desired: Desired) -> Event {
    Event::Intent {
        desired,
        holds: vec![],
        operation: Asked::New(Request { id: id(1), kind, deadline: u64::MAX }),
    }
}

/// Every kind of event, with the word that the drawing has for it.
fn events(state: &State) -> Vec<(&'static str, Event)> {
    let held = Event::Intent { desired: Desired::Running, holds: vec![hold()], operation: Asked::Known };
    let released = Event::Intent { desired: Desired::Running, holds: vec![], operation: Asked::Known };
    // All else stays as it is.
    let (desired, holds) = (state.desired, state.holds.clone());
    let called_off = Event::Intent { desired, holds, operation: Asked::Nothing };
    vec![
        ("install", ask(Kind::Install, Desired::Stopped)),
        ("restore", ask(Kind::Restore, Desired::Stopped)),
        ("start", ask(Kind::Start, Desired::Running)),
        ("stop", ask(Kind::Stop, Desired::Stopped)),
        ("restart", ask(Kind::Restart, Desired::Running)),
        ("kill", ask(Kind::Kill, Desired::Stopped)),
        ("delete", ask(Kind::Delete, Desired::Deleted)),
        ("hold", held),
        ("start", released),
        ("call-off", called_off),
        ("installed", Event::Installed),
        ("failed", Event::InstallFailed(failure())),
        ("cancelled", Event::InstallCancelled),
        ("restored", Event::BackupRestored),
        ("failed", Event::RestoreFailed(failure())),
        ("cancelled", Event::RestoreCancelled),
        ("started", Event::Started(process(0))),
        ("failed", Event::StartFailed(failure())),
        ("cancelled", Event::StartCancelled),
        ("ready", Event::Ready),
        ("exit", Event::Exited(Exit { code: 1, ..Exit::default() })),
        ("removed", Event::Removed),
        ("failed", Event::RemoveFailed(failure())),
        ("time", Event::Timer(Timer::Ready)),
        ("time", Event::Timer(Timer::StopStep)),
        ("time", Event::Timer(Timer::Kill)),
        ("time", Event::Timer(Timer::BackOff)),
        ("time", Event::Timer(Timer::Remove)),
    ]
}

/// States that differ only in numbers are one for the drawing.
fn sketch(state: &State) -> (&'static str, u32, Desired, bool, Option<Kind>, String) {
    let detail = match state.phase {
        Phase::Stopping { next_step } => next_step,
        Phase::Killing { .. } => 0,
        Phase::Restoring { before, .. } | Phase::AbortingRestore { before } => before as u32,
        _ => state.crashes.streak.min(5),
    };
    let operation = state.operation.map(|operation| operation.kind);
    let stage = format!("{:?}", state.operation.map(|operation| operation.stage));
    (state.phase.name(), detail, state.desired, state.is_held(), operation, stage)
}

fn edges() -> BTreeMap<&'static str, BTreeMap<&'static str, BTreeSet<&'static str>>> {
    let mut edges: BTreeMap<_, BTreeMap<_, BTreeSet<_>>> = BTreeMap::new();
    let mut seen = HashSet::new();
    let mut queue = VecDeque::from([World::unknown().state]);
    while let Some(state) = queue.pop_front() {
        for (word, event) in events(&state) {
            let (mut next, effects) = step(&state, 0, event);
            let refused = effects.iter().any(|effect| {
                matches!(effect, gantry_lifecycle::Effect::Operation { outcome: Outcome::Failed(_), .. })
            });
            if next.phase.name() != state.phase.name() && !(refused && word == "start") {
                edges
                    .entry(state.phase.name())
                    .or_default()
                    .entry(next.phase.name())
                    .or_default()
                    .insert(word);
            }
            // The same request again would be ignored: whatever is at work gets another name.
            if let Some(operation) = &mut next.operation {
                operation.id = id(2);
            }
            if let Phase::Installing(_) = next.phase {
                next.phase = Phase::Installing(id(2));
            }
            if let Phase::Restoring { before, .. } = next.phase {
                next.phase = Phase::Restoring { operation: id(2), before };
            }
            if seen.insert(sketch(&next)) {
                queue.push_back(next);
            }
        }
    }
    edges
}

const ORDER: [&str; 16] = [
    "uninstalled",
    "installing",
    "aborting-install",
    "restoring",
    "aborting-restore",
    "offline",
    "preparing",
    "aborting-start",
    "starting",
    "running",
    "stopping",
    "killing",
    "backing-off",
    "given-up",
    "removing",
    "deleted",
];

fn drawing() -> String {
    let edges = edges();
    let mut lines = vec![];
    for from in ORDER {
        let Some(targets) = edges.get(from) else {
            lines.push(format!("{from:<17}■"));
            continue;
        };
        let ordered: Vec<_> =
            ORDER.iter().filter_map(|to| targets.get(to).map(|words| (to, words))).collect();
        for (index, (to, words)) in ordered.iter().enumerate() {
            let (name, branch) = match (index, ordered.len()) {
                (0, 1) => (from, "──"),
                (0, _) => (from, "┬─"),
                (index, count) if index + 1 == count => ("", "└─"),
                _ => ("", "├─"),
            };
            let words: Vec<_> = words.iter().copied().collect();
            lines.push(format!("{name:<17}{branch} {} ─▶ {to}", words.join(", ")));
        }
    }
    lines.join("\n")
}

#[test]
fn the_drawing_above_the_machine_is_the_machine() {
    let source = include_str!("../../src/machine/mod.rs");
    let written: Vec<_> = source
        .lines()
        .skip_while(|line| *line != "//! ```text")
        .skip(1)
        .take_while(|line| *line != "//! ```")
        .map(|line| line.trim_start_matches("//!").trim_start_matches(' '))
        .collect();
    let drawn = drawing();
    let drawn_lines: Vec<_> = drawn.lines().map(str::trim_start).collect();
    assert_eq!(written, drawn_lines, "the machine draws:\n{drawn}");
}
