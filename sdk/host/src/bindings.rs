//! The contract as Rust, made from `sdk/wit`.
//!
//! The world with all optional exports is bound; which of them a component has is found out when it is loaded. A
//! second contract version gets a module of its own here, and conversions of its own in `convert`.

/// Contract 0.1.
pub(crate) mod v0_1 {
    wasmtime::component::bindgen!({
        path: "../wit/since-v0.1",
        world: "full-plugin",
        imports: {
            "gantry:plugin/query": async | trappable,
            default: trappable,
        },
        exports: { default: async },
    });
}

pub(crate) use v0_1::exports::gantry::plugin::{blueprints, collector, console_events, plans};
pub(crate) use v0_1::gantry::plugin::{log, query, types};
