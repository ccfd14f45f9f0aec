//! Plugins that listen: what is set for them, and what they were told.

use super::VariableView;
use chrono::{DateTime, Utc};
use gantry_store::deliveries::{Deliveries, DeliveryState, SeenDelivery};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is set for a plugin as a whole.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginSettingsView {
    pub items: Vec<VariableView>,
    /// Labels of those that it cannot do without and has not; it hears nothing until then.
    pub missing: Vec<String>,
    /// The kinds of events that it hears of; `server.*` is all of a family.
    pub wants: Vec<String>,
}

/// How telling a plugin goes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveriesView {
    pub waiting: u32,
    pub given_up: u32,
    pub last_told_at: Option<DateTime<Utc>>,
    /// At most 50: those that were not told first, then the latest.
    pub items: Vec<DeliveryView>,
}

/// One event that a plugin was, is or was not told.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryView {
    /// The plugin hears the same each time.
    pub event_id: String,
    /// Such as `server.crashed`.
    pub kind: String,
    pub at: DateTime<Utc>,
    pub summary: String,
    pub state: DeliveryStateView,
    /// Attempts that count: one that the plugin put off does not.
    pub attempts: u32,
    /// Why it was not told, the last time.
    pub reason: Option<String>,
    /// When it is told next, if it waits.
    pub due_at: Option<DateTime<Utc>>,
    /// When it was told or given up.
    pub ended_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeliveryState)]
pub enum DeliveryStateView {
    Waiting,
    Told,
    GivenUp,
}

impl From<Deliveries> for DeliveriesView {
    fn from(all: Deliveries) -> Self {
        Self {
            waiting: all.waiting,
            given_up: all.given_up,
            last_told_at: all.last_told_at,
            items: all.latest.into_iter().map(DeliveryView::from).collect(),
        }
    }
}

impl From<SeenDelivery> for DeliveryView {
    fn from(seen: SeenDelivery) -> Self {
        Self {
            event_id: seen.event.id,
            kind: seen.event.kind,
            at: seen.event.at,
            summary: seen.event.summary,
            state: match seen.state {
                DeliveryState::Waiting => DeliveryStateView::Waiting,
                DeliveryState::Told => DeliveryStateView::Told,
                DeliveryState::GivenUp => DeliveryStateView::GivenUp,
            },
            attempts: seen.attempts,
            reason: seen.reason,
            due_at: seen.due_at,
            ended_at: seen.ended_at,
        }
    }
}
