//! Eggs and documents over HTTP: what they become, what is refused with its place, and one that runs in real containers.

use crate::{
    kit::{Answer, Client, Page, TestApp, TestNode},
    servers::is_in_state,
};
use gantry_agent::data::DataDir;
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

const EGG: &str = include_str!("../../../../plugins/eggs/tests/samples/ptdl-v2.json");
const YAML: &str = include_str!("../../../../plugins/eggs/tests/samples/plcn-v3.yaml");
const LUANTI: &str = include_str!("../../../../examples/luanti-declarative/blueprint.toml");
/// The node compiles the interpreter first, which takes an unoptimised compiler on a busy machine its time.
const START: Duration = Duration::from_secs(600);
/// Until its client reads what is typed.
const PATIENCE: Duration = Duration::from_secs(90);

async fn send(client: &Client, path: &str, content: impl Into<reqwest::Body>) -> Answer {
    let request = client.request(Method::POST, path).header("content-type", "application/octet-stream");
    client.send(request.body(content)).await
}

async fn convert(client: &Client, name: &str, content: &str) -> Answer {
    send(client, &format!("/api/plugins/convert?fileName={name}"), content.to_owned()).await
}

/// The names of what it asks for, as an upload grants them.
fn all_of(view: &Value) -> String {
    let asked = view["capabilities"].as_array().unwrap().iter();
    asked.map(|one| one["name"].as_str().unwrap()).collect::<Vec<_>>().join(",")
}

/// What an installation can leave behind.
async fn plugins(admin: &Client) -> Value {
    admin.get("/api/plugins").await.expect(200)["items"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn egg_is_shown_with_its_losses_and_becomes_a_game() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let before = plugins(&admin).await;
    let view = convert(&admin, "egg.json", EGG).await.expect(200);
    assert_eq!(plugins(&admin).await, before, "nothing is stored by looking");
    assert!(view["importer"].as_str().unwrap().starts_with("Eggs "), "{view}");
    assert_eq!((&view["manifestId"], &view["name"]), (&json!("egg-sample-game"), &json!("Sample Game")));
    let losses = view["losses"].as_array().unwrap();
    assert!(losses.iter().any(|loss| loss["at"] == "features/5" && loss["severity"] == "lost"), "{losses:?}");
    assert_eq!(all_of(&view), "container-run,container-root");
    let variables = view["blueprints"][0]["variables"].as_array().unwrap();
    let slots = variables.iter().find(|variable| variable["key"] == "SLOTS").unwrap();
    assert_eq!(slots["defaultValue"], "8");
    assert_eq!(view["present"], Value::Null);

    let path = format!("/api/plugins/documents?grant={}", all_of(&view));
    let made = send(&admin, &path, view["document"].as_str().unwrap().to_owned()).await.expect(201);
    assert_eq!((&made["name"], &made["version"]), (&view["name"], &view["version"]));
    assert!(made["capabilities"].as_array().unwrap().iter().all(|one| one["granted"] == true), "{made}");
    let blueprint = made["blueprints"][0]["id"].as_str().unwrap();
    admin.get(&format!("/api/blueprints/{blueprint}")).await.expect(200);
    let log = admin.get("/api/audit?limit=1").await.expect(200)["items"][0].clone();
    assert_eq!((&log["action"], &log["subjectId"]), (&json!("plugin.install"), &json!("egg-sample-game")));

    let again = convert(&admin, "egg.json", EGG).await.expect(200);
    assert_eq!(again["present"], json!({ "version": view["version"], "bundled": false }));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn document_is_looked_at_and_installed_as_it_was_written() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let view = convert(&admin, "blueprint.toml", LUANTI).await.expect(200);
    assert_eq!((&view["importer"], &view["losses"]), (&Value::Null, &json!([])));
    let path = format!("/api/plugins/documents?grant={}", all_of(&view));
    let made = send(&admin, &path, LUANTI).await.expect(201);
    assert_eq!(made["manifestId"], "luanti-declarative");
    // What it was turned into is a document as well.
    let again = convert(&admin, "again.json", view["document"].as_str().unwrap()).await.expect(200);
    assert_eq!((&again["importer"], &again["document"]), (&Value::Null, &view["document"]));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_is_told_with_its_place_and_leaves_nothing() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let before = plugins(&admin).await;
    for (name, content, field, says) in [
        ("notes.json", "{\"name\": 1}", "file", "notes.json"),
        ("egg.json", "{\"name\": ", "file", "egg.json is no JSON"),
        ("", "\u{1}", "file", "The file"),
        ("blueprint.toml", "[plugin]\nid = 4", "document", "plugin"),
        ("bad%0Aname.json", EGG, "fileName", "control characters"),
    ] {
        let problem = convert(&admin, name, content).await.problem("validation_failed");
        assert_eq!(problem["fields"][0]["key"], field, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
    }
    let typo = LUANTI.replacen("memory", "memroy", 1);
    let problem = send(&admin, "/api/plugins/documents", typo).await.problem("validation_failed");
    assert!(problem["detail"].as_str().unwrap().contains("memroy"), "{problem}");
    let problem =
        send(&admin, "/api/plugins/documents", b"\xff\xfe".to_vec()).await.problem("validation_failed");
    assert!(problem["detail"].as_str().unwrap().contains("UTF-8"), "{problem}");
    // What the contract forbids in a text is the document's fault, and told with its place.
    let granted = all_of(&convert(&admin, "blueprint.toml", LUANTI).await.expect(200));
    let turned = LUANTI.replacen("label = \"", "label = \"\u{202e}", 1);
    for problem in [
        convert(&admin, "blueprint.toml", &turned).await,
        send(&admin, &format!("/api/plugins/documents?grant={granted}"), turned.clone()).await,
    ] {
        let problem = problem.problem("plugin_rejected");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("variable name: label") && detail.contains("U+202E"), "{problem}");
    }
    let deep = format!("{{\"a\":{}", "[".repeat(500_000));
    convert(&admin, "deep.json", &deep).await.problem("validation_failed");
    // What it needs must be granted, as with any plugin.
    let ungranted = send(&admin, "/api/plugins/documents?grant=shell", LUANTI).await;
    ungranted.problem("validation_failed");
    for query in ["", "?grant=", "?grant=query"] {
        let problem = send(&admin, &format!("/api/plugins/documents{query}"), LUANTI).await;
        let problem = problem.problem("validation_failed");
        assert_eq!(problem["fields"][0]["key"], "grant", "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("image-build"), "{problem}");
    }
    assert_eq!(plugins(&admin).await, before);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn eggs_in_yaml_are_read_whatever_they_are_called() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    for name in ["egg.yaml", "egg", ""] {
        let view = convert(&admin, name, YAML).await.expect(200);
        assert!(view["importer"].is_string(), "{view}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn control_plane_without_the_tools_says_which_are_missing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let problem = convert(&admin, "egg.json", EGG).await.problem("plugin_rejected");
    assert!(problem["detail"].as_str().unwrap().contains("eggs.wasm"), "{problem}");
    let problem = send(&admin, "/api/plugins/documents", LUANTI).await.problem("plugin_rejected");
    assert!(problem["detail"].as_str().unwrap().contains("declarative.wasm"), "{problem}");
    app.stop().await;
}

/// Builds an image that the egg names, since no registry is asked here.
fn build_image(tag: &str, dockerfile: &str, files: &[(&str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Dockerfile"), dockerfile).unwrap();
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    let mut build = Command::new("docker");
    build.args(["build", "--quiet", "--tag", tag]).arg(folder.path());
    let built = build.stdin(Stdio::null()).output().unwrap();
    assert!(built.status.success(), "{tag}: {}", String::from_utf8_lossy(&built.stderr));
}

/// What images of eggs promise: the startup line in `STARTUP`, with values in place of double braces, in `/home/container`.
const ENTRYPOINT: &str = r#"#!/bin/bash
cd /home/container || exit 1
line=$(printf '%s' "$STARTUP" | sed -e 's/{{/${/g' -e 's/}}/}/g')
line=$(eval "cat <<END_OF_STARTUP
$line
END_OF_STARTUP")
printf ':/home/container$ %s\n' "$line"
eval "$line"
"#;

/// Redis 5 says so before it detaches; Debian's later one does afterwards, where nobody hears it.
const REDIS: &str = "#!/bin/sh\necho '# Configuration loaded'\nexec /usr/bin/redis-server \"$@\"\n";

/// The egg of Redis 5, where a corpus of public eggs is at hand, and one of ours that asks the same otherwise.
fn redis_egg() -> String {
    let named = std::env::var_os("GANTRY_CORPUS").map(PathBuf::from);
    let public = named.map(|corpus| corpus.join("eggs/pelican-eggs+database/redis/redis-5/egg-redis-5.json"));
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/samples/egg-redis.json");
    std::fs::read_to_string(public.unwrap_or(ours)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn egg_is_installed_configured_run_told_and_stopped_as_its_author_meant() {
    build_image(
        "ghcr.io/parkervcp/yolks:redis_5",
        "FROM debian:bookworm-slim\n\
         RUN apt-get update && apt-get install -y --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/*\n\
         COPY entrypoint.sh /entrypoint.sh\nCOPY redis-server /usr/local/bin/redis-server\n\
         RUN chmod 755 /entrypoint.sh /usr/local/bin/redis-server\n\
         RUN useradd --create-home --home-dir /home/container container\n\
         USER container\nENV USER=container HOME=/home/container\nWORKDIR /home/container\nCMD [\"/bin/bash\", \"/entrypoint.sh\"]\n",
        &[("entrypoint.sh", ENTRYPOINT), ("redis-server", REDIS)],
    );
    build_image(
        "ghcr.io/parkervcp/installers:alpine",
        "FROM debian:bookworm-slim\n\
         RUN apt-get update && apt-get install -y --no-install-recommends busybox && rm -rf /var/lib/apt/lists/* \\\n\
          && ln -s /bin/busybox /bin/ash\n",
        &[],
    );
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let view = convert(&admin, "egg-redis-5.json", &redis_egg()).await.expect(200);
    let path = format!("/api/plugins/documents?grant={}", all_of(&view));
    let made = send(&admin, &path, view["document"].as_str().unwrap().to_owned()).await.expect(201);

    let node = TestNode::with_docker(&admin).await;
    let mut page = Page::live(&admin, &["servers"]).await;
    let form = json!({
        "name": "Kept", "blueprintId": made["blueprints"][0]["id"], "nodeId": node.id, "start": true,
        "variables": { "SERVER_PASSWORD": "open sesame 7" },
    });
    let server = admin.post("/api/servers", form).await.expect(201);
    let id = server["server"]["id"].as_str().unwrap().to_owned();
    page.within(START, |frame| is_in_state(frame, "running")).await;

    let port: u64 = server["server"]["endpoints"][0]["port"].as_u64().unwrap();
    let mut console = Page::console(&admin, &id).await;
    let command = async |line: &str| {
        admin.post(&format!("/api/servers/{id}/console"), json!({ "command": line })).await.expect(204);
    };
    // Its answers, which are not what was typed. What comes while it does not read, its client throws away.
    let mut ask = async |line: &str, answer: String| {
        let answered = async {
            loop {
                command(line).await;
                let answer = console.until(|frame| frame.to_string().contains(&answer));
                if tokio::time::timeout(Duration::from_secs(2), answer).await.is_ok() {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, answered).await.unwrap_or_else(|_| panic!("{line} has no answer"));
    };
    ask("config get port", format!("2) \\\"{port}\\\"")).await;
    ask("set greeting hello-from-the-egg", "\"OK\"".to_owned()).await;
    ask("strlen greeting", "(integer) 18".to_owned()).await;

    admin.post(&format!("/api/servers/{id}/power"), json!({ "action": "stop" })).await.expect(202);
    page.until(|frame| is_in_state(frame, "offline")).await;
    // Its way to stop has it save.
    let files = admin.get(&format!("/api/servers/{id}/files?path=")).await.expect(200);
    assert!(files.to_string().contains("dump.rdb"), "{files}");
    let said = admin.get(&format!("/api/servers/{id}/console?limit=1000")).await.expect(200).to_string();
    assert!(!said.contains("exit code 137"), "{said}");
    admin.delete(&format!("/api/servers/{id}")).await.expect(202);
    page.until(|frame| frame["type"] == "removed" && frame["serverId"] == id).await;
    node.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_an_egg_denies_are_read_by_people_and_changed_by_none_of_them() {
    let app = TestApp::with_games_and_files().await;
    let admin = app.admin().await;
    let mut egg: Value = serde_json::from_str(include_str!("samples/egg-redis.json")).unwrap();
    egg["file_denylist"] = json!(["/secret.key", "/conf/**"]);
    let view = convert(&admin, "egg.json", &egg.to_string()).await.expect(200);
    let path = format!("/api/plugins/documents?grant={}", all_of(&view));
    let made = send(&admin, &path, view["document"].as_str().unwrap().to_owned()).await.expect(201);
    let node = TestNode::join(&admin).await;
    let mut page = Page::live(&admin, &["servers"]).await;
    let form = json!({ "name": "Kept", "blueprintId": made["blueprints"][0]["id"], "nodeId": node.id });
    let server = admin.post("/api/servers", form).await.expect(201);
    let id = server["server"]["id"].as_str().unwrap().to_owned();
    page.within(START, |frame| is_in_state(frame, "offline")).await;

    let root = DataDir::open(node.data()).unwrap().server_files(id.parse().unwrap());
    std::fs::create_dir(root.join("conf")).unwrap();
    for name in ["secret.key", "conf/inner", "mine"] {
        std::fs::write(root.join(name), "as it was").unwrap();
    }
    let url = |rest: &str| format!("/api/servers/{id}/files{rest}");
    let listing = admin.get(&url("?path=")).await.expect(200);
    let protected = |name: &str| {
        let entries = listing["entries"].as_array().unwrap();
        entries.iter().find(|entry| entry["name"] == name).unwrap()["protected"].clone()
    };
    assert_eq!(["secret.key", "mine", "conf"].map(protected), [json!(true), Value::Null, Value::Null]);
    let content = admin.get(&url("/content?path=secret.key")).await.expect(200);
    assert_eq!((&content["text"], &content["protected"]), (&json!("as it was"), &json!(true)));
    assert_eq!(admin.get(&url("/content?path=mine")).await.expect(200)["protected"], json!(false));

    let put = async |rest: &str| {
        let request =
            admin.request(Method::PUT, &url(rest)).header("content-type", "application/octet-stream");
        admin.send(request.body("forged")).await.problem("file_protected")
    };
    let version = content["version"].as_str().unwrap();
    let problem = put(&format!("/content?path=secret.key&version={version}")).await;
    assert_eq!(problem["status"], 403);
    assert!(problem["detail"].as_str().unwrap().starts_with("secret.key is a file that only"), "{problem}");
    put("/upload?path=conf/new").await;
    put("/upload?path=secret.key&replace=true").await;
    admin.post(&url("/rename"), json!({ "from": "conf", "to": "gone" })).await.problem("file_protected");
    admin.post(&url("/delete"), json!({ "paths": ["secret.key"] })).await.problem("file_protected");
    let outcome =
        admin.post(&url("/delete"), json!({ "paths": ["secret.key", "conf", "mine"] })).await.expect(200);
    assert_eq!(outcome["deleted"], json!(["mine"]));
    let failed = outcome["failed"].as_array().unwrap();
    assert!(failed.len() == 2 && failed.iter().all(|one| one["code"] == "file_protected"), "{outcome}");
    assert_eq!(std::fs::read_to_string(root.join("secret.key")).unwrap(), "as it was");
    assert_eq!(std::fs::read_dir(root.join("conf")).unwrap().count(), 1);
    let log = admin.get("/api/audit?limit=1").await.expect(200)["items"][0].clone();
    assert_eq!(log["action"], "file.refused", "{log}");
    node.stop().await;
    app.stop().await;
}
