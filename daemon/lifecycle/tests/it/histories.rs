//! Histories that people live through, each in a few lines.

use crate::world::{World, failure, hold, id, process};
use gantry_lifecycle::{
    Asked, Cause, Effect, Event, Exit, Found, Outcome, Phase, Process, Request, Timer, step,
};
use gantry_types::{
    operation::OperationKind as Kind,
    plan::StopStep,
    server::{Desired, Observed},
};

#[test]
fn an_installation_that_is_wanted_running_starts_afterwards() {
    let mut world = World::unknown();
    assert!(world.ask(1, Kind::Install, Desired::Running).contains(&Effect::Install(id(1))));
    assert!(world.hear(Event::Installed).contains(&Effect::Start));
    assert_eq!(world.outcome(1), Some(Outcome::Succeeded));
    world.hear(Event::Started(process(0)));
    assert_eq!(world.state.phase.observed(), Observed::Starting);
    world.hear(Event::Ready);
    assert_eq!(world.state.phase, Phase::Running);
}

#[test]
fn a_failed_installation_leaves_the_server_uninstalled_and_is_not_retried() {
    let mut world = World::unknown();
    world.ask(1, Kind::Install, Desired::Running);
    world.hear(Event::InstallFailed(failure()));
    assert_eq!(world.failed_with(1).as_deref(), Some("test"));
    assert_eq!(world.state.phase, Phase::Uninstalled);
    assert_eq!(world.timers.len(), 0);
    world.ask(2, Kind::Start, Desired::Running);
    assert_eq!(world.failed_with(2).as_deref(), Some("not_installed"));
    assert!(world.ask(3, Kind::Reinstall, Desired::Running).contains(&Effect::Install(id(3))));
}

#[test]
fn an_installation_that_nobody_waits_for_any_more_is_called_off() {
    for desired in [Desired::Stopped, Desired::Running] {
        let mut world = World::unknown();
        world.ask(1, Kind::Install, desired);
        // What only changes the server, and not what is asked, lets it go on.
        world.want(desired, vec![]);
        assert_eq!((world.outcome(1), world.count(&Effect::CancelInstall)), (None, 0));
        assert!(world.call_off().contains(&Effect::CancelInstall));
        assert_eq!(world.outcome(1), Some(Outcome::Cancelled));
        world.call_off();
        assert_eq!(world.count(&Effect::CancelInstall), 1, "once");
        world.hear(Event::InstallCancelled);
        assert_eq!((world.state.phase, world.state.operation), (Phase::Uninstalled, None));
        assert!(world.ask(2, Kind::Install, desired).contains(&Effect::Install(id(2))));
    }
}

#[test]
fn a_reinstallation_that_is_called_off_before_its_work_leaves_the_game_as_it_was_wanted() {
    let mut world = World::running();
    world.ask(3, Kind::Reinstall, Desired::Running);
    assert!(matches!(world.state.phase, Phase::Stopping { .. }));
    world.call_off();
    assert_eq!(world.outcome(3), Some(Outcome::Cancelled));
    assert!(world.exit(0).contains(&Effect::Start));
    // A start is no installation: what is desired says more than that nobody waits.
    world.ask(4, Kind::Start, Desired::Running);
    world.call_off();
    assert_eq!(world.outcome(4), None);
}

#[test]
fn a_restore_stops_the_game_and_has_it_run_again_if_it_is_to() {
    for desired in [Desired::Running, Desired::Stopped] {
        let mut world = World::running();
        world.ask(3, Kind::Restore, desired);
        assert!(matches!(world.state.phase, Phase::Stopping { .. }));
        assert!(world.exit(0).contains(&Effect::RestoreBackup(id(3))));
        assert_eq!(world.state.phase.observed(), Observed::Offline);
        let starts = world.hear(Event::BackupRestored).contains(&Effect::Start);
        assert_eq!(starts, desired == Desired::Running);
        assert_eq!(world.outcome(3), Some(Outcome::Succeeded));
    }
}

#[test]
fn what_a_restore_did_not_do_leaves_all_as_it_was() {
    let mut world = World::installed();
    world.ask(3, Kind::Restore, Desired::Stopped);
    world.hear(Event::RestoreFailed(failure()));
    assert_eq!((world.state.phase, world.failed_with(3).as_deref()), (Phase::Offline, Some("test")));
    let mut world = World::unknown();
    world.ask(3, Kind::Restore, Desired::Stopped);
    assert_eq!(world.state.phase.observed(), Observed::Uninstalled);
    world.hear(Event::RestoreFailed(failure()));
    assert_eq!(world.state.phase, Phase::Uninstalled);
    world.ask(4, Kind::Restore, Desired::Stopped);
    world.hear(Event::BackupRestored);
    assert_eq!(world.state.phase, Phase::Offline, "a backup makes a game of nothing");
}

#[test]
fn a_restore_that_is_called_off_still_answers_before_anything_else_begins() {
    let mut world = World::installed();
    world.ask(3, Kind::Restore, Desired::Running);
    assert!(world.call_off().contains(&Effect::CancelRestore));
    assert_eq!(world.outcome(3), Some(Outcome::Cancelled));
    assert_eq!(world.count(&Effect::Start), 0);
    assert!(world.hear(Event::RestoreCancelled).contains(&Effect::Start));
    let mut world = World::installed();
    world.ask(3, Kind::Restore, Desired::Stopped);
    assert!(world.ask(4, Kind::Install, Desired::Stopped).contains(&Effect::CancelRestore));
    assert!(world.hear(Event::BackupRestored).contains(&Effect::Install(id(4))), "it was too late to stop");
}

#[test]
fn a_daemon_that_was_killed_amid_a_restore_does_it_again() {
    let mut world = World::installed();
    world.ask(3, Kind::Restore, Desired::Stopped);
    assert!(world.hear(Event::Restored(Found::Nothing)).contains(&Effect::RestoreBackup(id(3))));
    world.hear(Event::BackupRestored);
    assert_eq!(world.outcome(3), Some(Outcome::Succeeded));
}

#[test]
fn a_held_server_is_not_restored_and_one_under_restore_does_not_start() {
    let mut world = World::installed();
    world.want(Desired::Stopped, vec![hold()]);
    world.ask(3, Kind::Restore, Desired::Stopped);
    assert_eq!(world.failed_with(3).as_deref(), Some("server_held"));
    world.want(Desired::Stopped, vec![]);
    world.ask(4, Kind::Restore, Desired::Running);
    world.ask(5, Kind::Start, Desired::Running);
    assert_eq!(world.failed_with(5).as_deref(), Some("operation_in_progress"));
    assert_eq!(world.count(&Effect::CancelRestore), 0);
}

#[test]
fn a_stop_takes_its_steps_in_order_and_kills_when_they_are_exhausted() {
    let mut world = World::running();
    assert!(world.ask(3, Kind::Stop, Desired::Stopped).contains(&Effect::Type("quit".to_owned())));
    assert_eq!(world.ring(), Some(Timer::StopStep));
    assert_eq!(world.count(&Effect::Signal("SIGTERM".to_owned())), 1);
    assert_eq!(world.ring(), Some(Timer::StopStep));
    assert_eq!(world.count(&Effect::Kill), 1);
    world.exit(137);
    assert_eq!(world.outcome(3), Some(Outcome::Succeeded));
    assert_eq!((world.state.phase, world.timers.len()), (Phase::Offline, 0));
}

#[test]
fn a_stop_may_begin_with_what_control_c_does() {
    let mut world = World::installed();
    world.ask(2, Kind::Start, Desired::Running);
    let stop = vec![StopStep::Interrupt, StopStep::Wait { ms: 1_000 }];
    world.hear(Event::Started(Process { stop, ..process(0) }));
    world.hear(Event::Ready);
    assert!(world.ask(3, Kind::Stop, Desired::Stopped).contains(&Effect::Interrupt));
    assert_eq!((world.count(&Effect::Interrupt), world.count(&Effect::Kill)), (1, 0));
    assert_eq!(world.ring(), Some(Timer::StopStep));
    assert_eq!(world.count(&Effect::Kill), 1);
}

#[test]
fn a_process_that_ends_within_a_stop_step_is_not_killed() {
    let mut world = World::running();
    world.ask(3, Kind::Stop, Desired::Stopped);
    world.exit(0);
    assert_eq!(world.outcome(3), Some(Outcome::Succeeded));
    assert_eq!((world.count(&Effect::Kill), world.timers.len()), (0, 0));
}

#[test]
fn a_stop_during_a_start_cancels_it_and_a_container_that_still_came_is_killed() {
    let mut world = World::installed();
    world.ask(2, Kind::Start, Desired::Running);
    assert!(world.ask(3, Kind::Stop, Desired::Stopped).contains(&Effect::CancelStart));
    assert_eq!(world.outcome(2), Some(Outcome::Cancelled));
    let mut cancelled = world.clone();
    cancelled.hear(Event::StartCancelled);
    assert_eq!(cancelled.outcome(3), Some(Outcome::Succeeded));
    assert!(world.hear(Event::Started(process(0))).contains(&Effect::Kill));
    assert_eq!(world.outcome(3), None);
    world.exit(137);
    assert_eq!(world.outcome(3), Some(Outcome::Succeeded));
}

#[test]
fn a_kill_during_a_stop_replaces_it() {
    let mut world = World::running();
    world.ask(3, Kind::Stop, Desired::Stopped);
    assert!(world.ask(4, Kind::Kill, Desired::Stopped).contains(&Effect::Kill));
    assert_eq!(world.outcome(3), Some(Outcome::Cancelled));
    assert!(!world.timers.contains_key(&Timer::StopStep));
    world.exit(137);
    assert_eq!(world.outcome(4), Some(Outcome::Succeeded));
}

#[test]
fn a_restart_stops_first_and_ends_when_the_server_is_ready_again() {
    let mut world = World::running();
    world.ask(3, Kind::Restart, Desired::Running);
    assert!(matches!(world.state.phase, Phase::Stopping { .. }));
    assert!(world.exit(0).contains(&Effect::Start));
    world.hear(Event::Started(process(9)));
    assert_eq!(world.outcome(3), None);
    world.hear(Event::Ready);
    assert_eq!(world.outcome(3), Some(Outcome::Succeeded));
}

#[test]
fn a_start_during_a_stop_waits_for_the_end_and_starts_again() {
    let mut world = World::running();
    world.ask(3, Kind::Stop, Desired::Stopped);
    assert!(!world.ask(4, Kind::Start, Desired::Running).contains(&Effect::Start));
    assert!(world.exit(0).contains(&Effect::Start));
}

#[test]
fn a_reinstallation_stops_the_game_first_and_starts_it_afterwards() {
    let mut world = World::running();
    world.ask(3, Kind::Reinstall, Desired::Running);
    assert_eq!(world.count(&Effect::Install(id(3))), 0);
    assert!(world.exit(0).contains(&Effect::Install(id(3))));
    assert!(world.hear(Event::Installed).contains(&Effect::Start));
}

#[test]
fn a_stop_calls_an_installation_off() {
    let mut world = World::unknown();
    world.ask(1, Kind::Install, Desired::Stopped);
    assert!(world.ask(2, Kind::Stop, Desired::Stopped).contains(&Effect::CancelInstall));
    assert_eq!((world.outcome(1), world.outcome(2)), (Some(Outcome::Cancelled), None));
    world.hear(Event::InstallCancelled);
    assert_eq!(world.outcome(2), Some(Outcome::Succeeded));
}

#[test]
fn crashes_are_retried_with_growing_pauses_and_given_up() {
    let mut world = World::running();
    let mut pauses = vec![];
    while world.exit(1).iter().any(|effect| matches!(effect, Effect::SetTimer { .. })) {
        let before = world.now;
        assert_eq!(world.ring(), Some(Timer::BackOff));
        pauses.push((world.now - before) / 1_000);
        world.hear(Event::Started(process(world.now)));
    }
    assert_eq!(pauses, [10, 20, 40, 80]);
    assert_eq!(world.state.phase, Phase::GivenUp);
    assert!(world.ask(9, Kind::Start, Desired::Running).contains(&Effect::Start));
    assert_eq!(world.state.crashes.streak, 0);
}

#[test]
fn the_reason_of_a_crash_names_memory_when_the_kernel_says_so() {
    let mut world = World::running();
    world.hear(Event::Exited(Exit { code: 137, out_of_memory: true, cause: None }));
    let reason = world.state.reason.unwrap();
    assert!(reason.contains("out of memory") && reason.ends_with("restarting in 10 s"), "{reason}");
}

#[test]
fn what_a_game_said_of_its_end_is_the_reason_and_what_helps_the_remedy() {
    let cause = Cause { text: "The port is taken.".to_owned(), remedy: Some("Free it.".to_owned()) };
    let exit = Exit { code: 1, cause: Some(cause), ..Exit::default() };
    let mut world = World::running();
    world.hear(Event::Exited(exit.clone()));
    let reason = world.state.reason.unwrap();
    assert_eq!(
        reason,
        "The process ended by itself: The port is taken (exit code 1); restarting in 10 s. Free it."
    );
    let mut world = World::installed();
    world.ask(2, Kind::Start, Desired::Running);
    world.hear(Event::Started(process(0)));
    let effects = world.hear(Event::Exited(exit.clone()));
    let failure = effects.iter().find_map(|effect| match effect {
        Effect::Operation { outcome: Outcome::Failed(failure), .. } => Some(failure),
        _ => None,
    });
    assert_eq!(failure.unwrap().remedy.as_deref(), Some("Free it."));
    // Who asked for the end is told how it ended and no more.
    let mut world = World::running();
    world.ask(3, Kind::Stop, Desired::Stopped);
    let effects = world.hear(Event::Exited(exit));
    assert!(!format!("{effects:?}").contains("The port is taken"));
}

#[test]
fn a_start_whose_process_ends_fails_and_says_how() {
    let mut world = World::installed();
    world.ask(2, Kind::Start, Desired::Running);
    world.hear(Event::Started(process(0)));
    world.exit(3);
    assert_eq!(world.failed_with(2).as_deref(), Some("process_ended"));
}

#[test]
fn a_start_that_is_not_ready_in_time_fails_but_the_process_is_left_alone() {
    let mut world = World::installed();
    world.ask(2, Kind::Start, Desired::Running);
    world.hear(Event::Started(process(0)));
    assert_eq!(world.ring(), Some(Timer::Ready));
    assert_eq!(world.failed_with(2).as_deref(), Some("deadline_exceeded"));
    assert_eq!(world.count(&Effect::Kill), 0);
    world.hear(Event::Ready);
    assert_eq!((world.state.phase, world.state.reason), (Phase::Running, None));
}

#[test]
fn a_held_server_is_stopped_and_does_not_start() {
    let mut world = World::running();
    world.want(Desired::Running, vec![hold()]);
    assert!(matches!(world.state.phase, Phase::Stopping { .. }));
    world.exit(0);
    world.ask(3, Kind::Start, Desired::Running);
    assert_eq!(world.failed_with(3).as_deref(), Some("server_held"));
    assert_eq!(world.state.phase, Phase::Offline);
    assert!(world.want(Desired::Running, vec![]).contains(&Effect::Start));
}

#[test]
fn a_request_after_its_deadline_is_refused() {
    let mut world = World::installed();
    world.now = 10_000;
    let operation = Asked::New(Request { id: id(2), kind: Kind::Kill, deadline: 9_999 });
    world.hear(Event::Intent { desired: Desired::Stopped, holds: vec![], operation });
    assert_eq!(world.failed_with(2).as_deref(), Some("deadline_exceeded"));
}

#[test]
fn a_delete_kills_removes_and_retries_a_removal_that_failed() {
    let mut world = World::running();
    assert!(world.ask(3, Kind::Delete, Desired::Deleted).contains(&Effect::Kill));
    assert!(world.exit(137).contains(&Effect::Remove));
    world.hear(Event::RemoveFailed(failure()));
    assert_eq!(world.failed_with(3).as_deref(), Some("test"));
    assert_eq!(world.ring(), Some(Timer::Remove));
    world.hear(Event::Removed);
    assert_eq!(world.state.phase, Phase::Deleted);
}

#[test]
fn a_running_container_is_adopted_without_a_restart() {
    let world = World::running();
    let (state, effects) = step(&world.state, 5, Event::Restored(Found::Running(process(0))));
    assert_eq!(effects, [Effect::Adopt]);
    assert_eq!(state.phase, Phase::Running);
}

#[test]
fn a_container_that_vanished_while_the_daemon_was_away_is_started_again() {
    let world = World::running();
    let (state, effects) = step(&world.state, 5, Event::Restored(Found::Nothing));
    assert!(effects.contains(&Effect::Start));
    assert_eq!(state.phase, Phase::Preparing);
}

#[test]
fn an_installation_goes_on_after_the_daemon_was_killed() {
    let mut world = World::unknown();
    world.ask(1, Kind::Install, Desired::Running);
    let (_, effects) = step(&world.state, 5, Event::Restored(Found::Nothing));
    assert_eq!(effects, [Effect::Install(id(1))]);
}

#[test]
fn a_stop_goes_on_after_the_daemon_was_killed() {
    let mut world = World::running();
    world.ask(3, Kind::Stop, Desired::Stopped);
    let (state, effects) = step(&world.state, 5, Event::Restored(Found::Running(process(0))));
    assert!(effects.contains(&Effect::Type("quit".to_owned())));
    assert!(!effects.contains(&Effect::Start) && matches!(state.phase, Phase::Stopping { .. }));
}

#[test]
fn a_kill_that_does_not_show_is_repeated_and_the_operation_still_ends() {
    let mut world = World::running();
    world.ask(3, Kind::Kill, Desired::Stopped);
    for _ in 0..3 {
        assert_eq!(world.ring(), Some(Timer::Kill));
    }
    assert_eq!(world.failed_with(3).as_deref(), Some("deadline_exceeded"));
    assert_eq!(world.count(&Effect::Kill), 4);
}
