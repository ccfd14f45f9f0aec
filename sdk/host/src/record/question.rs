//! Any call of the contract as a value, so that it can be written down and asked again.

use gantry_types::hook::HookEvent;
use gantry_types::server::{ServerContext, Setting};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Bytes;
use crate::capability::CallContext;
use crate::error::{CallError, HostError};
use crate::fair::Plugin;

/// A call with its arguments, under the name that the contract has for it.
#[expect(missing_docs, reason = "arguments are called as the contract calls them")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "call")]
pub enum Question {
    #[serde(rename = "blueprints.list")]
    Blueprints,
    #[serde(rename = "blueprints.validate")]
    Validate { server: ServerContext },
    #[serde(rename = "plans.install")]
    Install { server: ServerContext },
    #[serde(rename = "plans.run")]
    Run { server: ServerContext },
    #[serde(rename = "collector.collect")]
    Collect { server: ServerContext },
    #[serde(rename = "console-events.parse")]
    Parse { server: ServerContext, lines: Vec<String> },
    #[serde(rename = "actions.offer")]
    Offer { server: ServerContext },
    #[serde(rename = "actions.perform")]
    Perform { server: ServerContext, id: String, form: Vec<Setting> },
    #[serde(rename = "quiescing.broadcast")]
    Broadcast { server: ServerContext, text: String },
    #[serde(rename = "quiescing.quiesce")]
    Quiesce { server: ServerContext },
    #[serde(rename = "quiescing.resume")]
    Resume { server: ServerContext },
    #[serde(rename = "commands.send")]
    Send { server: ServerContext, line: String },
    #[serde(rename = "catalog.choices")]
    Choices { name: String, settings: Vec<Setting> },
    #[serde(rename = "facts.resolve")]
    Resolve { server: ServerContext },
    #[serde(rename = "importer.convert")]
    Import { file_name: String, content: Bytes },
    #[serde(rename = "config-files.list")]
    ConfigFiles { server: ServerContext },
    #[serde(rename = "tabs.offer")]
    Tabs { server: ServerContext },
    #[serde(rename = "tabs.render")]
    Render { server: ServerContext, tab: String },
    #[serde(rename = "hooks.wants")]
    Wants,
    #[serde(rename = "hooks.settings")]
    Settings,
    #[serde(rename = "hooks.handle")]
    Handle { event: HookEvent, settings: Vec<Setting> },
}

impl Question {
    /// The server that it is about.
    #[must_use]
    pub const fn server(&self) -> Option<&ServerContext> {
        match self {
            Self::Validate { server }
            | Self::Install { server }
            | Self::Run { server }
            | Self::Collect { server }
            | Self::Parse { server, .. }
            | Self::Offer { server }
            | Self::Perform { server, .. }
            | Self::Broadcast { server, .. }
            | Self::Quiesce { server }
            | Self::Resume { server }
            | Self::Send { server, .. }
            | Self::Resolve { server }
            | Self::ConfigFiles { server }
            | Self::Tabs { server }
            | Self::Render { server, .. } => Some(server),
            Self::Blueprints
            | Self::Choices { .. }
            | Self::Import { .. }
            | Self::Wants
            | Self::Settings
            | Self::Handle { .. } => None,
        }
    }
}

impl Plugin {
    /// Asks, whatever it is; the answer is what the method of that name answers, as JSON.
    pub async fn ask(&self, call: &CallContext, question: &Question) -> Result<Value, CallError> {
        match question {
            Question::Blueprints => json(self.blueprints(call).await?),
            Question::Validate { server } => json(self.validate(call, server).await?),
            Question::Install { server } => json(self.install_plan(call, server).await?),
            Question::Run { server } => json(self.run_spec(call, server).await?),
            Question::Collect { server } => json(self.collect(call, server).await?),
            Question::Parse { server, lines } => json(self.console_events(call, server, lines).await?),
            Question::Offer { server } => json(self.actions(call, server).await?),
            Question::Perform { server, id, form } => json(self.perform(call, server, id, form).await?),
            Question::Broadcast { server, text } => json(self.broadcast(call, server, text).await?),
            Question::Quiesce { server } => json(self.quiesce(call, server).await?),
            Question::Resume { server } => json(self.resume(call, server).await?),
            Question::Send { server, line } => json(self.send_command(call, server, line).await?),
            Question::Choices { name, settings } => json(self.choices(call, name, settings).await?),
            Question::Resolve { server } => json(self.facts(call, server).await?),
            Question::Import { file_name, content } => json(self.import(call, file_name, &content.0).await?),
            Question::ConfigFiles { server } => json(self.config_files(call, server).await?),
            Question::Tabs { server } => json(self.tabs(call, server).await?),
            Question::Render { server, tab } => json(self.render_tab(call, server, tab).await?),
            Question::Wants => json(self.wanted_events(call).await?),
            Question::Settings => json(self.settings(call).await?),
            Question::Handle { event, settings } => json(self.handle(call, event, settings).await?),
        }
    }
}

fn json(answer: impl Serialize) -> Result<Value, CallError> {
    serde_json::to_value(answer).map_err(|error| HostError::Internal(error.to_string()).into())
}
