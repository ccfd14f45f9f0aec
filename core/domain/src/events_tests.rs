use super::*;
use crate::audit::Origin;
use serde_json::json;
use std::collections::BTreeSet;

fn arena() -> EventServer {
    EventServer {
        id: "1".to_owned(),
        name: "Arena".to_owned(),
        blueprint: "OpenArena".to_owned(),
        node: "anvil".to_owned(),
    }
}

fn seen(state: Observed, crashes: u32) -> ObservedState {
    let reason = Some("exit code 1, restarting in 10 s".to_owned());
    let since = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    ObservedState { state, since, reason, crashes, started_at: None, generation: None }
}

#[test]
fn the_list_of_kinds_is_that_of_the_contract() {
    let spec = include_str!("../../../sdk/wit/SPEC.md");
    let rows = spec.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let listed: BTreeSet<&str> = rows
        .map(|(name, _)| name)
        .filter(|name| {
            ["server.", "operation.", "backup.", "player.", "node.", "user.", "plugin.", "gantry."]
                .iter()
                .any(|family| name.starts_with(family))
        })
        .collect();
    let known: BTreeSet<&str> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(listed, known);
}

#[test]
fn a_server_that_goes_down_is_told_once_for_each_time() {
    let kind = |before, seen: &ObservedState| of_observed(before, seen).map(|it| it.kind);
    let crashed = seen(Observed::Crashed, 1);
    assert_eq!(kind((Observed::Running, 0), &crashed), Some(EventKind::ServerCrashed));
    assert_eq!(kind((Observed::Crashed, 1), &crashed), None);
    assert_eq!(kind((Observed::Crashed, 1), &seen(Observed::Crashed, 2)), Some(EventKind::ServerCrashed));
    assert_eq!(kind((Observed::Starting, 0), &seen(Observed::Running, 0)), Some(EventKind::ServerStarted));
    assert_eq!(kind((Observed::Stopping, 0), &seen(Observed::Offline, 0)), Some(EventKind::ServerStopped));
    assert_eq!(kind((Observed::Uninstalled, 0), &seen(Observed::Offline, 0)), None);
    let happening = of_observed((Observed::Running, 0), &crashed).unwrap();
    assert_eq!(happening.summary(Some(&arena())), "Arena crashed: exit code 1, restarting in 10 s.");
}

#[test]
fn a_line_of_the_log_becomes_an_event_without_what_is_personal() {
    let entry = AuditEntry::new("user.create", "user", "7", Origin::default())
        .after(json!({ "name": "Grace", "email": "grace@example.com", "role": "user" }));
    let happening = of_audit(&entry).unwrap();
    assert_eq!(happening.summary(None), "Grace has an account.");
    assert!(!format!("{happening:?}").contains("example.com"));
    assert_eq!(of_audit(&AuditEntry::new("user.password", "user", "7", Origin::default())), None);
    let hold = AuditEntry::new("server.hold", "server", "7", Origin::default())
        .after(json!([{ "by": "administrator", "reason": "Pay first." }]));
    assert_eq!(of_audit(&hold).unwrap().summary(Some(&arena())), "Arena was suspended: Pay first.");
}

#[test]
fn a_backup_is_told_when_it_ends_and_not_when_it_is_named() {
    let created_at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let backup = |state, reason: Option<&str>| Backup {
        id: gantry_types::BackupId::new(uuid::Uuid::nil()),
        revision: 2,
        name: "nightly".to_owned(),
        cause: gantry_types::backup::BackupCause::Person { name: "Ada".to_owned() },
        state,
        locked: false,
        created_at,
        ended_at: Some(created_at),
        progress: None,
        quiesce: None,
        archive_bytes: 1_234,
        content_bytes: 2_000,
        entries: 3,
        left_out: 0,
        changed: 0,
        reason: reason.map(str::to_owned),
    };
    let (ready, failed) =
        (backup(BackupState::Ready, None), backup(BackupState::Failed, Some("The disk is full.")));
    let told = |before, backup: &Backup| of_backup(before, backup, created_at);
    for before in [None, Some(BackupState::Running)] {
        let happening = told(before, &ready).unwrap();
        assert_eq!(happening.summary(Some(&arena())), "Arena has a new backup, nightly.");
        assert_eq!(happening.said("bytes"), Some("1234"));
        let happening = told(before, &failed).unwrap();
        assert_eq!(happening.summary(Some(&arena())), "Arena got no backup nightly: The disk is full.");
    }
    assert_eq!(told(Some(BackupState::Ready), &ready), None);
    assert_eq!(told(None, &backup(BackupState::Running, None)), None);
    assert_eq!(told(Some(BackupState::Ready), &backup(BackupState::Deleted, None)), None);
    let later = created_at + WORTH_TELLING + chrono::TimeDelta::seconds(1);
    assert_eq!(of_backup(None, &ready, later), None, "a node that is back from long ago");
}

#[test]
fn what_a_game_says_stays_one_bounded_line() {
    let joined = ConsoleEvent::Joined { player: format!("a\nb{}", "x".repeat(2 * MAX_TOLD)) };
    let happening = of_console(&joined).unwrap();
    assert!(happening.subject.starts_with("a b") && happening.subject.chars().count() == MAX_TOLD + 1);
    let chat = ConsoleEvent::Chat { player: "a".to_owned(), text: "hello".to_owned() };
    assert_eq!(of_console(&chat), None);
}

#[test]
fn pauses_grow_to_an_hour_and_attempts_come_to_an_end() {
    let pauses: Vec<u64> = (1..ATTEMPTS)
        .map(|attempt| match verdict(attempt, Heard::Badly("no".to_owned())) {
            Verdict::Again { after, counted: true, everything: false, .. } => after.as_secs(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(pauses, [5, 15, 45, 135, 405, 1215, 3600]);
    let last = verdict(ATTEMPTS, Heard::Badly("no".to_owned()));
    assert_eq!(last, Verdict::GivenUp { reason: "no".to_owned() });
}

#[test]
fn who_names_a_time_is_told_then_and_not_charged_for_it() {
    let later =
        |seconds| verdict(ATTEMPTS + 1, Heard::Later(Duration::from_secs(seconds), "busy".to_owned()));
    for (asked, given) in [(0, 1), (30, 30), (1_000_000, 3600)] {
        let Verdict::Again { after, counted, everything, .. } = later(asked) else { panic!("{asked}") };
        assert_eq!((after.as_secs(), counted, everything), (given, false, true));
    }
    assert_eq!(verdict(1, Heard::Well), Verdict::Told);
}
