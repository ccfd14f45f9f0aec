//! A child that lies: its embedder notices before it costs anything, ends it, and starts it again with growing pauses.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gantry_host::{Budgets, CallError, ChildProgram, Grants, Host, HostConfig, HostError, Plugin, Wall};
use tempfile::TempDir;

use crate::components::{Guest, with_section};
use crate::hosts::{KEY, call};

/// A host whose child tells this lie.
struct Fooled {
    host: Host,
    _cache: TempDir,
}

impl Fooled {
    fn by(lie: &str) -> Self {
        let cache = TempDir::new().unwrap();
        let program = |program: &str, args: &[&str]| ChildProgram {
            program: program.into(),
            args: args.iter().map(Into::into).collect(),
        };
        let host = Host::new(HostConfig {
            cache_dir: cache.path().to_owned(),
            cache_key: KEY,
            compiler: program(env!("CARGO_BIN_EXE_gantry-compiler"), &[]),
            budgets: Budgets::default(),
            wall: Wall::Runner(program(env!("CARGO_BIN_EXE_gantry-liar"), &[lie])),
        });
        Self { host: host.unwrap(), _cache: cache }
    }

    async fn load(&self, wasm: Arc<[u8]>) -> Result<Plugin, HostError> {
        self.host.load(wasm, &Grants::none()).await
    }
}

async fn told(plugin: &Plugin) -> String {
    match plugin.blueprints(&call()).await {
        Err(CallError::Host(error @ HostError::Runner(_))) => error.to_string(),
        other => panic!("another outcome: {other:?}"),
    }
}

/// Asks until the words come. Each asking is a call of its own.
async fn until(plugin: &Plugin, words: &str) {
    let heard = async {
        while !told(plugin).await.contains(words) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), heard).await.expect("the words come");
}

#[tokio::test]
async fn whoever_tells_the_truth_is_believed() {
    let fooled = Fooled::by("nothing");
    let plugin = fooled.load(Guest::least().build()).await.unwrap();
    for _ in 0..3 {
        assert_eq!(plugin.blueprints(&call()).await.unwrap(), vec![]);
    }
}

#[tokio::test]
async fn lies_end_the_child_and_the_next_ones_come_ever_later() {
    for lie in ["swells", "counts", "is-long", "chatters", "babbles"] {
        let fooled = Fooled::by(lie);
        let plugin = fooled.load(Guest::least().build()).await.unwrap();
        let first = fooled.host.runner_pid();
        let began = Instant::now();
        let words = told(&plugin).await;
        assert!(words.contains("said what running plugins never says"), "{lie}: {words}");
        assert!(began.elapsed() < Duration::from_secs(5), "{lie}: it is no question of time");
        assert_ne!(fooled.host.runner_pid(), first, "{lie}");
        until(&plugin, "left alone for").await;
    }
}

#[tokio::test]
async fn nothing_is_charged_that_cannot_have_been_used() {
    let fooled = Fooled::by("overcharges");
    let plugin = fooled.load(Guest::least().build()).await.unwrap();
    let began = Instant::now();
    for _ in 0..3 {
        assert_eq!(plugin.blueprints(&call()).await.unwrap(), vec![]);
    }
    let most = began.elapsed().as_millis() as u64;
    let (budget, figures) = (Budgets::default().blueprints, &fooled.host.conduct()[0].figures);
    assert!(figures.cpu_ms <= most, "{figures:?} in {most} ms");
    assert_eq!(figures.memory_peak_bytes, budget.memory_bytes as u64);
    assert_eq!(figures.host_calls, 3 * u64::from(budget.host_calls));
    assert_eq!(figures.log_bytes, 0, "log text is counted where it arrives");
}

#[tokio::test]
async fn child_that_begins_with_a_lie_is_ended() {
    let error = Fooled::by("begins").load(Guest::least().build()).await.unwrap_err();
    assert!(matches!(&error, HostError::Runner(why) if why.contains("does not begin")), "{error:?}");
}

/// It is the plugin that is left alone then, and not the child.
#[tokio::test]
async fn plugin_that_the_child_does_not_survive_is_left_alone() {
    let fooled = Fooled::by("nothing");
    let poisoned = with_section(Guest::least().build().to_vec(), "gantry:file/poison", b"");
    let harmless = fooled.load(Guest::least().with("run", "(unreachable)").build()).await.unwrap();
    let words = "while it loaded this plugin";
    let heard = async {
        loop {
            let error = fooled.load(poisoned.clone().into()).await.unwrap_err();
            if error.to_string().contains(words) {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), heard).await.expect("it is left alone");
    let served = async {
        while harmless.blueprints(&call()).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), served).await.expect("the others are served");
    let child = fooled.host.runner_pid();
    for _ in 0..5 {
        fooled.load(poisoned.clone().into()).await.unwrap_err();
        assert_eq!(harmless.blueprints(&call()).await.unwrap(), vec![]);
    }
    assert_eq!(fooled.host.runner_pid(), child);
}
