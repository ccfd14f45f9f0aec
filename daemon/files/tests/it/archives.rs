//! Archives that strangers made.

use crate::{Fixture, never, path};
use flate2::{Compression, write::GzEncoder};
use gantry_files::{ArchiveLimits, Extracted, FilesError, Quota};
use gantry_types::plan::{ArchiveFormat, Extract};
use lzma_rust2::{XzOptions, XzWriter};
use std::{
    fs,
    io::{Cursor, Read, Write},
    os::unix::fs::PermissionsExt,
    sync::atomic::{AtomicU64, Ordering},
};
use tar::{Builder, EntryType, Header};
use zip::{ZipWriter, write::SimpleFileOptions};

pub(crate) type Tar = Builder<Vec<u8>>;

/// Appends an entry as it is, without the checks of the library.
pub(crate) fn entry(tar: &mut Tar, kind: EntryType, name: &str, link: &str, mode: u32, content: &[u8]) {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(content.len() as u64);
    let old = header.as_old_mut();
    old.name[..name.len()].copy_from_slice(name.as_bytes());
    old.linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_cksum();
    tar.append(&header, content).unwrap();
}

pub(crate) fn tar(build: impl FnOnce(&mut Tar)) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    build(&mut tar);
    tar.into_inner().unwrap()
}

pub(crate) fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = XzWriter::new(Vec::new(), XzOptions::with_preset(6)).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zst(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

type Pack = fn(&[u8]) -> Vec<u8>;

/// The formats of a compressed tar, and what compresses it.
pub(crate) const COMPRESSED: [(ArchiveFormat, Pack); 4] = [
    (ArchiveFormat::TarGz, gz),
    (ArchiveFormat::TarXz, xz),
    (ArchiveFormat::TarBz2, bz2),
    (ArchiveFormat::TarZst, zst),
];

pub(crate) fn zip(build: impl FnOnce(&mut ZipWriter<Cursor<Vec<u8>>>)) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    build(&mut writer);
    writer.finish().unwrap().into_inner()
}

fn unpack(
    fixture: &Fixture,
    format: ArchiveFormat,
    bytes: &[u8],
    strip: u32,
) -> Result<Extracted, FilesError> {
    let limits = ArchiveLimits {
        entries: 100,
        ratio: 20,
        free_bytes: 1 << 20,
        room: None,
        ..ArchiveLimits::default()
    };
    unpack_within(fixture, format, bytes, strip, limits, 64 << 20)
}

fn unpack_within(
    fixture: &Fixture,
    format: ArchiveFormat,
    bytes: &[u8],
    strip_components: u32,
    limits: ArchiveLimits,
    max_bytes: u64,
) -> Result<Extracted, FilesError> {
    fixture.jail.write(&path("archive"), bytes, 0o644).unwrap();
    let extract = Extract {
        archive: "archive".to_owned(),
        format,
        into: "game".to_owned(),
        strip_components,
        max_bytes,
    };
    fixture.jail.extract_within(&extract, limits, &|_, _| {}, &never())
}

fn refusal(result: Result<Extracted, FilesError>) -> String {
    match result {
        Err(FilesError::Archive { message, .. }) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn ordinary_archives_of_each_format_are_unpacked() {
    let plain = tar(|tar| {
        entry(tar, EntryType::Directory, "top/", "", 0o755, b"");
        entry(tar, EntryType::Regular, "top/bin/run", "", 0o4755, b"#!");
        entry(tar, EntryType::Symlink, "top/run", "bin/run", 0o777, b"");
        entry(tar, EntryType::Link, "top/again", "top/bin/run", 0o644, b"");
        let long = format!("top/{}/end", "long/".repeat(40));
        let mut header = Header::new_gnu();
        header.set_size(1);
        header.set_mode(0o644);
        tar.append_data(&mut header, long, &b"x"[..]).unwrap();
    });
    let packed = COMPRESSED.map(|(format, pack)| (format, pack(&plain)));
    for (format, bytes) in packed.into_iter().chain([(ArchiveFormat::Tar, plain.clone())]) {
        let fixture = Fixture::new();
        let done = unpack(&fixture, format, &bytes, 1).unwrap();
        assert_eq!((done.bytes, done.dropped), (3, 0));
        assert_eq!(fixture.content("game/run"), "#!");
        assert_eq!(fixture.content("game/again"), "#!");
        assert_eq!(fixture.content(&format!("game/{}end", "long/".repeat(40))), "x");
        let mode = fs::metadata(fixture.root.join("game/bin/run")).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o755, "the set-user-id bit is gone");
        unpack(&fixture, format, &bytes, 1).expect("it can be repeated");
    }
}

#[test]
fn ordinary_zips_are_unpacked() {
    let bytes = zip(|zip| {
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        zip.add_directory("top/", options).unwrap();
        zip.start_file("top/bin/run", options.unix_permissions(0o755)).unwrap();
        zip.write_all(b"#!").unwrap();
        zip.start_file("top\\windows", options).unwrap();
        zip.write_all(b"x").unwrap();
        zip.add_symlink("top/run", "bin/run", options).unwrap();
        zip.add_symlink("top/out", "../../secret", options).unwrap();
    });
    let fixture = Fixture::new();
    let done = unpack(&fixture, ArchiveFormat::Zip, &bytes, 1).unwrap();
    assert_eq!((done.bytes, done.dropped), (3, 1));
    assert_eq!(
        (fixture.content("game/run"), fixture.content("game/windows")),
        ("#!".to_owned(), "x".to_owned())
    );
    assert!(fs::symlink_metadata(fixture.root.join("game/out")).is_err());
}

#[test]
fn entries_that_leave_are_refused() {
    for name in ["../secret", "/etc/gantry-test", "a/../../secret", ".."] {
        let fixture = Fixture::new();
        let bytes = tar(|tar| entry(tar, EntryType::Regular, name, "", 0o644, b"planted"));
        let refused = unpack(&fixture, ArchiveFormat::Tar, &bytes, 0);
        assert!(matches!(refused, Err(FilesError::InvalidPath { .. })), "{name}: {refused:?}");
        let bytes = zip(|zip| zip.start_file(name, SimpleFileOptions::default()).unwrap());
        let refused = unpack(&fixture, ArchiveFormat::Zip, &bytes, 0);
        assert!(matches!(refused, Err(FilesError::InvalidPath { .. })), "{name}: {refused:?}");
        fixture.assert_untouched();
    }
}

#[test]
fn a_file_is_not_written_through_a_link_of_the_same_archive() {
    let fixture = Fixture::new();
    let bytes = tar(|tar| {
        entry(tar, EntryType::Symlink, "up", "../..", 0o777, b"");
        entry(tar, EntryType::Symlink, "near", "..", 0o777, b"");
        entry(tar, EntryType::Symlink, "near2", "near/..", 0o777, b"");
        entry(tar, EntryType::Regular, "up/secret", "", 0o644, b"planted");
        entry(tar, EntryType::Symlink, "file", "near/other", 0o777, b"");
        entry(tar, EntryType::Regular, "file", "", 0o644, b"mine");
        entry(tar, EntryType::Regular, "near2/secret", "", 0o644, b"planted");
    });
    // `near2` stays inside as text and would leave when followed.
    let done = unpack(&fixture, ArchiveFormat::Tar, &bytes, 0).unwrap();
    assert_eq!((done.dropped, done.entries), (2, 7));
    for link in ["up", "near2"] {
        let planted = fixture.content(&format!("game/{link}/secret"));
        assert_eq!(planted, "planted", "the link was dropped, so this is a directory");
    }
    assert_eq!(fixture.content("game/file"), "mine");
    fixture.assert_untouched();
}

#[test]
fn links_that_leave_and_special_files_are_dropped() {
    let fixture = Fixture::new();
    let bytes = tar(|tar| {
        entry(tar, EntryType::Symlink, "a", "/etc/passwd", 0o777, b"");
        entry(tar, EntryType::Symlink, "b", "../../secret", 0o777, b"");
        entry(tar, EntryType::Link, "c", "../secret", 0o644, b"");
        entry(tar, EntryType::Link, "d", "archive", 0o644, b"");
        entry(tar, EntryType::Char, "e", "", 0o666, b"");
        entry(tar, EntryType::Block, "f", "", 0o666, b"");
        entry(tar, EntryType::Fifo, "g", "", 0o666, b"");
        entry(tar, EntryType::Regular, "kept", "", 0o644, b"");
    });
    let done = unpack(&fixture, ArchiveFormat::Tar, &bytes, 0).unwrap();
    assert_eq!((done.dropped, done.entries), (7, 8));
    let left: Vec<_> =
        fs::read_dir(fixture.root.join("game")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["kept"]);
}

#[test]
fn nothing_goes_through_a_link_to_another_folder_than_the_archive_says() {
    let fixture = Fixture::new();
    fs::write(fixture.root.join("mine"), "mine").unwrap();
    let bytes = tar(|tar| {
        entry(tar, EntryType::Symlink, "a/b", "..", 0o777, b"");
        entry(tar, EntryType::Symlink, "a/b/c", "..", 0o777, b"");
        entry(tar, EntryType::Regular, "a/b/c/mine", "", 0o644, b"theirs");
        entry(tar, EntryType::Directory, "a/b/folder", "", 0o755, b"");
        entry(tar, EntryType::Symlink, "d/l", "../..", 0o777, b"");
        entry(tar, EntryType::Symlink, "e", "d", 0o777, b"");
        entry(tar, EntryType::Symlink, "e/f", "..", 0o777, b"");
        entry(tar, EntryType::Regular, "a/kept", "", 0o644, b"kept");
    });
    let done = unpack(&fixture, ArchiveFormat::Tar, &bytes, 0).unwrap();
    assert_eq!((done.dropped, done.entries), (4, 8));
    assert_eq!(fs::read_to_string(fixture.root.join("mine")).unwrap(), "mine");
    assert_eq!(fs::read_to_string(fixture.root.join("game/a/kept")).unwrap(), "kept");
    let of = |folder: &str| {
        let entries = fs::read_dir(fixture.root.join(folder)).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(
        (of("game"), of("game/a"), of("game/d")),
        (vec!["a".into(), "d".into(), "e".into()], vec!["b".into(), "kept".into()], vec!["l".into()])
    );
}

#[test]
fn names_of_the_daemon_s_own_are_left_out() {
    let fixture = Fixture::new();
    let bytes = tar(|tar| {
        entry(tar, EntryType::Regular, ".gantry-tmp-1-1-1", "", 0o644, b"");
        entry(tar, EntryType::Regular, ".gantry-tmp-1-1-1/inner", "", 0o644, b"");
        entry(tar, EntryType::Regular, "kept", "", 0o644, b"");
    });
    let done = unpack(&fixture, ArchiveFormat::Tar, &bytes, 0).unwrap();
    assert_eq!((done.dropped, done.entries), (2, 3));
}

#[test]
fn what_an_archive_unpacks_to_is_limited() {
    let zeros = tar(|tar| entry(tar, EntryType::Regular, "zeros", "", 0o644, &vec![0; 8 << 20]));
    let fixture = Fixture::new();
    let many =
        tar(|tar| (0..101).for_each(|n| entry(tar, EntryType::Regular, &n.to_string(), "", 0o644, b"")));
    assert!(refusal(unpack(&fixture, ArchiveFormat::Tar, &many, 0)).contains("100 entries"));
    for (format, pack) in COMPRESSED {
        assert!(refusal(unpack(&fixture, format, &pack(&zeros), 0)).contains("20 times"));
        let limits = ArchiveLimits {
            entries: 100,
            ratio: 10_000_000,
            free_bytes: 0,
            room: None,
            ..ArchiveLimits::default()
        };
        let refused = unpack_within(&fixture, format, &pack(&zeros), 0, limits, 1 << 20);
        assert!(refusal(refused).contains("1048576 bytes"));
        assert!(refusal(unpack(&fixture, format, &pack(&many), 0)).contains("100 entries"));
    }
    let zipped = zip(|zip| {
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        zip.start_file("zeros", options).unwrap();
        zip.write_all(&vec![0; 8 << 20]).unwrap();
    });
    assert!(refusal(unpack(&fixture, ArchiveFormat::Zip, &zipped, 0)).contains("20 times"));
    assert!(!fixture.root.join("game/zeros").exists(), "an unfinished file does not stay");
}

/// With a disk limit of so many KiB, of which the archive's own file is none.
fn unpack_into(fixture: &Fixture, bytes: &[u8], limit_kib: u64) -> Result<Extracted, FilesError> {
    let (quota, mark) = (Quota::default(), Quota::default().mark());
    quota.limit(Some(limit_kib << 10));
    let used =
        if fixture.root.join("game").exists() { fixture.jail.usage(&never()).unwrap().bytes } else { 0 };
    let archive =
        fixture.jail.stat(&path("archive")).unwrap().map_or(0, |stat| stat.bytes.next_multiple_of(4096));
    quota.measured(mark, used.saturating_sub(archive));
    let limits = ArchiveLimits { room: quota.room(), ..ArchiveLimits::default() };
    unpack_within(fixture, ArchiveFormat::Tar, bytes, 0, limits, 64 << 20)
}

#[test]
fn an_archive_takes_no_more_room_than_the_server_has() {
    let files = |count: usize, each: usize| {
        let name = |n: usize| format!("folder/{n}/file");
        let one = move |tar: &mut Tar, n| entry(tar, EntryType::Regular, &name(n), "", 0o644, &vec![7; each]);
        tar(|tar| (0..count).for_each(|n| one(tar, n)))
    };
    for (bytes, what) in [
        (files(12, 100 << 10), "content"),
        (files(200, 0), "empty files and their folders, of which each takes a block"),
        (
            tar(|tar| {
                (0..300).for_each(|n| entry(tar, EntryType::Directory, &n.to_string(), "", 0o755, b""))
            }),
            "folders",
        ),
        (
            tar(|tar| (0..300).for_each(|n| entry(tar, EntryType::Symlink, &n.to_string(), "x", 0o777, b""))),
            "links",
        ),
    ] {
        let fixture = Fixture::new();
        let refused = unpack_into(&fixture, &bytes, 1024);
        assert!(matches!(refused, Err(FilesError::Quota { limit: 1_048_576 })), "{what}: {refused:?}");
        // A folder itself grows with its names, by some blocks.
        let most = (1 << 20) + (bytes.len() as u64).next_multiple_of(4096) + (64 << 10);
        assert!(fixture.jail.usage(&never()).unwrap().bytes <= most);
        unpack_into(&Fixture::new(), &bytes, 8 << 10).unwrap_or_else(|error| panic!("{what}: {error}"));
    }
}

#[test]
fn what_an_archive_replaces_makes_room_for_what_it_brings() {
    let fixture = Fixture::new();
    let bytes = tar(|tar| {
        (0..6).for_each(|n| entry(tar, EntryType::Regular, &n.to_string(), "", 0o644, &vec![7; 100 << 10]));
    });
    for _ in 0..3 {
        unpack_into(&fixture, &bytes, 1024).unwrap();
    }
}

#[test]
fn an_endless_name_is_refused() {
    let fixture = Fixture::new();
    let bytes =
        tar(|tar| entry(tar, EntryType::GNULongName, "././@LongLink", "", 0o644, &vec![b'x'; 1 << 20]));
    assert!(refusal(unpack(&fixture, ArchiveFormat::Tar, &bytes, 0)).contains("too long"));
}

#[test]
fn damaged_archives_are_told_and_not_believed() {
    let fixture = Fixture::new();
    let good = gz(&tar(|tar| entry(tar, EntryType::Regular, "x", "", 0o644, &[7; 4000])));
    for (format, bytes) in [
        (ArchiveFormat::TarGz, &good[..good.len() / 2]),
        (ArchiveFormat::TarGz, b"not gzip".as_slice()),
        (ArchiveFormat::Tar, &good[..]),
        (ArchiveFormat::Zip, &good[..]),
    ] {
        refusal(unpack(&fixture, format, bytes, 0));
    }
}

#[test]
fn compressed_files_that_are_cut_off_or_damaged_are_told() {
    let fixture = Fixture::new();
    let mut noise = vec![0; 20_000];
    fs::File::open("/dev/urandom").unwrap().read_exact(&mut noise).unwrap();
    let plain = tar(|tar| entry(tar, EntryType::Regular, "x", "", 0o644, &noise));
    // gzip is read up to the end of the archive within, where only its sum follows.
    for (format, pack) in &COMPRESSED[1..] {
        let good = pack(&plain);
        unpack(&fixture, *format, &good, 0).unwrap();
        for length in [0, 1, 5, good.len() / 2, good.len() - 1] {
            refusal(unpack(&fixture, *format, &good[..length], 0));
        }
        for at in [0, good.len() / 2, good.len() - 2] {
            let mut bad = good.clone();
            bad[at] ^= 0x55;
            refusal(unpack(&fixture, *format, &bad, 0));
        }
        refusal(unpack(&fixture, *format, b"it is none", 0));
        refusal(unpack(&fixture, *format, &[good.as_slice(), b"and more"].concat(), 0));
        let endless = pack(&[plain.as_slice(), &vec![0; 2 << 20]].concat());
        assert!(refusal(unpack(&fixture, *format, &endless, 0)).contains("goes on"));
    }
}

#[test]
fn files_behind_each_other_are_one() {
    let plain = tar(|tar| entry(tar, EntryType::Regular, "x", "", 0o644, b"content"));
    for (format, pack) in COMPRESSED {
        let fixture = Fixture::new();
        let (first, second) = plain.split_at(515);
        unpack(&fixture, format, &[pack(first), pack(second)].concat(), 0).unwrap();
        assert_eq!(fixture.content("game/x"), "content", "{format:?}");
    }
}

/// Small files that want a window beyond the bound.
pub(crate) fn greedy() -> [(ArchiveFormat, Vec<u8>); 2] {
    let plain = tar(|tar| entry(tar, EntryType::Regular, "x", "", 0o644, b"content"));
    let mut options = XzOptions::with_preset(6);
    options.lzma_options.dict_size = 4096;
    let mut encoder = XzWriter::new(Vec::new(), options).unwrap();
    encoder.write_all(&plain).unwrap();
    let mut xz = encoder.finish().unwrap();
    // Of the block's header, behind that of the stream: size, flags, filter, its properties' size, the dictionary's bits.
    assert_eq!(xz[12..16], [2, 0, 0x21, 1], "the block's header has another form");
    xz[16] = 40;
    let sum = crc32(&xz[12..20]);
    xz[20..24].copy_from_slice(&sum.to_le_bytes());
    // A frame without content size, whose window is said in one byte: 2 to the power of 10 and these five bits.
    let mut zst = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 18 << 3];
    // One raw block, the last.
    let block = u32::try_from(plain.len()).unwrap() << 3 | 1;
    zst.extend(&block.to_le_bytes()[..3]);
    zst.extend(&plain);
    [(ArchiveFormat::TarXz, xz), (ArchiveFormat::TarZst, zst)]
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum()
}

#[test]
fn a_file_that_wants_too_much_memory_is_refused() {
    let fixture = Fixture::new();
    let [xz, mut zst] = greedy();
    assert!(refusal(unpack(&fixture, xz.0, &xz.1, 0)).contains("memory"));
    assert!(refusal(unpack(&fixture, zst.0, &zst.1, 0)).contains("memory"));
    // As much as is allowed.
    zst.1[5] = 17 << 3;
    unpack(&fixture, zst.0, &zst.1, 0).unwrap();
}

#[test]
fn progress_counts_the_archive_up_to_its_end() {
    let fixture = Fixture::new();
    let bytes = gz(&tar(|tar| entry(tar, EntryType::Regular, "x", "", 0o644, &[7; 4000])));
    fixture.jail.write(&path("archive"), &bytes, 0o644).unwrap();
    let last = AtomicU64::new(0);
    let extract = Extract {
        archive: "archive".to_owned(),
        format: ArchiveFormat::TarGz,
        into: String::new(),
        strip_components: 0,
        max_bytes: 1 << 20,
    };
    let progress = |done: u64, total: Option<u64>| {
        assert_eq!(total, Some(bytes.len() as u64));
        assert!(last.fetch_max(done, Ordering::Relaxed) <= done);
    };
    fixture.jail.extract(&extract, &progress, &never()).unwrap();
    assert_eq!(last.load(Ordering::Relaxed), bytes.len() as u64);
}
