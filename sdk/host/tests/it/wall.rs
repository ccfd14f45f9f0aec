//! The process that plugins run in: what the kernel says of it, that its end blames nobody, and that it comes back.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gantry_host::{
    Budgets, CallError, ChildProgram, Host, HostConfig, HostError, LentFailure, Plugin, Query, Reply,
    StopReason, Wall,
};
use gantry_types::server::{Endpoint, ServerContext, Setting};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::components::Guest;
use crate::hosts::{KEY, TestHost, all, call, granted, server, stopped_plan};

const FOR_EVER: &str = "(loop $again (br $again)) (unreachable)";

fn pid(host: &TestHost) -> u32 {
    host.host.runner_pid().expect("plugins run in a process of their own")
}

fn kill(pid: u32) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

/// Resolves when the host has seen the child end.
async fn has_ended(host: &TestHost) {
    let gone = async {
        while host.host.runner_pid().is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("the child is seen to end");
}

fn runner_error(error: CallError) -> String {
    match error {
        CallError::Host(error @ HostError::Runner(_)) => error.to_string(),
        other => panic!("another error: {other:?}"),
    }
}

#[tokio::test]
async fn runner_has_no_user_no_rights_no_environment_and_no_files() {
    let host = TestHost::new();
    let plugin = host.load(Guest::least().build()).await;
    plugin.blueprints(&call()).await.unwrap();
    let of = |file: &str| format!("/proc/{}/{file}", pid(&host));
    let status = fs::read_to_string(of("status")).unwrap();
    let status: BTreeMap<_, _> = status.lines().filter_map(|line| line.split_once(":\t")).collect();
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(status[set], "0000000000000000", "{set}");
    }
    assert_eq!((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"));
    assert!(rustix::process::geteuid().is_root(), "run as root: the rest is about giving that up");
    for ids in ["Uid", "Gid"] {
        let ids: Vec<u32> = status[ids].split('\t').map(|id| id.parse().unwrap()).collect();
        assert!(ids.iter().all(|id| (61_184..65_520).contains(id)), "{ids:?}");
    }
    assert_eq!(status["Groups"].trim(), "");
    assert_eq!(fs::read(of("environ")).unwrap(), b"");
    for open in fs::read_dir(of("fd")).unwrap() {
        let what = fs::read_link(open.unwrap().path()).unwrap().display().to_string();
        let is_known = ["socket:", "pipe:", "/dev/null", "/memfd:"].iter().any(|kind| what.starts_with(kind));
        assert!(is_known || what.ends_with("/pagemap"), "{what}");
    }
    let limits = fs::read_to_string(of("limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().collect::<Vec<_>>()[4..6], ["0", "0"]);
}

#[tokio::test]
async fn runner_is_there_while_somebody_calls_and_not_for_nobody() {
    let mut budgets = Budgets::default();
    budgets.concurrency.idle = Duration::from_millis(50);
    budgets.install_plan.cpu = Duration::from_millis(300);
    let host = TestHost::with(budgets);
    let guest = Guest::least().with("install", FOR_EVER).build();
    host.host.look(guest.clone(), &all()).await.unwrap();
    assert_eq!(host.host.runner_pid(), None, "looking at a component runs nothing");
    let plugin = host.load(guest).await;
    let first = pid(&host);
    // It computes for longer than the process may be idle.
    assert_eq!(stopped_plan(&plugin).await.reason, StopReason::CpuTime);
    has_ended(&host).await;
    assert_eq!(plugin.blueprints(&call()).await.expect("it is linked again"), vec![]);
    assert_ne!(pid(&host), first);
}

/// Code is read again where it was first read, whatever became of its name; and where it cannot be, that is one plugin's loss.
#[tokio::test]
async fn plugin_whose_code_is_gone_fails_alone() {
    let host = TestHost::new();
    let whole = host.load(Guest::least().build()).await;
    let spoilt = host.load(Guest::least().with("run", "(unreachable)").build()).await;
    let mut files: Vec<_> =
        fs::read_dir(host.cache.path()).unwrap().map(|each| each.unwrap().path()).collect();
    files.sort_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
    fs::File::options().write(true).open(&files[1]).unwrap().set_len(100).unwrap();
    files.iter().for_each(|file| fs::remove_file(file).unwrap());
    kill(pid(&host));
    has_ended(&host).await;

    assert_eq!(whole.blueprints(&call()).await.unwrap(), vec![]);
    let second = pid(&host);
    for _ in 0..3 {
        let error = spoilt.blueprints(&call()).await.unwrap_err();
        let CallError::Host(HostError::Cache { source, .. }) = &error else { panic!("{error:?}") };
        assert!(source.to_string().contains("authentication code"), "{source}");
        assert_eq!(whole.blueprints(&call()).await.unwrap(), vec![]);
    }
    assert_eq!(pid(&host), second, "the others' process goes on");
}

#[tokio::test]
async fn calls_in_flight_end_with_the_runner_and_blame_nobody_and_the_next_is_answered() {
    let mut budgets = Budgets::default();
    budgets.install_plan.cpu = Duration::from_secs(600);
    budgets.install_plan.wall = Duration::from_secs(600);
    let host = TestHost::with(budgets);
    let endless = host.load(Guest::least().with("install", FOR_EVER).build()).await;
    let innocent = host.load(Guest::least().build()).await;
    let first = pid(&host);
    let plan = |plugin: Plugin| tokio::spawn(async move { plugin.install_plan(&call(), &server()).await });
    let running: Vec<_> = (0..3).map(|_| plan(endless.clone())).collect();
    // They run while others are served.
    for _ in 0..3 {
        innocent.blueprints(&call()).await.unwrap();
    }
    kill(first);
    for call in running {
        let error = runner_error(call.await.unwrap().unwrap_err());
        assert!(error.contains("signal: 9") && !error.contains("sample"), "{error}");
    }
    assert_eq!(innocent.blueprints(&call()).await.expect("it is linked again"), vec![]);
    assert_ne!(pid(&host), first);
}

#[tokio::test]
async fn calls_that_compute_for_long_have_a_process_of_their_own_which_others_outlive() {
    let mut budgets = Budgets::default();
    budgets.install_plan.cpu = Duration::from_secs(1);
    let host = TestHost::with(budgets);
    let endless = host.load(Guest::least().with("install", FOR_EVER).build()).await;
    let innocent = host.load(Guest::least().build()).await;
    let usual = pid(&host);
    assert_eq!(host.host.runner_pids(), [Some(usual), None]);
    assert_eq!(stopped_plan(&endless).await.reason, StopReason::CpuTime);
    let later = endless.clone();
    let again = tokio::spawn(async move { stopped_plan(&later).await });
    let long = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            match host.host.runner_pids()[1] {
                Some(long) => return long,
                None => tokio::task::yield_now().await,
            }
        }
    });
    let long = long.await.expect("it is known now for what it is");
    let status = fs::read_to_string(format!("/proc/{long}/stat")).unwrap();
    let nice = status.rsplit_once(')').unwrap().1.split_whitespace().nth(16).unwrap();
    assert_eq!(nice, "10", "others go first");
    assert_eq!(innocent.blueprints(&call()).await.unwrap(), vec![]);
    kill(usual);
    has_ended(&host).await;
    assert_eq!(again.await.unwrap().reason, StopReason::CpuTime, "it is in the other one");

    assert_eq!(innocent.blueprints(&call()).await.unwrap(), vec![]);
    let usual = pid(&host);
    let later = endless.clone();
    let last = tokio::spawn(async move { later.install_plan(&call(), &server()).await });
    for _ in 0..3 {
        innocent.blueprints(&call()).await.unwrap();
    }
    kill(long);
    let error = runner_error(last.await.unwrap().unwrap_err());
    assert!(error.contains("signal: 9"), "{error}");
    assert_eq!(innocent.blueprints(&call()).await.unwrap(), vec![]);
    assert_eq!(pid(&host), usual, "that one goes on");
    assert_eq!(stopped_plan(&endless).await.reason, StopReason::CpuTime, "it is started again");
}

#[tokio::test]
async fn runner_that_ends_again_and_again_is_left_alone_for_a_while() {
    let host = TestHost::new();
    let plugin = host.load(Guest::least().build()).await;
    for _ in 0..8 {
        let Some(pid) = host.host.runner_pid() else { break };
        kill(pid);
        has_ended(&host).await;
        if let Err(error) = plugin.blueprints(&call()).await {
            let error = runner_error(error);
            assert!(error.contains("left alone for"), "{error}");
            return;
        }
    }
    panic!("it was started at once each time");
}

#[tokio::test]
async fn runner_that_cannot_run_is_an_error_of_the_machine() {
    for (program, words) in [("/nonexistent/runner", "cannot be started"), ("/bin/false", "exit status: 1")] {
        let cache = TempDir::new().unwrap();
        let host = Host::new(HostConfig {
            cache_dir: cache.path().to_owned(),
            cache_key: KEY,
            compiler: ChildProgram { program: env!("CARGO_BIN_EXE_gantry-compiler").into(), args: vec![] },
            budgets: Budgets::default(),
            wall: Wall::Runner(ChildProgram { program: program.into(), args: vec![] }),
        });
        let error = host.unwrap().load(Guest::least().build(), &all()).await.unwrap_err();
        assert!(matches!(&error, HostError::Runner(why) if why.contains(words)), "{error:?}");
    }
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

/// Computes for ever if the server has settings, whose number stands in the eighth word of what it is given.
const TURNS: &str =
    "(if (i32.load offset=28 (local.get $arguments)) (then (loop $again (br $again)))) (i32.const 16)";

/// The threads of a child that run guests: whether each runs at this moment, and on which processors it may.
fn guests(pid: u32) -> Vec<(bool, String)> {
    let read = |task: fs::DirEntry| fs::read_to_string(task.path().join("status")).ok();
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten().filter_map(read);
    let guests = tasks.filter(|status| status.starts_with("Name:\tgantry-guest"));
    let field = |status: &str, name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned()
    };
    guests.map(|one| (field(&one, "State:").starts_with('R'), field(&one, "Cpus_allowed_list:"))).collect()
}

/// Waking a processor that idles takes several times as long as a short call.
#[tokio::test]
async fn guest_of_a_brief_call_runs_where_its_caller_waits_and_goes_elsewhere_to_compute() {
    let mut budgets = Budgets::default();
    budgets.install_plan.cpu = Duration::from_secs(2);
    budgets.install_plan.wall = Duration::from_secs(120);
    let host = TestHost::with(budgets);
    let plugin = host.load(Guest::least().with("install", TURNS).build()).await;
    plugin.install_plan(&call(), &server()).await.unwrap();
    let everywhere = guests(pid(&host))[0].1.clone();
    assert!(everywhere.contains(['-', ',']), "run this where there are two processors or more: {everywhere}");
    let settled = async {
        while !guests(pid(&host)).iter().any(|(_, cores)| !cores.contains(['-', ','])) {
            plugin.install_plan(&call(), &server()).await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(60), settled).await.expect("it has its place");
    let setting = Setting { key: "key".to_owned(), value: "value".to_owned() };
    let context = ServerContext { settings: vec![setting], ..server() };
    let hostile = tokio::spawn(async move { plugin.install_plan(&call(), &context).await });
    let computes = async {
        while !guests(pid(&host)).contains(&(true, everywhere.clone())) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), computes).await.expect("it leaves that place");
    assert!(!hostile.is_finished(), "seen while it computed");
    let Err(CallError::Stopped(stop)) = hostile.await.unwrap() else { panic!("not stopped") };
    assert_eq!(stop.reason, StopReason::CpuTime);
}

/// After so many calls the caller's thread waits for the guest, and must not when the embedder takes its time.
#[tokio::test]
async fn question_of_a_brief_call_may_be_answered_at_once_or_later_or_break_down() {
    let guest = Guest::querying().prelude(r#"(data (i32.const 1024) "game")"#).with("collect", SENDS);
    let host = TestHost::new();
    let plugin = host.load(guest.build()).await;
    let context = granted().querying(Arc::new(Moody));
    let named = |name: &str| ServerContext { name: name.to_owned(), ..server() };
    for _ in 0..300 {
        plugin.collect(&context, &named("1")).await.unwrap();
        plugin.collect(&context, &named("22")).await.unwrap();
    }
    let broken = plugin.collect(&context, &named("333")).await.unwrap_err();
    assert!(
        matches!(&broken, CallError::Host(HostError::Internal(why)) if why.contains("three")),
        "{broken:?}"
    );
    plugin.collect(&context, &named("1")).await.expect("it is served after that");
}
