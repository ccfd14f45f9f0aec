//! What file programs do: files held open and changed in place, links, names one by one; and a tenant who is in the way.

use crate::{Fixture, path};
use gantry_files::{Access, Changes, Creation, FilesError, Held, Jail, JailPath, Kind, Links, Quota, Times};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
};

const WRITE: Access = Access {
    read: true,
    write: true,
    append: false,
    truncate: false,
    creation: Creation::IfMissing,
    mode: 0o640,
};

fn hold(jail: &Jail, at: &str, access: Access) -> Result<Held, FilesError> {
    jail.hold(&path(at), &access, &Quota::default())
}

fn limited(bytes: u64) -> Quota {
    let quota = Quota::default();
    quota.limit(Some(bytes));
    quota
}

#[test]
fn bytes_go_to_any_place_and_come_from_any() {
    let fixture = Fixture::new();
    let held = hold(&fixture.jail, "file", WRITE).unwrap();
    held.write_at(b"world", 6).unwrap();
    held.write_at(b"hello ", 0).unwrap();
    let mut buffer = Vec::with_capacity(4);
    assert_eq!((held.read_at(&mut buffer, 100, 3).unwrap(), &buffer[..]), (4, &b"lo w"[..]));
    assert_eq!(held.read_at(&mut Vec::with_capacity(9), 9, 11).unwrap(), 0);
    assert_eq!(fixture.content("file"), "hello world");
    assert_eq!(fs::metadata(fixture.root.join("file")).unwrap().mode() & 0o777, 0o640);
    let end = hold(&fixture.jail, "file", Access { append: true, ..WRITE }).unwrap();
    end.write_at(b"!", 0).unwrap();
    assert_eq!(fixture.content("file"), "hello world!");
    hold(&fixture.jail, "file", Access { truncate: true, ..WRITE }).unwrap();
    assert_eq!(fixture.content("file"), "");
}

#[test]
fn a_file_is_made_only_where_that_was_asked_for() {
    let fixture = Fixture::new();
    let never = hold(&fixture.jail, "file", Access { creation: Creation::Never, ..WRITE });
    assert!(matches!(never, Err(FilesError::NotFound { .. })), "{never:?}");
    let always = Access { creation: Creation::Always, ..WRITE };
    hold(&fixture.jail, "file", always).unwrap();
    let taken = hold(&fixture.jail, "file", always);
    assert!(matches!(taken, Err(FilesError::Exists { .. })), "{taken:?}");
    let missing = hold(&fixture.jail, "none/file", WRITE);
    assert!(matches!(missing, Err(FilesError::NotFound { .. })), "{missing:?}");
}

#[test]
fn what_is_no_file_and_what_leads_out_is_neither_opened_nor_cut() {
    let fixture = Fixture::new();
    let secret = fixture.secret();
    symlink(&secret, fixture.root.join("absolute")).unwrap();
    symlink("../secret", fixture.root.join("relative")).unwrap();
    symlink("../made", fixture.root.join("dangling")).unwrap();
    mknodat(CWD, fixture.root.join("pipe"), FileType::Fifo, Mode::from_raw_mode(0o666), 0).unwrap();
    std::os::unix::net::UnixListener::bind(fixture.root.join("socket")).unwrap();
    fs::create_dir(fixture.root.join("folder")).unwrap();
    for name in ["absolute", "relative", "dangling", "pipe", "socket", "folder", "."] {
        for creation in [Creation::Never, Creation::IfMissing, Creation::Always] {
            let opened = hold(&fixture.jail, name, Access { truncate: true, creation, ..WRITE });
            assert!(opened.is_err(), "{name} {creation:?}");
        }
    }
    let cut = Changes { bytes: Some(0), mode: Some(0o777), ..Changes::default() };
    for name in ["absolute", "relative", "dangling", "pipe", "socket"] {
        assert!(fixture.jail.set_attributes(&path(name), &cut, &Quota::default()).is_err(), "{name}");
    }
    assert!(fixture.jail.inspect(&path("relative"), Links::Followed).is_err());
    assert_eq!(fixture.jail.inspect(&path("relative"), Links::Themselves).unwrap().kind, Kind::Link);
    fixture.assert_untouched();
}

#[test]
fn bits_times_and_size_are_changed_through_what_is_open() {
    let fixture = Fixture::new();
    fs::write(fixture.root.join("file"), "content").unwrap();
    symlink("file", fixture.root.join("link")).unwrap();
    let times = Some(Times { accessed: 1_000, modified: 2_000 });
    let changes = Changes { bytes: Some(3), mode: Some(0o4755), times };
    fixture.jail.set_attributes(&path("link"), &changes, &Quota::default()).unwrap();
    let found = fixture.jail.inspect(&path("file"), Links::Themselves).unwrap();
    assert_eq!((found.bytes, found.mode, found.accessed, found.modified), (3, 0o755, 1_000, 2_000));
    let bits = fs::metadata(fixture.root.join("file")).unwrap().permissions().mode();
    assert_eq!(bits & 0o7777, 0o755, "no bit beyond the nine is set");
}

#[test]
fn what_a_write_adds_is_reserved_first_and_what_it_changes_in_place_is_not() {
    let fixture = Fixture::new();
    let quota = limited(64 << 10);
    let held = fixture.jail.hold(&path("file"), &WRITE, &quota).unwrap();
    held.write_at(&[1; 48 << 10], 0).unwrap();
    let refused = held.write_at(&[2; 32 << 10], 48 << 10);
    assert!(matches!(refused, Err(FilesError::Quota { .. })), "{refused:?}");
    assert_eq!(held.attributes().unwrap().bytes, 48 << 10);
    held.write_at(&[3; 48 << 10], 0).unwrap();
    assert!(quota.taken() <= 64 << 10);
    // A size without content is only believed as far as there is room for it.
    let large = Changes { bytes: Some(1 << 40), ..Changes::default() };
    assert!(matches!(held.set_attributes(&large), Err(FilesError::Quota { .. })));
    assert!(matches!(held.write_at(b"x", 1 << 40), Err(FilesError::Quota { .. })));
    let beyond = held.write_at(b"x", u64::MAX);
    assert!(matches!(beyond, Err(FilesError::TooLarge { .. })), "{beyond:?}");
}

#[test]
fn links_are_made_relative_and_within_and_read_as_they_are() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.root.join("a")).unwrap();
    let make =
        |at: &str, target: &[u8]| fixture.jail.make_link(&path(at), target, Quota::default().reserve());
    for bad in [&b"/etc/passwd"[..], b"../..", b"../../secret", b"", b"x\0"] {
        let made = make("a/link", bad);
        assert!(matches!(made, Err(FilesError::Escapes { .. })), "{bad:?} {made:?}");
    }
    make("a/link", b"../b/\xff").unwrap();
    assert_eq!(fixture.jail.read_link(&path("a/link")).unwrap(), b"../b/\xff");
    assert!(matches!(make("a/link", b"other"), Err(FilesError::Exists { .. })));
    assert!(matches!(fixture.jail.read_link(&path("a")), Err(FilesError::WrongKind { .. })));
    let full = fixture.jail.make_link(&path("more"), b"a", limited(0).reserve());
    assert!(matches!(full, Err(FilesError::Quota { .. })), "{full:?}");
}

#[test]
fn one_name_is_taken_away_and_never_a_tree() {
    let fixture = Fixture::new();
    fs::create_dir_all(fixture.root.join("full/inner")).unwrap();
    fs::write(fixture.root.join("file"), "").unwrap();
    symlink(fixture.secret(), fixture.root.join("link")).unwrap();
    let jail = &fixture.jail;
    assert!(matches!(jail.remove_file(&path("full")), Err(FilesError::WrongKind { .. })));
    assert!(matches!(jail.remove_empty_directory(&path("full")), Err(FilesError::WrongKind { .. })));
    assert!(matches!(jail.remove_empty_directory(&path("file")), Err(FilesError::WrongKind { .. })));
    assert!(matches!(jail.remove_file(&path("none")), Err(FilesError::NotFound { .. })));
    assert!(jail.remove_empty_directory(&JailPath::root()).is_err());
    jail.remove_file(&path("file")).unwrap();
    jail.remove_file(&path("link")).unwrap();
    jail.remove_empty_directory(&path("full/inner")).unwrap();
    jail.remove_empty_directory(&path("full")).unwrap();
    assert!(fixture.names().is_empty());
    fixture.assert_untouched();
}

#[test]
fn a_directory_is_read_piece_by_piece_and_each_name_comes_once() {
    let fixture = Fixture::new();
    for number in 0..250 {
        fs::write(fixture.root.join(format!("file{number}")), "x").unwrap();
    }
    let mut names = fixture.jail.names(&JailPath::root()).unwrap();
    let mut seen = Vec::new();
    loop {
        let entries = names.next_entries(100).unwrap();
        if entries.is_empty() {
            break;
        }
        assert!(entries.len() <= 100 && entries.iter().all(|(_, found)| found.bytes == 1));
        seen.extend(entries.into_iter().map(|(name, _)| name));
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 250);
    assert!(matches!(fixture.jail.names(&path("file0")), Err(FilesError::WrongKind { .. })));
}
