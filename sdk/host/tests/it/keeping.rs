//! A call of production that is stopped is kept as a file, and the file alone has the plugin do the same again.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gantry_host::record::{Ended, Record};
use gantry_host::{
    Budgets, CallContext, CallError, Discretion, KeptRecord, LentFailure, Plugin, Query, Reply,
};
use gantry_types::server::{Endpoint, ServerContext, Setting};

use crate::components::Guest;
use crate::hosts::{TestHost, call, granted, server};

const SECRET: &str = "hunter2 & \"more\"";

/// What a game answers: bytes, words of a failure, or nothing ever.
#[derive(Clone)]
enum Says {
    Bytes(Vec<u8>),
    No(&'static str),
    Nothing,
}

#[async_trait]
impl Query for Says {
    async fn datagram(
        &self,
        _: &Endpoint,
        _: Vec<u8>,
        enough: u32,
        _: Duration,
    ) -> Result<Vec<Reply>, LentFailure> {
        let reply = |payload: &Vec<u8>| Reply { payload: payload.clone(), after: Duration::from_micros(9) };
        match self {
            Self::Bytes(payload) => Ok((0..enough).map(|_| reply(payload)).collect()),
            Self::No(words) => Err(LentFailure::new("timeout", *words)),
            Self::Nothing => std::future::pending().await,
        }
    }

    async fn exchange(&self, _: &Endpoint, _: Vec<u8>, _: u32, _: Duration) -> Result<Reply, LentFailure> {
        Err(LentFailure::new("refused", "nobody listens"))
    }
}

/// Sends the server's name, and crashes on an answer that begins with an X and on none. Asks as often as the server has facts.
fn guest() -> Arc<[u8]> {
    let asks = "(local $left i32) (local.set $left (i32.load offset=36 (local.get $arguments)))
        (loop $again
          (call $datagram (i32.const 1024) (i32.const 4) (i32.load offset=8 (local.get $arguments))
            (i32.load offset=12 (local.get $arguments)) (i32.const 1) (i32.const 60000) (i32.const 512))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br_if $again (i32.gt_s (local.get $left) (i32.const 0))))
        (if (i32.load8_u (i32.const 512)) (then unreachable))
        (if (i32.eq (i32.load8_u (i32.load (i32.load (i32.const 516)))) (i32.const 88)) (then unreachable))
        (i32.const 16)";
    Guest::querying().prelude(r#"(data (i32.const 1024) "game")"#).with("collect", asks).build()
}

/// A call of which a record is kept.
fn watched(says: Says) -> CallContext {
    granted().querying(Arc::new(says)).kept(Arc::new(vec![SECRET.to_owned(), String::new()]))
}

async fn fails(plugin: &Plugin, says: Says, server: &ServerContext) {
    let error = plugin.collect(&watched(says), server).await.expect_err("it is stopped");
    assert!(matches!(error, CallError::Stopped(_)), "{error:?}");
}

/// The only record, as it is listed and as a file.
fn only(host: &TestHost) -> KeptRecord {
    let records = host.host.records();
    let [about] = records.as_slice() else { panic!("{records:?}") };
    let kept = host.host.record(&about.digest, &about.id).expect("it is there");
    assert_eq!((kept.about.bytes, &kept.about), (kept.text.len() as u64, about));
    kept
}

/// That the file alone has the plugin do the same again.
async fn repeats(plugin: &Plugin, kept: &KeptRecord) -> Record {
    let record = Record::from_lines(&kept.text).unwrap();
    assert_eq!(record.to_lines(), *kept.text, "byte for byte");
    let again = plugin.replay(&call(), &record).await;
    assert_eq!((&again.ended, again.strange, again.unasked), (&record.ended, vec![], vec![]));
    record
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_on_what_a_game_answered_is_kept_without_secrets_and_happens_again_at_another_desk() {
    let host = TestHost::new();
    let plugin = host.load(guest()).await;
    let setting = Setting { key: "password".to_owned(), value: SECRET.to_owned() };
    let server = ServerContext { name: format!("rcon {SECRET}"), settings: vec![setting], ..server() };
    plugin.collect(&watched(Says::Bytes(b"fine".to_vec())), &server).await.unwrap();
    assert_eq!(host.host.records(), [], "of a call that goes well nothing is kept");
    plugin.collect(&granted().querying(Arc::new(Says::Bytes(b"X".to_vec()))), &server).await.unwrap_err();
    assert_eq!(host.host.records(), [], "nor where nobody says what is secret");

    let quoted = serde_json::json!({ "said": SECRET }).to_string();
    fails(&plugin, Says::Bytes(format!("X{SECRET}{quoted}").into_bytes()), &server).await;
    let kept = only(&host);
    let about = &kept.about;
    assert_eq!((about.plugin.as_str(), about.version.as_str()), ("sample", "1.0.0"));
    assert_eq!((about.call.as_str(), about.reason.as_str()), ("collector.collect", "trap"));
    assert_eq!((about.server_id.as_deref(), about.times, about.is_whole), (Some(&*server.id), 1, true));
    assert!(about.message.contains("was stopped in collector.collect"), "{}", about.message);
    for spelled in [SECRET.to_owned(), quoted[9..quoted.len() - 2].to_owned()] {
        assert!(
            !kept.text.contains(&spelled) && !kept.text.contains(&hex::encode(&spelled)),
            "{}",
            kept.text
        );
    }
    let record = repeats(&plugin, &kept).await;
    assert!(matches!(&record.ended, Ended::Stopped { reason, .. } if reason == "trap"));
    assert_eq!(record.told.len(), 1);

    // Another desk has another host, which knows nothing of this one.
    let desk = TestHost::new();
    repeats(&desk.load(guest()).await, &kept).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_look_like_lines_of_a_record_stay_words() {
    let host = TestHost::new();
    let plugin = host.load(guest()).await;
    let words = "late\n{\"ended\":{\"answer\":null}}\r\n\u{2028}{\"told\":1}";
    let server = ServerContext { name: words.to_owned(), ..server() };
    fails(&plugin, Says::No(words), &server).await;
    let kept = only(&host);
    assert_eq!(kept.text.lines().count(), 4, "a header, the question, what was told, the end: {}", kept.text);
    let record = repeats(&plugin, &kept).await;
    assert_eq!(record.question.server().unwrap().name, words);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_told_more_than_is_kept_says_so() {
    let host = TestHost::new();
    let plugin = host.load(guest()).await;
    let fact = Setting { key: "again".to_owned(), value: String::new() };
    let server = ServerContext { facts: vec![fact; 40], ..server() };
    fails(&plugin, Says::Bytes([b"X".as_slice(), &[7; 60_000]].concat()), &server).await;
    let kept = only(&host);
    assert!(!kept.about.is_whole && kept.text.len() < 3 << 20, "{}", kept.text.len());
    let record = Record::from_lines(&kept.text).unwrap();
    assert!(record.is_cut && record.told.len() < 40, "{}", record.told.len());
    assert!(kept.text.lines().next().unwrap().contains(r#""cut":true"#));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_fails_at_each_tick_has_one_record_and_a_count() {
    let host = TestHost::new();
    let plugin = host.load(guest()).await;
    for _ in 0..60 {
        fails(&plugin, Says::Bytes(b"X".to_vec()), &server()).await;
    }
    let kept = only(&host);
    assert_eq!(kept.about.times, 60);
    assert!(kept.about.first_at <= kept.about.at);
    for number in 0..20 {
        let server = ServerContext { id: format!("server-{number}"), ..server() };
        fails(&plugin, Says::Bytes(b"X".to_vec()), &server).await;
    }
    assert_eq!(host.host.records().len(), 21, "servers are told apart");
    let unsaved = host.host.unsaved_records();
    assert_eq!(unsaved.iter().map(|(_, records)| records.len()).sum::<usize>(), 21);
    host.host.forget_server("server-3");
    assert!(host.host.records().iter().all(|one| one.server_id.as_deref() != Some("server-3")));
    let again = TestHost::new();
    again.host.restore_records(unsaved.into_iter().flat_map(|(_, records)| records).collect());
    assert_eq!(again.host.records().len(), 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_waited_for_ever_waits_again() {
    let mut budgets = Budgets::default();
    budgets.collect.wall = Duration::from_millis(400);
    let host = TestHost::with(budgets);
    let plugin = host.load(guest()).await;
    fails(&plugin, Says::Nothing, &server()).await;
    let kept = only(&host);
    assert_eq!(kept.about.reason, "wall_time");
    repeats(&plugin, &kept).await;
}

/// Nobody knows what is secret at the moment.
struct Mute;

#[async_trait]
impl Discretion for Mute {
    async fn secrets(&self) -> Option<Vec<String>> {
        None
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_secrets_cannot_be_told_nothing_is_kept() {
    let host = TestHost::new();
    let plugin = host.load(guest()).await;
    let mute = watched(Says::Bytes(b"X".to_vec())).kept(Arc::new(Mute));
    plugin.collect(&mute, &server()).await.unwrap_err();
    assert_eq!(host.host.records(), []);
    // Nor where a secret is one of the words that a question is made of: it is the record that makes way.
    let server = ServerContext { time_zone: "UTC".to_owned(), ..server() };
    let udp = watched(Says::Bytes(b"X".to_vec())).kept(Arc::new(vec!["collector.collect".to_owned()]));
    plugin.collect(&udp, &server).await.unwrap_err();
    let kept = only(&host);
    assert!(kept.text.contains(r#""call":"collector.collect""#), "a word of the contract is no secret");
}
