//! One bell per node, rung whenever somebody changed what should be there.
//!
//! A ring says nothing but "look again": the reconciler re-reads everything that differs, so rings may be lost, doubled
//! and merged.

use gantry_types::NodeId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::Notify;

#[derive(Default)]
pub(crate) struct Doorbells(Mutex<HashMap<NodeId, Arc<Notify>>>);

impl Doorbells {
    /// The bell of a node; one ring is remembered while nobody waits.
    pub(crate) fn of(&self, node: NodeId) -> Arc<Notify> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(node).or_default().clone()
    }

    pub(crate) fn ring(&self, node: NodeId) {
        self.of(node).notify_one();
    }
}
