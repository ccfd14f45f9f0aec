//! The vocabulary that every side of every boundary shares.
//!
//! Control plane, daemon, plugin host and tests speak of the same things; this crate gives each of them one name and
//! one shape. It holds data and the rules that follow from the data alone. It deliberately has no I/O, no clock and no
//! randomness, so that whatever uses it stays testable.
//!
//! Modules in reading order: [`ids`], [`units`], [`server`], [`operation`], [`blueprint`], [`plan`], [`sample`],
//! [`action`], [`schedule`], [`backup`], [`drain`], [`conduct`], [`page`], [`hook`], [`foreign`], [`permission`], [`problem`], [`names`], [`glob`], [`hosts`], [`address`], [`unsaid`].

pub mod action;
pub mod address;
pub mod backup;
pub mod blueprint;
pub mod conduct;
pub mod drain;
pub mod foreign;
pub mod glob;
pub mod hook;
pub mod hosts;
pub mod ids;
pub mod names;
pub mod operation;
pub mod page;
pub mod permission;
pub mod plan;
pub mod problem;
pub mod sample;
pub mod schedule;
pub mod server;
pub mod units;
pub mod unsaid;

pub use ids::*;
