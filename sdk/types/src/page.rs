//! Pages of a server that its plugin describes and the panel draws: forms for the game's files, and tabs of blocks.
//!
//! The shapes follow `sdk/wit`, interfaces `config-files` and `tabs`. All text is a plugin's or a game's, and is never
//! markup.

use crate::blueprint::{Audience, Variable};
use crate::plan::{ConfigFormat, Notation};
use crate::server::Setting;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One value of a file and the question that stands for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigField {
    /// Where it stands, as in an edit.
    pub at: String,
    pub notation: Notation,
    pub question: Variable,
}

/// A file of the game, as a form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigFile {
    /// Unique within the server.
    pub id: String,
    pub title: String,
    pub help: String,
    pub path: String,
    pub format: ConfigFormat,
    pub fields: Vec<ConfigField>,
}

/// What stands at a place of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PlaceValue {
    /// Nothing, or the format's word for nothing.
    Nothing,
    /// A value, as an edit would look at it.
    Text {
        text: String,
    },
    /// Lists or keys of their own, where one value was looked for.
    Tree,
    /// Several values that are not the same.
    Several,
    TooLong,
    /// The way there is none that an edit could take.
    Unreachable {
        why: String,
    },
}

/// A value for a place of a file, written as an edit would write it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceAnswer {
    pub at: String,
    pub notation: Notation,
    pub value: String,
}

/// The value may be a secret, so it is never printed.
impl std::fmt::Debug for PlaceAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlaceAnswer").field("at", &self.at).finish_non_exhaustive()
    }
}

/// A page that the plugin fills.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tab {
    /// Unique within the server.
    pub id: String,
    pub title: String,
    pub audience: Audience,
    /// How often it is asked anew while somebody looks; none means on request.
    pub refresh_ms: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Alignment {
    Start,
    End,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Column {
    pub title: String,
    pub alignment: Alignment,
}

/// A button of a row: an action of the plugin, and what its form begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowAction {
    pub action: String,
    pub label: String,
    pub form: Vec<Setting>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Row {
    /// As many as there are columns.
    pub cells: Vec<String>,
    pub actions: Vec<RowAction>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    Neutral,
    Good,
    Warning,
    Bad,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LabelledFact {
    pub label: String,
    pub value: String,
}

/// A part of a tab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    Heading {
        text: String,
    },
    Text {
        text: String,
    },
    Note {
        tone: Tone,
        text: String,
    },
    Facts {
        facts: Vec<LabelledFact>,
    },
    Table {
        title: String,
        columns: Vec<Column>,
        rows: Vec<Row>,
        #[serde(rename = "whenEmpty")]
        when_empty: String,
    },
    /// Series of the collector, by name.
    Chart {
        title: String,
        series: Vec<String>,
    },
    /// The form of an action, by its id.
    Form {
        action: String,
    },
}
