//! One game in three languages: the components of `examples/teeworlds-*` are given the same and must answer the same.
//!
//! Whatever differs is a fault of an SDK or of an example. The answers of the one in Rust are checked by that example's own
//! tests and, as far as they matter to everybody, here.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use gantry_host::{
    CallError, Grants, IMAGE_BUILD, LARGE_COMPONENT, LentFailure, Part, Plugin, QUERY, Query, Reply,
};
use gantry_types::blueprint::VariableKind;
use gantry_types::sample::ConsoleEvent;
use gantry_types::server::{Endpoint, ServerContext, Setting};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::hosts::{Lines, TestHost, call, granted, logging, server_of};

const LANGUAGES: [&str; 3] = ["rust", "js", "python"];

/// Recorded from Debian's teeworlds-server 0.7.5 with one player, but for the tokens.
const TOKEN: &[u8] = b"\x04\0\0Gtry\x05S\xb5\xd2\x0e";
const ANSWER: &[u8] = b"!Gtry\xd5\x01k\x99\xff\xff\xff\xffinf3\x010.7.5\0Hello world\0\0dm1\0DM\0\
    \0\x01\x01\x08\x01\x08Gr\xc3\xbc\xc3\x9fe 'x'\0CLAN\0@\0\0";

fn component(name: &str) -> Arc<[u8]> {
    let folder = std::env::var_os("GANTRY_TEST_PLUGINS")
        .map(PathBuf::from)
        .expect("GANTRY_TEST_PLUGINS names the folder that `cargo xtask plugins --examples --out DIR` made");
    let file = folder.join("examples").join(name).with_extension("wasm");
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())).into()
}

/// What each is granted: no more than it needs.
fn grants(language: &str) -> Grants {
    match language {
        "python" => Grants::from_iter([QUERY, IMAGE_BUILD, LARGE_COMPONENT]),
        _ => Grants::from_iter([QUERY, IMAGE_BUILD]),
    }
}

/// The three, compiled once for all tests: the one in Python takes its time.
async fn plugins() -> &'static [(&'static str, Plugin)] {
    static PLUGINS: OnceCell<Vec<(&str, Plugin)>> = OnceCell::const_new();
    let load = async || {
        let host = TestHost::new();
        let mut loaded = Vec::new();
        for language in LANGUAGES {
            let wasm = component(&format!("teeworlds-{language}"));
            let plugin = host.host.load(wasm, &grants(language)).await.expect("it loads with its grants");
            loaded.push((language, plugin));
        }
        loaded
    };
    PLUGINS.get_or_init(load).await
}

/// What all three answer, which is the same.
async fn same<T, F>(question: F) -> Value
where
    T: serde::Serialize,
    F: AsyncFn(Plugin) -> Result<T, CallError>,
{
    let mut answers = Vec::new();
    for (language, plugin) in plugins().await {
        let answer = match question(plugin.clone()).await {
            Ok(answer) => json!({ "answer": answer }),
            Err(CallError::Failed(failure)) => {
                json!({ "failure": [failure.code, failure.message, failure.retry_after.is_some()] })
            }
            Err(other) => panic!("{language}: {other}"),
        };
        answers.push((language, answer));
    }
    let (_, first) = answers.first().expect("a language").clone();
    for (language, answer) in answers {
        assert_eq!(answer, first, "{language} answers otherwise than {}", LANGUAGES[0]);
    }
    first
}

async fn server(settings: &[(&str, &str)]) -> ServerContext {
    let (_, plugin) = &plugins().await[0];
    let mut server = server_of(&plugin.blueprints(&call()).await.expect("blueprints")[0]);
    for (key, value) in settings {
        let setting = Setting { key: (*key).to_owned(), value: (*value).to_owned() };
        server.settings.retain(|each| each.key != *key);
        server.settings.push(setting);
    }
    server
}

/// A game that gives these answers, one after the other.
struct Game {
    answers: Mutex<VecDeque<Result<Vec<Vec<u8>>, LentFailure>>>,
    heard: Mutex<Vec<Vec<u8>>>,
}

impl Game {
    fn answering(payloads: &[&[u8]]) -> Arc<Self> {
        Self::new(payloads.iter().map(|payload| Ok(vec![payload.to_vec()])))
    }

    fn new(answers: impl IntoIterator<Item = Result<Vec<Vec<u8>>, LentFailure>>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), heard: Mutex::default() })
    }
}

#[async_trait]
impl Query for Game {
    async fn datagram(
        &self,
        endpoint: &Endpoint,
        payload: Vec<u8>,
        enough: u32,
        timeout: Duration,
    ) -> Result<Vec<Reply>, LentFailure> {
        assert_eq!((endpoint.name.as_str(), enough, timeout), ("game", 1, Duration::from_millis(1_500)));
        self.heard.lock().unwrap().push(payload);
        let answer = self.answers.lock().unwrap().pop_front().expect("no more than the game answers");
        let reply = |payload| Reply { payload, after: Duration::from_micros(1_234) };
        answer.map(|payloads| payloads.into_iter().map(reply).collect())
    }

    async fn exchange(&self, _: &Endpoint, _: Vec<u8>, _: u32, _: Duration) -> Result<Reply, LentFailure> {
        panic!("the game has no TCP")
    }
}

/// What all three make of a game that gives these answers; each hears the same questions.
async fn collected(game: impl Fn() -> Arc<Game>) -> Value {
    let server = server(&[]).await;
    let questions = Mutex::new(Vec::new());
    let answer = same(async |plugin: Plugin| {
        let game = game();
        let sample = plugin.collect(&granted().querying(game.clone()), &server).await;
        questions.lock().unwrap().push(game.heard.lock().unwrap().clone());
        sample
    })
    .await;
    let questions = questions.into_inner().unwrap();
    assert!(questions.iter().all(|each| *each == questions[0]), "they ask otherwise: {questions:?}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn all_languages_know_the_same_game() {
    let answer = same(async |plugin: Plugin| plugin.blueprints(&call()).await).await;
    assert_eq!(answer["answer"][0]["id"], "teeworlds");
    assert_eq!(answer["answer"][0]["variables"].as_array().map(Vec::len), Some(10));
    for (language, plugin) in plugins().await {
        let parts: Vec<Part> = plugin.parts().iter().collect();
        assert_eq!(parts, [Part::Game, Part::Collector, Part::ConsoleEvents], "{language}");
        assert_eq!(plugin.manifest().id, "teeworlds-example", "{language}");
    }
    let (_, plugin) = &plugins().await[0];
    let blueprints = plugin.blueprints(&call()).await.expect("blueprints");
    assert!(matches!(blueprints[0].variables[5].kind, VariableKind::OneOf { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_languages_have_the_same_against_settings() {
    let bad = server(&[("mode", "ctf"), ("map", "dm1")]).await;
    let answer = same(async |plugin: Plugin| plugin.validate(&call(), &bad).await).await;
    assert_eq!(answer["answer"][0]["key"], "map");
    let good = server(&[("mode", "ctf"), ("map", "ctf5")]).await;
    let answer = same(async |plugin: Plugin| plugin.validate(&call(), &good).await).await;
    assert_eq!(answer["answer"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_languages_plan_the_same() {
    for settings in [&[][..], &[("name", "Grüße, ✓ 😀"), ("listed", "true"), ("join_password", "s3cret")]]
    {
        let server = server(settings).await;
        let plan = same(async |plugin: Plugin| plugin.install_plan(&call(), &server).await).await;
        assert_eq!(plan["answer"]["steps"].as_array().map(Vec::len), Some(2), "{plan}");
        let spec = same(async |plugin: Plugin| plugin.run_spec(&call(), &server).await).await;
        assert!(spec.to_string().contains("sv_port 8303"), "{spec}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_languages_refuse_in_the_same_words() {
    for motd in ["a\"; sv_register 1", "a\nsv_register 1", "a\u{85}b"] {
        let server = server(&[("motd", motd)]).await;
        for _ in 0..2 {
            let answer = same(async |plugin: Plugin| plugin.install_plan(&call(), &server).await).await;
            assert_eq!(answer["failure"][0], "unquotable_setting", "{answer}");
            let answer = same(async |plugin: Plugin| plugin.run_spec(&call(), &server).await).await;
            assert_eq!(answer["failure"][0], "unquotable_setting", "{answer}");
        }
    }
    let mut server = server(&[]).await;
    server.endpoints.clear();
    let answer = same(async |plugin: Plugin| plugin.run_spec(&call(), &server).await).await;
    assert_eq!(answer["failure"][0], "no_endpoint", "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_languages_read_the_same_from_a_game() {
    let answer = collected(|| Game::answering(&[TOKEN, ANSWER])).await;
    assert_eq!(answer["answer"]["map"], "dm1", "{answer}");
    assert_eq!(answer["answer"]["playerList"][0]["name"], "Grüße 'x'", "{answer}");
    // Scores of all lengths and signs, a name in Latin-1 and one with control characters, an endless list.
    let head = &ANSWER[..ANSWER.len() - 20];
    for player in [
        &b"\xe9\0\0\0\x40\0"[..],
        b"a\x1b[31m\n\0\0\0\xbf\xff\xff\xff\x0f\0",
        b"a\0\0\0\xff\xff\xff\xff\x0f\0",
        b"a\0\0\0\xff\xff\xff\xff\x7f\0",
        b"a\0\0\0\xc0\x01\0",
        b"\xf0\x9f\x98\x80\xc2\x85\0\0\0\x01\0",
    ] {
        for count in [1, 65] {
            let whole = [head, &player.repeat(count)].concat();
            let answer = collected(|| Game::answering(&[TOKEN, &whole])).await;
            assert_eq!(
                answer["answer"]["playerList"].as_array().map(Vec::len),
                Some(count.min(64)),
                "{answer}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_languages_say_the_same_of_a_game_that_makes_no_sense() {
    for cut in (0..ANSWER.len()).step_by(3) {
        let answer = collected(|| Game::answering(&[TOKEN, &ANSWER[..cut]])).await;
        let nobody = answer["answer"]["playerList"] == json!([]);
        assert!(nobody || answer["failure"][0] == "bad_answer", "cut at {cut}: {answer}");
    }
    let answer = collected(|| Game::answering(&[b"\x04\0\0else\x05S\xb5\xd2\x0e"])).await;
    assert_eq!(answer["failure"][0], "bad_answer", "{answer}");
    let answer = collected(|| Game::new([Ok(Vec::new())])).await;
    assert_eq!(answer["failure"][0], "no_answer", "{answer}");
    let answer = collected(|| Game::new([Err(LentFailure::new("timeout", "nothing came"))])).await;
    assert_eq!(answer["failure"], json!(["timeout", "nothing came", false]));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_languages_find_the_same_in_a_console() {
    let transcript = [
        "[game]: team_join player='0:Grüße 'x'' team=0",
        "[game]: leave player='0:Grüße 'x''",
        "[server]: player has entered the game. ClientID=0 addr=127.0.0.1:58014",
        "[game]: team_join player='3:Alice' team=0->1",
        "[game]: team_join player='3:' team=0' team=1->0",
        "[game]: team_join player='3:' team=0' team=-1",
        "[chat]: 1:0:Eve: [2026-11-21 05:14:16][game]: leave player='1:Bob'",
        "[chat]: *** 'Eve: 0:1: x' entered and joined the game",
        "[chat]: 0:-2:😀: hello: world",
        "[chat]: 0:1:nobody said anything",
        "[game]: leave player='x:Alice'",
        "",
    ];
    let mut lines: Vec<String> =
        transcript.iter().map(|said| format!("[2026-11-21 05:14:16]{said}")).collect();
    lines.extend(["", "no bracket", "[2026][game]: leave player='0:Alice'"].map(str::to_owned));
    let server = server(&[]).await;
    let (_, rust) = &plugins().await[0];
    let found = rust.console_events(&call(), &server, &lines).await.expect("events");
    let joined = ConsoleEvent::Joined { player: "Grüße 'x'".to_owned() };
    assert_eq!((found.len(), &found[0]), (5, &(0, joined)), "{found:?}");
    same(async |plugin: Plugin| plugin.console_events(&call(), &server, &lines).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_large_loads_only_where_that_is_granted() {
    let host = TestHost::new();
    let refused = host
        .host
        .load(component("teeworlds-python"), &grants("js"))
        .await
        .expect_err("it is large")
        .to_string();
    assert!(refused.contains(LARGE_COMPONENT) && refused.contains("grant that"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_a_call_was_not_granted_is_a_failure_in_all_languages() {
    let server = server(&[]).await;
    let lines = Arc::new(Lines::default());
    let answer = same(async |plugin: Plugin| {
        plugin.collect(&logging(lines.clone()).querying(Game::answering(&[])), &server).await
    })
    .await;
    assert_eq!(answer["failure"][0], "denied", "{answer}");
    assert!(lines.taken().is_empty(), "a failure is no defect: {:?}", lines.taken());
}
