//! Capability `query`: granted, denied, bounded, abandoned.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gantry_host::{CallError, HostError, LentFailure, Query, Reply, StopReason};
use gantry_types::server::Endpoint;
use tokio::sync::Notify;

use crate::components::Guest;
use crate::hosts::{NoQuery, TestHost, call, granted, server};

/// Asks the endpoint whose name stands at 1024 and has `length` characters, and answers the failure if there is one.
fn asks(length: u32, payload: u32, success: &str) -> String {
    format!(
        "(call $datagram (i32.const 1024) (i32.const {length}) (i32.const 2048) (i32.const {payload})
           (i32.const 4) (i32.const 60000) (i32.const 512))
         (if (i32.load8_u (i32.const 512))
           (then (i32.store8 (i32.const 16) (i32.const 1))
                 (memory.copy (i32.const 24) (i32.const 516) (i32.const 24)))
           (else {success}))
         (i32.const 16)"
    )
}

/// Puts the number of replies and the length of the first into the sample.
const COUNT: &str = "(i32.store8 (i32.const 60) (i32.const 1))
    (i32.store (i32.const 64) (i32.load (i32.const 520)))
    (i32.store8 (i32.const 68) (i32.const 1))
    (i32.store (i32.const 72) (i32.load offset=4 (i32.load (i32.const 516))))";

fn guest(length: u32, payload: u32) -> Guest {
    Guest::querying()
        .prelude(r#"(data (i32.const 1024) "gamexquery")"#)
        .with("collect", asks(length, payload, COUNT))
}

/// Answers three times the payload, doubled.
struct Echo;

#[async_trait]
impl Query for Echo {
    async fn datagram(
        &self,
        endpoint: &Endpoint,
        payload: Vec<u8>,
        enough: u32,
        timeout: Duration,
    ) -> Result<Vec<Reply>, LentFailure> {
        assert_eq!((endpoint.name.as_str(), endpoint.port, enough), ("game", 30_000, 4));
        assert!(timeout < Duration::from_secs(60), "bounded by what the call has left");
        tokio::time::sleep(Duration::from_millis(1)).await;
        let reply = Reply { payload: payload.repeat(2), after: Duration::from_millis(1) };
        Ok(vec![reply; 3])
    }

    async fn exchange(&self, _: &Endpoint, _: Vec<u8>, _: u32, _: Duration) -> Result<Reply, LentFailure> {
        Err(LentFailure::new("refused", "nobody listens"))
    }
}

async fn failure(guest: Guest, context: gantry_host::CallContext) -> (String, String) {
    let plugin = TestHost::new().load(guest.build()).await;
    match plugin.collect(&context.querying(Arc::new(NoQuery)), &server()).await.unwrap_err() {
        CallError::Failed(failure) => (failure.code, failure.message),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn granted_query_reaches_the_endpoint_by_name() {
    let plugin = TestHost::new().load(guest(4, 10).build()).await;
    let sample = plugin.collect(&granted().querying(Arc::new(Echo)), &server()).await.unwrap();
    assert_eq!((sample.players, sample.max_players), (Some(3), Some(20)));
}

#[tokio::test]
async fn query_without_a_grant_is_denied() {
    let (code, message) = failure(guest(4, 10), call()).await;
    assert_eq!(code, "denied");
    assert_eq!(message, "the capability `query` has not been granted to this plugin");
}

#[tokio::test]
async fn grant_without_a_request_has_no_effect() {
    let undeclared = Guest::new();
    let plugin = TestHost::new().load(undeclared.build()).await;
    plugin.collect(&granted().querying(Arc::new(NoQuery)), &server()).await.expect("it works without");
}

#[tokio::test]
async fn endpoint_that_the_server_has_not_is_refused() {
    let (code, message) = failure(guest(5, 10), granted()).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("unknown_endpoint", "this server has no endpoint \"gamex\"")
    );
}

#[tokio::test]
async fn large_datagram_is_refused() {
    let (code, message) = failure(guest(4, 1_401), granted()).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("too_large", "the payload has 1401 bytes; the limit is 1400")
    );
}

#[tokio::test]
async fn planning_functions_have_no_queries() {
    let plan = Guest::querying().prelude(r#"(data (i32.const 1024) "game")"#).with(
        "install",
        asks(4, 1, "(nop)").replace("(i32.const 24) (i32.const 516)", "(i32.const 20) (i32.const 516)"),
    );
    let plugin = TestHost::new().load(plan.build()).await;
    let CallError::Failed(failure) = plugin.install_plan(&granted(), &server()).await.unwrap_err() else {
        panic!()
    };
    assert_eq!(failure.code, "unavailable");
}

/// Never answers, and tells when it is given up.
struct Silent(Arc<Notify>);

struct Given(Arc<Notify>);

impl Drop for Given {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[async_trait]
impl Query for Silent {
    async fn datagram(
        &self,
        _: &Endpoint,
        _: Vec<u8>,
        _: u32,
        _: Duration,
    ) -> Result<Vec<Reply>, LentFailure> {
        let _given = Given(self.0.clone());
        std::future::pending().await
    }

    async fn exchange(&self, _: &Endpoint, _: Vec<u8>, _: u32, _: Duration) -> Result<Reply, LentFailure> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn call_that_waits_for_ever_ends_at_its_wall_time() {
    let mut budgets = gantry_host::Budgets::default();
    budgets.collect.wall = Duration::from_millis(200);
    let host = TestHost::with(budgets);
    let plugin = host.load(guest(4, 10).build()).await;
    let given_up = Arc::new(Notify::new());
    let silent = Arc::new(Silent(given_up.clone()));
    let CallError::Stopped(stop) = plugin.collect(&granted().querying(silent), &server()).await.unwrap_err()
    else {
        panic!()
    };
    assert_eq!((stop.reason, stop.call), (StopReason::WallTime, "collector.collect"));
    given_up.notified().await;
}

#[tokio::test]
async fn waiting_guests_take_no_thread() {
    let mut budgets = gantry_host::Budgets::default();
    budgets.collect.wall = Duration::from_secs(60);
    budgets.concurrency.threads = 1;
    let host = TestHost::with(budgets);
    let plugin = host.load(guest(4, 10).build()).await;
    let silent: Arc<dyn Query> = Arc::new(Silent(Arc::new(Notify::new())));
    let (context, server) = (granted(), server());
    let waiting = (0..16).map(|_| {
        let (plugin, context, server, silent) =
            (plugin.clone(), context.clone(), server.clone(), silent.clone());
        tokio::spawn(async move { plugin.collect(&context.querying(silent), &server).await })
    });
    let waiting: Vec<_> = waiting.collect();
    for _ in 0..10 {
        plugin.collect(&context.querying(Arc::new(Echo)), &server).await.expect("it is served");
    }
    assert!(waiting.iter().all(|task| !task.is_finished()));
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
}

/// Breaks down when it is asked.
struct Broken;

#[async_trait]
impl Query for Broken {
    async fn datagram(
        &self,
        _: &Endpoint,
        _: Vec<u8>,
        _: u32,
        _: Duration,
    ) -> Result<Vec<Reply>, LentFailure> {
        panic!("a defect of the embedder")
    }

    async fn exchange(&self, _: &Endpoint, _: Vec<u8>, _: u32, _: Duration) -> Result<Reply, LentFailure> {
        panic!("a defect of the embedder")
    }
}

#[tokio::test]
async fn defect_of_the_embedder_is_not_blamed_on_the_plugin() {
    let plugin = TestHost::new().load(guest(4, 10).build()).await;
    let error = plugin.collect(&granted().querying(Arc::new(Broken)), &server()).await.unwrap_err();
    assert!(matches!(error, CallError::Host(HostError::Internal(_))), "{error:?}");
}
