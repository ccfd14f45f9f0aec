//! Paths, links, pipes, depth and races.

use crate::{Fixture, never, path};
use gantry_files::{FilesError, Jail, Kind, remove_directory};
use gantry_types::{
    plan::{ConfigEdit, ConfigFormat, Edit},
    server::SystemUser,
};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::Path,
    time::{Duration, Instant},
};

#[test]
fn what_is_written_is_read_with_its_directories_and_mode() {
    let fixture = Fixture::new();
    fixture.jail.write(&path("a/b/c.txt"), b"one", 0o4640).unwrap();
    fixture.jail.write(&path("a/b/c.txt"), b"two", 0o640).unwrap();
    assert_eq!(fixture.jail.read(&path("a/b/c.txt"), 10).unwrap(), b"two");
    let stat = fixture.jail.stat(&path("a/b/c.txt")).unwrap().unwrap();
    assert_eq!((stat.kind, stat.bytes, stat.mode), (Kind::File, 3, 0o640));
    assert_eq!(fs::read_dir(fixture.root.join("a/b")).unwrap().count(), 1, "no temporary file stays");
    assert!(fixture.jail.stat(&path("a/x/y")).unwrap().is_none());
}

#[test]
fn special_bits_are_never_set() {
    let fixture = Fixture::new();
    fixture.jail.write(&path("x"), b"", 0o7755).unwrap();
    assert_eq!(fs::metadata(fixture.root.join("x")).unwrap().permissions().mode() & 0o7777, 0o755);
}

#[test]
fn a_link_that_leaves_is_neither_read_nor_written_through() {
    let fixture = Fixture::new();
    symlink("../secret", fixture.root.join("relative")).unwrap();
    symlink(fixture.secret(), fixture.root.join("absolute")).unwrap();
    symlink("..", fixture.root.join("up")).unwrap();
    for link in ["relative", "absolute", "up/secret"] {
        let read = fixture.jail.read(&path(link), 100);
        assert!(matches!(read, Err(FilesError::Escapes { .. })), "{link}: {read:?}");
    }
    let written = fixture.jail.write(&path("up/planted"), b"x", 0o644);
    assert!(matches!(written, Err(FilesError::Escapes { .. })), "{written:?}");
    let made = fixture.jail.make_directory(&path("up/planted"));
    assert!(made.is_err(), "{made:?}");
    fixture.jail.write(&path("relative"), b"mine", 0o644).unwrap();
    assert_eq!(fixture.content("relative"), "mine", "the link was replaced");
    fixture.assert_untouched();
}

#[test]
fn a_link_inside_is_followed_for_reading() {
    let fixture = Fixture::new();
    fixture.jail.write(&path("worlds/one/map"), b"map", 0o644).unwrap();
    symlink("worlds/one", fixture.root.join("world")).unwrap();
    assert_eq!(fixture.jail.read(&path("world/map"), 10).unwrap(), b"map");
    fixture.jail.write(&path("world/new"), b"x", 0o644).unwrap();
    assert_eq!(fixture.content("worlds/one/new"), "x");
}

#[test]
fn a_pipe_or_a_device_in_place_of_a_file_neither_blocks_nor_counts() {
    let fixture = Fixture::new();
    mknodat(CWD, fixture.root.join("pipe"), FileType::Fifo, Mode::from_raw_mode(0o666), 0).unwrap();
    let _listener = std::os::unix::net::UnixListener::bind(fixture.root.join("socket")).unwrap();
    let before = Instant::now();
    for special in ["pipe", "socket", "."] {
        let read = fixture.jail.read(&path(special), 100);
        assert!(matches!(read, Err(FilesError::WrongKind { .. })), "{special}: {read:?}");
    }
    assert!(before.elapsed() < Duration::from_secs(5));
    fixture.jail.write(&path("pipe"), b"x", 0o644).unwrap();
    assert_eq!(fixture.content("pipe"), "x");
}

#[test]
fn reading_has_a_limit() {
    let fixture = Fixture::new();
    fixture.jail.write(&path("x"), &[0; 100], 0o644).unwrap();
    assert!(fixture.jail.read(&path("x"), 100).is_ok());
    assert!(matches!(fixture.jail.read(&path("x"), 99), Err(FilesError::TooLarge { limit: 99, .. })));
}

#[test]
fn removal_takes_links_and_not_what_they_point_to() {
    let fixture = Fixture::new();
    fixture.jail.make_directory(&path("tree/inner")).unwrap();
    symlink(fixture.secret(), fixture.root.join("tree/link")).unwrap();
    symlink("../..", fixture.root.join("tree/inner/up")).unwrap();
    fixture.jail.remove(&path("tree"), &never()).unwrap();
    fixture.jail.remove(&path("tree"), &never()).unwrap();
    fixture.jail.remove(&path("no/such/place"), &never()).unwrap();
    assert!(fixture.names().is_empty());
    fixture.assert_untouched();
}

#[test]
fn removing_the_root_empties_it() {
    let fixture = Fixture::new();
    fixture.jail.write(&path("a/b"), b"", 0o644).unwrap();
    fixture.jail.remove(&path("."), &never()).unwrap();
    assert!(fixture.names().is_empty() && fixture.root.exists());
}

/// A chain of directories, far longer than any path may be.
fn chain(root: &Path, depth: usize) {
    let mut at = rustix::fs::open(root, rustix::fs::OFlags::DIRECTORY, Mode::empty()).unwrap();
    for number in 0..depth {
        rustix::fs::mkdirat(&at, "d", Mode::from_raw_mode(0o755)).unwrap();
        rustix::fs::symlinkat("/", &at, format!("file{number}")).unwrap();
        at = rustix::fs::openat(&at, "d", rustix::fs::OFlags::DIRECTORY, Mode::empty()).unwrap();
    }
}

#[test]
fn a_tree_deeper_than_paths_and_stacks_is_measured_owned_and_removed() {
    let fixture = Fixture::new();
    chain(&fixture.root, 3000);
    assert_eq!(fixture.jail.usage(&never()).unwrap().entries, 6_000);
    let owned = Jail::open(&fixture.root, Some(SystemUser { uid: 20_001, gid: 20_001 })).unwrap();
    if rustix::process::geteuid().is_root() {
        assert_eq!(owned.change_owner(&never()).unwrap(), 6_000);
        assert_eq!(owned.change_owner(&never()).unwrap(), 0);
    }
    fixture.jail.remove(&path("d"), &never()).unwrap();
    assert_eq!(fixture.names(), ["file0"]);
    fixture.assert_untouched();
}

#[test]
fn a_changed_owner_is_that_of_the_link_and_not_of_its_target() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let fixture = Fixture::new();
    symlink(fixture.secret(), fixture.root.join("link")).unwrap();
    let jail = Jail::open(&fixture.root, Some(SystemUser { uid: 20_002, gid: 20_003 })).unwrap();
    jail.write(&path("dir/made"), b"", 0o600).unwrap();
    jail.change_owner(&never()).unwrap();
    assert_eq!(fs::metadata(fixture.secret()).unwrap().uid(), 0);
    for owned in ["link", "dir", "dir/made", ""] {
        let stat = fs::symlink_metadata(fixture.root.join(owned)).unwrap();
        assert_eq!((stat.uid(), stat.gid()), (20_002, 20_003), "{owned}");
    }
}

#[test]
fn usage_counts_allocated_bytes_once() {
    let fixture = Fixture::new();
    fixture.jail.write(&path("file"), &[1; 1 << 20], 0o644).unwrap();
    let one = fixture.jail.usage(&never()).unwrap();
    assert!(one.bytes >= 1 << 20 && one.bytes < 2 << 20 && one.entries == 1, "{one:?}");
    fs::hard_link(fixture.root.join("file"), fixture.root.join("again")).unwrap();
    let sparse = fs::File::create(fixture.root.join("sparse")).unwrap();
    sparse.set_len(1 << 40).unwrap();
    symlink("..", fixture.root.join("up")).unwrap();
    let more = fixture.jail.usage(&never()).unwrap();
    assert!(more.bytes < 2 << 20 && more.entries == 4, "{more:?}");
}

#[test]
fn a_cancelled_walk_stops() {
    let fixture = Fixture::new();
    fixture.jail.write(&path("a/b"), b"", 0o644).unwrap();
    let cancelled = never();
    cancelled.cancel();
    assert!(matches!(fixture.jail.usage(&cancelled), Err(FilesError::Cancelled)));
    assert!(matches!(fixture.jail.remove(&path("a"), &cancelled), Err(FilesError::Cancelled)));
}

#[test]
fn a_server_directory_is_removed_whole() {
    let fixture = Fixture::new();
    fixture.jail.write(&path("a/b/c"), b"", 0o644).unwrap();
    remove_directory(&fixture.root, &never()).unwrap();
    remove_directory(&fixture.root, &never()).unwrap();
    assert!(!fixture.root.exists());
    assert_eq!(fs::read_to_string(fixture.secret()).unwrap(), "secret");
}

fn edit(path: &str, create: bool) -> ConfigEdit {
    let edits = vec![Edit::new("port", "30000")];
    ConfigEdit { path: path.to_owned(), format: ConfigFormat::Ini, edits, create }
}

#[test]
fn edits_keep_the_mode_and_leave_alone_what_is_right() {
    let fixture = Fixture::new();
    fixture.jail.write(&path("server.conf"), b"# mine\nport = 1\n", 0o600).unwrap();
    fixture.jail.edit(&edit("server.conf", false)).unwrap();
    assert_eq!(fixture.content("server.conf"), "# mine\nport = 30000\n");
    let before = fs::metadata(fixture.root.join("server.conf")).unwrap();
    assert_eq!(before.mode() & 0o777, 0o600);
    fixture.jail.edit(&edit("server.conf", false)).unwrap();
    assert_eq!(fs::metadata(fixture.root.join("server.conf")).unwrap().ino(), before.ino());
}

#[test]
fn a_missing_file_is_made_only_where_the_edit_says_so() {
    let fixture = Fixture::new();
    assert!(matches!(fixture.jail.edit(&edit("x/new.conf", false)), Err(FilesError::NotFound { .. })));
    fixture.jail.edit(&edit("x/new.conf", true)).unwrap();
    assert_eq!(fixture.content("x/new.conf"), "port = 30000\n");
}

#[test]
fn an_edit_does_not_reach_through_a_link_that_leaves() {
    let fixture = Fixture::new();
    symlink("../secret", fixture.root.join("server.conf")).unwrap();
    assert!(matches!(fixture.jail.edit(&edit("server.conf", true)), Err(FilesError::Escapes { .. })));
    fixture.assert_untouched();
}

#[tokio::test]
async fn work_of_one_jail_waits_for_its_own_threads_alone() {
    let (busy, idle) = (Fixture::new(), Fixture::new());
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Arc::new(std::sync::Mutex::new(held));
    let mut working = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (jail, held) = (busy.jail.clone(), std::sync::Arc::clone(&held));
        working.spawn(async move {
            let wait = move |_: &Jail| {
                held.lock().unwrap().recv().ok();
                Ok(())
            };
            jail.run(wait).await
        });
    }
    let other = idle.jail.run(|jail| jail.write(&path("x"), b"", 0o644));
    tokio::time::timeout(Duration::from_secs(10), other).await.unwrap().unwrap();
    drop(release);
    while let Some(done) = working.join_next().await {
        done.unwrap().unwrap();
    }
}
