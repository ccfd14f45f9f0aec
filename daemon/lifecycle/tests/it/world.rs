//! A server in a world of events: keeps the state, the clock and everything that was asked for.

use gantry_lifecycle::{Asked, Effect, Event, Exit, Outcome, Phase, Process, Request, State, Timer, step};
use gantry_types::{
    OperationId,
    operation::{OperationFailure, OperationKind},
    plan::StopStep,
    server::{Desired, Hold},
};
use std::collections::HashMap;

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) state: State,
    pub(crate) now: u64,
    pub(crate) effects: Vec<Effect>,
    pub(crate) timers: HashMap<Timer, u64>,
}

pub(crate) fn id(n: u8) -> OperationId {
    format!("00000000-0000-7000-8000-0000000000{n:02x}").parse().unwrap()
}

pub(crate) fn hold() -> Hold {
    Hold { by: "administrator".to_owned(), reason: "not paid".to_owned() }
}

pub(crate) fn process(at: u64) -> Process {
    let stop = vec![
        StopStep::Console { command: "quit".to_owned() },
        StopStep::Wait { ms: 5_000 },
        StopStep::Signal { signal: "SIGTERM".to_owned() },
        StopStep::Wait { ms: 3_000 },
    ];
    Process { started_at: at, stop, ready_timeout_ms: 60_000 }
}

pub(crate) fn failure() -> OperationFailure {
    OperationFailure {
        code: "test".to_owned(),
        message: "it broke".to_owned(),
        remedy: None,
        call: None,
        step: None,
        log_tail: vec![],
    }
}

impl World {
    pub(crate) fn unknown() -> Self {
        Self { state: State::unknown(0), now: 0, effects: vec![], timers: HashMap::new() }
    }

    /// Installed by operation 1, nothing running.
    pub(crate) fn installed() -> Self {
        let mut world = Self::unknown();
        world.ask(1, OperationKind::Install, Desired::Stopped);
        world.hear(Event::Installed);
        world.effects.clear();
        world
    }

    /// Started by operation 2 and ready.
    pub(crate) fn running() -> Self {
        let mut world = Self::installed();
        world.ask(2, OperationKind::Start, Desired::Running);
        world.hear(Event::Started(process(0)));
        world.hear(Event::Ready);
        assert_eq!(world.state.phase, Phase::Running);
        world.effects.clear();
        world
    }

    /// Takes one event; answers what that step asked for.
    pub(crate) fn hear(&mut self, event: Event) -> Vec<Effect> {
        let (state, effects) = step(&self.state, self.now, event);
        self.state = state;
        for effect in &effects {
            if let Effect::SetTimer { timer, after_ms } = effect {
                self.timers.insert(*timer, self.now + after_ms);
            } else if let Effect::ClearTimer(timer) = effect {
                self.timers.remove(timer);
            }
        }
        self.effects.extend(effects.iter().cloned());
        effects
    }

    pub(crate) fn ask(&mut self, n: u8, kind: OperationKind, desired: Desired) -> Vec<Effect> {
        let operation = Asked::New(Request { id: id(n), kind, deadline: self.now + 1_000 });
        let holds = self.state.holds.clone();
        self.hear(Event::Intent { desired, holds, operation })
    }

    pub(crate) fn want(&mut self, desired: Desired, holds: Vec<Hold>) -> Vec<Effect> {
        self.hear(Event::Intent { desired, holds, operation: Asked::Known })
    }

    /// The control plane has no operation for it any more.
    pub(crate) fn call_off(&mut self) -> Vec<Effect> {
        let (desired, holds) = (self.state.desired, self.state.holds.clone());
        self.hear(Event::Intent { desired, holds, operation: Asked::Nothing })
    }

    pub(crate) fn exit(&mut self, code: i64) -> Vec<Effect> {
        self.hear(Event::Exited(Exit { code, ..Exit::default() }))
    }

    /// Lets the next timer ring, and says which it was.
    pub(crate) fn ring(&mut self) -> Option<Timer> {
        let (timer, due) = self.timers.iter().min_by_key(|(_, due)| **due).map(|(t, d)| (*t, *d))?;
        self.timers.remove(&timer);
        self.now = self.now.max(due);
        self.hear(Event::Timer(timer));
        Some(timer)
    }

    /// How operation `n` ended, if it did.
    pub(crate) fn outcome(&self, n: u8) -> Option<Outcome> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Operation { id: told, outcome, .. } if *told == id(n) && *outcome != Outcome::Running => {
                Some(outcome.clone())
            }
            _ => None,
        })
    }

    pub(crate) fn failed_with(&self, n: u8) -> Option<String> {
        match self.outcome(n) {
            Some(Outcome::Failed(failure)) => Some(failure.code),
            _ => None,
        }
    }

    pub(crate) fn count(&self, wanted: &Effect) -> usize {
        self.effects.iter().filter(|effect| *effect == wanted).count()
    }
}
