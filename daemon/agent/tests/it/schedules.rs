//! Schedules, followed by the node itself: their times, their steps, what they decide, and what is known of them after a daemon
//! was killed.

use crate::{
    actions::{house, said},
    daemon::{Daemon, PATIENCE, Pushed},
};
use axum::http::{Method, StatusCode};
use chrono::TimeDelta;
use gantry_protocol::{Decision, DesiredServer, Event, Refusal, RefusalCode, RunRequest, RunStarted};
use gantry_runtime::simulated::Moment;
use gantry_types::{
    ScheduleId,
    action::Availability,
    operation::OperationKind as Kind,
    schedule::{Deed, RunCause, RunState, Schedule, ScheduleRun, Step, StepState},
    server::{Desired, Hold, Observed, PowerAction, Setting},
};
use std::time::Duration;
use uuid::Uuid;

/// Every minute, whatever the server's state.
fn schedule(name: &str, deeds: Vec<Deed>) -> Schedule {
    let step = |deed| Step { deed, go_on: false };
    Schedule {
        id: ScheduleId::new(Uuid::now_v7()),
        name: name.to_owned(),
        cron: "* * * * *".to_owned(),
        time_zone: "UTC".to_owned(),
        enabled: true,
        when: Availability::Always,
        steps: deeds.into_iter().map(step).collect(),
    }
}

fn off(name: &str, deeds: Vec<Deed>) -> Schedule {
    Schedule { enabled: false, ..schedule(name, deeds) }
}

fn command(command: &str) -> Deed {
    Deed::Command { command: command.to_owned() }
}

fn power(action: PowerAction) -> Deed {
    Deed::Power { action }
}

/// Longer than any test.
fn for_ever() -> Deed {
    Deed::Wait { seconds: 3_600 * 24 }
}

impl Daemon {
    /// The server with these schedules and without a further wish.
    async fn schedules(&mut self, server: &DesiredServer, schedules: Vec<Schedule>) -> DesiredServer {
        let next = self.next(server, server.desired, Kind::Start);
        let next = DesiredServer { operation: None, schedules, ..next };
        self.put(&next).await.unwrap();
        // Their times count from the moment in which they are heard of.
        let on = next.schedules.iter().filter(|schedule| schedule.enabled).count();
        let heard = async {
            while self.ledger().dealt().await.unwrap().len() != on {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, heard).await.expect("nobody follows them");
        next
    }

    async fn by_hand(&self, server: &DesiredServer, schedule: ScheduleId) -> Result<RunStarted, Refusal> {
        let path = format!("/v1/servers/{}/schedules/{schedule}/run", server.id);
        let body = serde_json::to_vec(&RunRequest { actor: "ann".to_owned() }).unwrap();
        let (status, bytes) = self.send(Method::POST, &path, body.into()).await;
        if status == StatusCode::ACCEPTED {
            return Ok(serde_json::from_slice(&bytes).unwrap());
        }
        Err(serde_json::from_slice(&bytes).unwrap())
    }

    async fn call_off(&self, server: &DesiredServer, schedule: ScheduleId) -> Result<(), Refusal> {
        let path = format!("/v1/servers/{}/schedules/{schedule}/call-off", server.id);
        let body = serde_json::to_vec(&RunRequest { actor: "ann".to_owned() }).unwrap();
        let (status, bytes) = self.send(Method::POST, &path, body.into()).await;
        if status == StatusCode::NO_CONTENT { Ok(()) } else { Err(serde_json::from_slice(&bytes).unwrap()) }
    }

    /// Runs it by hand until its end.
    pub(crate) async fn follow(&self, server: &DesiredServer, schedule: ScheduleId) -> ScheduleRun {
        let started = self.by_hand(server, schedule).await.unwrap();
        self.run(|run| run.id == started.run && run.state.is_terminal()).await
    }

    async fn run(&self, fits: impl Fn(&ScheduleRun) -> bool) -> ScheduleRun {
        self.event(|envelope| match &envelope.event {
            Event::Schedule { run } if fits(run) => Some(run.clone()),
            _ => None,
        })
        .await
    }

    async fn decision(&self, number: u64) -> Decision {
        self.event(|envelope| match &envelope.event {
            Event::Decided { decision } if decision.number == number => Some(decision.clone()),
            _ => None,
        })
        .await
    }
}

fn states(run: &ScheduleRun) -> Vec<StepState> {
    run.steps.iter().map(|step| step.state).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_is_done_and_each_step_is_told() {
    let clock = Pushed::default();
    let mut daemon = Daemon::pushed(&clock).await;
    let server = house(&mut daemon, Desired::Running).await;
    let broadcast = Deed::Broadcast { text: "Soon.".to_owned() };
    let nightly = schedule("Nightly", vec![broadcast, Deed::Wait { seconds: 60 }, command("hello")]);
    let server = daemon.schedules(&server, vec![nightly.clone()]).await;
    clock.push(TimeDelta::minutes(1));
    let begun = daemon.run(|run| run.state == RunState::Running).await;
    assert_eq!(states(&begun), [StepState::Waiting; 3]);
    let titles: Vec<_> = begun.steps.iter().map(|step| step.title.as_str()).collect();
    assert_eq!(titles, ["Message to players", "Wait 1 minute", "Command: hello"]);
    assert!(matches!(begun.cause, RunCause::Clock { .. }), "{begun:?}");
    let ended = daemon.run(|run| run.id == begun.id && run.state.is_terminal()).await;
    assert_eq!((ended.state, states(&ended)), (RunState::Succeeded, vec![StepState::Succeeded; 3]));
    let said = said(&daemon, server.id).await;
    assert!(said.iter().any(|line| line.starts_with("[schedule \u{201C}Nightly\u{201D}]")), "{said:?}");
    daemon.line(server.id, "The schedule \u{201C}Nightly\u{201D} began.").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_off_or_for_another_state_is_not_followed_and_a_reason_is_told_once() {
    let clock = Pushed::default();
    let mut daemon = Daemon::pushed(&clock).await;
    let server = daemon.running().await;
    let when_stopped = Schedule { when: Availability::Stopped, ..schedule("Stopped", vec![command("a")]) };
    let (dark, mark) = (off("Off", vec![command("b")]), schedule("Mark", vec![command("c")]));
    let server = daemon.schedules(&server, vec![when_stopped.clone(), dark.clone(), mark.clone()]).await;
    let mut marks = vec![];
    for _ in 0..3 {
        clock.push(TimeDelta::minutes(1));
        let seen = marks.clone();
        let done = daemon.run(|run| {
            run.schedule_id == mark.id && run.state == RunState::Succeeded && !seen.contains(&run.id)
        });
        marks.push(done.await.id);
    }
    let mut skipped = 0;
    let last = marks[2];
    daemon
        .event(|envelope| match &envelope.event {
            Event::Schedule { run } if run.id == last && run.state.is_terminal() => Some(()),
            Event::Schedule { run } => {
                assert_ne!(run.schedule_id, dark.id);
                if run.schedule_id == when_stopped.id {
                    skipped += 1;
                    assert_eq!(run.state, RunState::Skipped);
                    assert_eq!(run.reason.as_deref(), Some("The server is not stopped."));
                }
                None
            }
            _ => None,
        })
        .await;
    assert_eq!(skipped, 1);
    assert_eq!(daemon.follow(&server, dark.id).await.state, RunState::Succeeded, "by hand it is followed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_ends_the_rest_unless_it_may_go_on() {
    let mut daemon = Daemon::start().await;
    let server = house(&mut daemon, Desired::Running).await;
    let refuse = || Deed::Action {
        action: "refuse".to_owned(),
        form: vec![],
        secrets: vec![],
        available: Availability::Always,
    };
    let ends = off("Ends", vec![refuse(), command("hello")]);
    let mut goes_on = off("Goes on", vec![refuse(), command("hello")]);
    goes_on.steps[0].go_on = true;
    let server = daemon.schedules(&server, vec![ends.clone(), goes_on.clone()]).await;
    let ended = daemon.follow(&server, ends.id).await;
    assert_eq!(
        (ended.state, states(&ended)),
        (RunState::Failed, vec![StepState::Failed, StepState::Skipped])
    );
    assert_eq!(ended.steps[0].message.as_deref(), Some("There is no paint left in the house."));
    assert_eq!(ended.reason.as_deref(), Some("Action: refuse: There is no paint left in the house."));
    let went_on = daemon.follow(&server, goes_on.id).await;
    assert_eq!(
        (went_on.state, states(&went_on)),
        (RunState::Failed, vec![StepState::Failed, StepState::Succeeded])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_says_is_told_without_secrets() {
    let mut daemon = Daemon::start().await;
    let mut server = house(&mut daemon, Desired::Running).await;
    let setting = |key: &str, value: &str| Setting { key: key.to_owned(), value: value.to_owned() };
    server.settings.push(setting("password", "moss"));
    server.secrets.push("password".to_owned());
    let form = vec![setting("word", "moss"), setting("times", "1"), setting("key", "hunter2")];
    let deed = Deed::Action {
        action: "repeat".to_owned(),
        form,
        secrets: vec!["key".to_owned()],
        available: Availability::Running,
    };
    let says = off("Says", vec![deed]);
    let server = daemon.schedules(&server, vec![says.clone()]).await;
    let run = daemon.follow(&server, says.id).await;
    assert_eq!(run.steps[0].message.as_deref(), Some("Somebody said \u{2022}\u{2022}\u{2022}."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_by_schedule_stands_until_it_is_heard_of_or_somebody_wants_something_else() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    let stops = off("Stops", vec![power(PowerAction::Stop)]);
    let server = daemon.schedules(&server, vec![stops.clone()]).await;
    let run = daemon.follow(&server, stops.id).await;
    assert_eq!(run.state, RunState::Succeeded, "{run:?}");
    let decision = daemon.decision(1).await;
    let Decision { desired, generation, action, schedule, .. } = decision.clone();
    assert_eq!(
        (desired, generation, action, schedule, decision.run),
        (Desired::Stopped, server.generation, PowerAction::Stop, stops.id, run.id)
    );
    // After a restart, and where the control plane has not heard of it, it is stopped all the same.
    let mut daemon = daemon.restart().await;
    daemon.until(server.id, Observed::Offline).await;
    let renamed = daemon.schedules(&server, vec![]).await;
    assert_eq!(renamed.desired, Desired::Running);
    daemon.until(server.id, Observed::Offline).await;
    let again = daemon.next(&server, Desired::Running, Kind::Reinstall);
    let reinstalled = again.operation.as_ref().unwrap().id;
    daemon.put(&again).await.unwrap();
    daemon.ended(reinstalled).await;
    daemon.until(server.id, Observed::Offline).await;
    // Somebody starts it.
    let start = daemon.next(&server, Desired::Running, Kind::Start);
    daemon.put(&start).await.unwrap();
    daemon.until(server.id, Observed::Running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_plane_that_has_heard_says_what_is_desired() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    let stops = off("Stops", vec![power(PowerAction::Stop)]);
    let server = daemon.schedules(&server, vec![stops.clone()]).await;
    daemon.follow(&server, stops.id).await;
    let number = daemon.decision(1).await.number;
    let heard = daemon.next(&server, Desired::Running, Kind::Start);
    let heard = DesiredServer { operation: None, heard_decision: number, ..heard };
    daemon.put(&heard).await.unwrap();
    daemon.until(server.id, Observed::Running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_node_asks_for_itself_is_told_to_nobody_as_an_operation() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    let deeds = [
        PowerAction::Restart,
        PowerAction::Stop,
        PowerAction::Stop,
        PowerAction::Restart,
        PowerAction::Start,
    ];
    let all = off("All", deeds.map(power).to_vec());
    let server = daemon.schedules(&server, vec![all.clone()]).await;
    let run = daemon.follow(&server, all.id).await;
    let messages: Vec<_> = run.steps.iter().map(|step| step.message.as_deref()).collect();
    assert_eq!(
        (run.state, messages),
        (
            RunState::Succeeded,
            vec![None, None, Some("It was stopped already."), None, Some("It ran already.")]
        )
    );
    let install = server.id;
    let mut operations = std::collections::BTreeSet::new();
    daemon
        .event(|envelope| match &envelope.event {
            Event::Operation { operation } => {
                operations.insert(operation.id);
                None
            }
            Event::Schedule { run: told } if told.id == run.id && told.state.is_terminal() => Some(()),
            _ => None,
        })
        .await;
    assert_eq!(operations.len(), 1, "the installation of {install} alone");
    let seen = daemon.servers().await.remove(0).operation.unwrap();
    assert!(operations.contains(&seen.id), "people's own is still the latest");
    assert_eq!(daemon.decision(2).await.desired, Desired::Running);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_step_ends_with_somebodys_later_wish() {
    let mut daemon = Daemon::slow(|moment| match moment {
        Moment::Stop => Duration::from_secs(3_600),
        _ => Duration::ZERO,
    })
    .await;
    let server = daemon.running().await;
    let deeds = vec![power(PowerAction::Stop), command("hello")];
    let stops = off("Stops", deeds);
    let server = daemon.schedules(&server, vec![stops.clone()]).await;
    let started = daemon.by_hand(&server, stops.id).await.unwrap();
    daemon.until(server.id, Observed::Stopping).await;
    let kill = daemon.next(&server, Desired::Stopped, Kind::Kill);
    daemon.put(&kill).await.unwrap();
    let run = daemon.run(|run| run.id == started.run && run.state.is_terminal()).await;
    assert_eq!(run.reason.as_deref(), Some("Stop: It was called off by a later wish."));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_or_another_schedule_asked_for_is_not_cut_short() {
    let mut daemon = Daemon::slow(|moment| match moment {
        Moment::Stop => Duration::from_secs(3_600),
        _ => Duration::ZERO,
    })
    .await;
    let server = daemon.running().await;
    let starts = off("Starts", vec![power(PowerAction::Start)]);
    let kills = off("Kills", vec![power(PowerAction::Kill)]);
    let server = daemon.schedules(&server, vec![starts.clone(), kills.clone()]).await;
    let stop = daemon.next(&server, Desired::Stopped, Kind::Stop);
    daemon.put(&stop).await.unwrap();
    daemon.until(server.id, Observed::Stopping).await;
    let run = daemon.follow(&server, starts.id).await;
    assert_eq!(run.reason.as_deref(), Some("Start: Something else that was asked for is at work."));
    daemon.until(server.id, Observed::Stopping).await;
    // Nor is what another schedule asked for.
    let kill = daemon.next(&server, Desired::Stopped, Kind::Kill);
    daemon.put(&kill).await.unwrap();
    daemon.until(server.id, Observed::Offline).await;
    let start = daemon.next(&server, Desired::Running, Kind::Start);
    daemon.put(&start).await.unwrap();
    daemon.until(server.id, Observed::Running).await;
    let stops = off("Stops", vec![power(PowerAction::Stop)]);
    let server = daemon.schedules(&start, vec![stops.clone(), kills.clone()]).await;
    daemon.by_hand(&server, stops.id).await.unwrap();
    daemon.until(server.id, Observed::Stopping).await;
    let run = daemon.follow(&server, kills.id).await;
    assert_eq!(run.reason.as_deref(), Some("Kill: Something else that was asked for is at work."));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_daemon_missed_for_a_little_is_made_up_for_once_and_more_is_told() {
    let clock = Pushed::default();
    let mut daemon = Daemon::pushed(&clock).await;
    let server = daemon.running().await;
    let minutes = schedule("Minutes", vec![command("a")]);
    let hourly = Schedule { cron: "@yearly".to_owned(), ..schedule("Yearly", vec![command("b")]) };
    daemon.schedules(&server, vec![minutes.clone(), hourly.clone()]).await;
    clock.push(TimeDelta::minutes(1));
    let first = daemon.run(|run| run.schedule_id == minutes.id && run.state.is_terminal()).await;
    daemon.node.stop().await;
    clock.push(TimeDelta::days(400));
    let daemon = daemon.restart().await;
    let made_up = daemon
        .run(|run| run.schedule_id == minutes.id && run.id != first.id && run.state.is_terminal())
        .await;
    assert_eq!(made_up.state, RunState::Succeeded, "a time of a minute ago");
    let missed = daemon.run(|run| run.schedule_id == hourly.id).await;
    assert_eq!(
        (missed.state, missed.reason.as_deref()),
        (RunState::Skipped, Some("The node was not there when it was due."))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_a_daemon_was_in_the_middle_of_is_told_as_failed_and_not_repeated() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    let long = off("Long", vec![command("hello"), for_ever(), command("never")]);
    let server = daemon.schedules(&server, vec![long.clone()]).await;
    let started = daemon.by_hand(&server, long.id).await.unwrap();
    daemon.run(|run| run.id == started.run && run.steps[1].state == StepState::Running).await;
    let daemon = daemon.restart().await;
    let run = daemon.run(|run| run.id == started.run && run.state.is_terminal()).await;
    assert_eq!(
        (run.state, states(&run)),
        (RunState::Failed, vec![StepState::Succeeded, StepState::Failed, StepState::Skipped])
    );
    assert!(daemon.ledger().open_runs().await.unwrap().is_empty());
    assert_eq!(
        daemon
            .follow(&server, {
                let short = off("Short", vec![command("again")]);
                let mut daemon_server = server.clone();
                daemon_server.generation += 100;
                daemon_server.schedules = vec![short.clone()];
                daemon.put(&daemon_server).await.unwrap();
                short.id
            })
            .await
            .state,
        RunState::Succeeded
    );
    let said = said(&daemon, server.id).await;
    assert_eq!(said.iter().filter(|line| line.ends_with("] hello")).count(), 1, "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_followed_once_at_a_time_and_ends_when_it_is_deleted() {
    let clock = Pushed::default();
    let mut daemon = Daemon::pushed(&clock).await;
    let server = daemon.running().await;
    let long = schedule("Long", vec![for_ever()]);
    let server = daemon.schedules(&server, vec![long.clone()]).await;
    let started = daemon.by_hand(&server, long.id).await.unwrap();
    let busy = daemon.by_hand(&server, long.id).await.unwrap_err();
    assert_eq!((busy.code, busy.message.as_str()), (RefusalCode::Busy, "The run before it had not ended."));
    clock.push(TimeDelta::minutes(1));
    let skipped = daemon.run(|run| run.state == RunState::Skipped).await;
    assert_eq!(skipped.reason.as_deref(), Some("The run before it had not ended."));
    let unknown = daemon.by_hand(&server, ScheduleId::new(Uuid::now_v7())).await.unwrap_err();
    assert_eq!(unknown.code, RefusalCode::UnknownSchedule);
    assert!(daemon.call_off(&server, long.id).await.is_ok());
    let run = daemon.run(|run| run.id == started.run && run.state.is_terminal()).await;
    assert_eq!((run.state, run.reason.as_deref()), (RunState::Cancelled, Some("ann called it off.")));
    let started = daemon.by_hand(&server, long.id).await.unwrap();
    daemon.schedules(&server, vec![]).await;
    let run = daemon.run(|run| run.id == started.run && run.state.is_terminal()).await;
    assert_eq!(run.state, RunState::Cancelled);
    let idle = daemon.call_off(&server, long.id).await.unwrap_err();
    assert_eq!(idle.code, RefusalCode::NotRunning);
    let gone = daemon.by_hand(&server, long.id).await.unwrap_err();
    assert_eq!(gone.code, RefusalCode::UnknownSchedule);
    assert!(daemon.ledger().dealt().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_on_hold_has_nothing_done() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    let starts = off("Starts", vec![power(PowerAction::Start)]);
    let mut server = daemon.schedules(&server, vec![starts.clone()]).await;
    server.holds = vec![Hold { by: "administrator".to_owned(), reason: "unpaid".to_owned() }];
    let server = daemon.schedules(&server, vec![starts.clone()]).await;
    daemon.until(server.id, Observed::Offline).await;
    let held = daemon.by_hand(&server, starts.id).await.unwrap_err();
    assert_eq!((held.code, held.message.as_str()), (RefusalCode::Busy, "The server is on hold."));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_known_of_the_schedules_of_a_deleted_server() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    let (long, minutes) = (off("Long", vec![for_ever()]), schedule("Minutes", vec![command("a")]));
    let server = daemon.schedules(&server, vec![long.clone(), minutes]).await;
    let started = daemon.by_hand(&server, long.id).await.unwrap();
    let deleted = daemon.next(&server, Desired::Deleted, Kind::Delete);
    daemon.put(&deleted).await.unwrap();
    let run = daemon.run(|run| run.id == started.run && run.state.is_terminal()).await;
    assert_eq!(run.state, RunState::Cancelled);
    daemon.until(server.id, Observed::Deleted).await;
    let record = daemon.ledger().servers().await.unwrap().remove(0);
    assert!(record.desired.schedules.is_empty());
    // What was being written while it went is gone with the next look as well.
    assert!(daemon.ledger().dealt().await.unwrap().is_empty());
    assert!(daemon.ledger().open_runs().await.unwrap().is_empty());
}
