//! What people do, with the program that most of them have.

use crate::house::{ALICE, House, PASSWORD, Way};
use gantry_protocol::{SftpAction, SftpChange};
use sha2::{Digest, Sha256};
use std::os::unix::{
    ffi::OsStrExt,
    fs::{MetadataExt, PermissionsExt, symlink},
};

fn change(action: SftpAction, path: &str, to: Option<&str>) -> SftpChange {
    SftpChange { action, path: path.to_owned(), to: to.map(str::to_owned) }
}

/// Bytes that do not repeat.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_listed_made_renamed_changed_and_deleted_and_it_is_told() {
    let mut house = House::new().await;
    std::fs::write(house.dir.path().join("local"), "hello").unwrap();
    let commands = "mkdir world\nput local world/a.txt\nrename world/a.txt world/b.txt\nchmod 640 world/b.txt\n\
                    symlink b.txt world/link\nget world/link back\nls -l world\nput local gone\nrm gone\n\
                    mkdir empty\nrmdir empty\ndf\n";
    house.quota.limit(Some(1 << 30));
    let (text, well) = house.sftp(ALICE, Way::Password(PASSWORD), commands).await;
    assert!(well, "{text}");
    assert!(text.contains("-rw-r-----") && text.contains("b.txt"), "{text}");
    assert_eq!(house.content("world/b.txt"), "hello");
    assert_eq!(std::fs::read_link(house.root.join("world/link")).unwrap().to_str(), Some("b.txt"));
    assert_eq!(std::fs::read_to_string(house.dir.path().join("back")).unwrap(), "hello");
    assert_eq!(std::fs::metadata(house.root.join("world/b.txt")).unwrap().mode() & 0o777, 0o640);
    assert_eq!(std::fs::metadata(house.root.join("world")).unwrap().mode() & 0o777, 0o755);
    assert!(!house.root.join("gone").exists() && !house.root.join("empty").exists());
    let opening = house.next_told().await;
    assert!(opening.opened && opening.changes.is_empty() && opening.credential == house.password);
    let rest = house.next_told().await;
    let wanted = [
        change(SftpAction::MakeDirectory, "world", None),
        change(SftpAction::Write, "world/a.txt", None),
        change(SftpAction::Rename, "world/a.txt", Some("world/b.txt")),
        change(SftpAction::SetAttributes, "world/b.txt", None),
        change(SftpAction::MakeLink, "world/link", None),
        change(SftpAction::Write, "gone", None),
        change(SftpAction::Delete, "gone", None),
        change(SftpAction::MakeDirectory, "empty", None),
        change(SftpAction::Delete, "empty", None),
    ];
    assert_eq!((rest.opened, rest.changes.as_slice(), rest.further), (false, &wanted[..], 0));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_node_has_not_finished_is_neither_listed_nor_reached() {
    let house = House::new().await;
    let own = ".gantry-tmp-1-2-3";
    for name in [own, "seen"] {
        std::fs::write(house.root.join(name), "half").unwrap();
    }
    let (text, well) = house.sftp(ALICE, Way::Key, "ls -la\n").await;
    assert!(well && text.contains("seen") && !text.contains(own), "{text}");
    std::fs::write(house.dir.path().join("local"), "whole").unwrap();
    for command in
        ["ls -l NAME", "get NAME back", "put local NAME", "rm NAME", "rename NAME x", "rename seen NAME"]
    {
        let (text, well) = house.sftp(ALICE, Way::Key, &format!("{}\n", command.replace("NAME", own))).await;
        assert!(!well, "{command}: {text}");
    }
    assert_eq!((house.content(own).as_str(), house.content("seen").as_str()), ("half", "half"));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_goes_in_and_out_and_an_upload_that_broke_off_goes_on() {
    let house = House::new().await;
    let bytes = noise(50 << 20);
    let digest = Sha256::digest(&bytes);
    std::fs::write(house.dir.path().join("large"), &bytes).unwrap();
    let (text, well) = house.sftp(ALICE, Way::Key, "put large\nget large back\n").await;
    assert!(well, "{text}");
    for path in [house.root.join("large"), house.dir.path().join("back")] {
        assert!(Sha256::digest(std::fs::read(&path).unwrap()) == digest, "{}", path.display());
    }
    // The rest of it, after a third came in before.
    std::fs::OpenOptions::new()
        .write(true)
        .open(house.root.join("large"))
        .unwrap()
        .set_len(17_000_003)
        .unwrap();
    std::fs::File::options()
        .write(true)
        .open(house.dir.path().join("back"))
        .unwrap()
        .set_len(9_000_001)
        .unwrap();
    let (text, well) = house.sftp(ALICE, Way::Key, "reput large\nreget large back\n").await;
    assert!(well, "{text}");
    for path in [house.root.join("large"), house.dir.path().join("back")] {
        assert!(Sha256::digest(std::fs::read(&path).unwrap()) == digest, "{}", path.display());
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_many_small_files_goes_in_and_out() {
    let house = House::new().await;
    let folder = house.dir.path().join("many");
    std::fs::create_dir(&folder).unwrap();
    for number in 0..500 {
        std::fs::write(folder.join(format!("file{number}")), noise(4_096 + number)).unwrap();
    }
    let (text, well) = house.sftp(ALICE, Way::Key, "put -r many\nget -r many back\n").await;
    assert!(well, "{text}");
    for number in 0..500 {
        let wanted = std::fs::read(folder.join(format!("file{number}"))).unwrap();
        for copy in [house.root.join("many"), house.dir.path().join("back")] {
            assert_eq!(std::fs::read(copy.join(format!("file{number}"))).unwrap(), wanted);
        }
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_and_bits_come_along_when_they_are_asked_for() {
    let house = House::new().await;
    let local = house.dir.path().join("script.sh");
    std::fs::write(&local, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(&local, PermissionsExt::from_mode(0o755)).unwrap();
    let then = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_500_000_000);
    std::fs::File::open(&local).unwrap().set_modified(then).unwrap();
    let (text, well) = house.sftp(ALICE, Way::Key, "put -p script.sh\n").await;
    assert!(well, "{text}");
    let stored = std::fs::metadata(house.root.join("script.sh")).unwrap();
    assert_eq!((stored.mode() & 0o777, stored.modified().unwrap()), (0o755, then));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leads_out_of_the_server_s_directory() {
    let house = House::new().await;
    let secret = house.dir.path().join("secret");
    symlink(&secret, house.root.join("absolute")).unwrap();
    symlink("../secret", house.root.join("relative")).unwrap();
    symlink("..", house.root.join("up")).unwrap();
    let secret = secret.display();
    for command in [
        format!("get {secret} stolen"),
        "get ../../../../../../../../etc/passwd stolen".to_owned(),
        "get absolute stolen".to_owned(),
        "get relative stolen".to_owned(),
        "get up/secret stolen".to_owned(),
        "put known_hosts absolute".to_owned(),
        "put known_hosts up/forged".to_owned(),
        "rename relative up/secret".to_owned(),
        "chmod 777 relative".to_owned(),
        "rm up/secret".to_owned(),
        "mkdir up/made".to_owned(),
        "symlink ../secret planted".to_owned(),
        "symlink /etc/passwd planted".to_owned(),
    ] {
        let (text, well) = house.sftp(ALICE, Way::Key, &format!("{command}\n")).await;
        assert!(!well, "{command}: {text}");
    }
    assert!(!house.dir.path().join("stolen").exists() && !house.root.join("planted").is_symlink());
    let outside = std::fs::metadata(house.dir.path().join("secret")).unwrap();
    assert_eq!(std::fs::read_to_string(house.dir.path().join("secret")).unwrap(), "secret");
    assert_eq!(outside.mode() & 0o777, 0o644);
    assert!(!house.dir.path().join("forged").exists() && !house.dir.path().join("made").exists());
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_no_text_are_listed_and_opened_as_they_are() {
    let house = House::new().await;
    for name in [&b"bad\xff"[..], b"bad\xfe"] {
        std::fs::write(house.root.join(std::ffi::OsStr::from_bytes(name)), name).unwrap();
    }
    let (text, well) = house.sftp(ALICE, Way::Key, "get bad*\n").await;
    assert!(well, "{text}");
    for name in [&b"bad\xff"[..], b"bad\xfe"] {
        let copy = house.dir.path().join(std::ffi::OsStr::from_bytes(name));
        assert_eq!(std::fs::read(copy).unwrap(), name);
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_neither_blocks_nor_is_written_to() {
    let house = House::new().await;
    let made = std::process::Command::new("mkfifo").arg(house.root.join("pipe")).status().unwrap();
    assert!(made.success());
    for command in ["get pipe\n", "put secret pipe\n", "chmod 600 pipe\n"] {
        let (text, well) = house.sftp(ALICE, Way::Key, command).await;
        assert!(!well, "{command}: {text}");
    }
    let (text, well) = house.sftp(ALICE, Way::Key, "rm pipe\n").await;
    assert!(well, "{text}");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_that_fills_the_disk_is_refused_and_the_others_stay() {
    let house = House::new().await;
    std::fs::write(house.root.join("before"), "before").unwrap();
    house.quota.limit(Some(8 << 20));
    std::fs::write(house.dir.path().join("large"), noise(9 << 20)).unwrap();
    std::fs::write(house.dir.path().join("small"), "small").unwrap();
    let (text, well) = house.sftp(ALICE, Way::Key, "put large\n").await;
    assert!(!well, "{text}");
    assert!(std::fs::metadata(house.root.join("large")).unwrap().blocks() * 512 <= 8 << 20);
    assert_eq!(house.content("before"), "before");
    // What is deleted gives its room back.
    let (text, well) = house.sftp(ALICE, Way::Key, "rm large\nput small\nput small before\n").await;
    assert!(well, "{text}");
    assert_eq!(house.content("before"), "small");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_changes_while_the_server_is_closed_and_the_reason_is_told() {
    let house = House::new().await;
    std::fs::write(house.root.join("file"), "as it was").unwrap();
    *house.closed.lock().unwrap() = Some("The server is being installed.".to_owned());
    for command in
        ["put secret new", "put secret file", "rm file", "rename file other", "mkdir made", "chmod 600 file"]
    {
        let (text, well) = house.sftp(ALICE, Way::Key, &format!("{command}\n")).await;
        assert!(!well, "{command}: {text}");
    }
    let (text, well) = house.sftp(ALICE, Way::Key, "ls\nget file back\n").await;
    assert!(well && text.contains("file"), "{text}");
    assert_eq!(house.content("file"), "as it was");
    assert_eq!(std::fs::read_dir(&house.root).unwrap().count(), 1);
    house.stop().await;
}
