//! Rights that go away while somebody is there (attack Z06): the next request is refused, and who may not be here at all
//! is shown out, also while nothing is asked.

use crate::{
    house::{ALICE, ALL, House, PATIENCE, Way},
    raw::{Raw, read_body, request},
};
use gantry_protocol::SftpGrants;
use gantry_types::permission::Permission;
use std::time::Duration;

const READ: u32 = 1;
const WRITE: u32 = 2;
const CREATE: u32 = 8;
const PERMISSION_DENIED: u32 = 3;
/// In which somebody must be gone.
const AT_ONCE: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn each_right_opens_its_own_requests_and_no_others() {
    let house = House::new().await;
    std::fs::write(house.root.join("file"), "content").unwrap();
    std::fs::write(house.root.join("other"), "").unwrap();
    let commands: [(&str, &[Permission]); 9] = [
        ("ls", &[Permission::FilesList]),
        ("get file back", &[Permission::FilesRead]),
        ("put secret file", &[Permission::FilesWrite]),
        ("mkdir made", &[Permission::FilesWrite]),
        ("chmod 600 file", &[Permission::FilesWrite]),
        ("rename file moved", &[Permission::FilesWrite]),
        ("rename file other", &[Permission::FilesWrite, Permission::FilesDelete]),
        ("rm file", &[Permission::FilesDelete]),
        ("symlink file link", &[Permission::FilesWrite]),
    ];
    for (command, needed) in commands {
        // Programs look at what they work on; that much everybody here may.
        for missing in needed.iter().filter(|needed| **needed != Permission::FilesList) {
            let held: Vec<_> = ALL.into_iter().filter(|held| held != missing).collect();
            house.grant(&held);
            let (text, well) = house.sftp(ALICE, Way::Key, &format!("{command}\n")).await;
            assert!(!well, "{command} without {missing:?}: {text}");
            assert_eq!((house.content("file"), house.content("other")), ("content".into(), String::new()));
        }
    }
    house.grant(&[]);
    let (text, _) = house.sftp(ALICE, Way::Key, "ls\n").await;
    assert!(text.contains("Permission denied"), "{text}");
    let mut raw = Raw::enter(&house).await;
    assert_eq!(raw.ask(11, &[b"/"]).await.sentence(), "You may not list this server's files.");
    house.grant(&[Permission::FilesList, Permission::FilesWrite]);
    let (text, well) = house.sftp(ALICE, Way::Key, "rename file moved\nput secret new\nls\n").await;
    assert!(well, "{text}");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_goes_away_stops_the_next_request_of_an_open_file() {
    let house = House::new().await;
    let mut raw = Raw::enter(&house).await;
    let handle = raw.open("file", READ | WRITE | CREATE).await.bytes();
    assert_eq!(raw.write(&handle, 0, b"before").await.code(), 0);
    house.grant(&[Permission::FilesList, Permission::FilesRead]);
    let refused = raw.write(&handle, 0, b"after!").await;
    assert_eq!(refused.code(), PERMISSION_DENIED);
    assert_eq!(&raw.read(&handle, 0, 9).await.bytes()[..], b"before");
    house.grant(&[Permission::FilesList]);
    assert_eq!(raw.read(&handle, 0, 9).await.code(), PERMISSION_DENIED);
    house.stop().await;
}

/// What ends somebody's stay: without the person, the server, the password, or with another.
const ENDINGS: [fn(&mut SftpGrants); 4] = [
    |grants| grants.people.clear(),
    |grants| grants.people[0].servers.clear(),
    |grants| grants.people[0].passwords.clear(),
    |grants| grants.people[0].passwords[0].id = uuid::Uuid::now_v7(),
];

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_be_here_any_more_is_shown_out_while_idle() {
    let house = House::new().await;
    for end in ENDINGS {
        house.grant(&ALL);
        let mut raw = Raw::enter(&house).await;
        let mut grants = house.grants(&ALL);
        end(&mut grants);
        house.sftp.replace(&grants).unwrap();
        raw.ends_within(AT_ONCE).await;
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_be_here_any_more_is_shown_out_in_the_middle_of_a_transfer() {
    let house = House::new().await;
    std::fs::write(house.root.join("large"), vec![b'x'; 32 << 20]).unwrap();
    for end in ENDINGS {
        house.grant(&ALL);
        // One takes what it gets, one does not read and has everything before it full.
        let (mut taking, mut stuck) = (Raw::enter(&house).await, Raw::enter(&house).await);
        for raw in [&mut taking, &mut stuck] {
            let handle = raw.open("large", READ).await.bytes();
            let asked: Vec<u8> = (0..2_000)
                .flat_map(|id| request(5, id, &read_body(&handle, u64::from(id % 100) << 18, 256 << 10)))
                .collect();
            raw.send(&asked).await;
        }
        for _ in 0..20 {
            taking.receive().await.unwrap();
        }
        let mut grants = house.grants(&ALL);
        end(&mut grants);
        house.sftp.replace(&grants).unwrap();
        taking.ends_within(AT_ONCE).await;
        // Its own end notices once it takes what lies before it.
        stuck.ends_within(PATIENCE).await;
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_runs_out_ends_all_and_lets_nobody_in() {
    let house = House::new().await;
    let mut raw = Raw::enter(&house).await;
    let brief = SftpGrants { lease_seconds: 1, ..house.grants(&ALL) };
    house.sftp.replace(&brief).unwrap();
    assert_eq!(raw.ask(16, &[b"."]).await.kind, 104);
    raw.ends_within(Duration::from_secs(3)).await;
    let (text, well) = house.sftp(ALICE, Way::Key, "ls\n").await;
    assert!(!well && text.contains("Permission denied"), "{text}");
    house.grant(&ALL);
    let (text, well) = house.sftp(ALICE, Way::Key, "ls\n").await;
    assert!(well, "{text}");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_there_when_the_daemon_stops_is_told_and_what_they_did_is_not_lost() {
    let mut house = House::new().await;
    let mut raw = Raw::enter(&house).await;
    let handle = raw.open("file", WRITE | CREATE).await.bytes();
    assert_eq!(raw.write(&handle, 0, b"x").await.code(), 0);
    assert!(house.next_told().await.opened);
    let mut told = std::mem::replace(&mut house.told, tokio::sync::mpsc::unbounded_channel().1);
    house.stop().await;
    raw.ends_within(AT_ONCE).await;
    let (_, last) = told.recv().await.unwrap();
    assert_eq!(last.changes.len(), 1);
}
