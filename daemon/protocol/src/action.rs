//! What plugins are asked beside a running game: actions, messages to players, quiet for a backup, pages.

use gantry_types::{action::Availability, server::Setting};
use serde::{Deserialize, Serialize};

/// One of the plugin's actions, with a form that the control plane has checked against the offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionRequest {
    pub form: Vec<Setting>,
    /// Keys of the form whose values nobody else may read; all of them where nobody says which.
    #[serde(default)]
    pub secrets: Option<Vec<String>>,
    /// Who asked, shown beside what is typed.
    pub actor: String,
    /// In which states of the server it makes sense: a change to another ends it.
    #[serde(default = "always")]
    pub available: Availability,
}

const fn always() -> Availability {
    Availability::Always
}

/// A message to everybody who plays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BroadcastRequest {
    pub text: String,
    pub actor: String,
}

/// Quiet for a backup, or its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietRequest {
    pub actor: String,
}

/// What was done has this to say to who asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionReport {
    pub messages: Vec<String>,
}
