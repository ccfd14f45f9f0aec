//! Answers of a plugin: what is converted, and which breaches of the contract are named.

use gantry_host::{CallError, StopReason};
use gantry_types::plan::Action;

use crate::components::Guest;
use crate::hosts::{TestHost, call, server, stopped_plan};

/// A plan with two steps that make a directory, laid out in memory as the contract's records are.
fn plan(ids: [&str; 2], path: &str, weight: u32) -> Guest {
    // Texts at 1024, 1040 and 1056; records from 2048 on.
    let texts = format!(
        r#"(data (i32.const 1024) "{}") (data (i32.const 1040) "{}") (data (i32.const 1056) "{path}")"#,
        ids[0], ids[1]
    );
    let body = format!(
        "(call $step (i32.const 2048) (i32.const 1024) (i32.const {}) (i32.const {}) (i32.const {weight}))
         (call $step (i32.add (i32.const 2048) (global.get $size)) (i32.const 1040) (i32.const {}) (i32.const {})
           (i32.const {weight}))
         (i32.store (i32.const 20) (i32.const 2048)) (i32.store (i32.const 24) (i32.const 2)) (i32.const 16)",
        ids[0].len(),
        path.len(),
        ids[1].len(),
        path.len()
    );
    Guest::least().prelude(format!("{texts} {STEP}")).with("install", body)
}

/// A step is id, title, an action (its payload 8-aligned, because a download has a `u64`; 72 bytes), weight, may-fail.
const STEP: &str = "(global $size i32 (i32.const 96))
    (func $step (param $at i32) (param $id i32) (param $id_length i32) (param $path_length i32) (param $weight i32)
      (i32.store (local.get $at) (local.get $id))
      (i32.store offset=4 (local.get $at) (local.get $id_length))
      (i32.store offset=8 (local.get $at) (local.get $id))
      (i32.store offset=12 (local.get $at) (local.get $id_length))
      (i32.store8 offset=16 (local.get $at) (i32.const 6))
      (i32.store offset=24 (local.get $at) (i32.const 1056))
      (i32.store offset=28 (local.get $at) (local.get $path_length))
      (i32.store offset=88 (local.get $at) (local.get $weight)))";

#[tokio::test]
async fn plan_arrives_as_data() {
    let host = TestHost::new();
    let plugin = host.load(plan(["one", "two"], "worlds/first", 3).build()).await;
    let plan = plugin.install_plan(&call(), &server()).await.unwrap();
    let seen: Vec<_> = plan.steps.iter().map(|step| (step.id.as_str(), step.weight)).collect();
    assert_eq!(seen, [("one", 3), ("two", 3)]);
    assert_eq!(plan.steps[0].action, Action::MakeDirectory { path: "worlds/first".to_owned() });
}

#[tokio::test]
async fn breaches_of_a_plan_are_named_with_their_step() {
    let host = TestHost::new();
    for (guest, expected) in [
        (plan(["one", "one"], "a", 1), "step \"one\" occurs twice"),
        (plan(["one", "two"], "a", 0), "step one: the weight must be 1 to 1000000; it is 0"),
        (
            plan(["one", "two"], "../a", 1),
            "step one: path \"../a\" must be a path relative to the server's directory",
        ),
        (plan(["one", "two"], "/etc", 1), "step one: path \"/etc\" must be"),
        (plan(["one", "a b"], "a", 1), "step \"a b\" must be letters"),
    ] {
        let stop = stopped_plan(&host.load(guest.build()).await).await;
        assert_eq!(stop.reason, StopReason::Answer);
        assert!(stop.message.contains(expected), "{stop}");
        assert!(
            stop.message.starts_with("the plugin sample was stopped in plans.install: its answer breaks"),
            "{stop}"
        );
    }
}

#[tokio::test]
async fn text_that_is_no_text_breaks_the_contract() {
    let host = TestHost::new();
    let plugin = host.load(plan(["one", "two"], r"\ff", 1).build()).await;
    let stop = stopped_plan(&plugin).await;
    assert_eq!(stop.reason, StopReason::Answer);
}

#[tokio::test]
async fn refusal_of_a_plugin_is_its_own() {
    let guest = Guest::least().prelude(r#"(data (i32.const 1024) "eula\1b[1mAccept it.")"#).with(
        "run",
        "(i32.store8 (i32.const 16) (i32.const 1))
         (i32.store (i32.const 20) (i32.const 1024)) (i32.store (i32.const 24) (i32.const 4))
         (i32.store (i32.const 28) (i32.const 1028)) (i32.store (i32.const 32) (i32.const 14))
         (i32.store8 (i32.const 36) (i32.const 1)) (i32.store (i32.const 40) (i32.const 1500)) (i32.const 16)",
    );
    let host = TestHost::new();
    let plugin = host.load(guest.build()).await;
    let CallError::Failed(failure) = plugin.run_spec(&call(), &server()).await.unwrap_err() else { panic!() };
    assert_eq!(failure.code, "eula");
    assert_eq!(failure.message, r"\u{1b}[1mAccept it.");
    assert_eq!(failure.retry_after, Some(std::time::Duration::from_millis(1_500)));
}

#[tokio::test]
async fn run_spec_without_an_image_breaks_the_contract() {
    let host = TestHost::new();
    let plugin = host.load(Guest::least().build()).await;
    let CallError::Stopped(stop) = plugin.run_spec(&call(), &server()).await.unwrap_err() else { panic!() };
    assert_eq!((stop.reason, stop.call), (StopReason::Answer, "plans.run"));
    assert!(stop.message.contains("working directory must have 1 to 256 characters"), "{stop}");
}

#[tokio::test]
async fn console_event_of_a_line_that_was_not_given_breaks_the_contract() {
    // One event: line 3, joined, an empty name.
    let guest = Guest::new().with(
        "parse",
        "(i32.store (i32.const 2048) (i32.const 3))
         (i32.store (i32.const 16) (i32.const 2048)) (i32.store (i32.const 20) (i32.const 1)) (i32.const 16)",
    );
    let host = TestHost::new();
    let plugin = host.load(guest.build()).await;
    let lines = |count: usize| vec!["line".to_owned(); count];
    assert_eq!(plugin.console_events(&call(), &server(), &lines(4)).await.unwrap().len(), 1);
    let CallError::Stopped(stop) = plugin.console_events(&call(), &server(), &lines(3)).await.unwrap_err()
    else {
        panic!()
    };
    assert!(stop.message.contains("an event names line 3; the batch has 3"), "{stop}");
}
