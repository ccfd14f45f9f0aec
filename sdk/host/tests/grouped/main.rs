//! The process that plugins run in, in a control group that the kernel keeps.
//!
//! Only where the machine has given one away, as systemd gives one to a service: `cargo xtask test` starts this program in
//! a virtual machine that does (`xtask/src/machine.rs`), whatever the machine of the tests has.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "../it/components.rs"]
#[expect(dead_code, reason = "other suites want more of it")]
mod components;
#[path = "../it/hosts.rs"]
#[expect(dead_code, reason = "other suites want more of it")]
mod hosts;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use components::Guest;
use gantry_confine::{GroupLimits, GroupPlace};
use gantry_host::{Budgets, CallError, HostError, StopReason};
use hosts::{TestHost, call, server, stopped_plan};

/// Writes into 32 MiB of its own memory, again and again.
const HUNGRY: &str = "(drop (memory.grow (i32.const 512)))
    (loop $again (memory.fill (i32.const 65536) (i32.const 1) (i32.const 33554432)) (br $again)) (unreachable)";

/// Where the kernel says that a process stands.
fn group_of(process: u32) -> PathBuf {
    let groups = fs::read_to_string(format!("/proc/{process}/cgroup")).unwrap();
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/")).expect("cgroup v2").to_owned();
    Path::new("/sys/fs/cgroup").join(own)
}

fn runner_group(host: &TestHost) -> PathBuf {
    group_of(host.host.runner_pid().expect("plugins run in a process of their own"))
}

fn number(group: &Path, file: &str) -> u64 {
    fs::read_to_string(group.join(file)).unwrap().trim().parse().unwrap()
}

/// How often something happened in a group, as its file of events counts.
fn events(group: &Path, file: &str, name: &str) -> u64 {
    let events = fs::read_to_string(group.join(file)).unwrap();
    let count = events.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).unwrap();
    count.parse().unwrap()
}

#[tokio::test]
async fn plugins_run_in_a_group_of_their_own_with_its_limits_and_the_host_does_not() {
    let host = TestHost::new();
    host.load(Guest::least().build()).await.blueprints(&call()).await.unwrap();
    let (own, group) = (group_of(std::process::id()), runner_group(&host));
    assert!(own.ends_with("gantryd.service/main"), "{}", own.display());
    assert_eq!(group.parent(), own.parent());
    assert!(
        group.file_name().unwrap().to_str().unwrap().starts_with("gantry-plugins-"),
        "{}",
        group.display()
    );
    let memory = number(&group, "memory.max");
    let machine = gantry_confine::machine_memory().unwrap();
    assert!(memory > 512 << 20 && memory <= machine / 2, "{memory} of {machine} bytes");
    let threads = number(&group, "pids.max");
    assert!((16..10_000).contains(&threads), "{threads}");
    assert_eq!(number(&group, "cpu.weight"), 50);
}

#[tokio::test]
async fn plugins_that_take_more_memory_than_their_group_has_end_alone_and_the_next_call_is_answered() {
    let mut budgets = Budgets::default();
    budgets.install_plan.cpu = Duration::from_secs(600);
    budgets.install_plan.wall = Duration::from_secs(600);
    let host = TestHost::with(budgets);
    let hungry = host.load(Guest::least().with("install", HUNGRY).build()).await;
    let innocent = host.load(Guest::least().build()).await;
    innocent.blueprints(&call()).await.unwrap();
    let group = runner_group(&host);
    let room = number(&group, "memory.current") + (8 << 20);
    fs::write(group.join("memory.max"), room.to_string()).unwrap();
    match hungry.install_plan(&call(), &server()).await.unwrap_err() {
        CallError::Host(error @ HostError::Runner(_)) => {
            assert!(error.to_string().contains("signal: 9"), "{error}");
        }
        other => panic!("another error: {other:?}"),
    }
    assert_eq!(innocent.blueprints(&call()).await.expect("it is linked again"), vec![]);
    let next = runner_group(&host);
    assert_ne!(next, group);
    assert!(number(&next, "memory.max") > room, "the next process has all of its room");
    assert_eq!(events(&next, "memory.events", "oom_kill"), 0);
}

#[tokio::test]
async fn calls_that_compute_for_long_have_a_group_that_others_go_before() {
    let mut budgets = Budgets::default();
    budgets.install_plan.cpu = Duration::from_secs(1);
    budgets.install_plan.wall = Duration::from_secs(600);
    let host = TestHost::with(budgets);
    let endless =
        host.load(Guest::least().with("install", "(loop $again (br $again)) (unreachable)").build()).await;
    for _ in 0..2 {
        assert_eq!(stopped_plan(&endless).await.reason, StopReason::CpuTime);
    }
    let [Some(usual), Some(long)] = host.host.runner_pids() else { panic!("they have one process") };
    let (usual, long) = (group_of(usual), group_of(long));
    assert_ne!(usual, long);
    assert_eq!(usual.parent(), long.parent());
    assert_eq!((number(&usual, "cpu.weight"), number(&long, "cpu.weight")), (50, 10));
    assert!(number(&long, "memory.max") <= gantry_confine::machine_memory().unwrap() / 4);
}

#[tokio::test]
async fn group_goes_with_the_last_of_its_processes() {
    let mut budgets = Budgets::default();
    budgets.concurrency.idle = Duration::from_millis(50);
    let host = TestHost::with(budgets);
    host.load(Guest::least().build()).await.blueprints(&call()).await.unwrap();
    let group = runner_group(&host);
    let gone = async {
        while group.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), gone).await.expect("nobody calls, so that it ends");
    assert_eq!(host.host.runner_pid(), None);
}

#[test]
fn children_of_one_group_are_counted_together() {
    let limits = GroupLimits { memory_bytes: 64 << 20, processes: 4, weight: 50 };
    let group = GroupPlace::here().unwrap().make("together", &limits).unwrap();
    let mut shell = Command::new("sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    group.take(shell.id()).unwrap();
    let script = "for each in 1 2 3 4 5 6; do sleep 600 > /dev/null 2>&1 & done; echo none was refused";
    std::io::Write::write_all(&mut shell.stdin.take().unwrap(), script.as_bytes()).unwrap();
    let ended = shell.wait_with_output().unwrap();
    let refusals = events(group.directory(), "pids.events", "max");
    fs::write(group.directory().join("cgroup.kill"), "1").unwrap();
    assert!(!String::from_utf8_lossy(&ended.stdout).contains("none was refused"), "{ended:?}");
    assert!(refusals > 0, "{ended:?}");
}
