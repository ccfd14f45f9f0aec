//! The kinds of calls: how each is named, what it may use, and what it is lent.

use serde::{Deserialize, Serialize};

use crate::budgets::{Budgets, CallBudget};
use crate::capability::{FILES, HTTP, KV, QUERY, SECRETS};

/// A kind of call: its name in the contract, its budget, and the capabilities that the contract has in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    Blueprints,
    Validate,
    InstallPlan,
    RunSpec,
    Collect,
    ConsoleEvents,
    OfferActions,
    Perform,
    Broadcast,
    Quiesce,
    Resume,
    Send,
    Choices,
    Resolve,
    Import,
    ConfigFiles,
    OfferTabs,
    Render,
    Wants,
    HookSettings,
    Handle,
}

impl Kind {
    pub(crate) const COUNT: usize = Self::Handle as usize + 1;

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Blueprints => "blueprints.list",
            Self::Validate => "blueprints.validate",
            Self::InstallPlan => "plans.install",
            Self::RunSpec => "plans.run",
            Self::Collect => "collector.collect",
            Self::ConsoleEvents => "console-events.parse",
            Self::OfferActions => "actions.offer",
            Self::Perform => "actions.perform",
            Self::Broadcast => "quiescing.broadcast",
            Self::Quiesce => "quiescing.quiesce",
            Self::Resume => "quiescing.resume",
            Self::Send => "commands.send",
            Self::Choices => "catalog.choices",
            Self::Resolve => "facts.resolve",
            Self::Import => "importer.convert",
            Self::ConfigFiles => "config-files.list",
            Self::OfferTabs => "tabs.offer",
            Self::Render => "tabs.render",
            Self::Wants => "hooks.wants",
            Self::HookSettings => "hooks.settings",
            Self::Handle => "hooks.handle",
        }
    }

    pub(crate) const fn budget(self, budgets: &Budgets) -> CallBudget {
        match self {
            Self::Blueprints => budgets.blueprints,
            Self::Validate => budgets.validate,
            Self::InstallPlan => budgets.install_plan,
            Self::RunSpec => budgets.run_spec,
            Self::Collect => budgets.collect,
            Self::ConsoleEvents => budgets.console_events,
            Self::OfferActions
            | Self::Broadcast
            | Self::Quiesce
            | Self::Resume
            | Self::ConfigFiles
            | Self::OfferTabs
            | Self::Wants
            | Self::HookSettings => budgets.describe,
            Self::Perform | Self::Send | Self::Render => budgets.perform,
            Self::Choices | Self::Resolve | Self::Handle => budgets.look_up,
            Self::Import => budgets.import,
        }
    }

    /// Planning and describing are pure. What runs beside the game reaches the game, what runs in the control plane the
    /// world.
    pub(crate) const fn lends(self) -> &'static [&'static str] {
        match self {
            Self::Collect => &[QUERY, KV],
            Self::Send => &[QUERY],
            Self::Perform | Self::Render => &[QUERY, KV, FILES],
            Self::Choices | Self::Resolve | Self::Handle => &[HTTP, KV, SECRETS],
            Self::Blueprints
            | Self::Validate
            | Self::InstallPlan
            | Self::RunSpec
            | Self::ConsoleEvents
            | Self::OfferActions
            | Self::Broadcast
            | Self::Quiesce
            | Self::Resume
            | Self::Import
            | Self::ConfigFiles
            | Self::OfferTabs
            | Self::Wants
            | Self::HookSettings => &[],
        }
    }
}
