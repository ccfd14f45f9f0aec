use super::*;
use chrono::TimeZone;
use gantry_types::{BackupId, blueprint::CommandDoor, server::Hold};

const IDLE: Situation<'static> = Situation {
    desired: Desired::Stopped,
    observed: Observed::Offline,
    holds: &[],
    draining: false,
    operation: None,
    connected: true,
    commands: CommandDoor::Console,
};

fn backup(state: BackupState) -> Backup {
    Backup {
        id: BackupId::new("0190a0b0-0000-7000-8000-000000000001".parse().unwrap()),
        revision: 1,
        name: "Before the update".to_owned(),
        cause: BackupCause::Person { name: "Ada".to_owned() },
        state,
        locked: false,
        created_at: Utc.with_ymd_and_hms(2026, 11, 23, 9, 5, 0).unwrap(),
        ended_at: None,
        progress: None,
        quiesce: None,
        archive_bytes: 0,
        content_bytes: 0,
        entries: 0,
        left_out: 0,
        changed: 0,
        reason: None,
    }
}

fn refusal(situation: Situation<'_>, most: u32, present: &[Backup]) -> Option<(Code, String)> {
    check_make(situation, most, present).err().map(|no| (no.code, no.reason))
}

fn code(situation: Situation<'_>) -> Option<Code> {
    refusal(situation, 5, &[]).map(|(code, _)| code)
}

#[test]
fn a_backup_is_made_of_whatever_is_installed() {
    use Observed::{Crashed, Deleted, Offline, Running, Starting, Stopping, Uninstalled};
    for observed in [Offline, Starting, Running, Stopping, Crashed] {
        assert_eq!(code(Situation { observed, ..IDLE }), None, "{observed:?}");
    }
    assert_eq!(code(Situation { observed: Uninstalled, ..IDLE }), Some(Code::NotInstalled));
    assert_eq!(code(Situation { observed: Deleted, ..IDLE }), Some(Code::Conflict));
}

#[test]
fn none_is_made_while_files_are_replaced_or_the_server_is_held_deleted_or_cut_off() {
    use OperationKind::{Delete, Install, Kill, Reinstall, Restart, Restore, Start, Stop};
    for kind in [Install, Reinstall, Restore] {
        let at_work = Situation { operation: Some(kind), ..IDLE };
        assert_eq!(code(at_work), Some(Code::OperationInProgress), "{kind:?}");
    }
    for kind in [Start, Stop, Restart, Kill] {
        assert_eq!(code(Situation { operation: Some(kind), ..IDLE }), None, "{kind:?}");
    }
    assert_eq!(code(Situation { operation: Some(Delete), ..IDLE }), Some(Code::Conflict));
    assert_eq!(code(Situation { desired: Desired::Deleted, ..IDLE }), Some(Code::Conflict));
    assert_eq!(code(Situation { connected: false, ..IDLE }), Some(Code::NodeUnreachable));
    let holds = [Hold { by: "administrator".to_owned(), reason: "unpaid".to_owned() }];
    let held = Situation { holds: &holds, ..IDLE };
    assert_eq!(code(held), Some(Code::ServerHeld));
    assert_eq!(check_change(held).unwrap_err().reason, "The server is suspended: unpaid.");
}

#[test]
fn a_server_has_as_many_as_its_limits_say_and_what_failed_takes_no_place() {
    use BackupState::{Failed, Ready, Running};
    let (ready, failed) = (backup(Ready), backup(Failed));
    assert_eq!(refusal(IDLE, 2, &[ready.clone(), failed.clone(), failed.clone()]), None);
    let (code, reason) = refusal(IDLE, 2, &[ready.clone(), ready.clone(), failed]).unwrap();
    assert_eq!(
        (code, reason.as_str()),
        (Code::TooManyBackups, "2 of 2 backups are there; delete one to make room.")
    );
    let (code, reason) = refusal(IDLE, 0, &[]).unwrap();
    assert_eq!((code, reason.as_str()), (Code::TooManyBackups, "The server's limits allow no backups."));
    assert_eq!(refusal(IDLE, 5, &[ready, backup(Running)]).unwrap().0, Code::BackupInUse);
}

#[test]
fn only_what_is_ready_has_something_in_it() {
    let code = |state| check_content(&backup(state)).err().map(|no| no.code);
    assert_eq!(code(BackupState::Ready), None);
    assert_eq!(code(BackupState::Running), Some(Code::BackupInUse));
    assert_eq!(code(BackupState::Failed), Some(Code::Conflict));
    assert_eq!(code(BackupState::Deleted), Some(Code::NotFound));
}

#[test]
fn a_name_is_one_line_and_one_that_is_left_out_is_the_usual() {
    assert_eq!(name("  Before the update ").unwrap(), "Before the update");
    assert_eq!(name("  ").unwrap(), USUAL_NAME);
    assert!(name(&"ü".repeat(100)).is_ok());
    for bad in ["two\nlines", "bell \u{7}", "safe\u{202E}exe", &"x".repeat(101)] {
        assert_eq!(name(bad).unwrap_err().key, "name");
    }
}

#[test]
fn a_download_has_a_name_that_any_disk_takes() {
    let at = backup(BackupState::Ready).created_at;
    assert_eq!(file_name("Ada's  Skyblock!", at), "Ada-s-Skyblock-2026-11-23-0905.tar.zst");
    assert_eq!(file_name("../..", at), "server-2026-11-23-0905.tar.zst");
    assert!(file_name(&"x".repeat(500), at).len() < 100);
}

#[test]
fn a_node_is_not_believed_what_cannot_be() {
    let fine = backup(BackupState::Ready);
    assert_eq!(incredible(&fine), None);
    let lies = [
        Backup { reason: Some("x".repeat(MAX_TOLD)), ..fine.clone() },
        Backup { revision: u64::MAX, ..fine.clone() },
        Backup { created_at: DateTime::<Utc>::MIN_UTC, ..fine.clone() },
        Backup { created_at: DateTime::<Utc>::MAX_UTC, ..fine.clone() },
        Backup { name: "a\0b".to_owned(), ..fine.clone() },
        Backup { cause: BackupCause::Person { name: "\0".to_owned() }, ..fine.clone() },
        Backup { reason: Some("\0".to_owned()), ..fine },
    ];
    for lie in lies {
        assert!(incredible(&lie).is_some(), "{lie:?}");
    }
}
