//! What people do with files: list, read, write, rename, copy, and how much of it fits.

use crate::{Fixture, never, path};
use gantry_files::{Existing, Expected, FilesError, Jail, JailPath, Kind, Quota, Version};
use std::{
    ffi::OsStr,
    fs,
    os::unix::{
        ffi::OsStrExt,
        fs::{MetadataExt, PermissionsExt, symlink},
    },
    time::Duration,
};

/// Writes a file as people do.
fn put(jail: &Jail, at: &str, content: &[u8], expected: &Expected) -> Result<Version, FilesError> {
    let mut writing = jail.begin_writing(&path(at), 1 << 20, None, Quota::default().reserve())?;
    writing.write(content)?;
    writing.commit(jail, expected).map(|(_, version)| version)
}

fn limited(bytes: u64) -> Quota {
    let quota = Quota::default();
    quota.limit(Some(bytes));
    quota
}

#[test]
fn a_listing_has_directories_first_and_links_as_links() {
    let fixture = Fixture::new();
    fixture.jail.write(&path("a.txt"), b"four", 0o640).unwrap();
    fixture.jail.make_directory(&path("world")).unwrap();
    symlink("/etc/passwd", fixture.root.join("b")).unwrap();
    let listing = fixture.jail.list(&JailPath::root(), 10).unwrap();
    let seen: Vec<_> = listing.entries.iter().map(|entry| (entry.spelling(), entry.kind)).collect();
    let wanted = [("world", Kind::Directory), ("a.txt", Kind::File), ("b", Kind::Link)];
    assert_eq!(seen, wanted.map(|(name, kind)| (name.to_owned(), kind)));
    assert_eq!((listing.entries[1].bytes, listing.entries[1].mode), (4, 0o640));
    assert!(!listing.truncated && listing.entries[1].modified > 1_600_000_000);
}

#[test]
fn what_the_daemon_has_not_finished_is_in_no_list() {
    let fixture = Fixture::new();
    let quota = limited(1 << 20);
    fs::write(fixture.root.join("a"), "").unwrap();
    let writing = fixture.jail.begin_writing(&path("b"), 10, None, quota.reserve()).unwrap();
    assert_eq!(fixture.names().len(), 2, "there is something to hide");
    let listing = fixture.jail.list(&JailPath::root(), 1).unwrap();
    let listed: Vec<_> = listing.entries.iter().map(|entry| entry.name.to_str().unwrap()).collect();
    assert_eq!((listed, listing.truncated), (vec!["a"], false));
    let read = fixture.jail.names(&JailPath::root()).unwrap().next_entries(10).unwrap();
    assert_eq!(read.iter().map(|(name, _)| name.to_str().unwrap()).collect::<Vec<_>>(), ["a"]);
    writing.commit(&fixture.jail, &Expected::Nothing).unwrap();
    assert_eq!(fixture.jail.list(&JailPath::root(), 10).unwrap().entries.len(), 2);
}

#[test]
fn a_giant_directory_is_listed_as_far_as_was_asked_for() {
    let fixture = Fixture::new();
    for number in 0..2_000 {
        fs::write(fixture.root.join(format!("file{number}")), "").unwrap();
    }
    let listing = fixture.jail.list(&JailPath::root(), 1_000).unwrap();
    assert!(listing.truncated && listing.entries.len() == 1_000);
    assert!(!fixture.jail.list(&JailPath::root(), 2_000).unwrap().truncated);
}

#[test]
fn a_name_that_is_no_text_can_be_listed_renamed_and_deleted_by_its_spelling() {
    let fixture = Fixture::new();
    fs::write(fixture.root.join(OsStr::from_bytes(b"\xff\n.txt")), "x").unwrap();
    let spelled = fixture.jail.list(&JailPath::root(), 10).unwrap().entries[0].spelling();
    assert_eq!(spelled, "%%%FF%0A.txt");
    let odd = JailPath::from_spelling(&spelled).unwrap();
    fixture.jail.rename(&odd, &path("even.txt"), Existing::Keep).unwrap();
    assert_eq!(fixture.names(), ["even.txt"]);
    fixture.jail.rename(&path("even.txt"), &odd, Existing::Keep).unwrap();
    fixture.jail.remove(&odd, &never()).unwrap();
    assert!(fixture.names().is_empty());
}

#[test]
fn of_two_editors_the_second_is_told_and_overwrites_nothing() {
    let fixture = Fixture::new();
    let read = put(&fixture.jail, "server.cfg", b"one", &Expected::Nothing).unwrap();
    assert_eq!(fixture.jail.open_for_reading(&path("server.cfg")).unwrap().version, read);
    put(&fixture.jail, "server.cfg", b"two", &Expected::Version(read.clone())).unwrap();
    let late = put(&fixture.jail, "server.cfg", b"three", &Expected::Version(read.clone()));
    assert!(matches!(late, Err(FilesError::Stale { .. })), "{late:?}");
    let again = put(&fixture.jail, "server.cfg", b"four", &Expected::Nothing);
    assert!(matches!(again, Err(FilesError::Exists { .. })), "{again:?}");
    assert_eq!((fixture.content("server.cfg").as_str(), fixture.names().len()), ("two", 1));
    put(&fixture.jail, "server.cfg", b"five", &Expected::Anything).unwrap();
    fs::remove_file(fixture.root.join("server.cfg")).unwrap();
    assert!(matches!(
        put(&fixture.jail, "server.cfg", b"six", &Expected::Version(read)),
        Err(FilesError::Stale { .. })
    ));
}

#[test]
fn the_game_changing_a_file_in_place_changes_its_version() {
    let fixture = Fixture::new();
    let read = put(&fixture.jail, "ops.json", b"[]", &Expected::Nothing).unwrap();
    // The kernel's clock for files ticks every few milliseconds.
    std::thread::sleep(std::time::Duration::from_millis(20));
    fs::write(fixture.root.join("ops.json"), "{}").unwrap();
    let late = put(&fixture.jail, "ops.json", b"[1]", &Expected::Version(read));
    assert!(matches!(late, Err(FilesError::Stale { .. })), "{late:?}");
}

#[test]
fn a_file_that_is_replaced_keeps_its_mode_and_a_further_name_its_content() {
    let fixture = Fixture::new();
    fixture.jail.write(&path("run.sh"), b"old", 0o750).unwrap();
    fs::hard_link(fixture.root.join("run.sh"), fixture.root.join("other")).unwrap();
    put(&fixture.jail, "run.sh", b"new", &Expected::Anything).unwrap();
    let made = fs::metadata(fixture.root.join("run.sh")).unwrap();
    assert_eq!((made.permissions().mode() & 0o777, made.nlink()), (0o750, 1));
    assert_eq!((fixture.content("run.sh").as_str(), fixture.content("other").as_str()), ("new", "old"));
}

#[test]
fn a_write_that_breaks_off_or_grows_too_long_leaves_nothing() {
    let fixture = Fixture::new();
    let quota = limited(1 << 20);
    let mut writing = fixture.jail.begin_writing(&path("x"), 10, None, quota.reserve()).unwrap();
    writing.write(b"12345").unwrap();
    drop(writing);
    let mut writing = fixture.jail.begin_writing(&path("x"), 10, None, quota.reserve()).unwrap();
    writing.write(b"1234567890").unwrap();
    assert!(matches!(writing.write(b"1"), Err(FilesError::TooLarge { limit: 10, .. })));
    drop(writing);
    assert!(fixture.names().is_empty() && quota.taken() == 0);
    let announced = fixture.jail.begin_writing(&path("x"), 10, Some(11), quota.reserve());
    assert!(matches!(announced, Err(FilesError::TooLarge { limit: 10, .. })));
    let announced = fixture.jail.begin_writing(&path("x"), 2 << 20, Some(2 << 20), quota.reserve());
    assert!(matches!(announced, Err(FilesError::Quota { .. })));
}

#[test]
fn what_a_crash_left_is_swept_and_what_is_being_written_is_not() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.root.join("mods")).unwrap();
    fs::write(fixture.root.join("mods/.gantry-tmp-1-2-3"), "left").unwrap();
    symlink("..", fixture.root.join("mods/.gantry-tmp-1-2-4")).unwrap();
    // A copy that was cut off, and a directory that a tenant called so.
    for (name, mode) in [(".gantry-tmp-1-2-5", 0o700), (".gantry-tmp-theirs", 0o755)] {
        let directory = fixture.root.join(name);
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("x"), "").unwrap();
        fs::set_permissions(&directory, fs::Permissions::from_mode(mode)).unwrap();
    }
    let quota = limited(1 << 20);
    let writing = fixture.jail.begin_writing(&path("kept"), 10, None, quota.reserve()).unwrap();
    assert_eq!(fixture.jail.sweep(Duration::ZERO, &never()).unwrap().entries, 8);
    let usage = fixture.jail.sweep(Duration::MAX, &never()).unwrap();
    assert_eq!((usage.entries, usage), (4, fixture.jail.usage(&never()).unwrap()));
    writing.commit(&fixture.jail, &Expected::Nothing).unwrap();
    assert_eq!(fixture.names(), [".gantry-tmp-theirs", "kept", "mods"]);
    assert!(fs::read_dir(fixture.root.join("mods")).unwrap().next().is_none());
}

#[test]
fn renaming_replaces_only_where_that_is_said_and_never_a_full_directory() {
    let fixture = Fixture::new();
    for (at, content) in [("a", "a"), ("b", "b"), ("full/x", "x")] {
        fixture.jail.write(&path(at), content.as_bytes(), 0o644).unwrap();
    }
    let rename = |from, to, existing| fixture.jail.rename(&path(from), &path(to), existing);
    assert!(matches!(rename("a", "b", Existing::Keep), Err(FilesError::Exists { .. })));
    assert!(rename("a", "full", Existing::Replace).is_err());
    assert!(matches!(rename("a", "no/such", Existing::Keep), Err(FilesError::NotFound { .. })));
    assert!(matches!(rename("full", "full/y", Existing::Keep), Err(FilesError::InvalidPath { .. })));
    assert!(matches!(rename(".", "y", Existing::Keep), Err(FilesError::InvalidPath { .. })));
    rename("a", "b", Existing::Replace).unwrap();
    rename("b", "full/a", Existing::Keep).unwrap();
    assert_eq!((fixture.names(), fixture.content("full/a").as_str()), (vec!["full".to_owned()], "a"));
}

#[test]
fn a_tree_is_copied_with_its_links_and_modes_and_without_pipes() {
    let fixture = Fixture::new();
    fixture.jail.write(&path("world/region/r.0"), b"blocks", 0o600).unwrap();
    symlink(fixture.secret(), fixture.root.join("world/link")).unwrap();
    let pipe = fixture.root.join("world/pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o666),
        0,
    )
    .unwrap();
    let quota = limited(1 << 20);
    let copied = fixture.jail.copy(&path("world"), &path("backup"), quota.reserve(), &never()).unwrap();
    assert_eq!((copied.entries, copied.bytes, copied.skipped), (4, 6, 1));
    assert_eq!((fixture.content("backup/region/r.0").as_str(), quota.taken()), ("blocks", 4 * 4096));
    let mode = |at: &str| fs::metadata(fixture.root.join(at)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("backup/region/r.0"), mode("backup/region")), (0o600, 0o755));
    assert_eq!(fs::read_link(fixture.root.join("backup/link")).unwrap(), fixture.secret());
    let again = fixture.jail.copy(&path("world"), &path("backup"), quota.reserve(), &never());
    assert!(matches!(again, Err(FilesError::Exists { .. })), "{again:?}");
    fixture.assert_untouched();
}

#[test]
fn a_copy_that_does_not_fit_leaves_nothing() {
    let fixture = Fixture::new();
    fixture.jail.write(&path("world/one"), &[1; 8192], 0o644).unwrap();
    fixture.jail.write(&path("world/two"), &[2; 8192], 0o644).unwrap();
    let quota = limited(5 * 4096 - 1);
    let refused = fixture.jail.copy(&path("world"), &path("copy"), quota.reserve(), &never());
    assert!(matches!(refused, Err(FilesError::Quota { .. })), "{refused:?}");
    assert_eq!((fixture.names(), quota.taken()), (vec!["world".to_owned()], 0));
    quota.limit(Some(5 * 4096));
    fixture.jail.copy(&path("world"), &path("copy"), quota.reserve(), &never()).unwrap();
}
