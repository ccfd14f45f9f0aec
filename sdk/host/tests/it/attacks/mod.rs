//! Hostile components, one row each: what it does, what it is asked, and what must come of it.
//!
//! Whatever a row does, a plugin that means no harm answers in the same host right after it. The rows of one sort stand in
//! one module: `machine` is about processor, memory and stack, `words` about what is handed over, `world` about what is
//! lent. What the daemon's own hands hold against (links in a server's directory) is tested there.

mod machine;
mod words;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use gantry_host::{
    CallContext, CallError, Connection, FileEntry, Files, Http, HttpRequest, HttpResponse, KeyValue, Lent,
    LentFailure, Plugin, Query, Reply, Secrets, StopReason,
};
use gantry_types::server::Endpoint;

use crate::components::Guest;
use crate::hosts::{Lines, TestHost, all, call, server, tight};

/// What the contract's issue list calls the attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Attack {
    Loop,
    Bomb,
    Recursion,
    GiantString,
    Flood,
    ForgedHandle,
    ReEntrancy,
    StackExhaustion,
    HugeTable,
    SlowRead,
    DnsTrick,
    PathEscape,
    LogInjection,
    Crash,
}

/// What it is asked.
#[derive(Clone, Copy, Debug)]
enum Asked {
    /// To load, which it must not.
    Load,
    Install,
    Validate,
    Collect,
    Parse,
    Perform,
    Resolve,
}

/// What must come of it.
#[derive(Clone, Copy, Debug)]
enum Must {
    /// It is stopped for one of these.
    Stop(&'static [StopReason]),
    /// It does not load, or is refused by its first call, with these words.
    NotLoad(&'static str),
    /// A capability refuses it with this code, and nobody outside hears of it.
    BeRefused(&'static str),
    /// It answers, and its log has this line alone.
    Write(&'static str),
}

struct Row {
    attack: Attack,
    /// Follows "a plugin that".
    does: &'static str,
    asked: Asked,
    must: Must,
    guest: Arc<[u8]>,
}

fn row(attack: Attack, does: &'static str, (asked, must): (Asked, Must), guest: Guest) -> Row {
    raw(attack, does, (asked, must), guest.build())
}

fn raw(attack: Attack, does: &'static str, (asked, must): (Asked, Must), guest: Arc<[u8]>) -> Row {
    Row { attack, does, asked, must, guest }
}

/// Lends everything. What is read never comes; what is written is taken and forgotten.
#[derive(Default)]
struct Abyss(AtomicU32);

impl Abyss {
    fn note(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    async fn never<T>(&self) -> T {
        self.note();
        std::future::pending().await
    }
}

#[async_trait]
impl Query for Abyss {
    async fn datagram(
        &self,
        _: &Endpoint,
        _: Vec<u8>,
        _: u32,
        _: Duration,
    ) -> Result<Vec<Reply>, LentFailure> {
        self.note();
        Ok(Vec::new())
    }
    async fn exchange(&self, _: &Endpoint, _: Vec<u8>, _: u32, _: Duration) -> Result<Reply, LentFailure> {
        self.never().await
    }
    async fn connect(&self, _: &Endpoint, _: Duration) -> Result<Box<dyn Connection>, LentFailure> {
        self.note();
        Ok(Box::new(Trickle))
    }
}

/// A byte at a time, without an end.
struct Trickle;

#[async_trait]
impl Connection for Trickle {
    async fn write(&mut self, _: Vec<u8>) -> Result<(), LentFailure> {
        std::future::pending().await
    }
    async fn read(&mut self, _: u32, _: Duration) -> Result<Vec<u8>, LentFailure> {
        Ok(vec![0])
    }
}

#[async_trait]
impl KeyValue for Abyss {
    async fn get(&self, _: &str) -> Result<Option<Vec<u8>>, LentFailure> {
        self.note();
        Ok(Some(vec![1; 8]))
    }
    async fn set(&self, _: &str, _: Vec<u8>) -> Result<(), LentFailure> {
        self.note();
        Ok(())
    }
    async fn remove(&self, _: &str) -> Result<(), LentFailure> {
        self.note();
        Ok(())
    }
    async fn keys(&self, _: &str) -> Result<Vec<String>, LentFailure> {
        self.note();
        Ok(Vec::new())
    }
}

#[async_trait]
impl Secrets for Abyss {
    async fn get(&self, _: &str) -> Result<String, LentFailure> {
        self.note();
        Ok("hush".to_owned())
    }
}

#[async_trait]
impl Files for Abyss {
    async fn list(&self, _: &str) -> Result<Vec<FileEntry>, LentFailure> {
        self.never().await
    }
    async fn read(&self, _: &str, _: u32) -> Result<Vec<u8>, LentFailure> {
        self.never().await
    }
    async fn write(&self, _: &str, _: Vec<u8>) -> Result<(), LentFailure> {
        self.never().await
    }
}

#[async_trait]
impl Http for Abyss {
    async fn send(&self, _: &[String], _: HttpRequest, _: Duration) -> Result<HttpResponse, LentFailure> {
        self.never().await
    }
}

/// A host with a plugin that means no harm.
struct Town {
    host: TestHost,
    neighbour: Plugin,
}

impl Town {
    /// In one where everything waits long, a busy machine makes no row end for another reason than its own.
    async fn new(wall: Duration) -> Self {
        let mut budgets = tight();
        budgets.compile.cpu_s = 2;
        for patient in [&mut budgets.collect, &mut budgets.perform, &mut budgets.look_up] {
            patient.wall = wall;
        }
        for brief in [&mut budgets.validate, &mut budgets.console_events] {
            brief.wall = Duration::from_secs(20);
        }
        let host = TestHost::with(budgets);
        let neighbour = host.load(Guest::new().build()).await;
        Self { host, neighbour }
    }
}

async fn ask(plugin: &Plugin, asked: Asked, call: &CallContext) -> Result<(), CallError> {
    let server = server();
    match asked {
        Asked::Load | Asked::Install => plugin.install_plan(call, &server).await.map(drop),
        Asked::Validate => plugin.validate(call, &server).await.map(drop),
        Asked::Collect => plugin.collect(call, &server).await.map(drop),
        Asked::Parse => plugin.console_events(call, &server, &["line".to_owned()]).await.map(drop),
        Asked::Perform => plugin.perform(call, &server, "any", &[]).await.map(drop),
        Asked::Resolve => plugin.facts(call, &server).await.map(drop),
    }
}

/// What came of a row, as `Must` would have it; otherwise what came instead.
async fn outcome(town: &Town, row: &Row) -> Result<(), String> {
    let (abyss, lines) = (Arc::new(Abyss::default()), Arc::new(Lines::default()));
    let lent = Lent {
        query: Some(abyss.clone()),
        http: Some(abyss.clone()),
        kv: Some(abyss.clone()),
        secrets: Some(abyss.clone()),
        files: Some(abyss.clone()),
        beyond: None,
    };
    let context = CallContext { log: lines.clone(), lent, ..CallContext::traced(all()) };
    let ended = match town.host.host.load(row.guest.clone(), &all()).await {
        Ok(plugin) => ask(&plugin, row.asked, &context).await,
        Err(error) => Err(CallError::Host(error)),
    };
    let heard = abyss.0.load(Ordering::Relaxed);
    let written: Vec<String> = lines.taken().into_iter().map(|(_, _, text)| text).collect();
    match (row.must, ended) {
        (Must::Stop(reasons), Err(CallError::Stopped(stop))) if reasons.contains(&stop.reason) => Ok(()),
        (Must::NotLoad(words), Err(CallError::Host(error))) if error.to_string().contains(words) => Ok(()),
        (Must::BeRefused(code), Err(CallError::Failed(no))) if no.code == code && heard == 0 => Ok(()),
        (Must::Write(line), Ok(())) if written == [line] => Ok(()),
        (must, ended) => {
            Err(format!("{must:?} expected; it ended {ended:?}, {heard} asked, {written:?} written"))
        }
    }
}

fn rows() -> Vec<Row> {
    machine::rows().into_iter().chain(words::rows()).chain(world::rows()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_attack_ends_as_it_must_and_a_neighbour_answers_right_after() {
    let patient = Town::new(Duration::from_secs(20)).await;
    let hasty = Town::new(Duration::from_millis(300)).await;
    let mut wrong = Vec::new();
    for row in rows() {
        let town = if matches!(row.must, Must::Stop([StopReason::WallTime])) { &hasty } else { &patient };
        let ended = outcome(town, &row).await;
        let neighbour = town.neighbour.blueprints(&call()).await.map(drop).map_err(|error| error.to_string());
        for problem in [ended.err(), neighbour.err()].into_iter().flatten() {
            wrong.push(format!("{:?}: a plugin that {}: {problem}", row.attack, row.does));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn there_are_fifty_attacks_of_every_sort_and_no_two_alike() {
    let rows = rows();
    assert!(rows.len() >= 50, "{}", rows.len());
    let mut sorts: BTreeMap<Attack, u32> = BTreeMap::new();
    let mut components: Vec<&[u8]> = Vec::new();
    for row in &rows {
        *sorts.entry(row.attack).or_default() += 1;
        assert!(!components.contains(&&*row.guest), "{} is another one too", row.does);
        components.push(&row.guest);
    }
    assert_eq!(sorts.len(), 14, "{sorts:?}");
}
