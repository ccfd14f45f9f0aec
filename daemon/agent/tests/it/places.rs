//! Steps that give things another place, another mode or another name, done once and again.

use crate::{
    daemon::{Daemon, id_of},
    install::{failure, install, run, step, write},
};
use gantry_types::{
    operation::{OperationKind as Kind, OperationState},
    plan::{Action, Step},
    server::Desired,
};
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
};

fn copy(from: &str, to: &str) -> Step {
    step("Copy", Action::Copy { from: from.to_owned(), to: to.to_owned() })
}

fn rename(from: &str, to: &str) -> Step {
    step("Move", Action::Move { from: from.to_owned(), to: to.to_owned() })
}

fn mode(path: &str, mode: u32) -> Step {
    step("Mode", Action::SetMode { path: path.to_owned(), mode })
}

fn link(path: &str, target: &str) -> Step {
    step("Link", Action::Link { path: path.to_owned(), target: target.to_owned() })
}

/// Names are how steps are told apart.
fn named(steps: Vec<Step>) -> Vec<Step> {
    let number = |(index, step): (usize, Step)| Step { id: format!("step-{index}"), ..step };
    steps.into_iter().enumerate().map(number).collect()
}

fn all() -> Vec<Step> {
    named(vec![
        write("fetched/game", "1.2"),
        write("fetched/readme", "read me"),
        copy("fetched", "kept/fetched"),
        rename("fetched", "versions/1.2"),
        mode("versions/1.2/game", 0o4750),
        mode("versions/1.2", 0o700),
        link("latest", "versions/1.2"),
        link("bin/game", "versions/1.2/game"),
    ])
}

fn check(daemon: &Daemon, server: gantry_types::ServerId) {
    let file = |path: &str| daemon.file(server, path);
    assert!(!file("fetched").exists());
    assert_eq!(fs::read_to_string(file("kept/fetched/readme")).unwrap(), "read me");
    assert_eq!(fs::read_to_string(file("latest/game")).unwrap(), "1.2");
    assert_eq!(fs::read_to_string(file("bin/game")).unwrap(), "1.2");
    assert_eq!(fs::read_link(file("bin/game")).unwrap().to_str(), Some("../versions/1.2/game"));
    let mode = |path: &str| fs::metadata(file(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("versions/1.2/game"), mode("versions/1.2")), (0o750, 0o700));
    let owner = |path: &str| fs::symlink_metadata(file(path)).unwrap().uid();
    for path in ["kept/fetched/readme", "versions/1.2/game", "latest", "bin/game"] {
        assert_eq!(owner(path), owner(""), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn things_are_copied_moved_linked_and_given_a_mode_as_often_as_it_is_asked_for() {
    let mut daemon = Daemon::start().await;
    let (server, report) = install(&mut daemon, all()).await;
    assert_eq!(report.state, OperationState::Succeeded, "{report:?}");
    check(&daemon, server.id);
    fs::write(daemon.file(server.id, "versions/1.2/old"), "of the last time").unwrap();
    let again = daemon.next(&server, Desired::Stopped, Kind::Reinstall);
    daemon.plan(&again, all()).await;
    daemon.put(&again).await.unwrap();
    let report = daemon.ended(id_of(&again)).await;
    assert_eq!(report.state, OperationState::Succeeded, "{report:?}");
    check(&daemon, server.id);
    assert!(!daemon.file(server.id, "versions/1.2/old").exists(), "what stood there makes room");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_was_done_before_the_daemon_ended_is_not_missed() {
    let mut daemon = Daemon::start().await;
    let done = named(vec![write("new/game", "1.2")]);
    let (server, _) = install(&mut daemon, done).await;
    let again = daemon.next(&server, Desired::Stopped, Kind::Reinstall);
    daemon.plan(&again, named(vec![rename("old", "new")])).await;
    daemon.put(&again).await.unwrap();
    assert_eq!(daemon.ended(id_of(&again)).await.state, OperationState::Succeeded);
    assert_eq!(fs::read_to_string(daemon.file(server.id, "new/game")).unwrap(), "1.2");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_refused_and_takes_nothing_away() {
    let mut daemon = Daemon::start().await;
    for (bad, why) in [
        (copy("nothing", "there"), "nothing"),
        (rename("nothing", "nowhere"), "nothing"),
        (copy("game", "game/inner"), "one of the two is within the other"),
        (rename("game/inner", "game"), "one of the two is within the other"),
        (copy("game", ""), "one of the two is within the other"),
        (copy("../outside", "here"), ".."),
        (link("game", "other"), "game"),
        (link("link", "../../etc"), ".."),
        (mode("nothing", 0o600), "nothing"),
    ] {
        let failure = failure(&mut daemon, named(vec![write("game/inner", "1"), bad])).await;
        assert!(failure.message.contains(why), "{failure:?}");
    }
    for server in daemon.servers().await {
        assert_eq!(fs::read_to_string(daemon.file(server.id, "game/inner")).unwrap(), "1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_may_fail_is_said_and_gone_over() {
    let mut daemon = Daemon::start().await;
    let optional = Step { may_fail: true, ..rename("extras", "more") };
    let (server, report) = install(&mut daemon, named(vec![optional, write("game", "1")])).await;
    assert_eq!(report.state, OperationState::Succeeded, "{report:?}");
    daemon.line(server.id, "Move was not done, and the installation goes on without: ").await;
    assert_eq!(fs::read_to_string(daemon.file(server.id, "game")).unwrap(), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_container_finds_the_directory_where_the_plan_says() {
    let mut daemon = Daemon::with_docker().await;
    let mut there = run("pwd > said; ls /mnt/server/said", &[]);
    let Action::Run(action) = &mut there.action else { panic!("{there:?}") };
    action.working_directory = "/mnt/server".to_owned();
    let (server, report) = install(&mut daemon, vec![there]).await;
    assert_eq!(report.state, OperationState::Succeeded, "{report:?}");
    assert_eq!(fs::read_to_string(daemon.file(server.id, "said")).unwrap(), "/mnt/server\n");
}
