//! What plugins let people and the host do to a running game.
//!
//! The shapes follow `sdk/wit`, interfaces `actions` and `types`. An action is offered as data and answers data: effects
//! that the host carries out in order, each bounded.

use crate::blueprint::{Audience, Variable};
use crate::plan::ConfigEdit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// In which states of its server an action makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    Running,
    Stopped,
    Always,
}

/// A thing that people can have done to a server, with the form that it asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OfferedAction)]
pub struct ServerAction {
    /// Unique within the plugin.
    pub id: String,
    pub title: String,
    pub help: String,
    /// A name from the panel's set; another is drawn as a plain button.
    pub icon: String,
    pub form: Vec<Variable>,
    pub audience: Audience,
    pub available: Availability,
    /// Asked before it is done, where it cannot be undone.
    pub confirm: Option<String>,
}

/// One thing that the host does to a running game on a plugin's behalf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Effect {
    /// A line to the game, as if it had been typed.
    Command {
        line: String,
    },
    /// Waits until a line of the console matches; fails if none has in that time.
    AwaitLine {
        pattern: String,
        #[serde(rename = "timeoutMs")]
        timeout_ms: u32,
    },
    Wait {
        ms: u32,
    },
    EditConfig(ConfigEdit),
    /// Shown to who asked.
    Message {
        text: String,
    },
}
