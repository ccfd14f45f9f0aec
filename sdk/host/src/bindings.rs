//! The contract as Rust, made from `sdk/wit`: a module for each generation.
//!
//! The world with all optional exports is bound; which of them a component has is found out when it is loaded. The rest
//! of the host speaks the newest generation; `generations` leads the older one there.

/// Contract 0.1. Its words are those of 0.2 wherever these are the same.
pub(crate) mod v0_1 {
    wasmtime::component::bindgen!({
        path: "../wit/since-v0.1",
        world: "full-plugin",
        imports: {
            "gantry:plugin/query": async | trappable,
            default: trappable,
        },
        exports: { default: async },
        with: { "gantry:plugin/types": crate::bindings::v0_2::gantry::plugin::types },
    });
}

/// Contract 0.2.
pub(crate) mod v0_2 {
    wasmtime::component::bindgen!({
        path: "../wit/since-v0.2",
        world: "everything",
        imports: {
            "gantry:plugin/query": async | trappable,
            default: trappable,
        },
        exports: { default: async },
    });
}

pub(crate) use v0_2::exports::gantry::plugin::{blueprints, collector, console_events, plans};
pub(crate) use v0_2::gantry::plugin::{log, query, types};
