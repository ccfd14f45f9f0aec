//! Where Minecraft's software is looked up: publishers that answer as their documentation says, and what is made of it.

use crate::sandbox::{Sandbox, call};
use async_trait::async_trait;
use gantry_host::{CallError, Http, HttpRequest, HttpResponse, Lent, LentFailure};
use gantry_types::{
    plan::{Action, Digest, DigestAlgorithm, Image},
    server::{ServerContext, Setting},
};
use serde_json::json;
use std::{sync::Arc, time::Duration};

/// The newest family first, and in each the newest version: as text, because the order counts.
const PAPER: &str = r#"{"project": {"id": "paper", "name": "Paper"},
    "versions": {"1.21": ["1.21.6", "1.21.5-rc1", "1.21.4"], "1.16": ["1.16.5"]}}"#;

/// The internet, as far as the plugin may see it. Samples are of our own making.
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
        let text = match request.url.as_str() {
            "https://fill.papermc.io/v3/projects/paper" => Some(PAPER.to_owned()),
            url => answer(url).map(|value| value.to_string()),
        };
        let (status, body) = text.map_or((404, Vec::new()), |text| (200, text.into_bytes()));
        Ok(HttpResponse { status, headers: Vec::new(), body })
    }
}

fn paper(id: u32, channel: &str) -> serde_json::Value {
    json!({ "id": id, "time": "2025-01-01T00:00:00Z", "channel": channel, "commits": [], "downloads": {
        "server:default": { "name": "paper.jar", "size": 1, "checksums": { "sha256": "b".repeat(64) },
            "url": format!("https://fill-data.papermc.io/v1/objects/b/paper-{id}.jar") } } })
}

fn answer(url: &str) -> Option<serde_json::Value> {
    let details = |java: u32, server: bool| {
        let file = json!({ "sha1": "a".repeat(40), "size": 1, "url": "https://piston-data.mojang.com/v1/objects/a/server.jar" });
        let downloads = if server { json!({ "server": file }) } else { json!({}) };
        json!({ "downloads": downloads, "javaVersion": { "component": "x", "majorVersion": java } })
    };
    Some(match url {
        "https://piston-meta.mojang.com/mc/game/version_manifest_v2.json" => json!({
            "latest": { "release": "1.21.6", "snapshot": "25w03a" },
            "versions": [
                { "id": "25w03a", "type": "snapshot", "url": "https://piston-meta.mojang.com/v1/packages/s/25w03a.json" },
                { "id": "1.21.6", "type": "release", "url": "https://piston-meta.mojang.com/v1/packages/r/1.21.6.json" },
                { "id": "1.21.4", "type": "release", "url": "https://piston-meta.mojang.com/v1/packages/r/1.21.4.json" },
                { "id": "1.16.5", "type": "release", "url": "https://piston-meta.mojang.com/v1/packages/r/1.16.5.json" },
                { "id": "1.0", "type": "release", "url": "https://piston-meta.mojang.com/v1/packages/r/1.0.json" },
            ],
        }),
        "https://piston-meta.mojang.com/v1/packages/s/25w03a.json" => details(21, true),
        "https://piston-meta.mojang.com/v1/packages/r/1.21.6.json" => details(21, true),
        "https://piston-meta.mojang.com/v1/packages/r/1.21.4.json" => details(21, true),
        "https://piston-meta.mojang.com/v1/packages/r/1.16.5.json" => details(8, true),
        "https://piston-meta.mojang.com/v1/packages/r/1.0.json" => details(8, false),
        "https://fill.papermc.io/v3/projects/paper/versions/1.21.4/builds" => {
            json!([paper(233, "ALPHA"), paper(232, "STABLE"), paper(231, "STABLE")])
        }
        "https://fill.papermc.io/v3/projects/paper/versions/1.21.6/builds" => json!([paper(300, "ALPHA")]),
        "https://api.purpurmc.org/v2/purpur" => {
            json!({ "project": "purpur", "metadata": { "current": "1.21.4" }, "versions": ["1.16.5", "1.21.4"] })
        }
        "https://api.purpurmc.org/v2/purpur/1.21.4" => {
            json!({ "project": "purpur", "version": "1.21.4", "builds": { "latest": "2416", "all": ["2415", "2416"] } })
        }
        "https://meta.fabricmc.net/v2/versions/game" => {
            json!([{ "version": "25w03a", "stable": false }, { "version": "1.21.4", "stable": true }])
        }
        "https://meta.fabricmc.net/v2/versions/loader" => json!([
            { "separator": ".", "build": 10, "maven": "x", "version": "0.16.10", "stable": true },
            { "separator": ".", "build": 9, "maven": "x", "version": "0.16.9", "stable": false },
        ]),
        "https://meta.fabricmc.net/v2/versions/installer" => {
            json!([{ "url": "x", "maven": "x", "version": "1.0.1", "stable": true }])
        }
        "https://net-secondary.web.minecraft-services.net/api/v1.0/download/links" => {
            let link = |kind: &str, place: &str, version: &str| {
                let folder = "https://www.minecraft.net/bedrockdedicatedserver";
                json!({ "downloadType": kind, "downloadUrl": format!("{folder}/{place}/bedrock-server-{version}.zip") })
            };
            json!({ "result": { "links": [
                link("serverBedrockWindows", "bin-win", "1.21.92.1"),
                link("serverBedrockLinux", "bin-linux", "1.21.92.1"),
                link("serverBedrockPreviewLinux", "bin-linux-preview", "1.21.100.23"),
            ] } })
        }
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
    let answers = [&[("eula", "true")], answers].concat();
    let mut server = sandbox.server(blueprint, &answers).await;
    server.facts = sandbox.plugin.facts(&call(online()), &server).await?;
    Ok(server)
}

/// What is downloaded, with the image that runs it and how people are told of it.
async fn planned(sandbox: &Sandbox, blueprint: &str, answers: &[(&str, &str)]) -> serde_json::Value {
    let server = looked_up(sandbox, blueprint, answers).await.expect("facts");
    let alone = call(Lent::default());
    let plan = sandbox.plugin.install_plan(&alone, &server).await.expect("a plan");
    let Action::Download(download) = &plan.steps[0].action else { panic!("{:?}", plan.steps[0]) };
    let spec = sandbox.plugin.run_spec(&alone, &server).await.expect("a run spec");
    let Image::Reference { reference } = spec.image else { panic!("it has an image of a registry") };
    let digest = download.expect.as_ref().map(|Digest { algorithm, hex }| match algorithm {
        DigestAlgorithm::Sha1 => format!("sha1 {}", hex.len()),
        DigestAlgorithm::Sha256 => format!("sha256 {}", hex.len()),
        DigestAlgorithm::Sha512 => format!("sha512 {}", hex.len()),
    });
    json!([plan.installed_version, download.url, digest, reference])
}

#[tokio::test]
async fn each_software_is_found_where_it_is_published() {
    let sandbox = Sandbox::load("minecraft-java").await;
    let newest: &[(&str, &str)] = &[];
    for (blueprint, answers, expected) in [
        (
            "vanilla",
            newest,
            json!([
                "Vanilla 1.21.6",
                "https://piston-data.mojang.com/v1/objects/a/server.jar",
                "sha1 40",
                "eclipse-temurin:21-jre"
            ]),
        ),
        (
            "vanilla",
            &[("version", "1.16.5")],
            json!([
                "Vanilla 1.16.5",
                "https://piston-data.mojang.com/v1/objects/a/server.jar",
                "sha1 40",
                "eclipse-temurin:8-jre"
            ]),
        ),
        (
            "vanilla",
            &[("version", "latest-snapshot"), ("java", "25")],
            json!([
                "Vanilla 25w03a",
                "https://piston-data.mojang.com/v1/objects/a/server.jar",
                "sha1 40",
                "eclipse-temurin:25-jre"
            ]),
        ),
        (
            "paper",
            newest,
            json!([
                "Paper 1.21.4 (232)",
                "https://fill-data.papermc.io/v1/objects/b/paper-232.jar",
                "sha256 64",
                "eclipse-temurin:21-jre"
            ]),
        ),
        (
            "paper",
            &[("version", "1.21.4"), ("build", "233"), ("java_image", "registry.example.org/java:21")],
            json!([
                "Paper 1.21.4 (233)",
                "https://fill-data.papermc.io/v1/objects/b/paper-233.jar",
                "sha256 64",
                "registry.example.org/java:21"
            ]),
        ),
        (
            "paper",
            &[("version", "1.21.6")],
            json!([
                "Paper 1.21.6 (300)",
                "https://fill-data.papermc.io/v1/objects/b/paper-300.jar",
                "sha256 64",
                "eclipse-temurin:21-jre"
            ]),
        ),
        (
            "purpur",
            newest,
            json!([
                "Purpur 1.21.4 (2416)",
                "https://api.purpurmc.org/v2/purpur/1.21.4/2416/download",
                null,
                "eclipse-temurin:21-jre"
            ]),
        ),
        (
            "fabric",
            newest,
            json!([
                "Fabric 1.21.4 (0.16.10)",
                "https://meta.fabricmc.net/v2/versions/loader/1.21.4/0.16.10/1.0.1/server/jar",
                null,
                "eclipse-temurin:21-jre"
            ]),
        ),
    ] {
        assert_eq!(planned(&sandbox, blueprint, answers).await, expected);
    }
}

#[tokio::test]
async fn what_nobody_publishes_is_said_in_words() {
    let sandbox = Sandbox::load("minecraft-java").await;
    for (blueprint, answers, code) in [
        ("vanilla", &[("version", "1.99")][..], "unknown_version"),
        ("vanilla", &[("version", "1.0")], "no_server"),
        ("paper", &[("version", "1.16.5")], "not_found"),
        ("paper", &[("build", "7")], "no_build"),
        ("purpur", &[("build", "7")], "no_build"),
        ("fabric", &[("version", "1.16.5")], "no_build"),
    ] {
        match looked_up(&sandbox, blueprint, answers).await {
            Err(CallError::Failed(failure)) => assert_eq!(failure.code, code, "{failure:?}"),
            other => panic!("{blueprint} {answers:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn lists_for_forms_begin_with_the_newest() {
    let sandbox = Sandbox::load("minecraft-java").await;
    // The newest of Paper and Purpur is older than Mojang's, and Paper's newest has nothing finished.
    let chosen = [Setting { key: "version".to_owned(), value: "latest".to_owned() }];
    for (name, expected) in [
        (
            "vanilla-versions",
            &["latest", "latest-snapshot", "1.21.6", "1.21.4", "1.16.5", "1.0", "25w03a"][..],
        ),
        ("paper-versions", &["latest", "1.21.6", "1.21.4", "1.16.5", "1.21.5-rc1"]),
        ("paper-builds", &["latest", "233", "232", "231"]),
        ("purpur-versions", &["latest", "1.21.4", "1.16.5"]),
        ("purpur-builds", &["latest", "2416", "2415"]),
        ("fabric-versions", &["latest", "1.21.4", "25w03a"]),
        ("fabric-loaders", &["latest", "0.16.10", "0.16.9"]),
    ] {
        let choices = sandbox.plugin.choices(&call(online()), name, &chosen).await.expect("choices");
        let values: Vec<&str> = choices.iter().map(|choice| choice.value.as_str()).collect();
        assert_eq!(values, expected, "{name}");
    }
}

#[tokio::test]
async fn nothing_is_installed_or_started_before_the_eula_is_accepted() {
    let sandbox = Sandbox::load("minecraft-java").await;
    let mut server = looked_up(&sandbox, "vanilla", &[]).await.expect("facts");
    server.settings.iter_mut().find(|each| each.key == "eula").unwrap().value = "false".to_owned();
    let alone = call(Lent::default());
    let problems = sandbox.plugin.validate(&alone, &server).await.expect("problems");
    assert_eq!(problems.iter().map(|each| each.key.as_str()).collect::<Vec<_>>(), ["eula"]);
    let code = |outcome: CallError| match outcome {
        CallError::Failed(failure) => failure.code,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        code(sandbox.plugin.install_plan(&alone, &server).await.expect_err("a refusal")),
        "eula_not_accepted"
    );
    assert_eq!(
        code(sandbox.plugin.run_spec(&alone, &server).await.expect_err("a refusal")),
        "eula_not_accepted"
    );
}

#[tokio::test]
async fn bedrock_is_found_by_kind_and_by_number() {
    let sandbox = Sandbox::load("minecraft-bedrock").await;
    let folder = "https://www.minecraft.net/bedrockdedicatedserver";
    for (version, installed, place) in [
        ("latest", "Bedrock 1.21.92.1", "bin-linux/bedrock-server-1.21.92.1.zip"),
        ("preview", "Bedrock 1.21.100.23", "bin-linux-preview/bedrock-server-1.21.100.23.zip"),
        ("1.20.81.01", "Bedrock 1.20.81.01", "bin-linux/bedrock-server-1.20.81.01.zip"),
    ] {
        let server = looked_up(&sandbox, "bedrock", &[("version", version)]).await.expect("facts");
        let alone = call(Lent::default());
        let plan = sandbox.plugin.install_plan(&alone, &server).await.expect("a plan");
        assert_eq!(plan.installed_version.as_deref(), Some(installed));
        let Action::Download(download) = &plan.steps[1].action else { panic!("{:?}", plan.steps[1]) };
        assert_eq!(download.url, format!("{folder}/{place}"));
        let spec = sandbox.plugin.run_spec(&alone, &server).await.expect("a run spec");
        assert_eq!(spec.command, ["/data/bedrock_server"]);
        assert!(matches!(spec.image, Image::Recipe { .. }));
    }
}
