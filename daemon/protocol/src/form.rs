//! A configuration file of a game as a form: what stands at the places that its plugin names, and answers to that.

use gantry_types::{
    page::{PlaceAnswer, PlaceValue},
    plan::ConfigFormat,
};
use serde::{Deserialize, Serialize};

/// The largest request, in bytes: a form that was filled whole.
pub const MAX_FORM_REQUEST: usize = 1 << 20;

/// What is looked at, and what is changed before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormRequest {
    /// Relative to the server's directory.
    pub path: String,
    pub format: ConfigFormat,
    pub places: Vec<String>,
    pub change: Option<FormChange>,
}

/// Answers over one state of the file. Where it has another by then, nothing is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormChange {
    pub version: String,
    pub answers: Vec<PlaceAnswer>,
}

/// The file as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormReport {
    /// None where there is no such file.
    pub version: Option<String>,
    /// One for each place; none at all where there is no such file.
    pub values: Vec<PlaceValue>,
    /// Only the game and its plugin write the file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protected: bool,
}
