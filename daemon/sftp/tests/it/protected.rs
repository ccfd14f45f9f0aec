//! What only the game and its plugin write, with the program that most people have and with one that minds no manners.

use crate::{
    house::{ALICE, House, Way},
    raw::{Raw, string},
};
use gantry_files::Protected;
use std::os::unix::fs::{MetadataExt, symlink};

fn protect(house: &House, globs: &[&str]) {
    let globs: Vec<String> = globs.iter().map(|glob| (*glob).to_owned()).collect();
    *house.protected.lock().unwrap() = Protected::of(&globs);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_protected_is_read_and_not_changed_and_the_reason_is_told() {
    let mut house = House::new().await;
    std::fs::create_dir_all(house.root.join("config/inner")).unwrap();
    for name in ["config/secret.key", "config/open.txt", "mine"] {
        std::fs::write(house.root.join(name), "as it was").unwrap();
    }
    symlink("config", house.root.join("alias")).unwrap();
    symlink("config/secret.key", house.root.join("door")).unwrap();
    std::fs::write(house.dir.path().join("longer"), "as it was, and more").unwrap();
    protect(&house, &["config/secret.key", "config/inner"]);
    for command in [
        "put secret config/secret.key",
        "put secret alias/secret.key",
        "put secret config/../config//./secret.key",
        "put secret door",
        "reput longer config/secret.key",
        "rm config/secret.key",
        "rename config/secret.key mine2",
        "rename mine config/secret.key",
        "rename -l mine config/secret.key",
        "rename config elsewhere",
        "chmod 777 config/secret.key",
        "chmod 777 door",
        "symlink mine config/secret.key",
        "rmdir config/inner",
        "mkdir config/inner/made",
        "put secret config/inner/new",
    ] {
        let (text, well) = house.sftp(ALICE, Way::Key, &format!("{command}\n")).await;
        assert!(!well && text.contains("ermission denied"), "{command}: {text}");
    }
    // A second name for the same bytes is offered to nobody.
    let (text, well) = house.sftp(ALICE, Way::Key, "ln config/secret.key second\n").await;
    assert!(!well && !house.root.join("second").exists(), "{text}");
    assert_eq!(house.content("config/secret.key"), "as it was");
    assert_eq!(std::fs::metadata(house.root.join("config/secret.key")).unwrap().mode() & 0o777, 0o644);
    assert_eq!(std::fs::read_dir(house.root.join("config/inner")).unwrap().count(), 0);
    // All else goes as ever, and reading does.
    let (text, well) = house
        .sftp(
            ALICE,
            Way::Key,
            "get door back\nput secret config/open.txt\nput secret config/Secret.key\nrm door\n",
        )
        .await;
    assert!(well, "{text}");
    assert_eq!(std::fs::read_to_string(house.dir.path().join("back")).unwrap(), "as it was");
    let mut told = Vec::new();
    while told.len() < 3 {
        told.extend(house.next_told().await.changes);
    }
    let changed: Vec<&str> = told.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(changed, ["config/open.txt", "config/Secret.key", "door"], "what was refused was not done");
    house.stop().await;
}

/// `SSH_FXF_READ`, `SSH_FXF_WRITE`.
const READ: u32 = 1;
const WRITE: u32 = 2;

#[tokio::test(flavor = "multi_thread")]
async fn a_handle_writes_nothing_more_once_its_file_is_protected() {
    let house = House::new().await;
    std::fs::write(house.root.join("file"), "as it was").unwrap();
    let mut raw = Raw::enter(&house).await;
    let handle = raw.open("file", READ | WRITE).await.bytes();
    assert_eq!(raw.write(&handle, 0, b"by hand").await.code(), 0);
    protect(&house, &["file"]);
    let refused = raw.write(&handle, 0, b"forged!").await;
    assert_eq!(refused.code(), 3);
    assert!(refused.sentence().contains("only the game and its plugin write"), "{}", refused.sentence());
    // Bits of a file that is open to be read alone.
    let reading = raw.open("file", READ).await.bytes();
    let bits = [string(&reading), 4_u32.to_be_bytes().to_vec(), 0o777_u32.to_be_bytes().to_vec()].concat();
    assert_eq!(raw.ask_raw(10, &bits).await.code(), 3);
    assert_eq!(raw.open("file", READ | WRITE).await.code(), 3);
    assert_eq!(house.content("file"), "by handas");
    house.stop().await;
}
