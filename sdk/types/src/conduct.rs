//! How a plugin fares where it runs: what it used, what stopped it, whether it is on hold, and what it wrote.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What a plugin's calls came to since the program that runs them started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginFigures {
    /// Those that were made, however they ended.
    pub calls: u64,
    /// In which the plugin itself said no.
    pub declined: u64,
    /// That were stopped, by the limit or the rule that they broke: `cpu_time`, `trap`.
    pub stopped: BTreeMap<String, u64>,
    /// That were not made, because a share was used up or the plugin is on hold.
    pub refused: u64,
    /// That Gantry or the machine is to blame for.
    pub broken: u64,
    /// Processor time of all of them.
    pub cpu_ms: u64,
    /// The most memory that one of them had.
    pub memory_peak_bytes: u64,
    /// Calls of host functions.
    pub host_calls: u64,
    /// Log text.
    pub log_bytes: u64,
}

/// That a plugin, or a plugin for one server, is not asked for a while because it kept failing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginHold {
    /// The only server that it is on hold for; nothing where it is for all.
    pub server_id: Option<String>,
    /// The kind of call that failed: `collector.collect`.
    pub call: String,
    /// How it failed the last time, with what to do.
    pub reason: String,
    pub since: DateTime<Utc>,
    /// When that kind of call is tried again. If it succeeds, the hold is over; if not, it is on hold for twice as long.
    pub until: DateTime<Utc>,
    /// How many holds in a row this is.
    pub times: u32,
}

/// One release of a plugin in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginConduct {
    /// The manifest id.
    pub plugin: String,
    pub version: String,
    /// Of its component.
    pub digest: String,
    pub figures: PluginFigures,
    pub holds: Vec<PluginHold>,
    /// What its calls about each server came to, the one that took the most processor time first. Older daemons tell none.
    #[serde(default)]
    pub servers: Vec<ServerFigures>,
}

/// What a plugin's calls about one server came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerFigures {
    pub server_id: String,
    pub figures: PluginFigures,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PluginLineKind {
    Debug,
    Info,
    Warn,
    Error,
    /// Written by Gantry: that the plugin was stopped, and why.
    Stopped,
}

/// A line of a plugin's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginLine {
    pub at: DateTime<Utc>,
    pub kind: PluginLineKind,
    /// The kind of call that wrote it.
    pub call: String,
    /// The server that the call was about, where it was about one.
    pub server_id: Option<String>,
    /// Without control characters.
    pub text: String,
}

/// A call that was stopped, kept as a file with which the plugin's author can have it do the same again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginRecord {
    /// By its content.
    pub id: String,
    /// The manifest id.
    pub plugin: String,
    pub version: String,
    /// Of its component.
    pub digest: String,
    /// The kind of call: `collector.collect`.
    pub call: String,
    /// The server that the call was about, where it was about one.
    pub server_id: Option<String>,
    /// The limit or the rule that it broke: `cpu_time`, `trap`.
    pub reason: String,
    /// The same in words, with what to do.
    pub message: String,
    /// The author's function in which it happened, where the component names its functions.
    pub symbol: Option<String>,
    /// When it happened for the first time of those that were counted.
    pub first_at: DateTime<Utc>,
    /// When it last happened.
    pub at: DateTime<Utc>,
    /// How often, for the same reason in the same words; the file has the newest that was written down.
    pub times: u64,
    /// Of the file.
    pub bytes: u64,
    /// Whether it can be replayed. If not, the call was told more than is kept.
    pub is_whole: bool,
}
