//! Shares over time and holds: what a plugin may take of a machine, and what becomes of one that keeps failing.

use std::sync::Arc;
use std::time::Duration;

use gantry_host::{CallError, Flow, Host, LogLevel, Plugin, Refusal, RefusalReason, Shares, StopReason};
use gantry_types::conduct::PluginLineKind;
use gantry_types::server::{ServerContext, Setting};

use crate::components::{Guest, manifest};
use crate::hosts::{Lines, TestHost, call, logging, server};

/// Crashes if the server has settings, whose number stands in the eighth word of what it is given.
const MOODY: &str = "(if (i32.load offset=28 (local.get $arguments)) (then (unreachable))) (i32.const 16)";
/// Computes for some ten milliseconds.
const SLOW: &str = "(local $left i32) (local.set $left (i32.const 20000000))
    (loop $again (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1))))) (i32.const 16)";

fn named(id: &str) -> ServerContext {
    ServerContext { id: id.to_owned(), ..server() }
}

/// One for which it crashes.
fn cursed(id: &str) -> ServerContext {
    let setting = Setting { key: "key".to_owned(), value: "value".to_owned() };
    ServerContext { settings: vec![setting], ..named(id) }
}

fn patient() -> Shares {
    let mut shares = Shares::default();
    shares.hold.first = Duration::from_secs(60);
    shares
}

async fn moody(shares: Shares) -> (TestHost, Plugin) {
    let host = TestHost::fair(shares);
    let plugin = host.load(Guest::new().with("parse", MOODY).with("collect", MOODY).build()).await;
    (host, plugin)
}

async fn parse(plugin: &Plugin, server: &ServerContext) -> Result<(), CallError> {
    plugin.console_events(&call(), server, &["line".to_owned()]).await.map(drop)
}

fn refusal<T: std::fmt::Debug>(answer: Result<T, CallError>) -> Refusal {
    match answer {
        Err(CallError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// Has it crash until it is on hold for this server.
async fn fail(plugin: &Plugin, id: &str) {
    for _ in 0..5 {
        let stopped = parse(plugin, &cursed(id)).await.expect_err("it crashes");
        assert!(matches!(stopped, CallError::Stopped(_)), "{stopped:?}");
    }
}

fn holds(host: &Host) -> Vec<(Option<String>, String, u32)> {
    let conduct = host.conduct().pop().expect("it was called");
    conduct.holds.into_iter().map(|hold| (hold.server_id, hold.call, hold.times)).collect()
}

#[tokio::test]
async fn plugin_that_keeps_failing_for_a_server_is_on_hold_there_and_says_why() {
    let (host, plugin) = moody(patient()).await;
    parse(&plugin, &named("b")).await.unwrap();
    fail(&plugin, "a").await;
    let refusal = refusal(parse(&plugin, &named("a")).await);
    assert_eq!((refusal.reason, refusal.call), (RefusalReason::Hold, "console-events.parse"));
    assert!(refusal.retry_after <= Duration::from_secs(60), "{:?}", refusal.retry_after);
    assert!(
        refusal.message.starts_with(
            "the plugin sample is on hold for this server since it kept failing in console-events.parse, the last time so: \
             the plugin sample was stopped in console-events.parse: it crashed"
        ),
        "{refusal}"
    );
    // Everything else of it waits too, but what servers cannot do without; other servers notice nothing.
    let paused = plugin.collect(&call(), &named("a")).await;
    assert!(matches!(paused, Err(CallError::Refused(_))), "{paused:?}");
    plugin.install_plan(&call(), &named("a")).await.expect("a plan is never refused");
    parse(&plugin, &named("b")).await.unwrap();
    assert_eq!(holds(&host.host), [(Some("a".to_owned()), "console-events.parse".to_owned(), 1)]);
}

#[tokio::test]
async fn plugin_that_fails_for_many_servers_is_on_hold_for_all() {
    let (host, plugin) = moody(patient()).await;
    for id in ["a", "b", "c"] {
        fail(&plugin, id).await;
    }
    let refusal = refusal(parse(&plugin, &named("d")).await);
    assert!(refusal.message.starts_with("the plugin sample is on hold since"), "{refusal}");
    assert_eq!(holds(&host.host)[0], (None, "console-events.parse".to_owned(), 1));
}

#[tokio::test]
async fn three_servers_of_many_do_not_take_a_plugin_from_the_others() {
    let (_host, plugin) = moody(patient()).await;
    for number in 0..7 {
        parse(&plugin, &named(&format!("innocent-{number}"))).await.unwrap();
    }
    for id in ["a", "b", "c"] {
        fail(&plugin, id).await;
    }
    parse(&plugin, &named("innocent-0")).await.unwrap();
}

#[tokio::test]
async fn hold_ends_by_a_call_that_succeeds_and_grows_by_one_that_does_not() {
    let mut shares = patient();
    shares.hold.first = Duration::from_millis(1);
    let (host, plugin) = moody(shares).await;
    fail(&plugin, "a").await;
    let mut times = 1;
    while times < 4 {
        match parse(&plugin, &cursed("a")).await.unwrap_err() {
            // The time is over, it was tried and has failed again.
            CallError::Stopped(_) => times += 1,
            CallError::Refused(refusal) => tokio::time::sleep(refusal.retry_after).await,
            other => panic!("{other:?}"),
        }
        assert_eq!(holds(&host.host)[0].2, times);
    }
    loop {
        match parse(&plugin, &named("a")).await {
            Ok(()) => break,
            Err(CallError::Refused(refusal)) => tokio::time::sleep(refusal.retry_after).await,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(holds(&host.host).is_empty());
    fail(&plugin, "a").await;
    assert_eq!(holds(&host.host)[0].2, 5, "so soon after the last one it is no first one");
}

#[tokio::test]
async fn administrator_lifts_a_hold() {
    let (host, plugin) = moody(patient()).await;
    fail(&plugin, "a").await;
    assert!(!host.host.lift_hold(plugin.digest(), Some("b")));
    assert!(host.host.lift_hold(plugin.digest(), None));
    assert!(!host.host.lift_hold(plugin.digest(), None));
    parse(&plugin, &named("a")).await.unwrap();
}

#[tokio::test]
async fn plugin_that_says_no_a_hundred_times_is_not_on_hold() {
    let no = "(i32.store8 (i32.const 16) (i32.const 1)) (i32.const 16)";
    let host = TestHost::fair(patient());
    let plugin = host.load(Guest::new().with("collect", no).build()).await;
    for _ in 0..100 {
        let declined = plugin.collect(&call(), &server()).await.unwrap_err();
        assert!(matches!(declined, CallError::Failed(_)), "{declined:?}");
    }
    let conduct = host.host.conduct().pop().unwrap();
    assert_eq!((conduct.figures.calls, conduct.figures.declined), (100, 100));
    assert!(conduct.holds.is_empty());
}

#[tokio::test]
async fn slow_plugin_runs_out_of_processor_time_and_its_neighbour_does_not() {
    let mut shares = Shares::default();
    shares.server.cpu_us = Flow { per_second: 1, saved: 1_000 };
    let host = TestHost::fair(shares);
    let slow = host.load(Guest::new().with("validate", SLOW).build()).await;
    let neighbour = host.load(Guest::new().manifest(Some(manifest("other", &[]))).build()).await;
    slow.validate(&call(), &named("a")).await.expect("nothing is used up yet");
    let refused = refusal(slow.validate(&call(), &named("a")).await);
    assert_eq!(refused.reason, RefusalReason::CpuTime);
    assert!(refused.retry_after > Duration::from_secs(60), "{:?}", refused.retry_after);
    assert!(
        refused.message.contains("used up the processor time that it may have for this server"),
        "{refused}"
    );
    slow.validate(&call(), &named("b")).await.expect("another server has a share of its own");
    neighbour.validate(&call(), &named("a")).await.expect("so has another plugin");
    slow.run_spec(&call(), &named("a"))
        .await
        .expect_err("it is asked, and answers nothing that is a run spec");
    assert_eq!(host.host.conduct()[1].figures.refused, 1);
}

#[tokio::test]
async fn what_waits_in_the_background_leaves_a_quarter_to_people() {
    let mut shares = Shares::default();
    shares.plugin.log_bytes = Flow { per_second: 1, saved: 1_000 };
    let host = TestHost::fair(shares);
    let writes = "(call $log (i32.const 1) (i32.const 1024) (i32.const 800)) (i32.const 16)";
    let guest = Guest::new().prelude(format!(r#"(data (i32.const 1024) "{}")"#, "x".repeat(800)));
    let plugin = host.load(guest.with("parse", writes).build()).await;
    parse(&plugin, &server()).await.unwrap();
    assert_eq!(refusal(parse(&plugin, &server()).await).reason, RefusalReason::LogBytes);
    plugin.validate(&call(), &server()).await.expect("a person's question is asked");
}

#[tokio::test]
async fn calls_come_no_faster_than_they_may() {
    let mut shares = Shares::default();
    shares.server.calls = Flow { per_second: 1, saved: 3 };
    let host = TestHost::fair(shares);
    let plugin = host.load(Guest::new().build()).await;
    let mut refused = None;
    for _ in 0..1_000 {
        match parse(&plugin, &server()).await {
            Ok(()) => {}
            other => {
                refused = Some(refusal(other));
                break;
            }
        }
    }
    let refused = refused.expect("a thousand calls take no thousand seconds");
    assert_eq!(refused.reason, RefusalReason::Calls);
    assert!(refused.retry_after <= Duration::from_secs(1), "{:?}", refused.retry_after);
}

#[test]
fn first_party_rates_take_a_tenth() {
    let Shares { server, plugin, .. } = Shares::default();
    // A collector and nine batches of lines each second.
    assert!(server.calls.per_second >= 10 * (1 + 9));
    // A thousand servers that are collected each second and read two batches.
    assert!(plugin.calls.per_second >= 1_000 * 3);
}

#[tokio::test]
async fn figures_say_what_a_plugin_used_and_what_stopped_it() {
    let body = "(drop (memory.grow (i32.const 31))) (call $log (i32.const 2) (i32.const 1024) (i32.const 4)) (i32.const 16)";
    let host = TestHost::fair(patient());
    let guest =
        Guest::new().prelude(r#"(data (i32.const 1024) "word")"#).with("install", body).with("parse", MOODY);
    let plugin = host.load(guest.build()).await;
    let lines = Arc::new(Lines::default());
    plugin.install_plan(&logging(lines.clone()), &named("a")).await.unwrap();
    parse(&plugin, &cursed("a")).await.unwrap_err();
    let conduct = host.host.conduct().pop().unwrap();
    assert_eq!(
        (conduct.plugin.as_str(), conduct.version.as_str(), conduct.digest.as_str()),
        ("sample", "1.0.0", plugin.digest())
    );
    let figures = conduct.figures;
    assert_eq!((figures.calls, figures.host_calls, figures.log_bytes), (2, 1, 4));
    assert_eq!(figures.memory_peak_bytes, 32 * 65_536);
    assert_eq!(figures.stopped.get(StopReason::Trap.as_str()), Some(&1));
    assert_eq!(
        lines.taken(),
        [("sample".to_owned(), LogLevel::Warn, "word".to_owned())],
        "the embedder's log has it too"
    );
}

#[tokio::test]
async fn log_is_kept_for_each_server_with_what_stopped_it() {
    let writes = format!("(call $log (i32.const 2) (i32.const 1024) (i32.const 4)) {MOODY}");
    let host = TestHost::fair(patient());
    let guest = Guest::new().prelude(r#"(data (i32.const 1024) "word")"#).with("parse", writes);
    let plugin = host.load(guest.build()).await;
    parse(&plugin, &named("a")).await.unwrap();
    parse(&plugin, &cursed("b")).await.unwrap_err();
    let log = |server| {
        let lines = host.host.plugin_log(plugin.digest(), server);
        lines.into_iter().map(|line| (line.server_id.unwrap_or_default(), line.kind)).collect::<Vec<_>>()
    };
    let (of_a, of_b) = (("a".to_owned(), PluginLineKind::Warn), ("b".to_owned(), PluginLineKind::Warn));
    let stopped = ("b".to_owned(), PluginLineKind::Stopped);
    assert_eq!(log(Some("a")), std::slice::from_ref(&of_a));
    assert_eq!(log(Some("b")), [of_b.clone(), stopped.clone()]);
    assert_eq!(log(None), [of_a, of_b, stopped]);
    for _ in 0..300 {
        // Plans are not refused, however many there are.
        let guest = plugin.install_plan(&call(), &named("a")).await;
        guest.unwrap();
    }
    host.host.forget_server("a");
    assert!(log(Some("a")).is_empty());
}

#[tokio::test]
async fn noisy_server_pushes_out_its_own_lines_alone() {
    let writes = "(call $log (i32.const 2) (i32.const 1024) (i32.const 4)) (i32.const 16)";
    let host = TestHost::fair(patient());
    let guest = Guest::new().prelude(r#"(data (i32.const 1024) "word")"#).with("install", writes);
    let plugin = host.load(guest.build()).await;
    plugin.install_plan(&call(), &named("quiet")).await.unwrap();
    for _ in 0..200 {
        plugin.install_plan(&call(), &named("noisy")).await.unwrap();
    }
    assert_eq!(host.host.plugin_log(plugin.digest(), Some("noisy")).len(), 128);
    assert_eq!(host.host.plugin_log(plugin.digest(), Some("quiet")).len(), 1);
}
