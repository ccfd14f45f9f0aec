//! Real games in real containers, from blueprint to players: nothing is simulated here.

use crate::kit::{Client, Page, TestApp, TestNode, example, tee};
use crate::servers::is_in_state;
use serde_json::{Value, json};
use std::{process::Command, time::Duration};

/// The first run on a machine builds the game's image.
const BUILD: Duration = Duration::from_secs(600);
const SECRET: &str = "open-sesame-42";

/// What Docker says of the container of a server.
fn inspect(server: &str) -> Value {
    let label = format!("label=gantry.server={server}");
    let found = Command::new("docker").args(["ps", "--quiet", "--filter", &label]).output().unwrap();
    let id = String::from_utf8(found.stdout).unwrap();
    let inspected = Command::new("docker").args(["inspect", id.trim()]).output().unwrap();
    serde_json::from_slice::<Value>(&inspected.stdout).unwrap()[0].clone()
}

/// What a frame says of servers' seconds.
fn samples(frame: &Value) -> impl Iterator<Item = &Value> {
    frame["samples"].as_array().into_iter().flatten()
}

/// Runs a game until its collector says what is awaited, stops it gracefully and deletes it. Meanwhile somebody visits
/// its port.
async fn play(
    admin: &Client,
    blueprint: &str,
    variables: Value,
    visit: impl AsyncFnOnce(u16),
    says: impl Fn(&Value) -> bool,
    then: impl AsyncFnOnce(&str, &mut Page),
) {
    let node = TestNode::with_docker(admin).await;
    let mut page = Page::live(admin, &["servers"]).await;
    let form = json!({ "name": "Real", "blueprintId": blueprint, "nodeId": node.id, "start": true, "variables": variables });
    let made = admin.post("/api/servers", form).await.expect(201);
    let id = made["server"]["id"].as_str().unwrap().to_owned();
    page.within(BUILD, |frame| is_in_state(frame, "running")).await;

    let topic = format!("server:{id}");
    let mut live = Page::live(admin, &[&topic]).await;
    let port = made["server"]["endpoints"][0]["port"].as_u64().unwrap().try_into().unwrap();
    tokio::select! {
        _ = live.until(|frame| samples(frame).any(|one| says(&one["sample"]["game"]))) => {}
        () = visit(port) => panic!("the visitor left"),
    }
    then(&id, &mut live).await;
    assert_hardened(&inspect(&id));

    admin.post(&format!("/api/servers/{id}/power"), json!({ "action": "stop" })).await.expect(202);
    page.until(|frame| is_in_state(frame, "offline")).await;
    admin.delete(&format!("/api/servers/{id}")).await.expect(202);
    page.until(|frame| frame["type"] == "removed" && frame["serverId"] == id).await;
    node.stop().await;
}

async fn play_bundled(
    blueprint: &str,
    variables: Value,
    says: impl Fn(&Value) -> bool,
    then: impl AsyncFnOnce(&Client, &str, &mut Page),
) {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let nobody = async |_| std::future::pending().await;
    play(&admin, blueprint, variables, nobody, says, async |id, live| then(&admin, id, live).await).await;
    app.stop().await;
}

/// Each of its actions, done by the game itself.
async fn arena(admin: &Client, id: &str, live: &mut Page) {
    let path = |action: &str| format!("/api/servers/{id}/actions/{action}");
    let act = async |action: &str, form: Value| {
        let done = admin.post(&path(action), json!({ "form": form })).await.expect(200);
        done["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    act("say", json!({ "text": "Good evening, arena (EU)" })).await;
    let told = json!({ "text": "Back at 8; \"quit\"" });
    admin.post(&format!("/api/servers/{id}/broadcast"), told).await.expect(200);
    let console = admin.get(&format!("/api/servers/{id}/console?limit=1000")).await.expect(200).to_string();
    assert!(console.contains("console: Good evening, arena (EU)"), "{console}");
    assert!(console.contains("console: Back at 8 'quit'"), "{console}");

    let frame = live.until(|frame| samples(frame).any(|one| one["sample"]["game"]["players"] == 2)).await;
    let players = samples(&frame).next().unwrap()["sample"]["game"]["playerList"].clone();
    let bot = players[0]["name"].as_str().unwrap();
    assert_eq!(act("kick", json!({ "player": bot })).await, [format!("{bot} was kicked.")]);
    assert_eq!(act("restart-match", json!({})).await, ["The match has begun anew."]);
    assert_eq!(act("map", json!({ "map": "oa_dm2" })).await, ["The match goes on at oa_dm2."]);
    live.until(|frame| samples(frame).any(|one| one["sample"]["game"]["map"] == "oa_dm2")).await;
}

/// The law of SECURITY.md as Docker tells it back.
fn assert_hardened(container: &Value) {
    let host = &container["HostConfig"];
    assert_eq!(host["CapDrop"], json!(["ALL"]), "{host}");
    assert!(host["CapAdd"].is_null());
    assert_eq!(host["Privileged"], false);
    assert_eq!(host["ReadonlyRootfs"], true);
    assert_eq!(host["RestartPolicy"]["Name"], "no");
    let options = host["SecurityOpt"].to_string();
    assert!(options.contains("no-new-privileges") && options.contains("seccomp"), "{options}");
    for limit in ["Memory", "MemorySwap", "PidsLimit"] {
        assert!(host[limit].as_i64().unwrap() > 0, "{limit} is not limited");
    }
    let user = container["Config"]["User"].as_str().unwrap();
    let uid: u32 = user.split(':').next().unwrap().parse().unwrap();
    assert!(uid >= 20_000, "runs as {user}");
    assert_ne!(host["NetworkMode"], "default");
    assert!(!container.to_string().contains(SECRET), "a secret is where processes are listed");
}

#[tokio::test(flavor = "multi_thread")]
async fn openarena_runs_and_its_bots_are_counted_by_the_plugin() {
    // Were the name read apart at the plus sign, the game would not tell it whole.
    let variables = json!({ "hostname": "Tested+quit", "bots": "2", "join_password": SECRET });
    play_bundled(
        "openarena:openarena",
        variables,
        |game| {
            game["name"] == "Tested+quit"
                && game["map"] == "oa_dm1"
                && game["maxPlayers"] == 12
                && game["players"] == 2
                && game["playerList"][1]["name"].is_string()
        },
        arena,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn luanti_runs_and_answers_the_plugins_probe() {
    play_bundled(
        "luanti:luanti",
        json!({ "name": "Tested", "max_players": "7" }),
        |game| {
            // Nobody is there, and that is known: the console tells who comes and goes.
            let nobody = game["players"] == 0 && game["listsPlayers"] == true;
            nobody && game["name"] == "Tested" && game["maxPlayers"] == 7 && game["latencyMs"].is_number()
        },
        async |_, _, _| {},
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_plugin_is_uploaded_granted_what_it_asks_for_and_runs_its_game() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let bundled = admin.get("/api/plugins").await.expect(200);
    assert!(!bundled.to_string().contains("teeworlds-example"), "examples are not bundled: {bundled}");

    let upload = |query: &str| {
        let request = admin.request(reqwest::Method::POST, &format!("/api/plugins{query}"));
        request.header("content-type", "application/wasm").body(example("teeworlds-rust"))
    };
    let refused = admin.send(upload("?grant=query,everything")).await.problem("validation_failed");
    assert!(refused.to_string().contains("It asks for image-build, query."), "{refused}");
    let refused = admin.send(upload("")).await.problem("plugin_rejected");
    assert!(refused["detail"].as_str().unwrap().contains("gantry:plugin/query"), "{refused}");
    let plugin = admin.send(upload("?grant=query,image-build")).await.expect(201);
    assert_eq!((&plugin["manifestId"], &plugin["bundled"]), (&json!("teeworlds-example"), &json!(false)));
    assert_eq!(plugin["capabilities"][0]["granted"], true, "{plugin}");

    let variables = json!({ "name": "Tested", "max_players": "5", "mode": "ctf", "map": "ctf2" });
    play(
        &admin,
        "teeworlds-example:teeworlds",
        variables,
        async |port| tee::visit(port, "Grace").await,
        |game| {
            game["name"] == "Tested"
                && game["map"] == "ctf2"
                && game["version"] == "0.7.5"
                && game["maxPlayers"] == 5
                && game["players"] == 1
                && game["playerList"][0]["name"] == "Grace"
                && game["latencyMs"].is_number()
        },
        async |_, _| {},
    )
    .await;
    app.stop().await;
}
