//! The sandbox through the door that embedders use: a [`gantry_host::Host`], components built from text, and calls.
//!
//! Components are written as WebAssembly text and wrapped with the contract's own WIT, so no wasm toolchain is needed
//! and every byte that a guest does is in the test. The compiler child is the real one.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod answers;
mod attacks;
mod cache;
mod catalogs;
mod components;
mod documents;
mod fairness;
mod generations;
mod guests;
mod hostile;
mod hosts;
mod keeping;
mod lends;
mod lies;
mod loading;
mod queries;
mod records;
mod wall;
