//! Install plans, step by step, with real files and downloads.
//!
//! The plan is put into the journal that the daemon keeps, where it finds it as one that was begun: so a test says what a
//! plugin would have said.

use crate::{
    daemon::{Daemon, PATIENCE, digest, id_of},
    mirror::{Mirror, PROGRAM, archive},
};
use axum::http::Method;
use gantry_protocol::{DesiredServer, OperationReport};
use gantry_types::{
    operation::{OperationFailure, OperationKind as Kind, OperationState},
    plan::{
        Action, ArchiveFormat, ConfigEdit, ConfigFormat, ContainerRun, Digest, DigestAlgorithm, Download,
        Edit, Extract, Image, Step, Write,
    },
    server::{Desired, Observed, Setting},
};
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
};

pub(crate) fn step(title: &str, action: Action) -> Step {
    Step { id: title.to_owned(), title: title.to_owned(), action, weight: 1, may_fail: false }
}

fn download(url: String) -> Download {
    let expect = Digest { algorithm: DigestAlgorithm::Sha256, hex: digest(&archive()) };
    Download { url, path: "game.tar.gz".to_owned(), expect: Some(expect), max_bytes: 1 << 20, hosts: vec![] }
}

pub(crate) fn fetch(url: String) -> Step {
    step("Fetch the game", Action::Download(download(url)))
}

fn unpack() -> Step {
    let extract = Extract {
        archive: "game.tar.gz".to_owned(),
        format: ArchiveFormat::TarGz,
        into: ".".to_owned(),
        strip_components: 1,
        max_bytes: 1 << 20,
    };
    step("Unpack it", Action::Extract(extract))
}

pub(crate) fn write(path: &str, content: &str) -> Step {
    let (path, content) = (path.to_owned(), content.to_owned());
    step(&format!("Write {path}"), Action::Write(Write { path, content, mode: 0o640, only_if_missing: true }))
}

fn edit(at: &str, value: &str) -> Step {
    let edits = vec![Edit::new(at, value)];
    let path = "server.properties".to_owned();
    let edit = ConfigEdit { path, format: ConfigFormat::Properties, edits, create: true };
    step("Set the port", Action::EditConfig(edit))
}

pub(crate) fn run(script: &str, environment: &[(&str, &str)]) -> Step {
    let run = ContainerRun {
        image: Image::Reference { reference: "debian:bookworm-slim".to_owned() },
        command: ["sh", "-c", script].map(str::to_owned).to_vec(),
        environment: environment
            .iter()
            .map(|(key, value)| Setting { key: (*key).to_owned(), value: (*value).to_owned() })
            .collect(),
        network: false,
        working_directory: "/data".to_owned(),
        files: vec![],
        user: gantry_types::plan::StepUser::Server,
        timeout_ms: 60_000,
    };
    step("Run the installer", Action::Run(run))
}

/// Begins an installation with these steps.
async fn begin(daemon: &mut Daemon, steps: Vec<Step>) -> DesiredServer {
    let server = daemon.server(Desired::Stopped, Kind::Install);
    daemon.plan(&server, steps).await;
    daemon.put(&server).await.unwrap();
    server
}

pub(crate) async fn install(daemon: &mut Daemon, steps: Vec<Step>) -> (DesiredServer, OperationReport) {
    let server = begin(daemon, steps).await;
    let report = daemon.ended(id_of(&server)).await;
    (server, report)
}

/// The failure of an installation that must fail.
pub(crate) async fn failure(daemon: &mut Daemon, steps: Vec<Step>) -> OperationFailure {
    let (server, report) = install(daemon, steps).await;
    assert_eq!(report.state, OperationState::Failed, "{report:?}");
    let servers = daemon.servers().await;
    let observed = &servers.iter().find(|one| one.id == server.id).unwrap().observed;
    assert_eq!(observed.state, Observed::Uninstalled);
    report.failure.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_game_is_fetched_checked_unpacked_and_configured() {
    let (mut daemon, mirror) = (Daemon::start().await, Mirror::start().await);
    let steps = vec![
        fetch(mirror.url("/game.tar.gz")),
        unpack(),
        step("Tidy up", Action::Remove { path: "game.tar.gz".to_owned() }),
        step("Make room", Action::MakeDirectory { path: "worlds/one".to_owned() }),
        write("server.properties", "motd=Ours\nport=1\n"),
        edit("port", "30000"),
    ];
    let (server, report) = install(&mut daemon, steps).await;
    assert_eq!(report.state, OperationState::Succeeded, "{report:?}");
    let file = |path: &str| daemon.file(server.id, path);
    assert_eq!(fs::read_to_string(file("bin/start")).unwrap(), PROGRAM);
    assert_eq!(fs::metadata(file("bin/start")).unwrap().permissions().mode() & 0o777, 0o755);
    assert_eq!(fs::read_to_string(file("server.properties")).unwrap(), "motd=Ours\nport=30000\n");
    let owner = |path: &str| fs::metadata(file(path)).unwrap().uid();
    assert_eq!((owner("bin/start"), owner("server.properties")), (owner(""), owner("")));
    assert!(file("worlds/one").is_dir() && !file("game.tar.gz").exists());
    let progress = report.progress.unwrap();
    assert!((progress.step_index, progress.step_count) == (6, 6) && progress.fraction >= 1.0, "{progress:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_is_not_what_the_plan_expects_names_step_both_digests_and_what_to_do() {
    let (mut daemon, mirror) = (Daemon::start().await, Mirror::start().await);
    let expected = "0".repeat(64);
    let mut wish = download(mirror.url("/game.tar.gz"));
    wish.expect = Some(Digest { algorithm: DigestAlgorithm::Sha256, hex: expected.clone() });
    let (server, report) =
        install(&mut daemon, vec![step("Fetch the game", Action::Download(wish)), unpack()]).await;
    let failure = report.failure.unwrap();
    assert_eq!((failure.code.as_str(), failure.step.as_deref()), ("download_failed", Some("Fetch the game")));
    assert!(
        failure.message.contains(&expected) && failure.message.contains(&digest(&archive())),
        "{failure:?}"
    );
    assert!(failure.remedy.unwrap().contains("plugin's author"));
    assert!(!daemon.file(server.id, "game.tar.gz").exists(), "what was not expected is not kept");
    assert!(!daemon.file(server.id, "bin").exists(), "nothing after the failed step is done");
    daemon.line(server.id, "The installation failed: ").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_is_no_larger_than_the_plan_allows_and_comes_from_outside() {
    let (mut daemon, mirror) = (Daemon::start().await, Mirror::start().await);
    let mut large = download(mirror.url("/game.tar.gz"));
    large.max_bytes = 10;
    let too_large = failure(&mut daemon, vec![step("Fetch", Action::Download(large))]).await;
    assert!(too_large.message.ends_with("is larger than 10 bytes"), "{too_large:?}");
    let missing = failure(&mut daemon, vec![fetch(mirror.url("/nothing"))]).await;
    assert!(missing.message.contains("answered 404"), "{missing:?}");
    for url in ["https://169.254.169.254/latest/meta-data", "https://10.0.0.1/game.tar.gz"] {
        let inside = failure(&mut daemon, vec![fetch(url.to_owned())]).await;
        assert!(inside.message.ends_with("is not on the public internet"), "{inside:?}");
        assert!(inside.remedy.unwrap().contains("public"), "trying again cannot help");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_step_that_fails_is_named_with_its_reason() {
    let mut daemon = Daemon::start().await;
    let leave =
        Write { path: "../escaped".to_owned(), content: String::new(), mode: 0o644, only_if_missing: false };
    let broken = |path: &str| ConfigEdit {
        path: path.to_owned(),
        format: ConfigFormat::Json,
        edits: vec![Edit::new("a.b", "1")],
        create: false,
    };
    let cases = [
        (vec![unpack()], "Unpack it", "extract_failed", "game.tar.gz"),
        (vec![step("Leave", Action::Write(leave))], "Leave", "write_failed", "not allowed"),
        (vec![step("Edit", Action::EditConfig(broken("none.json")))], "Edit", "edit_failed", "no none.json"),
        (
            vec![write("bad.json", "{ not json"), step("Edit", Action::EditConfig(broken("bad.json")))],
            "Edit",
            "edit_failed",
            "bad.json cannot be edited",
        ),
        (
            vec![write("file", ""), step("Make", Action::MakeDirectory { path: "file/below".to_owned() })],
            "Make",
            "directory_failed",
            "file",
        ),
        (vec![run("", &[("SIMULATED_EXIT", "3")])], "Run the installer", "command_failed", "exit code 3"),
    ];
    for (steps, title, code, reason) in cases {
        let failure = failure(&mut daemon, steps).await;
        assert_eq!((failure.step.as_deref(), failure.code.as_str()), (Some(title), code), "{failure:?}");
        assert!(failure.message.contains(reason), "{reason:?} is not in {failure:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_that_was_cut_does_only_the_steps_that_its_journal_does_not_name() {
    let (mut daemon, mirror) = (Daemon::start().await, Mirror::start().await);
    let steps = vec![write("first", "done once"), fetch(mirror.url("/held.tar.gz")), unpack()];
    let server = begin(&mut daemon, steps).await;
    daemon.line(server.id, "Step 2 of 3").await;
    // Whoever takes the first step's work away finds out whether it is done again.
    fs::remove_file(daemon.file(server.id, "first")).unwrap();
    let daemon = daemon.restart().await;
    mirror.let_go();
    let report = daemon.ended(id_of(&server)).await;
    assert_eq!(report.state, OperationState::Succeeded, "{report:?}");
    assert!(!daemon.file(server.id, "first").exists());
    assert_eq!(fs::read_to_string(daemon.file(server.id, "bin/start")).unwrap(), PROGRAM);
    let page = daemon.page(server.id, "?after=0&limit=2000").await;
    let began = |step: &str| page.lines.iter().filter(|line| line.text.starts_with(step)).count();
    assert_eq!((began("Step 1 of 3"), began("Step 2 of 3"), began("Step 3 of 3")), (1, 2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_done_again_over_what_it_made() {
    let (mut daemon, mirror) = (Daemon::start().await, Mirror::start().await);
    let steps = || {
        let make = step("Make room", Action::MakeDirectory { path: "worlds".to_owned() });
        let tidy = step("Tidy up", Action::Remove { path: "game.tar.gz".to_owned() });
        vec![
            fetch(mirror.url("/game.tar.gz")),
            unpack(),
            tidy,
            make,
            write("rules", "mine"),
            edit("port", "1"),
        ]
    };
    let (server, _) = install(&mut daemon, steps()).await;
    fs::write(daemon.file(server.id, "bin/start"), "broken").unwrap();
    fs::write(daemon.file(server.id, "rules"), "the owner's").unwrap();
    let again = daemon.next(&server, Desired::Stopped, Kind::Reinstall);
    daemon.plan(&again, steps()).await;
    daemon.put(&again).await.unwrap();
    let report = daemon.ended(id_of(&again)).await;
    assert_eq!(report.state, OperationState::Succeeded, "{report:?}");
    assert_eq!(fs::read_to_string(daemon.file(server.id, "bin/start")).unwrap(), PROGRAM);
    assert_eq!(fs::read_to_string(daemon.file(server.id, "rules")).unwrap(), "the owner's");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_calls_a_download_off() {
    let (mut daemon, mirror) = (Daemon::start().await, Mirror::start().await);
    let server = begin(&mut daemon, vec![fetch(mirror.url("/held.tar.gz"))]).await;
    daemon.line(server.id, "Step 1 of 1").await;
    let delete = daemon.next(&server, Desired::Deleted, Kind::Delete);
    daemon.put(&delete).await.unwrap();
    assert_eq!(daemon.ended(id_of(&server)).await.state, OperationState::Cancelled);
    assert_eq!(daemon.ended(id_of(&delete)).await.state, OperationState::Succeeded);
    assert!(!daemon.dir.path().join(format!("servers/{}", server.id)).exists());
}

/// The control plane has ended the server's operation.
async fn call_off(daemon: &mut Daemon, server: &DesiredServer) {
    let called_off = DesiredServer { operation: None, ..daemon.next(server, server.desired, Kind::Install) };
    daemon.put(&called_off).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_that_is_called_off_stops_where_it_is_and_gives_the_files_back() {
    let (mut daemon, mirror) = (Daemon::start().await, Mirror::start().await);
    let steps = vec![fetch(mirror.url("/held.tar.gz")), write("later", "")];
    let server = begin(&mut daemon, steps).await;
    daemon.line(server.id, "Step 1 of 2").await;
    call_off(&mut daemon, &server).await;
    assert_eq!(daemon.ended(id_of(&server)).await.state, OperationState::Cancelled);
    daemon.line(server.id, "The installation was called off.").await;
    daemon.until(server.id, Observed::Uninstalled).await;
    assert!(!daemon.file(server.id, "later").exists());
    let path = format!("/v1/servers/{}/files/content?path=/mine", server.id);
    let written = async {
        // The line above is written just before the server's phase says the same.
        while !daemon.send(Method::PUT, &path, "mine".into()).await.0.is_success() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, written).await.expect("the files stay closed");
    let servers = daemon.servers().await;
    let told = servers.iter().find(|one| one.id == server.id).unwrap();
    assert_eq!(told.observed.state, Observed::Uninstalled);
    assert_eq!(told.operation.as_ref().map(|one| one.state), Some(OperationState::Cancelled));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_container_whose_installation_is_called_off_is_gone_at_once() {
    let mut daemon = Daemon::with_docker().await;
    let server = begin(&mut daemon, vec![run("echo waiting; sleep 600", &[])]).await;
    daemon.line(server.id, "waiting").await;
    call_off(&mut daemon, &server).await;
    assert_eq!(daemon.ended(id_of(&server)).await.state, OperationState::Cancelled);
    daemon.line(server.id, "The installation was called off.").await;
    assert!(daemon.containers().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reinstallation_calls_a_download_off_and_begins_anew() {
    let (mut daemon, mirror) = (Daemon::start().await, Mirror::start().await);
    let server = begin(&mut daemon, vec![fetch(mirror.url("/held.tar.gz"))]).await;
    daemon.line(server.id, "Step 1 of 1").await;
    let again = daemon.next(&server, Desired::Stopped, Kind::Reinstall);
    daemon.put(&again).await.unwrap();
    assert_eq!(daemon.ended(id_of(&server)).await.state, OperationState::Cancelled);
    daemon.line(server.id, "The installation was called off.").await;
    assert_eq!(daemon.ended(id_of(&again)).await.state, OperationState::Succeeded);
    assert!(daemon.file(server.id, "minetest.conf").exists(), "the plugin's own plan was asked for");
    assert_eq!(
        fs::read_dir(daemon.file(server.id, "")).unwrap().count(),
        1,
        "nothing of the download is left"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_container_finishes_what_was_fetched() {
    let (mut daemon, mirror) = (Daemon::with_docker().await, Mirror::start().await);
    let script = "set -eu; pwd; ./bin/start > said; id -u >> said; echo \"$GREETING\" >> said";
    let steps =
        vec![fetch(mirror.url("/game.tar.gz")), unpack(), run(script, &[("GREETING", "hello there")])];
    let (server, report) = install(&mut daemon, steps).await;
    assert_eq!(report.state, OperationState::Succeeded, "{report:?}");
    let said = fs::read_to_string(daemon.file(server.id, "said")).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!((lines[0], lines[2]), ("playing", "hello there"));
    assert_ne!(lines[1], "0", "an installer is no root");
    assert_eq!(daemon.line(server.id, "/data").await.source, gantry_protocol::ConsoleSource::Install);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_container_that_fails_leaves_its_last_words() {
    let mut daemon = Daemon::with_docker().await;
    let script = "echo looking for the licence; echo no licence found >&2; exit 7";
    let failure = failure(&mut daemon, vec![run(script, &[])]).await;
    assert_eq!(
        (failure.code.as_str(), failure.step.as_deref()),
        ("command_failed", Some("Run the installer"))
    );
    assert!(failure.message.ends_with("exit code 7"), "{failure:?}");
    let mut tail = failure.log_tail.clone();
    tail.sort();
    assert_eq!(tail, ["looking for the licence", "no licence found"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_container_that_was_cut_is_replaced_when_the_daemon_comes_back() {
    let mut daemon = Daemon::with_docker().await;
    let script = "if [ -e begun ]; then echo the second; else touch begun; echo the first; sleep 600; fi";
    let server = begin(&mut daemon, vec![run(script, &[])]).await;
    daemon.line(server.id, "the first").await;
    let daemon = daemon.restart().await;
    let report = daemon.ended(id_of(&server)).await;
    assert_eq!(report.state, OperationState::Succeeded, "{report:?}");
    daemon.line(server.id, "the second").await;
    assert!(daemon.containers().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_container_that_takes_too_long_or_is_called_off_is_gone() {
    let mut daemon = Daemon::with_docker().await;
    let mut slow = run("echo waiting; sleep 600", &[]);
    let Action::Run(action) = &mut slow.action else { panic!("{slow:?}") };
    action.timeout_ms = 1_500;
    let late = failure(&mut daemon, vec![slow]).await;
    assert_eq!(late.code, "timed_out");
    assert_eq!(late.log_tail, ["waiting"]);

    let server = begin(&mut daemon, vec![run("echo waiting; sleep 600", &[])]).await;
    daemon.line(server.id, "waiting").await;
    let delete = daemon.next(&server, Desired::Deleted, Kind::Delete);
    daemon.put(&delete).await.unwrap();
    assert_eq!(daemon.ended(id_of(&delete)).await.state, OperationState::Succeeded);
    assert!(daemon.containers().await.is_empty());
}
