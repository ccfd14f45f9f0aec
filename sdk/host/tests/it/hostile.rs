//! Plugins that mean harm: each is stopped and named, and nobody else notices.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gantry_host::{Budgets, CallError, CompileError, Host, HostError, LogLevel, Plugin, StopReason};

use crate::components::{Guest, ZEROS};
use crate::hosts::{Lines, NoQuery, TestHost, all, call, logging, server, stopped_plan, tight, usual_wall};

const FOR_EVER: &str = "(loop $again (br $again)) (unreachable)";

async fn stop_of(body: &str) -> gantry_host::Stop {
    let host = TestHost::with(tight());
    stopped_plan(&host.load(Guest::least().with("install", body).build()).await).await
}

#[tokio::test]
async fn plugin_that_loops_for_ever_is_stopped_and_named() {
    let stop = stop_of(FOR_EVER).await;
    assert_eq!(
        (stop.reason, stop.plugin.as_str(), stop.call),
        (StopReason::CpuTime, "sample", "plans.install")
    );
    assert_eq!(
        stop.message,
        "the plugin sample was stopped in plans.install: it computed for more than 100ms; its author must make it do \
         less in one call"
    );
}

#[tokio::test]
async fn plugin_that_loops_while_it_starts_is_stopped() {
    let guest = Guest::least().prelude(format!("(start $begin) (func $begin {FOR_EVER})"));
    let host = TestHost::with(tight());
    assert_eq!(stopped_plan(&host.load(guest.build()).await).await.reason, StopReason::CpuTime);
}

#[tokio::test]
async fn plugin_that_allocates_for_ever_is_stopped() {
    let stop = stop_of(
        "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (unreachable)",
    )
    .await;
    assert_eq!(stop.reason, StopReason::Memory);
    assert!(stop.message.contains("more than 16384 KiB of memory"), "{stop}");
}

#[tokio::test]
async fn plugin_that_recurses_for_ever_is_stopped() {
    let guest = Guest::least()
        .prelude("(func $deeper (param i64) (call $deeper (local.get 0)) (call $deeper (local.get 0)))")
        .with("install", "(call $deeper (i64.const 1)) (i32.const 16)");
    let host = TestHost::with(tight());
    let stop = stopped_plan(&host.load(guest.build()).await).await;
    assert_eq!(stop.reason, StopReason::Stack);
    assert!(stop.message.contains("512 KiB"), "{stop}");
}

#[tokio::test]
async fn plugin_that_claims_to_answer_a_gigabyte_is_stopped() {
    // `ok`, with as many steps as a gigabyte would hold.
    let stop = stop_of("(i32.store (i32.const 24) (i32.const 0x1000000)) (i32.const 16)").await;
    assert!(matches!(stop.reason, StopReason::Answer | StopReason::Output), "{stop:?}");
}

#[tokio::test]
async fn plugin_that_answers_too_much_is_stopped() {
    // `err`, whose code is 8 MiB of text.
    let body = "(drop (memory.grow (i32.const 150)))
        (i32.store8 (i32.const 16) (i32.const 1))
        (i32.store (i32.const 20) (i32.const 65536))
        (i32.store (i32.const 24) (i32.const 8388608)) (i32.const 16)";
    let stop = stop_of(body).await;
    assert_eq!(stop.reason, StopReason::Output);
    assert!(stop.message.contains("more than 1024 KiB at once"), "{stop}");
}

#[tokio::test]
async fn one_text_that_is_listed_a_million_times_is_stopped() {
    // Each problem is 28 bytes, of which two words say where a text of 16 KiB is: the same one in all.
    let body = "(local $at i32) (local $left i32)
        (local.set $at (i32.const 65536)) (local.set $left (i32.const 2000))
        (drop (memory.grow (i32.const 20)))
        (loop $next
          (i32.store (local.get $at) (i32.const 1024))
          (i32.store offset=4 (local.get $at) (i32.const 16384))
          (local.set $at (i32.add (local.get $at) (i32.const 28)))
          (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (i32.store (i32.const 16) (i32.const 65536)) (i32.store (i32.const 20) (i32.const 2000)) (i32.const 16)";
    let host = TestHost::with(tight());
    let plugin = host.load(Guest::least().with("validate", body).build()).await;
    let CallError::Stopped(stop) = plugin.validate(&call(), &server()).await.unwrap_err() else { panic!() };
    assert_eq!(stop.reason, StopReason::Output, "{stop}");
}

const LOG_A_KIBIBYTE: &str =
    "(loop $again (call $log (i32.const 1) (i32.const 1024) (i32.const 1024)) (br $again)) (unreachable)";

#[tokio::test]
async fn plugin_that_floods_its_log_is_stopped() {
    let host = TestHost::with(tight());
    let plugin = host.load(Guest::least().with("install", LOG_A_KIBIBYTE).build()).await;
    let lines = Arc::new(Lines::default());
    let CallError::Stopped(stop) = plugin.install_plan(&logging(lines.clone()), &server()).await.unwrap_err()
    else {
        panic!()
    };
    assert_eq!(stop.reason, StopReason::LogBytes);
    assert_eq!(lines.taken().len(), 256, "what was within the limit is kept");
}

#[tokio::test]
async fn plugin_that_floods_the_host_with_calls_is_stopped() {
    let body =
        "(loop $again (call $log (i32.const 1) (i32.const 0) (i32.const 0)) (br $again)) (unreachable)";
    let stop = stop_of(body).await;
    assert_eq!(stop.reason, StopReason::HostCalls);
    assert!(stop.message.contains("more than 1000 times"), "{stop}");
}

#[tokio::test]
async fn plugin_that_crashes_is_named_with_its_trap() {
    let stop = stop_of("(unreachable)").await;
    assert_eq!(stop.reason, StopReason::Trap);
    assert!(stop.message.contains("`unreachable` instruction executed"), "{stop}");
}

#[tokio::test]
async fn function_that_crashes_or_loops_is_named() {
    let host = TestHost::with(tight());
    let stop = async |body: &str| {
        let guest = Guest::least().prelude(format!("(func $parse_players {body})"));
        let guest = guest.with("install", "(call $parse_players) (i32.const 16)");
        stopped_plan(&host.load(guest.build()).await).await.message
    };
    let crashed = stop("(unreachable)").await;
    assert!(crashed.contains("instruction executed, in `parse_players`)"), "{crashed}");
    let looped = stop("(loop $again (br $again))").await;
    assert!(looped.contains("it computed for more than 100ms, in `parse_players`; its author"), "{looped}");
}

#[tokio::test]
async fn memories_count_together() {
    // Each alone is half of what a collector may have.
    let guest = |pages: u32| Guest::new().pages(pages).prelude(format!("(memory $second {pages})"));
    let host = TestHost::new();
    let within = host.load(guest(250).build()).await;
    within.collect(&call().querying(Arc::new(NoQuery)), &server()).await.expect("both fit");
    let beyond = host.load(guest(260).build()).await;
    let CallError::Stopped(stop) =
        beyond.collect(&call().querying(Arc::new(NoQuery)), &server()).await.unwrap_err()
    else {
        panic!()
    };
    assert_eq!(stop.reason, StopReason::Memory);
}

#[tokio::test]
async fn log_text_cannot_forge_lines_or_move_the_cursor() {
    let guest = Guest::least()
        .prelude(r#"(data (i32.const 1024) "ok\0aroot: \1b[2Jgone \e2\80\ae")"#)
        .with("install", "(call $log (i32.const 2) (i32.const 1024) (i32.const 21)) (i32.const 16)");
    let host = TestHost::new();
    let plugin = host.load(guest.build()).await;
    let lines = Arc::new(Lines::default());
    plugin.install_plan(&logging(lines.clone()), &server()).await.unwrap();
    let text = r"ok\nroot: \u{1b}[2Jgone \u{202e}".to_owned();
    assert_eq!(lines.taken(), [("sample".to_owned(), LogLevel::Warn, text)]);
}

#[tokio::test]
async fn long_log_lines_are_cut() {
    let guest = Guest::least()
        .with("install", "(call $log (i32.const 0) (i32.const 1024) (i32.const 20000)) (i32.const 16)");
    let host = TestHost::new();
    let plugin = host.load(guest.build()).await;
    let lines = Arc::new(Lines::default());
    plugin.install_plan(&logging(lines.clone()), &server()).await.unwrap();
    assert!(lines.taken()[0].2.len() < 40_000);
    assert!(lines.taken()[0].2.ends_with('…'));
}

#[tokio::test]
async fn nothing_survives_a_call() {
    // Answers how often this instance was asked, counted in a global and in memory.
    let guest = Guest::new().prelude("(global $count (mut i32) (i32.const 0))").with(
        "collect",
        "(global.set $count (i32.add (global.get $count) (i32.const 1)))
         (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1)))
         (i32.store8 (i32.const 60) (i32.const 1))
         (i32.store (i32.const 64) (i32.add (global.get $count) (i32.load (i32.const 8))))
         (i32.const 16)",
    );
    let host = TestHost::new();
    let plugin = host.load(guest.build()).await;
    for _ in 0..100 {
        let sample = plugin.collect(&call().querying(Arc::new(NoQuery)), &server()).await.unwrap();
        assert_eq!(sample.players, Some(2));
    }
}

#[tokio::test]
async fn plugin_answers_again_after_it_was_stopped() {
    let host = TestHost::with(tight());
    let plugin = host.load(Guest::least().with("install", "(unreachable)").build()).await;
    for _ in 0..200 {
        stopped_plan(&plugin).await;
    }
    assert_eq!(plugin.blueprints(&call()).await.unwrap(), vec![]);
}

/// 2,000 nested loops that carry 2,000 locals: about 20 KiB that Cranelift needs gigabytes for.
fn compile_bomb() -> Arc<[u8]> {
    let mut body = (0..2_000).map(|index| format!("(local $l{index} i32)")).collect::<String>();
    body.push_str(&"(loop ".repeat(2_000));
    for index in 0..2_000 {
        body.push_str(&format!("(local.set $l{index} (i32.add (local.get $l{index}) (i32.const 1)))"));
    }
    body.push_str(&"(br_if 0 (local.get $l0)))".repeat(2_000));
    body.push_str(ZEROS);
    Guest::least().with("install", body).build()
}

async fn compile_error(budgets: Budgets) -> String {
    let host = TestHost::with(budgets);
    let error = host.host.load(compile_bomb(), &all()).await.expect_err("the bomb is refused");
    assert!(matches!(error, HostError::Compile(_)), "{error:?}");
    assert_eq!(std::fs::read_dir(host.cache.path()).unwrap().count(), 0);
    // The next component is served as if nothing had happened.
    host.load(Guest::least().build()).await;
    error.to_string()
}

#[tokio::test]
async fn component_that_takes_too_long_to_compile_is_refused() {
    let mut budgets = Budgets::default();
    budgets.compile.cpu_s = 1;
    budgets.compile.memory_mib = 8_192;
    let error = compile_error(budgets).await;
    assert!(error.contains("more than 1 s of processor time"), "{error}");
}

#[tokio::test]
async fn component_that_takes_too_much_memory_to_compile_is_refused() {
    let mut budgets = Budgets::default();
    budgets.compile.cpu_s = 60;
    budgets.compile.memory_mib = 96;
    let error = compile_error(budgets).await;
    assert!(error.contains("more than 96 MiB of memory"), "{error}");
}

#[tokio::test]
async fn compiler_that_hangs_is_killed() {
    let mut budgets = Budgets::default();
    budgets.compile.wall = Duration::from_millis(200);
    let cache = tempfile::TempDir::new().unwrap();
    let host = Host::new(gantry_host::HostConfig {
        cache_dir: cache.path().to_owned(),
        cache_key: [0; 32],
        compiler: gantry_host::ChildProgram { program: "/bin/sleep".into(), args: vec!["600".into()] },
        budgets,
        wall: usual_wall(),
    })
    .unwrap();
    let error = host.load(Guest::least().build(), &all()).await.unwrap_err();
    assert!(matches!(error, HostError::Compile(CompileError::WallTime { .. })), "{error:?}");
}

/// The innocent are served while every hostile guest still runs, so no duration of this machine's matters.
#[tokio::test]
async fn hostile_guests_starve_neither_innocent_plugins_nor_the_embedder() {
    let mut budgets = Budgets::default();
    budgets.install_plan.cpu = Duration::from_secs(2);
    budgets.install_plan.wall = Duration::from_secs(120);
    budgets.concurrency.threads = 1;
    let host = TestHost::with(budgets);
    let hostile = host.load(Guest::least().with("install", FOR_EVER).build()).await;
    let innocent = host.load(Guest::new().build()).await;

    let running: Vec<_> = (0..8).map(|_| tokio::spawn(plan(hostile.clone()))).collect();
    let began = Instant::now();
    for _ in 0..20 {
        innocent
            .collect(&call().querying(Arc::new(NoQuery)), &server())
            .await
            .expect("the innocent is served");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let finished = running.iter().filter(|task| task.is_finished()).count();
    assert_eq!(finished, 0, "20 innocent calls took {:?}", began.elapsed());
    for task in running {
        assert_eq!(task.await.unwrap(), StopReason::CpuTime);
    }
}

async fn plan(plugin: Plugin) -> StopReason {
    stopped_plan(&plugin).await.reason
}

#[tokio::test]
async fn calls_beyond_the_queue_are_refused_at_once() {
    let mut budgets = tight();
    budgets.concurrency.instances_per_plugin = 1;
    budgets.concurrency.waiting_per_plugin = 1;
    let host = TestHost::with(budgets);
    let plugin = host.load(Guest::least().with("install", FOR_EVER).build()).await;
    let context = call();
    let server = server();
    let outcomes = tokio::join!(
        plugin.install_plan(&context, &server),
        plugin.install_plan(&context, &server),
        plugin.install_plan(&context, &server),
    );
    assert!(matches!(outcomes.0, Err(CallError::Stopped(_))), "{:?}", outcomes.0);
    assert!(matches!(outcomes.1, Err(CallError::Stopped(_))), "{:?}", outcomes.1);
    assert!(matches!(outcomes.2, Err(CallError::Host(HostError::Overloaded { .. }))), "{:?}", outcomes.2);
}

#[tokio::test]
async fn dropped_call_frees_its_place() {
    let mut budgets = Budgets::default();
    budgets.install_plan.cpu = Duration::from_secs(600);
    budgets.install_plan.wall = Duration::from_secs(600);
    budgets.concurrency.instances = 1;
    let host = TestHost::with(budgets);
    let plugin = host.load(Guest::least().with("install", FOR_EVER).build()).await;
    let (context, server) = (call(), server());
    let abandoned = tokio::time::timeout(Duration::from_millis(50), plugin.install_plan(&context, &server));
    abandoned.await.expect_err("it never answers");
    plugin.blueprints(&context).await.expect("the only place is free again");
}
