//! What a running game and its container are doing, as numbers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A person in the game. Every text comes from the game and is untrusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Player {
    pub name: String,
    pub id: Option<String>,
    pub score: Option<i64>,
    pub ping_ms: Option<u32>,
    #[serde(default)]
    pub seconds_online: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Series {
    pub name: String,
    pub unit: String,
    pub value: f64,
}

/// One answer of a collector.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    pub name: Option<String>,
    pub map: Option<String>,
    pub version: Option<String>,
    pub players: Option<u32>,
    /// How many of `players` are no people, where the game says so. Older daemons tell nothing of them.
    #[serde(default)]
    pub bots: Option<u32>,
    pub max_players: Option<u32>,
    /// Whether `player_list` is complete; if not, the list that console events built is kept.
    pub lists_players: bool,
    pub player_list: Vec<Player>,
    pub latency_ms: Option<f64>,
    pub series: Vec<Series>,
}

impl Sample {
    /// How many people play, as far as the game says.
    pub fn people(&self) -> Option<u32> {
        self.players.map(|players| players.saturating_sub(self.bots.unwrap_or(0)))
    }
}

/// What one second of a container used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Statistics {
    /// Hundredths of a core.
    pub cpu_percent: f64,
    pub memory_bytes: u64,
    /// Zero is unlimited.
    pub memory_limit_bytes: u64,
    pub disk_bytes: u64,
    /// Per second, as are the others.
    pub network_rx_bytes: u64,
    pub network_tx_bytes: u64,
    pub pids: u64,
}

/// What console output meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ConsoleEvent {
    /// The game says that it is ready.
    Ready,
    Joined {
        player: String,
    },
    Left {
        player: String,
    },
    Chat {
        player: String,
        text: String,
    },
    Warning {
        text: String,
    },
    CrashCause {
        text: String,
        /// What helps, in words for people.
        #[serde(default)]
        remedy: Option<String>,
    },
}

/// One second of a server, for watchers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveSample {
    pub at: DateTime<Utc>,
    pub statistics: Option<Statistics>,
    pub game: Option<Sample>,
}
