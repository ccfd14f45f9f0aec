//! What others say of the same game: npm's `gamedig`, which is nobody of ours.

use gantry_types::sample::Sample;
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{path::PathBuf, process::Command};

/// What it saw, as far as all games have it.
#[derive(Debug, Deserialize)]
pub(crate) struct Seen {
    pub(crate) name: String,
    pub(crate) map: String,
    #[serde(default)]
    pub(crate) version: String,
    #[serde(deserialize_with = "count")]
    pub(crate) maxplayers: u32,
    /// With those that it takes for bots.
    #[serde(deserialize_with = "count")]
    pub(crate) numplayers: u32,
    pub(crate) players: Vec<Somebody>,
    pub(crate) bots: Vec<Somebody>,
    /// What the game said that has no word of its own above.
    pub(crate) raw: serde_json::Value,
}

/// Where a game tells a number in letters, gamedig leaves it so.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.parse().map_err(|_| D::Error::custom(format!("{text} is no number of players")))
}

#[derive(Debug, Deserialize)]
pub(crate) struct Somebody {
    #[serde(default)]
    pub(crate) name: String,
}

/// A script of `peers/`, run by the Node.js that `GANTRY_TEST_NODE` names, or that of PATH.
pub(crate) fn script(name: &str) -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("peers");
    let packages = folder.join("node_modules");
    assert!(packages.is_dir(), "{} is missing: type `npm ci` in {}", packages.display(), folder.display());
    let node = std::env::var("GANTRY_TEST_NODE").unwrap_or_else(|_| "node".to_owned());
    vec![node, folder.join(name).with_extension("mjs").to_str().unwrap().to_owned()]
}

/// Asks the game at a port of this machine, as the kind that gamedig knows under this name.
pub(crate) async fn gamedig(kind: &str, port: u16) -> Seen {
    let command = script("gamedig");
    let mut asks = Command::new(&command[0]);
    asks.args(&command[1..]).args([kind, &port.to_string()]);
    let answer = tokio::task::spawn_blocking(move || asks.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&answer.stderr);
    assert!(answer.status.success(), "gamedig saw nothing: {said}");
    serde_json::from_slice(&answer.stdout).unwrap()
}

/// Holds a sample against what gamedig saw: everything that a person would notice to differ. Versions are spelled in
/// ways that differ from game to game; the tests of each compare them.
pub(crate) fn agree(sample: &Sample, seen: &Seen) {
    assert_eq!(sample.name.as_deref(), Some(seen.name.as_str()), "the name");
    // One protocol has two names for it, and gamedig knows one.
    let map = [seen.map.as_str(), seen.raw["map"].as_str().unwrap_or_default()].concat();
    assert_eq!(sample.map.clone().unwrap_or_default(), map, "the map");
    assert_eq!(sample.max_players, Some(seen.maxplayers), "the slots");
    assert_eq!(sample.players, Some(seen.numplayers), "how many play");
    let mut ours: Vec<&str> = sample.player_list.iter().map(|player| player.name.as_str()).collect();
    let everybody = seen.players.iter().chain(&seen.bots);
    let mut theirs: Vec<&str> =
        everybody.map(|each| each.name.as_str()).filter(|name| !name.is_empty()).collect();
    ours.sort_unstable();
    theirs.sort_unstable();
    assert_eq!(ours, theirs, "who plays");
    assert!(sample.latency_ms.is_some_and(|latency| latency > 0.0), "the latency");
}
