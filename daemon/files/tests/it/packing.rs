//! All files of a server into one archive and out again, by the worker, with a tenant who is no help.

use crate::{Fixture, never};
use futures_util::FutureExt;
use gantry_files::{
    ChildProgram, FilesError, Jail, Line, PackLimits, Packed, WorkerError, WorkerLimits, Workers,
};
use std::{
    fs::{self, File, FileTimes, Permissions},
    io::{Read, Write},
    os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink},
    path::Path,
    time::{Duration, UNIX_EPOCH},
};
use tokio_util::sync::CancellationToken;

const MOST: u64 = 1 << 40;
const LIMITS: PackLimits = PackLimits { content: MOST };

fn workers() -> Workers {
    let program = env!("CARGO_BIN_EXE_gantry-worker").into();
    Workers::new(ChildProgram { program, args: vec![] }, WorkerLimits::default())
}

async fn pack(jail: &Jail, into: &Path) -> Result<Packed, FilesError> {
    let workers = workers();
    let turn = workers.turn_to_pack(Line::Usual, &never()).await?;
    turn.pack(jail, &File::create(into).unwrap(), MOST, LIMITS, &|_, _| {}, &never()).await
}

/// Packs it, and unpacks that into another directory.
async fn through(fixture: &Fixture) -> (Packed, Fixture) {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive");
    let packed = pack(&fixture.jail, &archive).await.unwrap();
    let other = Fixture::new();
    let file = File::open(&archive).unwrap();
    let unpacked = workers().unpack(&other.jail, &file, packed.bytes, &|_, _| {}, &never()).await.unwrap();
    assert_eq!((unpacked.bytes, unpacked.dropped), (packed.bytes, 0));
    fixture.assert_untouched();
    other.assert_untouched();
    (packed, other)
}

#[tokio::test]
async fn what_was_packed_comes_out_as_it_was() {
    let fixture = Fixture::new();
    let at = |path: &str| fixture.root.join(path);
    fs::create_dir_all(at("world/region")).unwrap();
    fs::write(at("world/region/r.0.0.mca"), vec![7; 300_000]).unwrap();
    fs::write(at("empty"), "").unwrap();
    fs::write(at("start.sh"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(at("start.sh"), Permissions::from_mode(0o755)).unwrap();
    // As a database wants its own.
    fs::set_permissions(at("world/region"), Permissions::from_mode(0o700)).unwrap();
    let long = format!("world/{}", "n".repeat(200));
    fs::write(at(&long), "long").unwrap();
    fs::hard_link(at("start.sh"), at("world/again.sh")).unwrap();
    symlink("region/r.0.0.mca", at("world/latest")).unwrap();
    let past = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    File::open(at("empty")).unwrap().set_times(FileTimes::new().set_modified(past)).unwrap();

    let (packed, other) = through(&fixture).await;
    assert_eq!((packed.entries, packed.left_out, packed.changed), (8, 0, 0));
    let there = |path: &str| other.root.join(path);
    assert_eq!(fs::read(there("world/region/r.0.0.mca")).unwrap(), vec![7; 300_000]);
    assert_eq!(other.content(&long), "long");
    assert_eq!(fs::metadata(there("empty")).unwrap().modified().unwrap(), past);
    assert_eq!(fs::metadata(there("start.sh")).unwrap().mode() & 0o777, 0o755);
    assert_eq!(fs::metadata(there("world/region")).unwrap().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(there("world")).unwrap().mode() & 0o777, 0o755);
    assert_eq!(other.content("world/again.sh"), "#!/bin/sh\n");
    assert_eq!(fs::read_link(there("world/latest")).unwrap(), Path::new("region/r.0.0.mca"));
}

#[tokio::test]
async fn what_leads_out_or_is_no_file_is_left_out_and_counted() {
    let fixture = Fixture::new();
    let at = |path: &str| fixture.root.join(path);
    fs::write(at("kept"), "kept").unwrap();
    symlink(fixture.secret(), at("absolute")).unwrap();
    symlink("../secret", at("upwards")).unwrap();
    symlink("kept/../../secret", at("late")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        at("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o644),
        0,
    )
    .unwrap();
    std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    fs::write(at(".gantry-tmp-1"), "half a file").unwrap();
    let (packed, other) = through(&fixture).await;
    assert_eq!((packed.entries, packed.left_out), (1, 5));
    assert_eq!(other.names(), ["kept"]);
}

#[tokio::test]
async fn holes_stay_holes() {
    let fixture = Fixture::new();
    let length = 64 << 20;
    let file = File::create(fixture.root.join("map.sqlite")).unwrap();
    file.set_len(length).unwrap();
    file.write_all_at(b"in the middle", length / 2).unwrap();
    let (packed, other) = through(&fixture).await;
    assert_eq!(packed.bytes, length);
    let found = fs::metadata(other.root.join("map.sqlite")).unwrap();
    assert_eq!(found.len(), length);
    assert!(found.blocks() * 512 < length / 8, "{} blocks", found.blocks());
    assert_eq!(
        fs::read(fixture.root.join("map.sqlite")).unwrap(),
        fs::read(other.root.join("map.sqlite")).unwrap()
    );
}

#[tokio::test]
async fn a_file_that_is_written_meanwhile_is_whole_in_length_and_counted() {
    let fixture = Fixture::new();
    let path = fixture.root.join("busy.log");
    fs::write(&path, vec![1; 8 << 20]).unwrap();
    let (stop, growing) = (CancellationToken::new(), path.clone());
    let stopped = stop.clone();
    let writer = std::thread::spawn(move || {
        let mut file = fs::OpenOptions::new().append(true).open(growing).unwrap();
        while !stopped.is_cancelled() {
            file.write_all(b"another line\n").unwrap();
        }
    });
    let (packed, other) = through(&fixture).await;
    stop.cancel();
    writer.join().unwrap();
    assert_eq!((packed.entries, packed.changed), (1, 1));
    assert_eq!(fs::metadata(other.root.join("busy.log")).unwrap().len(), packed.bytes);
}

#[tokio::test]
async fn more_content_than_there_can_be_and_more_archive_than_there_is_room_for_end_the_work() {
    let fixture = Fixture::new();
    File::create(fixture.root.join("hole")).unwrap().set_len(1 << 42).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive");
    let refused = pack(&fixture.jail, &archive).await;
    assert!(matches!(refused, Err(FilesError::TooLarge { ref path, .. }) if path == "hole"), "{refused:?}");
    fs::remove_file(fixture.root.join("hole")).unwrap();
    // What does not get smaller.
    let mut noise = vec![0; 4 << 20];
    File::open("/dev/urandom").unwrap().read_exact(&mut noise).unwrap();
    fs::write(fixture.root.join("noise"), noise).unwrap();
    let into = File::create(&archive).unwrap();
    let workers = workers();
    let turn = workers.turn_to_pack(Line::Usual, &never()).await.unwrap();
    let refused = turn.pack(&fixture.jail, &into, 1 << 20, LIMITS, &|_, _| {}, &never()).await;
    assert!(matches!(refused, Err(FilesError::Worker(WorkerError::FileSize { .. }))), "{refused:?}");
}

#[tokio::test]
async fn it_is_called_off_in_the_middle_of_a_file() {
    let fixture = Fixture::new();
    File::create(fixture.root.join("hole")).unwrap().set_len(1 << 39).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let into = File::create(folder.path().join("archive")).unwrap();
    let cancel = CancellationToken::new();
    let enough = cancel.clone();
    let progress = move |_: u64, _: Option<u64>| enough.cancel();
    let workers = workers();
    let turn = workers.turn_to_pack(Line::Usual, &cancel).await.unwrap();
    let packed = turn.pack(&fixture.jail, &into, MOST, LIMITS, &progress, &cancel).await;
    assert!(matches!(packed, Err(FilesError::Cancelled)), "{packed:?}");
}

#[tokio::test]
async fn an_archive_that_was_cut_or_altered_is_not_taken_for_whole() {
    let fixture = Fixture::new();
    fs::write(fixture.root.join("world"), vec![5; 1 << 20]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive");
    let packed = pack(&fixture.jail, &archive).await.unwrap();
    let whole = fs::read(&archive).unwrap();
    let mut altered = whole.clone();
    let last = altered.len() - 2;
    altered[last] ^= 1;
    for damaged in [whole[..whole.len() - 3].to_vec(), altered] {
        fs::write(&archive, damaged).unwrap();
        let other = Fixture::new();
        let file = File::open(&archive).unwrap();
        let unpacked = workers().unpack(&other.jail, &file, packed.bytes, &|_, _| {}, &never()).await;
        assert!(matches!(unpacked, Err(FilesError::Archive { .. })), "{unpacked:?}");
    }
}

#[tokio::test]
async fn what_is_urgent_waits_for_no_place_that_others_have() {
    let workers = workers();
    let mut usual = Vec::new();
    while let Some(turn) = workers.turn_to_pack(Line::Usual, &never()).now_or_never() {
        usual.push(turn.unwrap());
    }
    assert_eq!(usual.len(), 2);
    let urgent = workers.turn_to_pack(Line::Urgent, &never()).now_or_never();
    assert!(urgent.is_some());
    assert!(workers.turn_to_pack(Line::Urgent, &never()).now_or_never().is_none(), "one after the other");
    drop(usual.pop());
    assert!(workers.turn_to_pack(Line::Urgent, &never()).now_or_never().is_some(), "any place will do");
}
