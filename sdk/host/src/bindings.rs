//! The contract as Rust, made from `sdk/wit`: a module for each generation.
//!
//! The world with all optional exports is bound; which of them a component has is found out when it is loaded. The rest
//! of the host speaks the newest generation; `generations` leads the older one there.

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

/// Contract 0.2.
pub(crate) mod v0_2 {
    wasmtime::component::bindgen!({
        path: "../wit/since-v0.2",
        world: "everything",
        imports: {
            "gantry:plugin/query": async | trappable,
            "gantry:plugin/http": async | trappable,
            "gantry:plugin/kv": async | trappable,
            "gantry:plugin/secrets": async | trappable,
            "gantry:plugin/files": async | trappable,
            default: trappable,
        },
        exports: { default: async },
        // What is asked and answered crosses into the process that guests run in.
        additional_derives: [serde::Serialize, serde::Deserialize],
        with: { "gantry:plugin/query.connection": crate::lend::OpenConnection },
    });
}

pub(crate) use v0_2::exports::gantry::plugin::{
    actions, blueprints, collector, config_files, console_events, hooks, importer, plans, tabs,
};
pub(crate) use v0_2::gantry::plugin::{bundle, files, http, kv, log, query, secrets, types};
