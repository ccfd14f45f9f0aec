//! The worker as a real child: what it does, what it refuses in the very words of the work itself, and how it ends.

use crate::{
    Fixture,
    archives::{COMPRESSED, entry, greedy, gz, tar, zip},
    never, path,
};
use gantry_files::{
    ArchiveLimits, ChildProgram, EditError, Extracted, FilesError, Form, Jail, WorkerError, WorkerLimits,
    Workers, form::Change,
};
use gantry_types::{
    page::{PlaceAnswer, PlaceValue},
    plan::{ArchiveFormat, Condition, ConfigEdit, ConfigFormat, Edit, Extract, Notation},
    server::SystemUser,
};
use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::MetadataExt,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use tar::EntryType;
use tokio_util::sync::CancellationToken;
use zip::write::SimpleFileOptions;

const PATIENCE: Duration = Duration::from_secs(30);
const USER: SystemUser = SystemUser { uid: 20_321, gid: 20_321 };

fn limits() -> WorkerLimits {
    let archive = ArchiveLimits {
        entries: 100,
        ratio: 20,
        free_bytes: 1 << 20,
        room: None,
        ..ArchiveLimits::default()
    };
    WorkerLimits { archive, ..WorkerLimits::default() }
}

fn workers() -> Workers {
    let program = env!("CARGO_BIN_EXE_gantry-worker").into();
    Workers::new(ChildProgram { program, args: vec![] }, limits())
}

/// Workers that are this shell script.
fn pretenders(script: &str) -> Workers {
    let args = ["-c", script].map(Into::into).to_vec();
    Workers::new(ChildProgram { program: "/bin/sh".into(), args }, limits())
}

fn order(format: ArchiveFormat) -> Extract {
    Extract {
        archive: "archive".to_owned(),
        format,
        into: "game".to_owned(),
        strip_components: 0,
        max_bytes: 64 << 20,
    }
}

async fn unpack(fixture: &Fixture, format: ArchiveFormat, bytes: &[u8]) -> Result<Extracted, FilesError> {
    fixture.jail.write(&path("archive"), bytes, 0o644).unwrap();
    workers().extract(&fixture.jail, &order(format), None, &|_, _| {}, &never()).await
}

fn edit(file: &str, format: ConfigFormat, at: &str, value: &str) -> ConfigEdit {
    let edits = vec![Edit::new(at, value)];
    ConfigEdit { path: file.to_owned(), format, edits, create: true }
}

/// A jail that belongs to another user, as every server's does where the daemon is root.
fn owned() -> Fixture {
    assert!(rustix::process::geteuid().is_root(), "this test becomes another user: run it as root");
    let mut fixture = Fixture::new();
    fixture.jail = Jail::create(&fixture.root, Some(USER)).unwrap();
    fixture
}

fn ordinary() -> Vec<u8> {
    tar(|tar| {
        entry(tar, EntryType::Directory, "bin/", "", 0o755, b"");
        entry(tar, EntryType::Regular, "bin/run", "", 0o4755, b"#!");
        entry(tar, EntryType::Symlink, "run", "bin/run", 0o777, b"");
        entry(tar, EntryType::Link, "again", "bin/run", 0o644, b"");
    })
}

#[tokio::test]
async fn what_is_unpacked_belongs_to_the_server_s_user() {
    let zipped = zip(|zip| {
        zip.start_file("bin/run", SimpleFileOptions::default()).unwrap();
        zip.write_all(b"#!").unwrap();
        zip.add_symlink("run", "bin/run", SimpleFileOptions::default()).unwrap();
    });
    let packed = COMPRESSED.map(|(format, pack)| (format, pack(&ordinary())));
    let cases = [(ArchiveFormat::Tar, ordinary()), (ArchiveFormat::Zip, zipped)];
    for (format, bytes) in packed.into_iter().chain(cases) {
        let fixture = owned();
        let done = unpack(&fixture, format, &bytes).await.unwrap();
        assert_eq!((done.bytes, done.dropped), (2, 0), "{format:?}");
        assert_eq!(fixture.content("game/run"), "#!");
        for made in ["game", "game/bin", "game/bin/run", "game/run"] {
            let found = fs::symlink_metadata(fixture.root.join(made)).unwrap();
            assert_eq!((found.uid(), found.gid()), (USER.uid, USER.gid), "{format:?} {made}");
        }
        assert_eq!(fs::metadata(fixture.root.join("game/bin/run")).unwrap().mode() & 0o6000, 0);
        unpack(&fixture, format, &bytes).await.expect("it can be repeated");
    }
}

#[tokio::test]
async fn files_are_edited_and_keep_their_mode_and_owner() {
    let fixture = owned();
    fixture.jail.write(&path("server.properties"), b"# mine\nport=1\n", 0o640).unwrap();
    let edits = [
        edit("server.properties", ConfigFormat::Properties, "port", "2"),
        edit("made/new.json", ConfigFormat::Json, "a.b", "true"),
    ];
    workers().edit(&fixture.jail, &edits, &never()).await.unwrap();
    assert_eq!(fixture.content("server.properties"), "# mine\nport=2\n");
    assert_eq!(fixture.content("made/new.json").replace([' ', '\n'], ""), "{\"a\":{\"b\":true}}");
    let found = fs::metadata(fixture.root.join("server.properties")).unwrap();
    assert_eq!((found.uid(), found.mode() & 0o777), (USER.uid, 0o640));
    let before = found.ino();
    workers().edit(&fixture.jail, &edits, &never()).await.unwrap();
    let after = fs::metadata(fixture.root.join("server.properties")).unwrap().ino();
    assert_eq!(before, after, "a file that says the right thing already is not touched");
}

#[tokio::test]
async fn a_form_is_filled_as_the_servers_user_within_what_was_reserved() {
    let fixture = owned();
    fixture.jail.write(&path("game.conf"), b"# mine\nslots = 8\n", 0o640).unwrap();
    let form = |change| Form {
        path: "game.conf".to_owned(),
        format: ConfigFormat::Ini,
        places: vec!["slots".to_owned()],
        change,
    };
    // Whoever only looks may write nothing at all.
    let seen = workers().fill(&fixture.jail, &form(None), 0, &never()).await.unwrap();
    assert_eq!(seen.values, [PlaceValue::Text { text: "8".to_owned() }]);
    let answer = |value: &str| {
        let (at, value) = ("slots".to_owned(), value.to_owned());
        let answers = vec![PlaceAnswer { at, notation: Notation::LikeThere, value }];
        form(Some(Change { version: seen.version.clone(), answers }))
    };
    let large = answer(&"9".repeat(8_192));
    let refused = workers().fill(&fixture.jail, &large, 4_096, &never()).await;
    assert!(
        matches!(refused, Err(FilesError::Worker(WorkerError::FileSize { limit: 4_096 }))),
        "{refused:?}"
    );
    assert_eq!(fixture.content("game.conf"), "# mine\nslots = 8\n");
    assert_eq!(temporary(&fixture.root), Vec::<String>::new());

    workers().fill(&fixture.jail, &answer("9"), 4_096, &never()).await.unwrap();
    assert_eq!(fixture.content("game.conf"), "# mine\nslots = 9\n");
    let found = fs::metadata(fixture.root.join("game.conf")).unwrap();
    assert_eq!((found.uid(), found.mode() & 0o777), (USER.uid, 0o640));
    let late = workers().fill(&fixture.jail, &answer("7"), 4_096, &never()).await;
    assert!(matches!(late, Err(FilesError::Stale { .. })), "{late:?}");

    let more = r#"echo '{"Filled":{"version":"1-2","values":[]}}'"#;
    let nonsense = pretenders(more).fill(&fixture.jail, &form(None), 0, &never()).await;
    assert!(matches!(nonsense, Err(FilesError::Worker(WorkerError::Nonsense))), "{nonsense:?}");
}

/// More than one block, and more than one window, of each format.
#[tokio::test]
async fn a_large_file_of_each_format_is_unpacked_behind_the_walls() {
    let mut noise = vec![0_u8; 3 << 20];
    fs::File::open("/dev/urandom").unwrap().read_exact(&mut noise).unwrap();
    let plain = tar(|tar| entry(tar, EntryType::Regular, "noise", "", 0o644, &noise));
    for (format, pack) in COMPRESSED {
        let fixture = owned();
        let done = unpack(&fixture, format, &pack(&plain)).await.unwrap();
        assert_eq!(done.bytes, 3 << 20);
        assert!(fs::read(fixture.root.join("game/noise")).unwrap() == noise, "{format:?}");
    }
}

#[tokio::test]
async fn files_of_each_format_are_edited_behind_the_walls() {
    let fixture = owned();
    let files = [
        ("a.yml", ConfigFormat::Yaml, "# mine\na: 1\n", "a.b", ""),
        ("b.yml", ConfigFormat::Yaml, "# mine\na: 127.0.0.1:1\n", "a", "# mine\na: \"5:1\"\n"),
        ("a.xml", ConfigFormat::Xml, "<a><b>127.0.0.1:1</b></a>", "a.b", "<a><b>5:1</b></a>"),
        ("a.toml", ConfigFormat::Toml, "a = '127.0.0.1'\n", "a", "a = \"5\"\n"),
    ];
    for (file, format, content, at, expected) in files {
        fixture.jail.write(&path(file), content.as_bytes(), 0o644).unwrap();
        let mut order = edit(file, format, at, "5");
        order.edits[0].condition = Condition::Matches(r"^[\d.]{4,}".to_owned());
        workers().edit(&fixture.jail, &[order], &never()).await.unwrap();
        assert_eq!(fixture.content(file), if expected.is_empty() { content } else { expected });
    }
    let refused =
        workers().edit(&fixture.jail, &[edit("a.yml", ConfigFormat::Yaml, "a.b", "1")], &never()).await;
    assert!(
        matches!(refused, Err(FilesError::Edit { source: EditError::NoPlace { .. }, .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn archives_that_attack_are_refused_in_the_words_of_unpacking_itself() {
    let leaving = tar(|tar| entry(tar, EntryType::Regular, "../secret", "", 0o644, b"planted"));
    let zeros = tar(|tar| entry(tar, EntryType::Regular, "zeros", "", 0o644, &vec![0; 8 << 20]));
    let bombs = COMPRESSED.map(|(format, pack)| (format, pack(&zeros)));
    let cut = COMPRESSED.map(|(format, pack)| (format, pack(&ordinary())[..40].to_vec()));
    let many =
        tar(|tar| (0..101).for_each(|n| entry(tar, EntryType::Regular, &n.to_string(), "", 0o644, b"")));
    let name =
        tar(|tar| entry(tar, EntryType::GNULongName, "././@LongLink", "", 0o644, &vec![b'x'; 1 << 20]));
    let cases = [
        (ArchiveFormat::Tar, leaving),
        (ArchiveFormat::Tar, many),
        (ArchiveFormat::Tar, name),
        (ArchiveFormat::TarGz, b"not gzip".to_vec()),
        (ArchiveFormat::Zip, b"not a zip".to_vec()),
    ];
    for (format, bytes) in cases.into_iter().chain(bombs).chain(cut).chain(greedy()) {
        let (here, there) = (Fixture::new(), owned());
        here.jail.write(&path("archive"), &bytes, 0o644).unwrap();
        let itself = here.jail.extract_within(&order(format), limits().archive, &|_, _| {}, &never());
        let (itself, told) = (itself.unwrap_err(), unpack(&there, format, &bytes).await.unwrap_err());
        assert_eq!(told.to_string(), itself.to_string());
        assert_eq!(std::mem::discriminant(&told), std::mem::discriminant(&itself), "{told}");
        there.assert_untouched();
        assert!(temporary(&there.root).is_empty());
    }
}

#[tokio::test]
async fn links_that_leave_and_special_files_are_dropped_by_the_child_too() {
    let fixture = owned();
    let bytes = tar(|tar| {
        entry(tar, EntryType::Symlink, "a", "/etc/passwd", 0o777, b"");
        entry(tar, EntryType::Symlink, "b", "..", 0o777, b"");
        entry(tar, EntryType::Symlink, "bb", "b/..", 0o777, b"");
        entry(tar, EntryType::Regular, "b/planted", "", 0o644, b"");
        entry(tar, EntryType::Link, "c", "../secret", 0o644, b"");
        entry(tar, EntryType::Char, "e", "", 0o666, b"");
        entry(tar, EntryType::Fifo, "g", "", 0o666, b"");
        entry(tar, EntryType::Regular, "kept", "", 0o644, b"");
    });
    let done = unpack(&fixture, ArchiveFormat::Tar, &bytes).await.unwrap();
    assert_eq!((done.dropped, done.entries), (6, 8));
    assert_eq!(fs::read_dir(fixture.root.join("game")).unwrap().count(), 2);
}

#[tokio::test]
async fn edits_that_fail_say_why() {
    let fixture = owned();
    fixture.jail.write(&path("bad.json"), b"{ not json", 0o644).unwrap();
    let refused =
        workers().edit(&fixture.jail, &[edit("bad.json", ConfigFormat::Json, "a", "1")], &never()).await;
    assert!(
        matches!(&refused, Err(FilesError::Edit { path, source: EditError::Malformed(_) }) if path == "bad.json"),
        "{refused:?}"
    );
    let missing = ConfigEdit { create: false, ..edit("none", ConfigFormat::Lines, "a", "a") };
    let refused = workers().edit(&fixture.jail, &[missing], &never()).await;
    assert!(matches!(refused, Err(FilesError::NotFound { .. })), "{refused:?}");
}

/// Names of temporary files, anywhere beneath.
fn temporary(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if name.starts_with(".gantry-tmp-") {
                found.push(name);
            }
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            }
        }
    }
    found
}

/// Processes of the test's user.
fn processes() -> usize {
    let is_his = |entry: std::io::Result<fs::DirEntry>| {
        let status = fs::read_to_string(entry.ok()?.path().join("status")).ok()?;
        status.contains(&format!("\nUid:\t{}\t", HALTED.uid)).then_some(())
    };
    fs::read_dir("/proc").unwrap().filter_map(is_his).count()
}

/// Nobody but the tests that look for its processes is this user.
const HALTED: SystemUser = SystemUser { uid: 20_322, gid: 20_322 };

/// A jail of that user with an archive that takes long to unpack: members of one gzip file that say the same again and again.
fn endless() -> Fixture {
    const PART: usize = 8 << 20;
    const PARTS: usize = 48;
    let mut fixture = owned();
    fixture.jail = Jail::create(&fixture.root, Some(HALTED)).unwrap();
    let mut noise = vec![0_u8; PART];
    fs::File::open("/dev/urandom").unwrap().read_exact(&mut noise).unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_path("noise").unwrap();
    header.set_size(u64::try_from(PART * PARTS).unwrap());
    header.set_mode(0o644);
    header.set_cksum();
    let bytes = [gz(header.as_bytes()), gz(&noise).repeat(PARTS), gz(&[0; 1024])].concat();
    fixture.jail.write(&path("archive"), &bytes, 0o644).unwrap();
    fixture
}

fn all_of_it() -> Extract {
    Extract { max_bytes: 1 << 30, ..order(ArchiveFormat::TarGz) }
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_ends_in_the_middle_leaves_neither_files_nor_a_process() {
    let fixture = endless();
    let (workers, cancel) = (workers(), CancellationToken::new());
    // It is called off once it has begun to write.
    let progress = |done: u64, _| {
        // What it still says once it was called off comes from one that tidies up.
        if done > 1 << 20 && !cancel.is_cancelled() {
            assert_eq!((processes(), temporary(&fixture.root).len()), (1, 1));
            cancel.cancel();
        }
    };
    let done = workers.extract(&fixture.jail, &all_of_it(), None, &progress, &cancel).await;
    assert!(matches!(done, Err(FilesError::Cancelled)), "{done:?}");
    assert_eq!((processes(), temporary(&fixture.root).len()), (0, 0));
    assert!(!fixture.root.join("game/noise").exists());

    // It is killed.
    let progress = |done: u64, _| {
        if done > 1 << 20 {
            kill_all();
        }
    };
    let killed = workers.extract(&fixture.jail, &all_of_it(), None, &progress, &never()).await;
    let Err(FilesError::Worker(WorkerError::Died { status, .. })) = killed else { panic!("{killed:?}") };
    assert!(status.contains("SIGKILL"), "{status}");
    assert_eq!((processes(), temporary(&fixture.root).len()), (0, 0));

    // Its parent is killed.
    orphaned(&fixture);
    assert_eq!(temporary(&fixture.root), Vec::<String>::new(), "an orphan tidies up");
}

fn kill_all() {
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let status = fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        let id = entry.file_name().into_string().ok().and_then(|name| name.parse().ok());
        if let Some(id) = id.and_then(rustix::process::Pid::from_raw)
            && status.contains(&format!("\nUid:\t{}\t", HALTED.uid))
        {
            rustix::process::kill_process(id, rustix::process::Signal::KILL).ok();
        }
    }
}

/// Has another process be the parent, kills that, and waits until the child is gone.
fn orphaned(fixture: &Fixture) {
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "worker::a_parent_that_is_killed", "--ignored", "--nocapture"])
        .env("GANTRY_TEST_ROOT", &fixture.root)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + PATIENCE;
    let wait = |until: &mut dyn FnMut() -> bool, what: &str| {
        while !until() {
            assert!(Instant::now() < deadline, "{what}");
            std::thread::yield_now();
        }
    };
    wait(&mut || !temporary(&fixture.root).is_empty(), "unpacking does not begin");
    parent.kill().unwrap();
    parent.wait().unwrap();
    wait(&mut || processes() == 0, "the orphan works on");
}

#[tokio::test]
#[ignore = "another test starts it as a process of its own, and kills it"]
async fn a_parent_that_is_killed() {
    let jail = Jail::open(Path::new(&std::env::var("GANTRY_TEST_ROOT").unwrap()), Some(HALTED)).unwrap();
    let done = workers().extract(&jail, &all_of_it(), None, &|_, _| {}, &never()).await;
    panic!("it was not killed in time: {done:?}");
}

#[tokio::test]
async fn the_limit_that_a_child_ran_into_is_named() {
    let fixture = Fixture::new();
    let ends = async |script: &str| {
        let done = pretenders(script)
            .extract(&fixture.jail, &order(ArchiveFormat::Tar), None, &|_, _| {}, &never())
            .await;
        done.unwrap_err().to_string()
    };
    for (script, words) in [
        ("ulimit -c 0; kill -XCPU $$", "more than 616 s of processor time"),
        (
            "echo 'memory allocation of 9 bytes failed' >&2; ulimit -c 0; kill -ABRT $$",
            "more than 512 MiB of memory",
        ),
        ("ulimit -c 0; kill -XFSZ $$", "a file of more than 67108864 bytes"),
        ("ulimit -c 0; kill -SYS $$", "stopped by its wall"),
        ("echo no luck >&2; exit 3", "ended unexpectedly (exit status: 3): no luck"),
    ] {
        let told = ends(script).await;
        assert!(told.contains(words), "{script}: {told}");
    }
}

#[tokio::test]
async fn a_child_that_computes_or_takes_too_much_is_stopped_by_the_real_limits() {
    let fixture = owned();
    let program: std::path::PathBuf = env!("CARGO_BIN_EXE_gantry-worker").into();
    let with = |limits| Workers::new(ChildProgram { program: program.clone(), args: vec![] }, limits);
    let lines = "x\n".repeat(1 << 20);
    fixture.jail.write(&path("lines"), lines.as_bytes(), 0o644).unwrap();
    let mut long = edit("lines", ConfigFormat::Lines, "y", "y");
    long.edits = vec![long.edits[0].clone(); 1_000];
    let short = with(WorkerLimits { edit_cpu_s: 1, ..limits() });
    let done = short.edit(&fixture.jail, &[long], &never()).await;
    assert!(matches!(done, Err(FilesError::Worker(WorkerError::CpuTime { limit_s: 1 }))), "{done:?}");
    let small = with(WorkerLimits { memory_mib: 16, ..limits() });
    let done = small.edit(&fixture.jail, &[edit("lines", ConfigFormat::Lines, "y", "y")], &never()).await;
    assert!(matches!(done, Err(FilesError::Worker(WorkerError::Memory { limit_mib: 16 }))), "{done:?}");
}

#[tokio::test]
async fn a_child_may_say_anything_and_is_believed_nothing() {
    let fixture = Fixture::new();
    let ask = async |script: &str| {
        pretenders(script)
            .extract(&fixture.jail, &order(ArchiveFormat::Tar), None, &|_, _| {}, &never())
            .await
    };
    for nonsense in ["echo hello", "head -c 1000000 /dev/zero", "yes", "echo '\"Edited\"'"] {
        let done = ask(nonsense).await;
        assert!(matches!(done, Err(FilesError::Worker(WorkerError::Nonsense))), "{nonsense}: {done:?}");
    }
    let done = ask("echo '{\"Failed\":\"Cancelled\"}'").await;
    assert!(matches!(done, Err(FilesError::Interrupted)), "nobody called it off: {done:?}");
    let done = ask("printf '{\"Failed\":{\"NotFound\":{\"path\":\"a\\\\u001b[2Jb\"}}}\\n'").await;
    let Err(FilesError::NotFound { path }) = done else { panic!("{done:?}") };
    assert_eq!(path, "a\u{fffd}[2Jb");
}

#[tokio::test]
async fn a_child_that_does_not_end_is_killed() {
    let fixture = Fixture::new();
    let cancel = CancellationToken::new();
    let workers = pretenders("echo '{\"Progress\":{\"done\":1,\"total\":null}}'; exec sleep 600");
    let progress = |_, _| cancel.cancel();
    let done = workers.extract(&fixture.jail, &order(ArchiveFormat::Tar), None, &progress, &cancel).await;
    assert!(matches!(done, Err(FilesError::Cancelled)), "{done:?}");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let command = ChildProgram { program: "/nonexistent/worker".into(), args: vec![] };
    let fixture = Fixture::new();
    let edits = [edit("a", ConfigFormat::Lines, "a", "a")];
    let told = Workers::new(command, limits()).edit(&fixture.jail, &edits, &never()).await.unwrap_err();
    assert!(told.to_string().contains("/nonexistent/worker cannot be started"), "{told}");
}

/// An old Landlock refuses links from one directory to another.
#[test]
fn where_a_file_cannot_be_linked_from_another_directory_it_is_copied() {
    let rules = [(libc::SYS_linkat, vec![])].into_iter().collect();
    let refuse = seccompiler::SeccompAction::Errno(libc::EXDEV.unsigned_abs());
    let architecture = std::env::consts::ARCH.try_into().unwrap();
    let filter =
        seccompiler::SeccompFilter::new(rules, seccompiler::SeccompAction::Allow, refuse, architecture);
    let program: seccompiler::BpfProgram = filter.unwrap().try_into().unwrap();
    let fixture = Fixture::new();
    fixture.jail.write(&path("archive"), &ordinary(), 0o644).unwrap();
    // The filter is this thread's alone, and ends with it.
    seccompiler::apply_filter(&program).unwrap();
    let done =
        fixture.jail.extract_within(&order(ArchiveFormat::Tar), limits().archive, &|_, _| {}, &never());
    assert_eq!(done.unwrap().bytes, 4, "the copy counts");
    assert_eq!(fixture.content("game/again"), "#!");
    assert_eq!(fs::metadata(fixture.root.join("game/again")).unwrap().nlink(), 1);
}
