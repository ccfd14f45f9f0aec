//! What a call asked and was told is written down, and told again the call does the same.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gantry_host::record::{Ended, Player, Question, Record, Recorder};
use gantry_host::{
    CallContext, Connection, FileEntry, Files, Grants, Http, HttpRequest, HttpResponse, IMAGE_BUILD,
    KeyValue, Lent, LentFailure, Plugin, QUERY, Query, Reply, Secrets,
};
use gantry_types::server::Endpoint;

use crate::hosts::{TestHost, call, server, server_of};

const SECRET: &[u8] = b"hunter2-and-more";

/// A game whose answers no parser expects, with somebody's password in them.
struct Odd;

#[async_trait]
impl Query for Odd {
    async fn datagram(
        &self,
        _: &Endpoint,
        _: Vec<u8>,
        _: u32,
        _: Duration,
    ) -> Result<Vec<Reply>, LentFailure> {
        let payload = [b"\x04\0\0Gtry\x05abcd", SECRET].concat();
        Ok(vec![Reply { payload, after: Duration::from_micros(77) }])
    }

    async fn exchange(&self, _: &Endpoint, _: Vec<u8>, _: u32, _: Duration) -> Result<Reply, LentFailure> {
        Err(LentFailure::new("timeout", "nobody answers"))
    }
}

async fn teeworlds(host: &TestHost) -> Plugin {
    let folder =
        std::env::var_os("GANTRY_TEST_PLUGINS").expect("GANTRY_TEST_PLUGINS names the folder of plugins");
    let file = std::path::Path::new(&folder).join("examples/teeworlds-rust.wasm");
    host.host
        .load(std::fs::read(file).unwrap().into(), &Grants::from_iter([QUERY, IMAGE_BUILD]))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_does_the_same_with_what_was_recorded() {
    let host = TestHost::new();
    let plugin = teeworlds(&host).await;
    let mut server = server_of(&plugin.blueprints(&call()).await.unwrap()[0]);
    server.name = String::from_utf8(SECRET.to_vec()).unwrap();
    let lent = Lent { query: Some(Arc::new(Odd)), ..Lent::default() };
    let asked = CallContext { grants: Grants::from_iter([QUERY]), lent, ..call() };
    let question = Question::Collect { server };
    let secrets = vec![String::from_utf8(SECRET.to_vec()).unwrap()];
    let (outcome, record) = plugin.recorded(&asked, &question, secrets).await;
    assert!(outcome.is_err(), "{outcome:?}");
    let record = record.unwrap();
    assert!(
        matches!(&record.ended, Ended::Failed { code, .. } if code == "bad_answer"),
        "{:?}",
        record.ended
    );
    assert_eq!(record.told.len(), 2, "the token, then the question");

    let text = record.to_lines();
    assert!(!text.contains("hunter2") && !text.contains(&hex::encode(SECRET)), "{text}");
    let read = Record::from_lines(&text).unwrap();
    assert_eq!(read, record);
    let again = plugin.replay(&call(), &read).await;
    assert_eq!(again.ended, record.ended);
    assert_eq!((again.strange, again.unasked), (vec![], vec![]));

    // With less told it asks what nobody recorded.
    let less = Record { told: record.told[1..].to_vec(), ..record.clone() };
    let other = plugin.replay(&call(), &less).await;
    assert!(other.strange[0].starts_with("query.datagram"), "{:?}", other.strange);
    assert!(Record::from_lines(text.lines().next().unwrap()).unwrap_err().message.contains("too early"));
}

/// Answers each question in its own way.
struct World;

#[async_trait]
impl Query for World {
    async fn datagram(
        &self,
        _: &Endpoint,
        payload: Vec<u8>,
        enough: u32,
        _: Duration,
    ) -> Result<Vec<Reply>, LentFailure> {
        Ok((0..enough).map(|_| Reply { payload: payload.clone(), after: Duration::from_micros(5) }).collect())
    }

    async fn exchange(&self, _: &Endpoint, _: Vec<u8>, _: u32, _: Duration) -> Result<Reply, LentFailure> {
        Err(LentFailure::new("timeout", "nobody answers"))
    }

    async fn connect(&self, _: &Endpoint, _: Duration) -> Result<Box<dyn Connection>, LentFailure> {
        Ok(Box::new(Echo(Vec::new())))
    }
}

struct Echo(Vec<u8>);

#[async_trait]
impl Connection for Echo {
    async fn write(&mut self, payload: Vec<u8>) -> Result<(), LentFailure> {
        self.0 = payload;
        Ok(())
    }

    async fn read(&mut self, max_bytes: u32, _: Duration) -> Result<Vec<u8>, LentFailure> {
        Ok(self.0[..max_bytes as usize].to_vec())
    }
}

#[async_trait]
impl Http for World {
    async fn send(
        &self,
        _: &[String],
        request: HttpRequest,
        _: Duration,
    ) -> Result<HttpResponse, LentFailure> {
        Ok(HttpResponse { status: 207, headers: request.headers, body: request.body })
    }
}

#[async_trait]
impl KeyValue for World {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, LentFailure> {
        Ok((key == "known").then(|| b"value".to_vec()))
    }

    async fn set(&self, _: &str, _: Vec<u8>) -> Result<(), LentFailure> {
        Err(LentFailure::new("full", "no room"))
    }

    async fn remove(&self, _: &str) -> Result<(), LentFailure> {
        Ok(())
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, LentFailure> {
        Ok(vec![format!("{prefix}1"), format!("{prefix}2")])
    }
}

#[async_trait]
impl Secrets for World {
    async fn get(&self, _: &str) -> Result<String, LentFailure> {
        Ok("12345".to_owned())
    }
}

#[async_trait]
impl Files for World {
    async fn list(&self, _: &str) -> Result<Vec<FileEntry>, LentFailure> {
        Ok(vec![FileEntry { name: "maps".to_owned(), is_directory: true, size: 7 }])
    }

    async fn read(&self, path: &str, _: u32) -> Result<Vec<u8>, LentFailure> {
        Ok(path.as_bytes().to_vec())
    }

    async fn write(&self, _: &str, _: Vec<u8>) -> Result<(), LentFailure> {
        Ok(())
    }
}

/// Asks everything that there is to ask, each for at most so long, and answers what was answered.
async fn everything(lent: &Lent, time: Duration) -> Vec<String> {
    let Lent {
        query: Some(query),
        http: Some(http),
        kv: Some(kv),
        secrets: Some(secrets),
        files: Some(files),
        beyond: None,
    } = lent
    else {
        panic!("all of it is lent")
    };
    let endpoint = &server().endpoints[0];
    let mut connection = query.connect(endpoint, time).await.unwrap();
    let request = HttpRequest {
        method: "POST".to_owned(),
        url: "https://example.org/".to_owned(),
        headers: vec![("x-one".to_owned(), "1".to_owned())],
        body: vec![0, 255],
        max_bytes: 9,
    };
    vec![
        format!("{:?}", query.datagram(endpoint, vec![1, 2], 2, time).await),
        format!("{:?}", query.exchange(endpoint, vec![3], 10, time).await),
        format!("{:?}", connection.write(vec![4, 5]).await),
        format!("{:?}", connection.read(1, time).await),
        format!("{:?}", http.send(&[], request, time).await),
        format!("{:?}", kv.get("known").await),
        format!("{:?}", kv.get("unknown").await),
        format!("{:?}", kv.set("known", vec![6]).await),
        format!("{:?}", kv.remove("known").await),
        format!("{:?}", kv.keys("p").await),
        format!("{:?}", secrets.get("token").await.map(|secret| secret.len())),
        format!("{:?}", files.list("").await),
        format!("{:?}", files.read("server.cfg", 100).await),
        format!("{:?}", files.write("server.cfg", vec![7]).await),
    ]
}

/// However long there is to wait, since no two calls have as long.
#[tokio::test]
async fn every_question_is_answered_again_as_it_was() {
    let world = Arc::new(World);
    let lent = Lent {
        query: Some(world.clone()),
        http: Some(world.clone()),
        kv: Some(world.clone()),
        secrets: Some(world.clone()),
        files: Some(world),
        beyond: None,
    };
    let recorder = Recorder::new(Vec::new());
    let asked = everything(&recorder.lend(&lent), Duration::from_secs(1)).await;
    let text = serde_json::to_string(&recorder.heard()).unwrap();
    assert!(!text.contains("12345"), "{text}");
    let response = r#""answer":{"body":"00ff","headers":[["x-one","1"]],"status":207}"#;
    assert!(text.contains(response), "{text}");
    let player = Player::new(serde_json::from_str(&text).unwrap());
    assert_eq!(everything(&player.lent(), Duration::from_secs(2)).await, asked);
    assert_eq!((player.rest(), player.strange()), (vec![], vec![]));
}
