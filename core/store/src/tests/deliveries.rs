//! Events come out of the transactions that make them true, and each is told by one at a time until it ends.

use super::fixtures::{World, entry, now, release};
use crate::{
    deliveries::{Asked, Claimed, DeliveryState},
    plugins::{Intake, NewRelease},
    secrets::SecretKind,
};
use chrono::TimeDelta;
use gantry_domain::{
    audit::{AuditEntry, Origin},
    events::{EventKind, Happening},
    plugins::Listening,
    variables::StoredValue,
};
use gantry_types::{
    PluginId, ServerId,
    blueprint::{Audience, TextRule, Variable, VariableKind},
    server::{Observed, ObservedState},
};
use std::time::Duration;

const LEASE: Duration = Duration::from_secs(60);

fn listener(wants: &[&str], settings: Vec<Variable>) -> NewRelease {
    let wants = wants.iter().map(|&kind| kind.to_owned()).collect();
    NewRelease {
        manifest_id: "listener".to_owned(),
        blueprints: Vec::new(),
        listening: Some(Listening { wants, settings }),
        bundled: false,
        ..release('b')
    }
}

fn required(key: &str) -> Variable {
    let rule = TextRule { min_length: 1, max_length: 99, pattern: None, pattern_help: None };
    Variable {
        key: key.to_owned(),
        label: key.to_owned(),
        help: String::new(),
        group: String::new(),
        kind: VariableKind::Secret(rule),
        default_value: None,
        required: true,
        viewable: Audience::Administrators,
        editable: Audience::Administrators,
        needs_reinstall: false,
        needs_restart: false,
    }
}

async fn install(world: &World, release: &NewRelease) -> PluginId {
    let mut tx = world.test.db.as_system().await.unwrap();
    let grant = world.admin.administrator().unwrap();
    let made = tx.install_plugin(&grant, release, Intake::Current, entry("test.install")).await.unwrap();
    tx.commit().await.unwrap();
    made.plugin_id
}

async fn see(world: &World, server: ServerId, state: Observed, crashes: u32) {
    let mut tx = world.test.db.as_system().await.unwrap();
    let reason = (state == Observed::Crashed).then(|| "exit code 1".to_owned());
    let seen = ObservedState { state, since: now(), reason, crashes, started_at: None, generation: None };
    tx.record_observed(world.node, server, &seen).await.unwrap();
    tx.commit().await.unwrap();
}

async fn claim(world: &World, plugin: PluginId, lease: Duration) -> Option<Claimed> {
    let mut tx = world.test.db.as_system().await.unwrap();
    let claimed = tx.claim_delivery(plugin, &"b".repeat(64), lease).await.unwrap();
    tx.commit().await.unwrap();
    claimed
}

async fn states(world: &World, plugin: PluginId) -> Vec<(String, DeliveryState)> {
    let mut tx = world.test.db.as_user(&world.admin).await.unwrap();
    let all = tx.deliveries(&world.admin.administrator().unwrap(), plugin).await.unwrap();
    all.latest.into_iter().map(|one| (one.event.summary, one.state)).collect()
}

#[tokio::test]
async fn an_event_is_kept_with_what_makes_it_true_and_only_for_whoever_wants_it() {
    let world = World::new().await;
    let server = world.server(&world.ada, "Arena").await;
    let plugin = install(&world, &listener(&["server.crashed", "operation.*"], Vec::new())).await;
    see(&world, server, Observed::Running, 0).await;
    assert_eq!(states(&world, plugin).await, [], "nobody wants to hear that it runs");
    see(&world, server, Observed::Crashed, 1).await;
    see(&world, server, Observed::Crashed, 1).await;
    let mut tx = world.test.db.as_system().await.unwrap();
    tx.happened(Happening::new(EventKind::ServerCrashed).on(server));
    drop(tx);
    let told = [("Arena crashed: exit code 1.".to_owned(), DeliveryState::Waiting)];
    assert_eq!(states(&world, plugin).await, told, "once, and not of what was rolled back");
    let claimed = claim(&world, plugin, LEASE).await.unwrap();
    let about = claimed.event.server.unwrap();
    assert_eq!(
        (about.name.as_str(), about.blueprint.as_str(), about.node.as_str()),
        ("Arena", "Arena", "node-1")
    );
}

#[tokio::test]
async fn what_a_person_does_is_told_with_their_name_and_a_server_that_is_gone_with_its_own() {
    let world = World::new().await;
    let plugin = install(&world, &listener(&["server.*"], Vec::new())).await;
    let server = world.server(&world.ada, "Arena").await;
    let claimed = claim(&world, plugin, LEASE).await.unwrap();
    assert_eq!(
        (claimed.event.summary.as_str(), claimed.event.actor.as_deref()),
        ("Arena was created.", Some("ada"))
    );
    let mut owner = world.test.owner().await.unwrap();
    sqlx::query("UPDATE servers SET desired = 'deleted'").execute(&mut owner).await.unwrap();
    let mut tx = world.test.db.as_system().await.unwrap();
    let gone = AuditEntry::server("server.removed", server, Origin::default());
    tx.finish_deleted(world.node, server, gone).await.unwrap();
    tx.commit().await.unwrap();
    let claimed = claim(&world, plugin, LEASE).await.unwrap();
    assert_eq!((claimed.event.summary.as_str(), claimed.event.actor), ("Arena was deleted.", None));
}

#[tokio::test]
async fn a_delivery_is_one_tellers_until_its_claim_is_over_and_then_anothers() {
    let world = World::new().await;
    let plugin = install(&world, &listener(&["server.*"], Vec::new())).await;
    world.server(&world.ada, "one").await;
    world.server(&world.ada, "two").await;
    let both = tokio::join!(claim(&world, plugin, LEASE), claim(&world, plugin, LEASE));
    let (kept, other) = (both.0.unwrap(), both.1.unwrap());
    assert_ne!(kept.event.id, other.event.id);
    world.server(&world.ada, "three").await;
    let lost = claim(&world, plugin, Duration::ZERO).await.unwrap();
    let again = claim(&world, plugin, LEASE).await.unwrap();
    assert_eq!((again.event.clone(), again.attempt), (lost.event.clone(), 2), "the same, told again");
    assert_eq!(claim(&world, plugin, LEASE).await, None, "all are somebody's");

    let mut tx = world.test.db.as_system().await.unwrap();
    tx.give_up_delivery(&lost, "too late").await.unwrap();
    tx.told(&kept).await.unwrap();
    tx.told(&other).await.unwrap();
    tx.tell_again(&again, Duration::from_secs(30), true, Some("busy")).await.unwrap();
    let owed = tx.owed().await.unwrap();
    tx.commit().await.unwrap();
    assert!(owed[0].due_in > Duration::from_secs(20) && owed[0].plugin == plugin, "{owed:?}");
    let ended: Vec<_> = states(&world, plugin).await.into_iter().map(|(_, state)| state).collect();
    assert_eq!(
        ended,
        [DeliveryState::Waiting, DeliveryState::Told, DeliveryState::Told],
        "who lost the claim decides nothing"
    );
}

#[tokio::test]
async fn whoever_is_disabled_or_lacks_a_setting_hears_nothing() {
    let world = World::new().await;
    let plugin = install(&world, &listener(&["server.*"], vec![required("webhook")])).await;
    let grant = world.admin.administrator().unwrap();
    world.server(&world.ada, "before").await;
    let value = StoredValue { key: "webhook".to_owned(), value: "hunter2".to_owned(), secret: true };
    let mut tx = world.test.db.as_system().await.unwrap();
    let deaf = tx.tell_one(&grant, plugin, Happening::new(EventKind::Test), entry("test")).await.unwrap();
    assert_eq!(deaf, Asked::Deaf);
    tx.set_plugin_settings(&grant, plugin, &[value], entry("plugin.settings")).await.unwrap();
    tx.commit().await.unwrap();
    world.server(&world.ada, "after").await;
    assert_eq!(states(&world, plugin).await.len(), 1);

    let mut tx = world.test.db.as_system().await.unwrap();
    assert!(tx.set_disabled(&grant, plugin, true, entry("plugin.disable")).await.unwrap());
    tx.commit().await.unwrap();
    world.server(&world.ada, "unheard").await;
    assert_eq!(states(&world, plugin).await.len(), 1);
    assert_eq!(claim(&world, plugin, LEASE).await, None, "what waits, waits");
    let mut tx = world.test.db.as_system().await.unwrap();
    assert_eq!(tx.owed().await.unwrap(), []);
}

#[tokio::test]
async fn secret_settings_are_sealed_and_survive_another_key() {
    let world = World::new().await;
    let plugin = install(&world, &listener(&[], vec![required("webhook")])).await;
    let grant = world.admin.administrator().unwrap();
    let value =
        |key: &str, value: &str, secret| StoredValue { key: key.to_owned(), value: value.to_owned(), secret };
    let mut tx = world.test.db.as_system().await.unwrap();
    let values =
        [value("webhook", "hunter2", true), value("name", "Gantry", false), value("gone", "x", false)];
    tx.set_plugin_settings(&grant, plugin, &values, entry("plugin.settings")).await.unwrap();
    tx.set_plugin_settings(&grant, plugin, &[value("gone", "", false)], entry("plugin.settings"))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world.test.db.rotate_data_key(SecretKind::PluginSetting).await.unwrap();
    assert_eq!(world.test.db.reseal(SecretKind::PluginSetting).await.unwrap(), 1);
    let mut tx = world.test.db.as_system().await.unwrap();
    let settings = tx.plugin_settings(plugin).await.unwrap();
    let values: Vec<_> = settings.values.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(values, [("name", "Gantry"), ("webhook", "hunter2")]);
    assert!(settings.sealed.contains("webhook") && settings.sealed.len() == 1);
    let mut owner = world.test.owner().await.unwrap();
    let clear: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM plugin_settings WHERE position('hunter2'::bytea IN sealed) > 0",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(clear, 0);
}

#[tokio::test]
async fn whoever_falls_too_far_behind_is_not_told_and_that_is_kept() {
    let world = World::new().await;
    let plugin = install(&world, &listener(&["server.*"], Vec::new())).await;
    let server = world.server(&world.ada, "Arena").await;
    let mut tx = world.test.db.as_system().await.unwrap();
    for _ in 0..2_000 {
        tx.happened(Happening::new(EventKind::ServerStarted).on(server));
    }
    tx.commit().await.unwrap();
    let mut tx = world.test.db.as_user(&world.admin).await.unwrap();
    let all = tx.deliveries(&world.admin.administrator().unwrap(), plugin).await.unwrap();
    assert_eq!((all.waiting, all.given_up), (2_000, 1));
    assert!(
        all.latest
            .iter()
            .any(|one| one.reason.as_deref() == Some("2000 events wait for this plugin already."))
    );
    drop(tx);
    let mut tx = world.test.db.as_system().await.unwrap();
    assert_eq!(tx.give_up_overdue(TimeDelta::hours(24)).await.unwrap(), 0);
    assert_eq!(tx.give_up_overdue(TimeDelta::zero()).await.unwrap(), 2_000);
    let grant = world.admin.administrator().unwrap();
    assert_eq!(tx.retry_deliveries(&grant, plugin, entry("plugin.retry")).await.unwrap(), 2_001);
    let later = now() + TimeDelta::days(1);
    tx.give_up_overdue(TimeDelta::zero()).await.unwrap();
    tx.sweep_deliveries(later, later).await.unwrap();
    tx.commit().await.unwrap();
    let mut owner = world.test.owner().await.unwrap();
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&mut owner).await.unwrap();
    assert_eq!(left, 0);
}
