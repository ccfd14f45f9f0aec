//! What holds in every history: random events, random order, and a world that answers as a daemon would.

use crate::world::{World, failure, hold, id, process};
use gantry_lifecycle::{Asked, Effect, Event, Exit, Found, Outcome, Phase, Request};
use gantry_types::{operation::OperationKind as Kind, server::Desired};
use proptest::prelude::*;
use std::collections::HashMap;

/// The one piece of long work that is out, with what the outside really has.
#[derive(Default)]
struct Outside {
    work: Option<Effect>,
    containers: u32,
}

#[derive(Clone, Debug)]
enum Move {
    Ask(Kind, Desired),
    Hold(bool),
    CallOff,
    Answer { well: bool },
    Exit(i64),
    Ready,
    Ring,
    DaemonRestart,
}

fn moves() -> impl Strategy<Value = Move> {
    let kind = prop_oneof![
        Just((Kind::Install, Desired::Running)),
        Just((Kind::Install, Desired::Stopped)),
        Just((Kind::Reinstall, Desired::Running)),
        Just((Kind::Restore, Desired::Running)),
        Just((Kind::Restore, Desired::Stopped)),
        Just((Kind::Start, Desired::Running)),
        Just((Kind::Stop, Desired::Stopped)),
        Just((Kind::Restart, Desired::Running)),
        Just((Kind::Kill, Desired::Stopped)),
    ];
    prop_oneof![
        6 => kind.prop_map(|(kind, desired)| Move::Ask(kind, desired)),
        1 => Just(Move::Ask(Kind::Delete, Desired::Deleted)),
        1 => any::<bool>().prop_map(Move::Hold),
        1 => Just(Move::CallOff),
        8 => prop::bool::weighted(0.8).prop_map(|well| Move::Answer { well }),
        2 => (0_i64..3).prop_map(Move::Exit),
        3 => Just(Move::Ready),
        3 => Just(Move::Ring),
        1 => Just(Move::DaemonRestart),
    ]
}

impl Outside {
    fn obey(&mut self, world: &World, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Install(_) | Effect::RestoreBackup(_) | Effect::Start | Effect::Remove => {
                    assert!(self.work.is_none(), "{effect:?} began while {:?} was at work", self.work);
                    assert_eq!(self.containers, 0, "{effect:?} began while a container ran");
                    if *effect == Effect::Start {
                        assert!(!world.state.is_held(), "a held server started");
                        assert_eq!(world.state.desired, Desired::Running);
                    }
                    self.work = Some(effect.clone());
                }
                Effect::Type(_)
                | Effect::Signal(_)
                | Effect::Act(_)
                | Effect::Interrupt
                | Effect::Kill
                | Effect::Adopt
                | Effect::Probe => {
                    assert_eq!(self.containers, 1, "{effect:?} without a process");
                }
                Effect::CancelInstall => assert!(matches!(self.work, Some(Effect::Install(_)))),
                Effect::CancelRestore => assert!(matches!(self.work, Some(Effect::RestoreBackup(_)))),
                Effect::CancelStart => assert_eq!(self.work, Some(Effect::Start)),
                Effect::SetTimer { .. }
                | Effect::ClearTimer(_)
                | Effect::Operation { .. }
                | Effect::Say(_) => {}
            }
        }
    }

    fn answer(&mut self, world: &World, well: bool) -> Option<Event> {
        Some(match (self.work.take()?, well) {
            (Effect::Install(_), true) if world.state.phase == Phase::AbortingInstall => {
                Event::InstallCancelled
            }
            (Effect::Install(_), true) => Event::Installed,
            (Effect::Install(_), false) => Event::InstallFailed(failure()),
            (Effect::RestoreBackup(_), true)
                if matches!(world.state.phase, Phase::AbortingRestore { .. }) =>
            {
                Event::RestoreCancelled
            }
            (Effect::RestoreBackup(_), true) => Event::BackupRestored,
            (Effect::RestoreBackup(_), false) => Event::RestoreFailed(failure()),
            (Effect::Start, true) => {
                self.containers += 1;
                Event::Started(process(world.now))
            }
            (Effect::Start, false) if world.state.phase == Phase::AbortingStart => Event::StartCancelled,
            (Effect::Start, false) => Event::StartFailed(failure()),
            (Effect::Remove, true) => Event::Removed,
            (Effect::Remove, false) => Event::RemoveFailed(failure()),
            (other, _) => unreachable!("{other:?} is no work"),
        })
    }

    fn event(&mut self, world: &mut World, next: &Move, n: u8) -> Option<Event> {
        let intent = |world: &World, desired, holds, operation| {
            let desired = if world.state.desired == Desired::Deleted { Desired::Deleted } else { desired };
            Some(Event::Intent { desired, holds, operation })
        };
        match next {
            Move::Ask(kind, desired) => {
                let request = Request { id: id(n), kind: *kind, deadline: u64::MAX };
                intent(world, *desired, world.state.holds.clone(), Asked::New(request))
            }
            Move::Hold(held) => {
                let holds = if *held { vec![hold()] } else { vec![] };
                intent(world, world.state.desired, holds, Asked::Known)
            }
            Move::CallOff => intent(world, world.state.desired, world.state.holds.clone(), Asked::Nothing),
            Move::Answer { well } => self.answer(world, *well),
            Move::Exit(code) => {
                self.containers = self.containers.checked_sub(1)?;
                Some(Event::Exited(Exit { code: *code, ..Exit::default() }))
            }
            Move::Ready => (world.state.phase == Phase::Starting).then_some(Event::Ready),
            Move::Ring => None,
            Move::DaemonRestart => {
                world.timers.clear();
                self.work = None;
                let found = if self.containers == 1 { Found::Running(process(0)) } else { Found::Nothing };
                Some(Event::Restored(found))
            }
        }
    }
}

fn play(world: &mut World, outside: &mut Outside, next: &Move, n: u8) {
    let effects = if matches!(next, Move::Ring) {
        let before = world.effects.len();
        world.ring();
        world.effects[before..].to_vec()
    } else if let Some(event) = outside.event(world, next, n) {
        world.hear(event)
    } else {
        return;
    };
    outside.obey(world, &effects);
    assert!(outside.containers == 0 || world.state.process.is_some(), "a container nobody knows of");
    assert!(world.state.phase.has_process() == world.state.process.is_some(), "{:?}", world.state);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn nothing_starts_twice_or_while_held_and_every_operation_ends(history in prop::collection::vec(moves(), 1..60)) {
        let mut world = World::unknown();
        let mut outside = Outside::default();
        for (n, next) in history.iter().enumerate() {
            play(&mut world, &mut outside, next, n as u8);
        }
        // A world in which everything answers brings every history to rest.
        for _ in 0..40 {
            play(&mut world, &mut outside, &Move::Answer { well: true }, 0xff);
            play(&mut world, &mut outside, &Move::Ready, 0xff);
            if matches!(world.state.phase, Phase::Stopping { .. } | Phase::Killing { .. }) {
                play(&mut world, &mut outside, &Move::Exit(0), 0xff);
            }
            if !matches!(world.state.phase, Phase::Running) {
                play(&mut world, &mut outside, &Move::Ring, 0xff);
            }
        }
        prop_assert!(world.state.operation.is_none(), "never ended: {:?}", world.state);
        assert_each_ended_once(&world);
    }

    #[test]
    fn what_was_written_down_is_what_comes_back(history in prop::collection::vec(moves(), 1..30)) {
        let mut world = World::unknown();
        let mut outside = Outside::default();
        for (n, next) in history.iter().enumerate() {
            play(&mut world, &mut outside, next, n as u8);
            let text = serde_json::to_string(&world.state).unwrap();
            prop_assert_eq!(serde_json::from_str::<gantry_lifecycle::State>(&text).unwrap(), world.state.clone());
        }
    }
}

fn assert_each_ended_once(world: &World) {
    let mut told: HashMap<_, Vec<&Outcome>> = HashMap::new();
    for effect in &world.effects {
        if let Effect::Operation { id, outcome, .. } = effect {
            told.entry(*id).or_default().push(outcome);
        }
    }
    for (id, outcomes) in told {
        let ended = outcomes.iter().filter(|outcome| ***outcome != Outcome::Running).count();
        assert!(outcomes[0] == &Outcome::Running && ended == 1 && outcomes.len() == 2, "{id}: {outcomes:?}");
    }
}
