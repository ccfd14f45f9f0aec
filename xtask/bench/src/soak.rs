//! Hours of a busy evening in short: hundreds of simulated servers, people who watch, and power actions at random; at the
//! end nothing may have grown, and nobody may have missed anything.
//!
//! Memory, open files and tasks of both programs are compared between the second and the last third of the time: the
//! first fills what is kept on purpose. Nothing is lost if every operation that was taken has ended, every watcher's
//! picture is the truth without having fetched it again, every console is without a hole, the node's last event has
//! arrived, and the audit log has no gap. Modules in reading order: [`watcher`], [`gauge`].

mod gauge;
mod watcher;

use crate::{
    Places,
    row::{Result, row},
    stack::{Engine, PATIENCE, Parts, Stack, text},
};
use clap::Args;
use gauge::Gauges;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time::MissedTickBehavior};
use watcher::{Picture, Watched};

/// Between two power actions.
const PAUSE: Duration = Duration::from_millis(300);
const LOOK: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(200);

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) places: Places,
    #[arg(long, default_value_t = 30)]
    minutes: u64,
    #[arg(long, default_value_t = 300)]
    servers: usize,
    #[arg(long, default_value_t = 100)]
    watchers: usize,
    /// Of what happens at random
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(crate) async fn run(parts: &Parts, hello: &Path, options: &Options) -> Result<()> {
    let stack = Arc::new(Stack::start(parts, Engine::Simulated, 4).await?);
    stack.upload(hello).await?;
    let servers = stack.servers("hello:hello", options.servers).await?;
    let mut watchers = JoinSet::new();
    let mut pictures = Vec::new();
    for number in 0..options.watchers {
        let watched = match number % 5 {
            0 => Watched::List,
            _ => Watched::Server(servers.get(number % servers.len()).ok_or("no servers")?.clone()),
        };
        pictures.push(watcher::start(&mut watchers, &stack, watched).await?);
    }
    let mut gauges = Gauges::default();
    let asked = act(&stack, &servers, options, &mut gauges, &mut watchers).await?;
    let truth = settle(&stack, &asked).await?;
    for picture in &pictures {
        agree(picture, &truth, &mut watchers).await?;
    }
    let frames: u64 = pictures.iter().map(|picture| picture.frames()).sum();
    let holes: u64 = pictures.iter().map(|picture| picture.holes()).sum();
    whole(&stack).await?;
    count("soak_servers", options.servers as u64);
    count("soak_watchers", options.watchers as u64);
    count("soak_operations", asked.operations.len() as u64);
    count("soak_refused", asked.refused);
    count("soak_frames", frames);
    if holes > 0 {
        return Err(format!("{holes} times a watcher missed something and was told so").into());
    }
    gauges.judge()
}

fn count(name: &str, number: u64) {
    #[expect(clippy::cast_precision_loss, reason = "a count of things that happened")]
    row(name, number as f64, "in all");
}

/// What was taken, and how often an action did not fit its server's state.
#[derive(Default)]
struct Asked {
    operations: Vec<String>,
    refused: u64,
}

/// Power actions at random, and looks at both programs.
async fn act(
    stack: &Stack,
    servers: &[String],
    options: &Options,
    gauges: &mut Gauges,
    watchers: &mut JoinSet<Result<()>>,
) -> Result<Asked> {
    let mut random = Random(options.seed);
    let mut asked = Asked::default();
    let mut actions = tokio::time::interval(PAUSE);
    let mut looks = tokio::time::interval(LOOK);
    actions.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let end = Instant::now() + Duration::from_secs(options.minutes * 60);
    while Instant::now() < end {
        tokio::select! {
            _ = actions.tick() => {
                let server = random.of(servers).ok_or("no servers")?;
                let action = random.of(&["start", "stop", "restart", "kill"]).ok_or("no actions")?;
                let path = format!("/api/servers/{server}/power");
                let (status, answer) = stack.try_post(&path, json!({ "action": action })).await?;
                match status {
                    202 => asked.operations.push(text(&answer, "/operationId")?),
                    409 | 429 => asked.refused += 1,
                    _ => return Err(format!("{action} was answered {status}: {answer}").into()),
                }
            }
            _ = looks.tick() => gauges.look(stack).await?,
            Some(ended) = watchers.join_next() => ended??,
        }
    }
    Ok(asked)
}

/// Waits for the end of everything that was asked for. Answers what is true of all servers and operations.
async fn settle(stack: &Stack, asked: &Asked) -> Result<Truth> {
    let mut truth = Truth::default();
    for id in &asked.operations {
        let operation =
            stack.until(&format!("/api/operations/{id}"), |view| view["endedAt"].is_string()).await?;
        if !matches!(operation["state"].as_str(), Some("succeeded" | "cancelled")) {
            return Err(format!("an operation ended as {operation}").into());
        }
        truth.operations.insert(id.clone(), text(&operation, "/state")?);
    }
    let mut cursor = String::new();
    loop {
        let page = stack.get(&format!("/api/servers?limit=100{cursor}")).await?;
        for server in page["items"].as_array().into_iter().flatten() {
            truth.servers.insert(text(server, "/id")?, text(server, "/observed/state")?);
        }
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(truth),
        }
    }
}

/// States by server and by operation.
#[derive(Default)]
struct Truth {
    servers: BTreeMap<String, String>,
    operations: BTreeMap<String, String>,
}

async fn agree(picture: &Picture, truth: &Truth, watchers: &mut JoinSet<Result<()>>) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while let Err(difference) = picture.compare(&truth.servers, &truth.operations) {
        if Instant::now() > deadline {
            return Err(format!("a watcher missed something: {difference}").into());
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            Some(ended) = watchers.join_next() => ended??,
        }
    }
    Ok(())
}

/// Events and audit rows.
async fn whole(stack: &Stack) -> Result<()> {
    use sqlx::Connection;
    let node = stack.ask_daemon("/v1/node").await?;
    let last = node["lastEvent"].as_i64().ok_or("the node tells no last event")?;
    let mut database = sqlx::PgConnection::connect(&stack.database).await?;
    let arrived: i64 =
        sqlx::query_scalar("SELECT last_event_seq FROM nodes").fetch_one(&mut database).await?;
    let gaps: i64 =
        sqlx::query_scalar("SELECT max(seq) - count(*) FROM audit").fetch_one(&mut database).await?;
    database.close().await?;
    if arrived != last || gaps != 0 {
        return Err(format!("{arrived} of {last} events arrived; {gaps} audit rows are missing").into());
    }
    count("soak_events", u64::try_from(last)?);
    Ok(())
}

/// Random enough to choose servers; the same seed chooses the same.
struct Random(u64);

impl Random {
    /// Steele, Lea and Flood's SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let index = self.next() % (all.len().max(1) as u64);
        all.get(usize::try_from(index).unwrap_or_default())
    }
}

/// A frame's text, empty where there is none.
fn said<'a>(frame: &'a Value, pointer: &str) -> &'a str {
    frame.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
