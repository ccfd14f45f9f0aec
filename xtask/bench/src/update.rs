//! What it takes to update a plugin while a hundred servers are asked at their blueprint's pace, and that none of those calls is lost: how long
//! until a release is current, until the one before it is again, until one is gone, and until all servers are moved. The games
//! are this program, which answers as OpenArena does and notes when it was asked; beside it, the same component is compiled by
//! wasmtime alone, which is most of an update.

use crate::{
    plugin::{STATUS, bare_engine},
    row::{Result, Timings, Unit, row},
    stack::{Engine, PATIENCE, Parts, Stack},
};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{net::UdpSocket, task::JoinSet};
use wasmtime::component::Component;

const SERVERS: u16 = 100;
const FIRST_PORT: u16 = 40_000;
const UPDATES: u32 = 10;
/// Of the blueprint's documentation.
const WORDS: &[u8] = b"Players connect with the OpenArena client";
/// Between two updates, so that each comes at another moment of the second.
const APART: Duration = Duration::from_millis(730);
const BEFORE: Duration = Duration::from_secs(10);

pub(crate) async fn measure(parts: &Parts) -> Result<()> {
    let games = Games::start().await?;
    let stack = Stack::start(parts, Engine::Simulated, SERVERS).await?;
    stack.servers("openarena:openarena", SERVERS.into()).await?;
    games.until_all_are_asked().await?;
    tokio::time::sleep(BEFORE).await;
    row("update_silence_before", games.longest_silence(), "s");

    let wasm = std::fs::read(parts.plugins.join("openarena.wasm"))?;
    let began = Instant::now();
    for number in 1..=3 {
        Component::new(&bare_engine()?, release(&wasm, 100 + number)?)?;
    }
    row("update_compile_bare", began.elapsed().as_secs_f64() * 1e3 / 3.0, "ms");
    let releases = updates(&stack, &wasm).await?;
    let all = format!("/api/plugins/{}", releases.plugin);
    let began = Instant::now();
    let moved = stack.post(&format!("{all}/move"), json!({ "to": releases.current })).await?;
    row("update_move_all", began.elapsed().as_secs_f64() * 1e3, "ms");
    if moved["moved"] != json!(SERVERS) {
        return Err(format!("not all servers were moved: {moved}").into());
    }
    tokio::time::sleep(BEFORE).await;
    row("update_silence", games.longest_silence(), "s");
    nothing_was_lost(&stack, &releases.plugin).await
}

/// The plugin's id, and the digest of what became current.
#[derive(Default)]
struct Releases {
    plugin: String,
    current: Option<String>,
}

/// Update by update, with a step back and a removal after each.
async fn updates(stack: &Stack, wasm: &[u8]) -> Result<Releases> {
    let [mut taken, mut back, mut removed] = [(); 3].map(|()| Timings::default());
    let (mut releases, grants) = (Releases::default(), asked_for(wasm)?);
    for number in 1..=UPDATES {
        tokio::time::sleep(APART).await;
        let component = release(wasm, number)?;
        let began = Instant::now();
        let current = stack.replace(component, &grants).await?;
        taken.push(began.elapsed());
        releases.plugin = text(&current, "id")?;
        let digest = text(&current, "digest")?;
        let former = releases.current.replace(digest.clone());
        let Some(former) = former else { continue };
        let all = format!("/api/plugins/{}", releases.plugin);
        let began = Instant::now();
        stack.post(&format!("{all}/rollback"), json!({ "digest": former })).await?;
        back.push(began.elapsed());
        stack.post(&format!("{all}/rollback"), json!({ "digest": digest })).await?;
        let began = Instant::now();
        stack.remove(&format!("{all}/releases/{former}")).await?;
        removed.push(began.elapsed());
    }
    for (name, mut timings) in [("update", taken), ("update_roll_back", back), ("update_remove", removed)] {
        timings.rows(name, Unit::Milliseconds);
    }
    Ok(releases)
}

/// What its manifest asks for.
fn asked_for(wasm: &[u8]) -> Result<Vec<String>> {
    let manifest: Value =
        serde_json::from_slice(gantry_pack::manifest(wasm)?.ok_or("the component has no manifest")?)?;
    let requests = manifest["capabilities"].as_array().into_iter().flatten();
    requests.map(|request| text(request, "name")).collect()
}

/// The component with another version in its manifest, and with another word in its code: what was compiled once is not compiled
/// again.
fn release(wasm: &[u8], number: u32) -> Result<Vec<u8>> {
    let at = wasm
        .windows(WORDS.len())
        .position(|bytes| bytes == WORDS)
        .ok_or("the component's words are others")?;
    let mut changed = wasm.to_vec();
    let told = format!("{number:03}");
    changed[at..at + told.len()].copy_from_slice(told.as_bytes());
    let wasm = &changed;
    let manifest = gantry_pack::manifest(wasm)?.ok_or("the component has no manifest")?;
    let mut manifest: Value = serde_json::from_slice(manifest)?;
    manifest["version"] = json!(format!("1000.0.{number}"));
    let files = gantry_pack::files(wasm)?;
    Ok(gantry_pack::pack(wasm, manifest.to_string().as_bytes(), &files)?)
}

fn text(view: &Value, key: &str) -> Result<String> {
    Ok(view[key].as_str().ok_or_else(|| format!("no {key} in {view}"))?.to_owned())
}

/// Every call of every release was made, and ended as it should.
async fn nothing_was_lost(stack: &Stack, plugin: &str) -> Result<()> {
    let conduct = stack.get(&format!("/api/plugins/{plugin}/conduct")).await?;
    let releases = conduct["places"].as_array().into_iter().flatten();
    let releases = releases.flat_map(|place| place["releases"].as_array().into_iter().flatten());
    let mut calls = 0.0;
    for release in releases {
        let figures = &release["figures"];
        let lost = [&figures["declined"], &figures["refused"], &figures["broken"]];
        let is_whole = lost.iter().all(|count| **count == json!(0));
        if !is_whole || figures["stopped"].as_object().is_some_and(|stopped| !stopped.is_empty()) {
            return Err(format!("calls were lost: {release}").into());
        }
        calls += figures["calls"].as_f64().unwrap_or_default();
    }
    row("update_calls", calls, "in all");
    row("update_calls_lost", 0.0, "in all");
    Ok(())
}

/// Games that answer, each at its port.
struct Games {
    asked: Arc<Mutex<Vec<Vec<Instant>>>>,
    /// Ends with it.
    _answering: JoinSet<()>,
}

impl Games {
    async fn start() -> Result<Self> {
        let asked = Arc::new(Mutex::new(vec![Vec::new(); SERVERS.into()]));
        let mut answering = JoinSet::new();
        for (number, port) in (FIRST_PORT..FIRST_PORT + SERVERS).enumerate() {
            let (socket, asked) = (UdpSocket::bind(("127.0.0.1", port)).await?, asked.clone());
            answering.spawn(async move {
                let mut question = [0; 64];
                while let Ok((_, from)) = socket.recv_from(&mut question).await {
                    if let Some(times) = asked.lock().unwrap_or_else(PoisonError::into_inner).get_mut(number)
                    {
                        times.push(Instant::now());
                    }
                    // Whoever asked waits for a while and asks again.
                    socket.send_to(STATUS, from).await.ok();
                }
            });
        }
        Ok(Self { asked, _answering: answering })
    }

    fn times(&self) -> Vec<Vec<Instant>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn until_all_are_asked(&self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.times().iter().any(|times| times.len() < 2) {
            if Instant::now() > deadline {
                return Err("not every server was asked".into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// The longest time in which one of them was not asked, in seconds, since this was last called or the second question.
    fn longest_silence(&self) -> f64 {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let mut longest = Duration::ZERO;
        for times in asked.iter_mut() {
            let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
            longest = gaps.chain(times.last().map(Instant::elapsed)).fold(longest, Duration::max);
            times.drain(..times.len().saturating_sub(1));
        }
        longest.as_secs_f64()
    }
}
