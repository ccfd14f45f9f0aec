//! A tenant who works against the people's file operations: with links, races, and trees that have no end.

use crate::{Fixture, never, path};
use gantry_files::{Existing, Expected, FilesError, JailPath, Quota};
use rustix::fs::{CWD, FileType, Mode, RenameFlags, mknodat, renameat_with};
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

/// How long a race is run: some ten thousand rounds.
const HAMMERING: Duration = Duration::from_millis(1_500);

#[test]
fn paths_with_dots_or_zeros_and_absolute_ones_do_not_leave() {
    for bad in ["..", "a/../../secret", "a/..", "a\0b", "%%%2E%2E/secret", "%%%2Fetc"] {
        assert!(JailPath::from_spelling(bad).is_err(), "{bad:?}");
    }
    let fixture = Fixture::new();
    let absolute = JailPath::from_spelling(fixture.secret().to_str().unwrap()).unwrap();
    assert!(matches!(fixture.jail.open_for_reading(&absolute), Err(FilesError::NotFound { .. })));
}

#[test]
fn a_link_to_etc_passwd_is_not_read_written_listed_copied_or_renamed_through() {
    let fixture = Fixture::new();
    symlink("/etc/passwd", fixture.root.join("passwd")).unwrap();
    symlink("/etc", fixture.root.join("etc")).unwrap();
    let before = fs::metadata("/etc/passwd").unwrap();
    for through in ["passwd", "etc/passwd"] {
        let read = fixture.jail.open_for_reading(&path(through));
        assert!(matches!(read, Err(FilesError::Escapes { .. })), "{through}: {read:?}");
    }
    assert!(fixture.jail.list(&path("etc"), 10).is_err());
    let copied = fixture.jail.copy(&path("etc/passwd"), &path("mine"), Quota::default().reserve(), &never());
    assert!(copied.is_err(), "{copied:?}");
    assert!(fixture.jail.rename(&path("etc/passwd"), &path("mine"), Existing::Keep).is_err());
    assert!(fixture.jail.remove(&path("etc/passwd"), &never()).is_err());
    assert!(fixture.jail.begin_writing(&path("etc/planted"), 10, None, Quota::default().reserve()).is_err());
    let mut writing =
        fixture.jail.begin_writing(&path("passwd"), 10, None, Quota::default().reserve()).unwrap();
    writing.write(b"mine").unwrap();
    writing.commit(&fixture.jail, &Expected::Anything).unwrap();
    assert_eq!(fixture.content("passwd"), "mine", "the link was replaced");
    let after = fs::metadata("/etc/passwd").unwrap();
    assert_eq!(
        (before.ino(), before.ctime_nsec(), before.mode()),
        (after.ino(), after.ctime_nsec(), after.mode())
    );
}

#[test]
fn mode_and_owner_are_not_changed_through_a_link_that_a_write_or_a_removal_meets() {
    let fixture = Fixture::new();
    fs::set_permissions(fixture.secret(), fs::Permissions::from_mode(0o400)).unwrap();
    let outside = fixture.secret().parent().unwrap().to_owned();
    let before = (fs::metadata(fixture.secret()).unwrap(), fs::metadata(&outside).unwrap());
    symlink("../secret", fixture.root.join("file")).unwrap();
    symlink("..", fixture.root.join("up")).unwrap();
    fixture.jail.write(&path("file"), b"", 0o777).unwrap();
    fixture.jail.remove(&path("up"), &never()).unwrap();
    let after = (fs::metadata(fixture.secret()).unwrap(), fs::metadata(&outside).unwrap());
    assert_eq!((before.0.mode(), before.0.uid()), (after.0.mode(), after.0.uid()));
    assert_eq!((before.1.mode(), before.1.uid()), (after.1.mode(), after.1.uid()));
    fixture.assert_untouched();
}

#[test]
fn pipes_do_not_hold_a_transfer_up() {
    let fixture = Fixture::new();
    mknodat(CWD, fixture.root.join("pipe"), FileType::Fifo, Mode::from_raw_mode(0o666), 0).unwrap();
    let before = Instant::now();
    let reserve = || Quota::default().reserve();
    assert!(matches!(fixture.jail.open_for_reading(&path("pipe")), Err(FilesError::WrongKind { .. })));
    assert!(matches!(
        fixture.jail.begin_writing(&path("pipe"), 1, None, reserve()),
        Err(FilesError::WrongKind { .. })
    ));
    let copied = fixture.jail.copy(&path("pipe"), &path("copy"), reserve(), &never());
    assert!(matches!(copied, Err(FilesError::WrongKind { .. })), "{copied:?}");
    assert!(before.elapsed() < Duration::from_secs(5));
}

/// Swaps two names of the jail for as long as the work runs, as fast as it can.
fn hammering(fixture: &Fixture, one: &str, other: &str, mut work: impl FnMut()) -> u32 {
    let (one, other) = (fixture.root.join(one), fixture.root.join(other));
    let done = AtomicBool::new(false);
    let mut rounds = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                renameat_with(CWD, &one, CWD, &other, RenameFlags::EXCHANGE).unwrap();
            }
        });
        let began = Instant::now();
        while began.elapsed() < HAMMERING {
            work();
            rounds += 1;
        }
        done.store(true, Ordering::Relaxed);
    });
    rounds
}

#[test]
fn a_directory_that_is_swapped_for_a_link_outside_gives_nothing_away() {
    let fixture = Fixture::new();
    fixture.jail.write(&path("dir/secret"), b"mine", 0o644).unwrap();
    symlink("..", fixture.root.join("link")).unwrap();
    let (mut read, mut refused) = (0, 0);
    hammering(&fixture, "dir", "link", || match fixture.jail.open_for_reading(&path("dir/secret")) {
        Ok(mut opened) => {
            assert_eq!(opened.piece(100).unwrap(), b"mine");
            read += 1;
        }
        Err(_) => refused += 1,
    });
    assert!(read > 0 && refused > 0, "the race was not run: {read} and {refused}");
    fixture.assert_untouched();
}

#[test]
fn a_directory_that_is_swapped_for_a_link_outside_takes_nothing_in_and_loses_nothing() {
    let fixture = Fixture::new();
    fixture.jail.make_directory(&path("dir")).unwrap();
    symlink("..", fixture.root.join("link")).unwrap();
    let (mut done, mut refused) = (0, 0);
    hammering(&fixture, "dir", "link", || {
        let written = fixture.jail.begin_writing(&path("dir/planted"), 10, None, Quota::default().reserve());
        let written = written.and_then(|writing| writing.commit(&fixture.jail, &Expected::Anything));
        let renamed = fixture.jail.rename(&path("dir/planted"), &path("dir/moved"), Existing::Replace);
        let copied =
            fixture.jail.copy(&path("dir/moved"), &path("dir/copy"), Quota::default().reserve(), &never());
        let removed = fixture.jail.remove(&path("dir/copy"), &never());
        // Whether it hit the real secret would show below.
        let secret = fixture.jail.remove(&path("dir/secret"), &never());
        for outcome in [written.is_ok(), renamed.is_ok(), copied.is_ok(), removed.is_ok(), secret.is_ok()] {
            if outcome { done += 1 } else { refused += 1 }
        }
    });
    assert!(done > 0 && refused > 0, "the race was not run: {done} and {refused}");
    fixture.assert_untouched();
}

#[test]
fn a_file_that_is_swapped_for_a_link_while_a_tree_is_copied_gives_nothing_away() {
    let fixture = Fixture::new();
    fixture.jail.write(&path("tree/file"), b"mine", 0o644).unwrap();
    symlink(fixture.secret(), fixture.root.join("link")).unwrap();
    hammering(&fixture, "tree/file", "link", || {
        if fixture.jail.copy(&path("tree"), &path("copy"), Quota::default().reserve(), &never()).is_ok() {
            let copied = fixture.root.join("copy/file");
            match fs::symlink_metadata(&copied) {
                Ok(found) if found.is_symlink() => {
                    assert_eq!(fs::read_link(&copied).unwrap(), fixture.secret())
                }
                Ok(_) => assert_eq!(fs::read_to_string(&copied).unwrap(), "mine"),
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
            }
        }
        fixture.jail.remove(&path("copy"), &never()).unwrap();
    });
    fixture.assert_untouched();
}

#[test]
fn a_place_that_appears_meanwhile_is_not_overwritten_by_a_rename_or_a_write_that_keeps() {
    let fixture = Fixture::new();
    let writing = fixture.jail.begin_writing(&path("new"), 10, None, Quota::default().reserve()).unwrap();
    fs::write(fixture.root.join("new"), "tenant's").unwrap();
    let refused = writing.commit(&fixture.jail, &Expected::Nothing);
    assert!(matches!(refused, Err(FilesError::Exists { .. })), "{refused:?}");
    fixture.jail.write(&path("old"), b"", 0o644).unwrap();
    assert!(fixture.jail.rename(&path("old"), &path("new"), Existing::Keep).is_err());
    assert_eq!((fixture.content("new").as_str(), fixture.names().len()), ("tenant's", 2));
}

#[test]
fn a_tree_that_leads_into_its_own_copy_ends() {
    let fixture = Fixture::new();
    fixture.jail.write(&path("tree/file"), b"x", 0o644).unwrap();
    symlink("tree", fixture.root.join("back")).unwrap();
    let within = fixture.jail.copy(&path("tree"), &path("tree/copy"), Quota::default().reserve(), &never());
    assert!(matches!(within, Err(FilesError::InvalidPath { .. })), "{within:?}");
    let copied = fixture.jail.copy(&path("tree"), &path("back/copy"), Quota::default().reserve(), &never());
    assert_eq!(copied.unwrap().entries, 2);
    assert!(!fixture.root.join("tree/copy/copy").exists());
}

#[test]
fn a_tree_that_is_too_deep_to_copy_is_refused_and_leaves_nothing() {
    let fixture = Fixture::new();
    fixture.jail.make_directory(&JailPath::parse(&"d/".repeat(100)).unwrap()).unwrap();
    let refused = fixture.jail.copy(&path("d"), &path("copy"), Quota::default().reserve(), &never());
    assert!(matches!(refused, Err(FilesError::TooLarge { .. })), "{refused:?}");
    assert_eq!(fixture.names(), ["d"]);
}

#[test]
fn a_sparse_file_is_reserved_by_its_apparent_size() {
    let fixture = Fixture::new();
    fs::File::create(fixture.root.join("sparse")).unwrap().set_len(1 << 40).unwrap();
    let quota = Quota::default();
    quota.limit(Some(1 << 30));
    let refused = fixture.jail.copy(&path("sparse"), &path("copy"), quota.reserve(), &never());
    assert!(matches!(refused, Err(FilesError::Quota { .. })), "{refused:?}");
    assert_eq!(fixture.names(), ["sparse"]);
}
