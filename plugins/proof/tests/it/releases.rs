//! Where Factorio, Terraria and TShock are looked up, from the publisher's answer to the files that a start leaves: those who
//! publish answer as their documentation says, and files are edited by the daemon's own engine.

use crate::sandbox::{Sandbox, call};
use async_trait::async_trait;
use gantry_files::config;
use gantry_host::{CallError, Http, HttpRequest, HttpResponse, Lent, LentFailure};
use gantry_types::{
    plan::{Action, Image, RunSpec},
    server::ServerContext,
};
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt, process::Command, sync::Arc, time::Duration};
use tempfile::TempDir;

/// The internet, as far as the plugins may see it. Samples are of our own making.
struct Publishers;

#[async_trait]
impl Http for Publishers {
    async fn send(
        &self,
        _: &[String],
        request: HttpRequest,
        _: Duration,
    ) -> Result<HttpResponse, LentFailure> {
        let agent = request.headers.iter().find(|(name, _)| name == "user-agent");
        assert!(agent.is_some_and(|(_, value)| value.starts_with("Gantry/")), "they ask who asks");
        let (status, body) = answer(&request.url).map_or((404, String::new()), |text| (200, text));
        Ok(HttpResponse { status, headers: Vec::new(), body: body.into_bytes() })
    }
}

fn answer(url: &str) -> Option<String> {
    let digest = |letter: &str| letter.repeat(64);
    let asset = |version: &str, system: &str, digest: Value| {
        let name = format!("TShock-{version}-for-Terraria-1.4.4.9-{system}-Release.zip");
        let url = format!("https://github.com/Pryaxis/TShock/releases/download/v{version}/{name}");
        json!({ "name": name, "browser_download_url": url, "digest": digest })
    };
    let release = |version: &str, prerelease: bool, digest: Value| {
        json!({ "tag_name": format!("v{version}"), "prerelease": prerelease,
            "assets": [asset(version, "win-amd64", Value::Null), asset(version, "linux-amd64", digest)] })
    };
    Some(match url {
        "https://www.factorio.com/api/latest-releases" => json!({
            "experimental": { "alpha": "2.0.77", "demo": "2.0.42", "headless": "2.0.77" },
            "stable": { "alpha": "2.0.76", "demo": "2.0.42", "headless": "2.0.76" },
        })
        .to_string(),
        "https://www.factorio.com/download/sha256sums/" => [
            ("1", "factorio_headless_x64_1.1.110.tar.xz"),
            ("2", "factorio-headless_linux_2.0.76.tar.xz"),
            ("3", "factorio_linux_2.0.76.tar.xz"),
            ("4", "factorio-headless_linux_2.0.77.tar.xz"),
            ("5", "factorio-headless_linux_2.0.9.tar.xz"),
        ]
        .map(|(letter, file)| format!("{}  {file}\n", digest(letter)))
        .concat(),
        "https://terraria.org/api/get/dedicated-servers-names" => {
            json!(["terraria-server-1449.zip", "MobileTerrariaServer-1449.zip", "terraria-server-1448.zip"]).to_string()
        }
        "https://api.github.com/repos/Pryaxis/TShock/releases?per_page=30" => json!([
            release("6.0.0-pre1", true, Value::Null),
            release("5.2.4", false, json!(format!("sha256:{}", digest("b")))),
            release("5.2.0", false, Value::Null),
            { "tag_name": "v4.5.17", "prerelease": false,
              "assets": [{ "name": "TShock4.5.17_Terraria1.4.3.6.zip", "browser_download_url": "x", "digest": null }] },
        ])
        .to_string(),
        _ => return None,
    })
}

fn online() -> Lent {
    Lent { http: Some(Arc::new(Publishers)), ..Lent::default() }
}

/// A server whose facts have been looked up.
async fn looked_up(
    sandbox: &Sandbox,
    blueprint: &str,
    answers: &[(&str, &str)],
) -> Result<ServerContext, CallError> {
    let mut server = sandbox.server(blueprint, answers).await;
    assert_eq!(sandbox.plugin.validate(&call(Lent::default()), &server).await.expect("problems"), []);
    server.facts = sandbox.plugin.facts(&call(online()), &server).await?;
    Ok(server)
}

/// What is downloaded, and how people are told of it.
async fn planned(sandbox: &Sandbox, blueprint: &str, version: &str) -> Value {
    let server = looked_up(sandbox, blueprint, &[("version", version)]).await.expect("facts");
    let plan = sandbox.plugin.install_plan(&call(Lent::default()), &server).await.expect("a plan");
    let Action::Download(download) = &plan.steps[0].action else { panic!("{:?}", plan.steps[0]) };
    let digest = download.expect.as_ref().map(|digest| digest.hex[..1].to_owned());
    json!([plan.installed_version, download.url, digest])
}

async fn started(sandbox: &Sandbox, server: &ServerContext) -> RunSpec {
    sandbox.plugin.run_spec(&call(Lent::default()), server).await.expect("a run spec")
}

/// A file as a start leaves it that found this text.
fn edited(spec: &RunSpec, path: &str, before: &str) -> String {
    let edit = spec.edits.iter().find(|edit| edit.path == path).expect("the file is edited");
    config::apply(edit.format, before, &edit.edits).expect("what it edits is there")
}

#[tokio::test]
async fn each_version_is_found_where_it_is_published() {
    let factorio = Sandbox::load("factorio").await;
    let url = |version: &str| format!("https://www.factorio.com/get-download/{version}/headless/linux64");
    for (version, found, digest) in
        [("stable", "2.0.76", "2"), ("experimental", "2.0.77", "4"), ("1.1.110", "1.1.110", "1")]
    {
        let expected = json!([format!("Factorio {found}"), url(found), digest]);
        assert_eq!(planned(&factorio, "factorio", version).await, expected);
    }
    let terraria = Sandbox::load("terraria").await;
    let folder = "https://terraria.org/api/download/pc-dedicated-server";
    for (version, found, file) in [
        ("latest", "1.4.4.9", "terraria-server-1449.zip"),
        ("1.4.4.8", "1.4.4.8", "terraria-server-1448.zip"),
    ] {
        let expected = json!([format!("Terraria {found}"), format!("{folder}/{file}"), null]);
        assert_eq!(planned(&terraria, "terraria", version).await, expected);
    }
    for (version, found, digest) in [
        ("latest", "5.2.4", json!("b")),
        ("5.2.0", "5.2.0", Value::Null),
        ("6.0.0-pre1", "6.0.0-pre1", Value::Null),
    ] {
        let file = format!("v{found}/TShock-{found}-for-Terraria-1.4.4.9-linux-amd64-Release.zip");
        let url = format!("https://github.com/Pryaxis/TShock/releases/download/{file}");
        assert_eq!(
            planned(&terraria, "tshock", version).await,
            json!([format!("TShock {found}"), url, digest])
        );
    }
}

#[tokio::test]
async fn what_nobody_publishes_is_said_in_words() {
    for (plugin, blueprint, version) in
        [("factorio", "factorio", "0.1.1"), ("terraria", "terraria", "9.9"), ("terraria", "tshock", "4.5.17")]
    {
        let sandbox = Sandbox::load(plugin).await;
        match looked_up(&sandbox, blueprint, &[("version", version)]).await {
            Err(CallError::Failed(failure)) => assert_eq!(failure.code, "unknown_version", "{failure:?}"),
            other => panic!("{blueprint} {version}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn lists_for_forms_begin_with_the_newest() {
    for (plugin, name, expected) in [
        ("factorio", "versions", &["stable", "experimental", "2.0.77", "2.0.76", "2.0.9", "1.1.110"][..]),
        ("terraria", "terraria-versions", &["latest", "1.4.4.9", "1.4.4.8"]),
        ("terraria", "tshock-versions", &["latest", "6.0.0-pre1", "5.2.4", "5.2.0"]),
    ] {
        let sandbox = Sandbox::load(plugin).await;
        let choices = sandbox.plugin.choices(&call(online()), name, &[]).await.expect("choices");
        let values: Vec<&str> = choices.iter().map(|choice| choice.value.as_str()).collect();
        assert_eq!(values, expected, "{name}");
    }
}

#[tokio::test]
async fn factorios_settings_keep_their_kinds_and_what_people_wrote() {
    let sandbox = Sandbox::load("factorio").await;
    let answers = [
        ("name", "Proof of a \"factory\""),
        ("max_players", "5"),
        ("join_password", "s3same"),
        ("listed", "true"),
        ("username", "ada"),
        ("token", "0123abc"),
    ];
    let server = looked_up(&sandbox, "factorio", &answers).await.expect("facts");
    let plan = sandbox.plugin.install_plan(&call(Lent::default()), &server).await.expect("a plan");
    let written = plan.steps.iter().find_map(|step| match &step.action {
        Action::Write(write) if write.path == "server-settings.json" => Some(write),
        _ => None,
    });
    let written = written.expect("the settings are written");
    assert!(written.only_if_missing, "what people wrote stays");
    let spec = started(&sandbox, &server).await;
    let people = written.content.replace("\"autosave_interval\": 10", "\"autosave_interval\": 3");
    let file: Value = serde_json::from_str(&edited(&spec, "server-settings.json", &people)).expect("JSON");
    assert_eq!(file["name"], "Proof of a \"factory\"");
    assert_eq!((&file["max_players"], &file["visibility"]["public"]), (&json!(5), &json!(true)));
    assert_eq!((&file["game_password"], &file["token"]), (&json!("s3same"), &json!("0123abc")));
    assert_eq!((&file["require_user_verification"], &file["autosave_interval"]), (&json!(true), &json!(3)));
    let sample = sandbox.collect(&server).await.expect("a sample, though nobody listens");
    assert_eq!((sample.version.as_deref(), sample.max_players), (Some("2.0.76"), Some(5)));
    assert_eq!((sample.players, sample.lists_players), (None, false));
}

#[tokio::test]
async fn terrarias_settings_are_lines_and_tshocks_file_is_made_where_it_is_missing() {
    let sandbox = Sandbox::load("terraria").await;
    let answers = [("world", "Our place"), ("max_players", "12"), ("seed", "05162020")];
    let server = looked_up(&sandbox, "tshock", &answers).await.expect("facts");
    let spec = started(&sandbox, &server).await;
    let port = |name: &str| server.endpoints.iter().find(|each| each.name == name).expect("the port").port;
    let before = "#seed=AwesomeSeed\nnpcstream=30\nport=7777\nworld=/data/worlds/Old.wld\n";
    let after = edited(&spec, "serverconfig.txt", before);
    let lines: Vec<&str> = after.lines().collect();
    for line in [
        "#seed=AwesomeSeed",
        "npcstream=30",
        "seed=05162020",
        &format!("port={}", port("game")),
        "world=/data/worlds/Our place.wld",
        "worldname=Our place",
        "maxplayers=12",
    ] {
        assert_eq!(lines.iter().filter(|each| **each == line).count(), 1, "{line} in\n{after}");
    }
    let file: Value = serde_json::from_str(&edited(&spec, "tshock/config.json", "")).expect("JSON");
    assert_eq!(file["Settings"]["RestApiPort"], json!(port("rest")));
    assert_eq!(file["Settings"]["RestApiEnabled"], json!(true));
    assert_eq!(file["Settings"]["MaxSlots"], json!(12));
    let Image::Reference { reference } = &spec.image else { panic!("{:?}", spec.image) };
    assert_eq!(reference, "mcr.microsoft.com/dotnet/runtime:6.0");
}

/// What the host takes of each part, from a form as people first see it.
#[tokio::test]
async fn every_form_leads_to_actions_and_forms_that_the_host_takes() {
    for (plugin, blueprint) in [("factorio", "factorio"), ("terraria", "terraria"), ("terraria", "tshock")] {
        let sandbox = Sandbox::load(plugin).await;
        let server = looked_up(&sandbox, blueprint, &[]).await.expect("facts");
        let alone = call(Lent::default());
        assert!(!started(&sandbox, &server).await.stop.is_empty(), "{blueprint} is killed and never stopped");
        assert!(!sandbox.plugin.actions(&alone, &server).await.expect("actions").is_empty());
        assert_eq!(sandbox.plugin.config_files(&alone, &server).await.expect("forms").len(), 1);
        let told = sandbox.plugin.broadcast(&alone, &server, "/quit\nBack at 8").await.expect("effects");
        assert!(format!("{told:?}").contains("quitBack at 8"), "{blueprint}: {told:?}");
    }
}

/// The start is a script, whose words meet a program that says what it was told and makes what it is told to make.
#[tokio::test]
async fn factorio_makes_a_world_where_there_is_none_and_only_there() {
    const PROGRAM: &str = "#!/bin/sh\necho \"$@\" >> told\n[ \"$3\" != --create ] || echo world > \"$4\"\n";
    let sandbox = Sandbox::load("factorio").await;
    let server = looked_up(&sandbox, "factorio", &[("preset", "rail-world"), ("seed", "42")]).await;
    let spec = started(&sandbox, &server.expect("facts")).await;
    let directory = TempDir::new().unwrap();
    let place = |path: &str| directory.path().join(path);
    fs::create_dir_all(place("program/bin/x64")).unwrap();
    fs::create_dir(place("saves")).unwrap();
    fs::write(place("saves/world.tmp.zip"), "what was not finished").unwrap();
    fs::write(place("program/bin/x64/factorio"), PROGRAM).unwrap();
    fs::set_permissions(place("program/bin/x64/factorio"), fs::Permissions::from_mode(0o755)).unwrap();
    for _ in 0..2 {
        let mut start = Command::new(&spec.command[0]);
        start.args(&spec.command[1..]).current_dir(directory.path());
        start.envs(spec.environment.iter().map(|each| (&each.key, &each.value)));
        assert!(start.status().unwrap().success());
    }
    let told = fs::read_to_string(place("told")).unwrap();
    let told: Vec<&str> = told.lines().collect();
    let create = "--config config.ini --create saves/world.zip --preset rail-world --map-gen-seed 42";
    let start = "--config config.ini --start-server-load-latest --port ";
    assert_eq!((told.len(), told[0]), (3, create));
    assert!(told[1].starts_with(start) && told[1] == told[2], "{told:?}");
    assert!(told[1].ends_with(" --server-settings server-settings.json"), "{told:?}");
}
