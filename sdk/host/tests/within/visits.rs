//! Guests that begin on their caller's thread because their plugin's calls have been brief, and what they cannot do there.

use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

use async_trait::async_trait;
use gantry_host::{
    Budgets, CallContext, CallError, Grants, HostError, LentFailure, LogLevel, Plugin, PluginLog, Query,
    Reply, StopReason,
};
use gantry_types::server::{Endpoint, ServerContext, Setting};

use crate::components::Guest;
use crate::hosts::{NoQuery, TestHost, call, granted, server};

/// More calls than it takes to earn a visit, even if some of them are not brief on a busy machine.
const PLENTY: usize = 5_000;

/// Remembers on which threads plugins wrote.
#[derive(Default)]
struct Threads(Mutex<Vec<ThreadId>>);

impl PluginLog for Threads {
    fn write(&self, _: &str, _: LogLevel, _: &str) {
        self.0.lock().unwrap().push(thread::current().id());
    }
}

/// Computes for ever if the server has settings, whose number stands in the eighth word of what it is given.
const TURNS: &str = "(if (i32.load offset=28 (local.get $arguments)) (then (loop $again (br $again))))
    (call $log (i32.const 1) (i32.const 1024) (i32.const 4)) (i32.const 16)";

fn with_a_setting() -> ServerContext {
    let setting = Setting { key: "key".to_owned(), value: "value".to_owned() };
    ServerContext { settings: vec![setting], ..server() }
}

/// Calls until the plugin's guests begin on this thread, and answers where each of them ran.
async fn earn(plugin: &Plugin) -> Vec<ThreadId> {
    let threads = Arc::new(Threads::default());
    let context = CallContext { log: threads.clone(), ..CallContext::traced(Grants::none()) };
    for _ in 0..PLENTY {
        plugin.install_plan(&context, &server()).await.unwrap();
        let threads = threads.0.lock().unwrap().clone();
        if threads.last() == Some(&thread::current().id()) {
            return threads;
        }
    }
    panic!("{PLENTY} calls earned nothing")
}

#[tokio::test]
async fn brief_calls_earn_a_place_on_the_callers_thread() {
    let host = TestHost::new();
    let plugin = host.load(Guest::least().with("install", TURNS).build()).await;
    assert!(earn(&plugin).await.len() > 64, "it takes that many calls");
}

/// One thread serves the embedder here: it would serve nobody until the guest's time is used up.
#[tokio::test]
async fn guest_that_computes_after_many_brief_calls_gives_its_callers_thread_back() {
    let mut budgets = Budgets::default();
    budgets.install_plan.cpu = Duration::from_secs(2);
    budgets.install_plan.wall = Duration::from_secs(120);
    let host = TestHost::with(budgets);
    let plugin = host.load(Guest::least().with("install", TURNS).build()).await;
    earn(&plugin).await;
    let turned = plugin.clone();
    let hostile = tokio::spawn(async move { turned.install_plan(&call(), &with_a_setting()).await });
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(!hostile.is_finished(), "the embedder was served only after the guest");
    let Err(CallError::Stopped(stop)) = hostile.await.unwrap() else { panic!("not stopped") };
    assert_eq!(stop.reason, StopReason::CpuTime);
    let threads = Arc::new(Threads::default());
    let context = CallContext { log: threads.clone(), ..CallContext::traced(Grants::none()) };
    plugin.install_plan(&context, &server()).await.unwrap();
    assert_ne!(threads.0.lock().unwrap()[0], thread::current().id(), "what was earned is lost");
}

/// Answers at once, later, or breaks down, by how long the payload is.
struct Moody;

#[async_trait]
impl Query for Moody {
    async fn datagram(
        &self,
        _: &Endpoint,
        payload: Vec<u8>,
        _: u32,
        _: Duration,
    ) -> Result<Vec<Reply>, LentFailure> {
        assert_ne!(payload.len(), 3, "three is too much");
        if payload.len() == 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(vec![])
    }

    async fn exchange(&self, _: &Endpoint, _: Vec<u8>, _: u32, _: Duration) -> Result<Reply, LentFailure> {
        Err(LentFailure::new("refused", "nobody listens"))
    }
}

/// Sends as many bytes as the server's name has.
const SENDS: &str = "(call $datagram (i32.const 1024) (i32.const 4) (i32.const 2048)
    (i32.load offset=12 (local.get $arguments)) (i32.const 4) (i32.const 60000) (i32.const 512)) (i32.const 16)";

#[tokio::test]
async fn query_of_a_visitor_may_answer_at_once_or_later_or_break_down() {
    let guest = Guest::querying().prelude(r#"(data (i32.const 1024) "game")"#).with("collect", SENDS);
    let host = TestHost::new();
    let plugin = host.load(guest.build()).await;
    let named = |name: &str| ServerContext { name: name.to_owned(), ..server() };
    for _ in 0..300 {
        plugin.collect(&granted().querying(Arc::new(Moody)), &named("1")).await.unwrap();
    }
    plugin.collect(&granted().querying(Arc::new(Moody)), &named("22")).await.unwrap();
    let broken = plugin.collect(&granted().querying(Arc::new(Moody)), &named("333")).await.unwrap_err();
    assert!(
        matches!(&broken, CallError::Host(HostError::Internal(why)) if why.contains("three")),
        "{broken:?}"
    );
    plugin
        .collect(&call().querying(Arc::new(NoQuery)), &named("1"))
        .await
        .expect("it is served without the grant");
}
