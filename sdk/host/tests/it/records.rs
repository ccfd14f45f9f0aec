//! What a call asked and was told is written down, and told again the call does the same.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gantry_host::record::{Ended, Question, Record};
use gantry_host::{CallContext, Grants, IMAGE_BUILD, Lent, LentFailure, Plugin, QUERY, Query, Reply};
use gantry_types::server::Endpoint;

use crate::hosts::{TestHost, call, server_of};

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
