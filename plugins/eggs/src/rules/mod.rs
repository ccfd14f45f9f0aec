//! A variable's rules, in Laravel's words, and what they come to in the contract's.
//!
//! What a kind says is said by the kind, the first pattern by the variable's own, and everything beyond by checks of the
//! document, which are asked whenever settings change. What cannot be said at all is a loss.
//!
//! Modules in reading order: [`parse`], [`pattern`], [`sizes`], [`kind`].

pub(crate) mod kind;
pub(crate) mod parse;
pub(crate) mod pattern;
mod sizes;

pub(crate) use kind::Spelling;
pub(crate) use parse::{Rule, parse};
