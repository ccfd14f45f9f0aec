//! First-party games in real containers: their images are built, their files written, and what people have done to them is
//! done by the games themselves.

use crate::{
    actions::{act, said},
    daemon::{Daemon, component, digest, id_of},
};
use axum::http::StatusCode;
use gantry_protocol::{DesiredServer, Event, EventEnvelope};
use gantry_types::{
    blueprint::CommandDoor,
    operation::{OperationKind as Kind, OperationState},
    server::{Desired, Endpoint, Observed, Protocol, Setting},
};
use std::{net::TcpListener, time::Duration};
use tokio_stream::StreamExt;

/// The first run on a machine builds the game's image.
const BUILD: Duration = Duration::from_secs(600);
/// Less than the time after which a game is sent a signal.
const BY_ITSELF: Duration = Duration::from_secs(45);
const SECRET: &str = "open-sesame-42";

/// A game by the names of its plugin and its blueprint, which are the same, its settings and its ports.
struct Game<'a> {
    name: &'a str,
    commands: CommandDoor,
    settings: &'a [(&'a str, &'a str)],
    secrets: &'a [&'a str],
    endpoints: &'a [(&'a str, Protocol)],
}

/// Installs and starts it. All its endpoints have one number, or each its own where they share a protocol.
async fn play(daemon: &mut Daemon, game: &Game<'_>) -> DesiredServer {
    let plugin = component(game.name);
    let mut server = daemon.server(Desired::Running, Kind::Install);
    server.blueprint.digest = digest(&plugin);
    game.name.clone_into(&mut server.blueprint.blueprint);
    server.blueprint.commands = game.commands;
    server.blueprint.capabilities = ["query", "image-build", "container-run"].map(str::to_owned).to_vec();
    let setting =
        |(key, value): &(&str, &str)| Setting { key: (*key).to_owned(), value: (*value).to_owned() };
    server.settings = game.settings.iter().map(setting).collect();
    server.secrets = game.secrets.iter().map(|key| (*key).to_owned()).collect();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = |(name, protocol): &(&str, Protocol)| Endpoint {
        name: (*name).to_owned(),
        protocol: *protocol,
        address: "127.0.0.1".to_owned(),
        port,
    };
    server.endpoints = game.endpoints.iter().map(endpoint).collect();
    daemon.push(plugin).await;
    let mut events = daemon.stream::<EventEnvelope>("/v1/events").await;
    daemon.put(&server).await.unwrap();
    let installed = async {
        loop {
            match events.next().await.expect("the events ended").event {
                Event::Operation { operation }
                    if operation.id == id_of(&server) && operation.state.is_terminal() =>
                {
                    return operation;
                }
                _ => {}
            }
        }
    };
    let report = tokio::time::timeout(BUILD, installed).await.expect("it is not installed in time");
    assert_eq!(report.state, OperationState::Succeeded, "{report:?}");
    daemon.until(server.id, Observed::Running).await;
    server
}

/// Ends it as it wants to end, and leaves nothing.
async fn leave(daemon: &mut Daemon, server: &DesiredServer) {
    let stop = daemon.next(server, Desired::Stopped, Kind::Stop);
    daemon.put(&stop).await.unwrap();
    daemon.until(server.id, Observed::Offline).await;
    let delete = daemon.next(&stop, Desired::Deleted, Kind::Delete);
    daemon.put(&delete).await.unwrap();
    assert_eq!(daemon.ended(id_of(&delete)).await.state, OperationState::Succeeded);
    assert!(daemon.containers().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn openttd_says_saves_and_goes_on_where_it_was() {
    let mut daemon = Daemon::with_docker().await;
    let settings = [
        ("name", "Tested"),
        ("max_players", "7"),
        ("max_companies", "3"),
        ("pause_below", "0"),
        ("landscape", "arctic"),
        ("map_x", "6"),
        ("map_y", "6"),
        ("start_year", "1960"),
        ("join_password", SECRET),
    ];
    let game = Game {
        name: "openttd",
        commands: CommandDoor::Console,
        settings: &settings,
        secrets: &["join_password"],
        endpoints: &[("game", Protocol::Tcp)],
    };
    let server = play(&mut daemon, &game).await;
    act(&daemon, server.id, "say", &[("text", "Good evening (EU)")]).await.unwrap();
    assert!(
        said(&daemon, server.id).await.iter().any(|line| line.ends_with("[All] Server: Good evening (EU)"))
    );
    assert_eq!(act(&daemon, server.id, "save", &[]).await.unwrap(), ["The world was saved."]);
    assert!(daemon.file(server.id, "save/gantry.sav").is_file());

    let stop = daemon.next(&server, Desired::Stopped, Kind::Stop);
    daemon.put(&stop).await.unwrap();
    let ends = daemon.until(server.id, Observed::Offline);
    tokio::time::timeout(BY_ITSELF, ends).await.expect("it ends by its own command");
    let lost = async |daemon: &Daemon| {
        let said = said(daemon, server.id).await;
        said.iter().filter(|line| line.contains("Game Load Failed")).count()
    };
    let before = lost(&daemon).await;
    let start = daemon.next(&stop, Desired::Running, Kind::Start);
    daemon.put(&start).await.unwrap();
    daemon.until(server.id, Observed::Running).await;
    assert_eq!(lost(&daemon).await, before, "it goes on with the world that was saved");
    leave(&mut daemon, &start).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mumbles_superuser_has_the_password_that_was_set() {
    let mut daemon = Daemon::with_docker().await;
    let settings = [
        ("name", "Tested"),
        ("welcome", "Hello, all"),
        ("max_users", "9"),
        ("bandwidth", "40000"),
        ("superuser_password", SECRET),
    ];
    let game = Game {
        name: "mumble",
        commands: CommandDoor::None,
        settings: &settings,
        secrets: &["superuser_password"],
        endpoints: &[("control", Protocol::Tcp), ("voice", Protocol::Udp)],
    };
    let server = play(&mut daemon, &game).await;
    daemon.line(server.id, "Superuser password set on server 1").await;
    daemon.line(server.id, "Server listening on").await;
    let everything = daemon.page(server.id, "?after=0&limit=2000").await;
    assert!(everything.lines.iter().all(|line| !line.text.contains(SECRET)));
    leave(&mut daemon, &server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn teeworlds_takes_commands_through_its_external_console() {
    let mut daemon = Daemon::with_docker().await;
    let settings = [
        ("name", "Tested"),
        ("max_players", "5"),
        ("mode", "dm"),
        ("map", "dm1"),
        ("score_limit", "20"),
        ("time_limit", "0"),
        ("console_password", SECRET),
    ];
    let game = Game {
        name: "teeworlds",
        commands: CommandDoor::Plugin,
        settings: &settings,
        secrets: &["console_password"],
        endpoints: &[("game", Protocol::Udp), ("console", Protocol::Tcp)],
    };
    let server = play(&mut daemon, &game).await;
    assert_eq!(daemon.command(server.id, "sv_name").await, StatusCode::NO_CONTENT);
    daemon.line(server.id, "Value: Tested").await;
    act(&daemon, server.id, "say", &[("text", "Good evening (EU)")]).await.unwrap();
    assert_eq!(
        act(&daemon, server.id, "map", &[("map", "dm2")]).await.unwrap(),
        ["The match goes on at dm2."]
    );
    assert!(said(&daemon, server.id).await.iter().all(|line| !line.contains(SECRET)));
    leave(&mut daemon, &server).await;
}
