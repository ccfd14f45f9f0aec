//! Schedules at rest, their runs, and whose word counts about what a server is to be.

use super::fixtures::{World, entry, first_page, now};
use crate::{StoreError, new_uuid, reconcile::Scope, schedules::Decided, secrets::SecretKind};
use chrono::TimeDelta;
use gantry_auth::{Actor, rights};
use gantry_domain::{
    page::PageRequest,
    schedules::{PlannedStep, Schedule},
    users::Person,
};
use gantry_types::{
    NodeId, OperationId, ScheduleId, ScheduleRunId, ServerId,
    action::Availability,
    blueprint::Audience,
    operation::OperationKind,
    schedule::{Deed, RunCause, RunState, ScheduleRun, Step},
    server::{Desired, Setting},
};

pub(super) fn schedule(server: ServerId, author: &Actor, name: &str) -> Schedule {
    let form = vec![Setting { key: "password".to_owned(), value: "hunter2".to_owned() }];
    let deed = Deed::Action {
        action: "open".to_owned(),
        form,
        secrets: vec!["password".to_owned()],
        available: Availability::Always,
    };
    Schedule {
        id: ScheduleId::new(new_uuid()),
        server_id: server,
        name: name.to_owned(),
        cron: "0 4 * * *".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        enabled: true,
        when: Availability::Running,
        steps: vec![PlannedStep {
            step: Step { deed, go_on: false },
            audience: Audience::Owners,
            title: Some("Open the door".to_owned()),
        }],
        author: Person { id: author.user_id, name: author.name.clone() },
        version: 1,
        updated_at: now(),
    }
}

fn run(schedule: ScheduleId, state: RunState) -> ScheduleRun {
    ScheduleRun {
        id: ScheduleRunId::new(new_uuid()),
        schedule_id: schedule,
        cause: RunCause::Clock { due_at: now() },
        state,
        reason: None,
        started_at: now(),
        ended_at: None,
        steps: vec![],
    }
}

pub(super) async fn add(world: &World, author: &Actor, schedule: &Schedule) -> Result<(), StoreError> {
    let grant = world.grant::<rights::SchedulesCreate>(author, schedule.server_id).await;
    let mut tx = world.test.db.as_user(author).await?;
    tx.create_schedule(&grant, schedule, entry("schedule.create")).await?;
    tx.commit().await
}

async fn desired(world: &World, server: ServerId) -> (Desired, u64) {
    let all = world.test.db.desired_servers(world.node, Scope::All, None, 10).await.unwrap();
    let wanted = all.into_iter().find(|wanted| wanted.server.id == server).unwrap();
    (wanted.server.desired, wanted.heard_decision)
}

/// Asks for an operation; answers the generation that it has.
async fn ask(world: &World, server: ServerId, wish: Option<Desired>) -> u64 {
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    let access = tx.server_access(&world.ada, server).await.unwrap();
    let grant = access.operation(OperationKind::Start).unwrap();
    let id = OperationId::new(new_uuid());
    tx.request_operation(&grant, id, wish, now(), entry("server.start")).await.unwrap();
    let generation = tx.server(server).await.unwrap().generation;
    tx.commit().await.unwrap();
    generation
}

async fn decides(world: &World, node: NodeId, server: ServerId, decided: Decided) -> Option<bool> {
    let mut tx = world.test.db.as_system().await.unwrap();
    let taken = tx.record_decision(node, server, decided, entry("server.stop")).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

#[tokio::test]
async fn a_schedule_is_sealed_and_read_back_also_after_a_rotation() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    let written = schedule(server, &world.ada, "Nightly");
    add(&world, &world.ada, &written).await.unwrap();
    let mut owner = world.test.owner().await.unwrap();
    let sealed: Vec<u8> =
        sqlx::query_scalar("SELECT sealed FROM schedules").fetch_one(&mut owner).await.unwrap();
    assert!(!sealed.windows(7).any(|bytes| bytes == b"hunter2"));
    world.test.db.rotate_data_key(SecretKind::ScheduleSteps).await.unwrap();
    assert_eq!(world.test.db.reseal(SecretKind::ScheduleSteps).await.unwrap(), 1);
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    let read = tx.schedules(server).await.unwrap();
    assert_eq!(read[0].steps, written.steps);
    assert_eq!(tx.schedule(server, written.id).await.unwrap().author, written.author);
}

#[tokio::test]
async fn what_is_sealed_for_one_schedule_opens_for_no_other() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    for name in ["Nightly", "Hourly"] {
        add(&world, &world.ada, &schedule(server, &world.ada, name)).await.unwrap();
    }
    let mut owner = world.test.owner().await.unwrap();
    let moved = "UPDATE schedules SET sealed = (SELECT sealed FROM schedules WHERE name = 'Nightly')";
    sqlx::query(moved).execute(&mut owner).await.unwrap();
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    assert!(matches!(tx.schedules(server).await, Err(StoreError::Secret(_))));
}

#[tokio::test]
async fn a_name_is_taken_once_and_places_are_counted() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    add(&world, &world.ada, &schedule(server, &world.ada, "Nightly")).await.unwrap();
    let again = add(&world, &world.ada, &schedule(server, &world.ada, "NIGHTLY")).await;
    assert!(matches!(again, Err(StoreError::NameTaken)));
    for number in 1..gantry_types::schedule::MAX_SCHEDULES {
        add(&world, &world.ada, &schedule(server, &world.ada, &format!("Number {number}"))).await.unwrap();
    }
    let full = add(&world, &world.ada, &schedule(server, &world.ada, "One more")).await;
    assert!(matches!(full, Err(StoreError::InUse(_))));
}

#[tokio::test]
async fn a_change_reaches_the_node_by_its_generation() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    let written = schedule(server, &world.ada, "Nightly");
    let generation = async || {
        let mut tx = world.test.db.as_system().await.unwrap();
        let wanted = tx.desired_servers(world.node, Scope::All, None, 10).await.unwrap().remove(0);
        (wanted.server.generation, wanted.schedules.len())
    };
    let (before, none) = generation().await;
    add(&world, &world.ada, &written).await.unwrap();
    assert_eq!((generation().await, none), ((before + 1, 1), 0));
    let grant = world.grant::<rights::SchedulesDelete>(&world.ada, server).await;
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    tx.delete_schedule(&grant, written.id, entry("schedule.delete")).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(generation().await, (before + 2, 0));
}

#[tokio::test]
async fn what_is_wanted_is_of_one_generation_whatever_is_asked_for_meanwhile() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    let mut tx = world.test.db.snapshot_for_nodes().await.unwrap();
    let before = tx.server(server).await.unwrap();
    let after = ask(&world, server, Some(Desired::Stopped)).await;
    let wanted = tx.desired_servers(world.node, Scope::All, None, 10).await.unwrap().remove(0);
    let said = (wanted.server.generation, wanted.server.desired, wanted.operation.map(|one| one.kind));
    assert_eq!(said, (before.generation, Desired::Running, Some(OperationKind::Install)));
    let wanted = world.test.db.desired_servers(world.node, Scope::All, None, 10).await.unwrap().remove(0);
    assert_eq!((wanted.server.generation, wanted.server.desired), (after, Desired::Stopped));
    assert!(wanted.operation.is_some_and(|one| one.kind != OperationKind::Install));
}

#[tokio::test]
async fn runs_are_kept_in_number_and_told_latest_first_and_a_strange_node_tells_none() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    let nightly = schedule(server, &world.ada, "Nightly");
    add(&world, &world.ada, &nightly).await.unwrap();
    let mut tx = world.test.db.as_system().await.unwrap();
    let strange = run(nightly.id, RunState::Running);
    assert!(!tx.record_run(NodeId::new(new_uuid()), server, &strange).await.unwrap());
    let begun = now();
    let mut last = strange;
    for number in 0..105 {
        last = run(nightly.id, RunState::Running);
        last.started_at = begun + TimeDelta::seconds(number);
        assert!(tx.record_run(world.node, server, &last).await.unwrap());
        last.state = RunState::Succeeded;
        assert!(tx.record_run(world.node, server, &last).await.unwrap());
    }
    tx.commit().await.unwrap();
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    assert_eq!(tx.latest_runs(server).await.unwrap()[&nightly.id], last);
    let first = tx.schedule_runs(nightly.id, &first_page()).await.unwrap();
    assert_eq!(first.items[0], last);
    let mut seen = first.items.len();
    let mut next = first.next;
    while let Some(cursor) = next {
        let page = PageRequest { cursor: Some(cursor), ..first_page() };
        let page = tx.schedule_runs(nightly.id, &page).await.unwrap();
        seen += page.items.len();
        next = page.next;
    }
    assert_eq!(seen, 100);
    let mut tx = world.test.db.as_user(&world.bob).await.unwrap();
    assert!(tx.schedule_runs(nightly.id, &first_page()).await.unwrap().items.is_empty());
    assert!(tx.schedules(server).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_a_node_decides_is_wanted_unless_somebody_said_something_else_meanwhile() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    let started = ask(&world, server, Some(Desired::Running)).await;
    let stop = |number, generation| Decided { number, desired: Desired::Stopped, generation };
    assert_eq!(decides(&world, NodeId::new(new_uuid()), server, stop(9, started)).await, None);
    assert_eq!(desired(&world, server).await, (Desired::Running, 0));
    assert_eq!(decides(&world, world.node, server, stop(1, started)).await, Some(true));
    assert_eq!(desired(&world, server).await, (Desired::Stopped, 1));
    // Somebody starts it; the node had not heard of that when it decided to stop.
    let again = ask(&world, server, Some(Desired::Running)).await;
    assert_eq!(decides(&world, world.node, server, stop(2, again - 1)).await, Some(false));
    assert_eq!(desired(&world, server).await, (Desired::Running, 2));
    // What says nothing of whether it is to run hinders nothing.
    ask(&world, server, None).await;
    assert_eq!(decides(&world, world.node, server, stop(3, again)).await, Some(true));
    assert_eq!(desired(&world, server).await, (Desired::Stopped, 3));
}

#[tokio::test]
async fn a_node_does_not_bring_back_what_is_to_be_deleted() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    let deleted = ask(&world, server, Some(Desired::Deleted)).await;
    let start = Decided { number: 1, desired: Desired::Running, generation: deleted };
    assert_eq!(decides(&world, world.node, server, start).await, Some(false));
    assert_eq!(desired(&world, server).await.0, Desired::Deleted);
}
