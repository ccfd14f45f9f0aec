//! Schedules go down to the node and are told by it; what it decides by itself is wanted here too.

use crate::fixture::World;
use chrono::Utc;
use gantry_app::inputs::*;
use gantry_protocol::{Decision, Event};
use gantry_types::{
    ScheduleId, ScheduleRunId, ServerId,
    action::Availability,
    operation::OperationState,
    permission::Permission,
    problem::Code,
    schedule::{RunCause, RunState, ScheduleRun},
    server::{Desired, Observed, PowerAction},
};
use uuid::Uuid;

fn input(name: &str, steps: Vec<StepInput>) -> ScheduleInput {
    ScheduleInput {
        name: name.to_owned(),
        cron: "0 4 * * *".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        enabled: true,
        when: Availability::Running,
        steps,
    }
}

fn stop() -> StepInput {
    StepInput::Power { action: PowerAction::Stop, go_on: false }
}

fn save() -> StepInput {
    StepInput::Command { command: "save-all".to_owned(), go_on: false }
}

fn nothing() -> ScheduleUpdate {
    ScheduleUpdate {
        version: None,
        name: None,
        cron: None,
        time_zone: None,
        enabled: None,
        when: None,
        steps: None,
    }
}

fn run(schedule_id: ScheduleId) -> ScheduleRun {
    ScheduleRun {
        id: ScheduleRunId::new(Uuid::now_v7()),
        schedule_id,
        cause: RunCause::Clock { due_at: Utc::now() },
        state: RunState::Succeeded,
        reason: None,
        started_at: Utc::now(),
        ended_at: Some(Utc::now()),
        steps: vec![],
    }
}

fn decision(number: u64, generation: u64, schedule: ScheduleId) -> Event {
    Event::Decided {
        decision: Decision {
            number,
            desired: Desired::Stopped,
            generation,
            action: PowerAction::Stop,
            schedule,
            run: ScheduleRunId::new(Uuid::now_v7()),
        },
    }
}

#[tokio::test]
async fn a_schedule_goes_down_whole_with_each_change() {
    let world = World::new().await;
    let node = world.connected_node("attic").await;
    let (server, _) = world.server(node.id).await;
    let made = world.app.create_schedule(&world.admin, server, input("Nightly", vec![save(), stop()]));
    let made = made.await.unwrap();
    assert_eq!((made.description.as_str(), made.next.len()), ("At 04:00.", 3));
    let sent = node.sent(server, |sent| sent.schedules.len() == 1).await;
    assert_eq!((sent.schedules[0].id, sent.schedules[0].steps.len()), (made.id, 2));
    let off = ScheduleUpdate { enabled: Some(false), ..nothing() };
    let off = world.app.update_schedule(&world.admin, server, made.id, off).await.unwrap();
    assert_eq!((off.version, off.next.len()), (2, 0));
    node.sent(server, |sent| sent.schedules.iter().any(|one| !one.enabled)).await;
    world.app.delete_schedule(&world.admin, server, made.id).await.unwrap();
    node.sent(server, |sent| sent.schedules.is_empty()).await;
    world.end().await;
}

#[tokio::test]
async fn a_change_goes_over_the_writing_that_was_read_and_no_other() {
    let world = World::new().await;
    let node = world.connected_node("attic").await;
    let (server, _) = world.server(node.id).await;
    let made = world.app.create_schedule(&world.admin, server, input("Nightly", vec![save()])).await.unwrap();
    let rename = |name: &str| ScheduleUpdate { version: Some(1), name: Some(name.to_owned()), ..nothing() };
    world.app.update_schedule(&world.admin, server, made.id, rename("One")).await.unwrap();
    let late = world.app.update_schedule(&world.admin, server, made.id, rename("Other")).await.unwrap_err();
    assert_eq!(late.code(), Code::Conflict);
    assert_eq!(world.app.schedule(&world.admin, server, made.id).await.unwrap().name, "One");
    world.end().await;
}

#[tokio::test]
async fn wrong_steps_and_times_are_told_at_their_places() {
    let world = World::new().await;
    let node = world.connected_node("attic").await;
    let (server, _) = world.server(node.id).await;
    let keys = async |input: ScheduleInput| {
        let error = world.app.create_schedule(&world.admin, server, input).await.unwrap_err();
        error.fields().iter().map(|field| field.key.clone()).collect::<Vec<_>>()
    };
    let wait = StepInput::Wait { seconds: 0, go_on: false };
    let empty = StepInput::Command { command: " ".to_owned(), go_on: false };
    assert_eq!(keys(input("x", vec![save(), wait, empty])).await, ["steps.1.seconds", "steps.2.command"]);
    assert_eq!(keys(input("x", vec![])).await, ["steps"]);
    assert_eq!(keys(input("x", vec![save(); 26])).await, ["steps"]);
    assert_eq!(keys(input(" ", vec![save()])).await, ["name"]);
    let never = ScheduleInput { cron: "0 0 31 2 *".to_owned(), ..input("x", vec![save()]) };
    assert_eq!(keys(never).await, ["cron"]);
    let nowhere = ScheduleInput { time_zone: "Nowhere".to_owned(), ..input("x", vec![save()]) };
    assert_eq!(keys(nowhere).await, ["timeZone"]);
    world.end().await;
}

async fn member(world: &World, server: ServerId, permissions: &[Permission]) -> gantry_app::OpCtx {
    let grace = world.person("grace").await;
    let input = MemberInput { email: "grace@example.org".to_owned(), permissions: permissions.to_vec() };
    world.app.invite_member(&world.admin, server, input).await.unwrap();
    grace
}

#[tokio::test]
async fn nobody_has_done_by_a_schedule_what_they_may_not_do_themselves() {
    use Permission::{ConsoleWrite, SchedulesCreate, SchedulesRead, SchedulesUpdate, ServerRead};
    let world = World::new().await;
    let node = world.connected_node("attic").await;
    let (server, _) = world.server(node.id).await;
    let rights = [ServerRead, SchedulesRead, SchedulesCreate, SchedulesUpdate, ConsoleWrite];
    let grace = member(&world, server, &rights).await;
    let app = &world.app;
    let refused = app.create_schedule(&grace, server, input("Mine", vec![stop()])).await.unwrap_err();
    assert_eq!(refused.code(), Code::Forbidden);
    assert!(refused.detail().contains("power.stop"), "{}", refused.detail());
    app.create_schedule(&grace, server, input("Mine", vec![save()])).await.unwrap();
    let nightly = app.create_schedule(&world.admin, server, input("Nightly", vec![stop()])).await.unwrap();
    let seen = app.schedule(&grace, server, nightly.id).await.unwrap();
    assert!(!seen.editable && seen.reason.unwrap().contains("power.stop"));
    let change = async |update: ScheduleUpdate| {
        app.update_schedule(&grace, server, nightly.id, update).await.map_err(|error| error.code())
    };
    let sooner = ScheduleUpdate { cron: Some("* * * * *".to_owned()), ..nothing() };
    assert_eq!(change(sooner).await.unwrap_err(), Code::Forbidden);
    let always = ScheduleUpdate { when: Some(Availability::Always), ..nothing() };
    assert_eq!(change(always).await.unwrap_err(), Code::Forbidden);
    assert_eq!(app.run_schedule(&grace, server, nightly.id).await.unwrap_err().code(), Code::Forbidden);
    let off = ScheduleUpdate { enabled: Some(false), name: Some("Off".to_owned()), ..nothing() };
    let off = change(off).await.unwrap();
    assert_eq!((off.enabled, off.author.name.as_str()), (false, "Ada"), "who wrote what it does stays");
    let on = ScheduleUpdate { enabled: Some(true), ..nothing() };
    assert_eq!(change(on).await.unwrap_err(), Code::Forbidden);
    world.end().await;
}

#[tokio::test]
async fn a_run_is_told_by_the_server_s_own_node_alone() {
    let world = World::new().await;
    let (node, other) = (world.connected_node("attic").await, world.connected_node("cellar").await);
    let (server, _) = world.server(node.id).await;
    let made = world.app.create_schedule(&world.admin, server, input("Nightly", vec![save()])).await.unwrap();
    let seq = other.say(server, Event::Schedule { run: run(made.id) });
    other.acknowledged(seq).await;
    assert!(world.app.schedule(&world.admin, server, made.id).await.unwrap().last_run.is_none());
    let followed = run(made.id);
    node.say(server, Event::Schedule { run: run(ScheduleId::new(Uuid::now_v7())) });
    let seq = node.say(server, Event::Schedule { run: followed.clone() });
    node.acknowledged(seq).await;
    let seen = world.app.schedule(&world.admin, server, made.id).await.unwrap();
    assert_eq!(seen.last_run.map(|run| run.id), Some(followed.id));
    let page = PageQuery::default();
    assert_eq!(world.app.schedule_runs(&world.admin, server, made.id, page).await.unwrap().items.len(), 1);
    world.end().await;
}

#[tokio::test]
async fn what_a_schedule_decided_is_wanted_sent_and_in_the_log() {
    let world = World::new().await;
    let node = world.connected_node("attic").await;
    let (server, install) = world.server(node.id).await;
    let made = world.app.create_schedule(&world.admin, server, input("Nightly", vec![stop()])).await.unwrap();
    let state = OperationState::Succeeded;
    let ended = gantry_protocol::OperationReport { id: install, state, progress: None, failure: None };
    node.say(server, Event::Operation { operation: ended });
    let seq = node.saw(server, Observed::Offline);
    node.acknowledged(seq).await;
    let start = PowerInput { action: PowerAction::Start };
    world.app.power_server(&world.admin, server, start).await.unwrap();
    let sent = node.sent(server, |sent| sent.desired == Desired::Running).await;
    let seq = node.say(server, decision(1, sent.generation, made.id));
    node.acknowledged(seq).await;
    let lines = world.app.server_activity(&world.admin, server, PageQuery::default()).await.unwrap();
    assert_eq!(
        (lines.items[0].action.as_str(), &lines.items[0].after["schedule"]),
        ("server.stop", &"Nightly".into())
    );
    let rename = ScheduleUpdate { name: Some("Other".to_owned()), ..nothing() };
    world.app.update_schedule(&world.admin, server, made.id, rename).await.unwrap();
    let sent = node.sent(server, |sent| sent.heard_decision == 1).await;
    assert_eq!(sent.desired, Desired::Stopped, "what comes later does not start it again");
    world.end().await;
}

#[tokio::test]
async fn a_node_that_says_too_much_of_a_run_is_not_believed() {
    let world = World::new().await;
    let node = world.connected_node("attic").await;
    let (server, _) = world.server(node.id).await;
    let made = world.app.create_schedule(&world.admin, server, input("Nightly", vec![save()])).await.unwrap();
    let long = ScheduleRun { reason: Some("x".repeat(100_000)), ..run(made.id) };
    let seq = node.say(server, Event::Schedule { run: long });
    node.acknowledged(seq).await;
    assert!(world.app.schedule(&world.admin, server, made.id).await.unwrap().last_run.is_none());
    let deletes = Event::Decided {
        decision: Decision {
            number: 1,
            desired: Desired::Deleted,
            generation: 99,
            action: PowerAction::Stop,
            schedule: made.id,
            run: ScheduleRunId::new(Uuid::now_v7()),
        },
    };
    let seq = node.say(server, deletes);
    node.acknowledged(seq).await;
    assert_ne!(world.app.server(&world.admin, server).await.unwrap().desired, Desired::Deleted);
    world.end().await;
}
