//! Between the contract's records and `gantry_types`, with the rules that the contract states in prose.
//!
//! What arrives here was computed by a plugin, possibly from what a hostile game said. Structure that breaks a rule is
//! an error that names the place, because only the author can correct it. Text that a game chose (names, chat) is cut
//! and cleaned, because a player with a strange name must not make a sample fail. Whether a path, a URL or an image is
//! *allowed* is decided where it is used; here they only have to be credible.

pub(crate) mod text;

mod actions;
mod blueprints;
mod check;
mod hooks;
mod lookups;
mod observations;
mod pages;
mod plans;

pub(crate) use actions::{actions, effects};
pub(crate) use blueprints::{blueprints, field_problems};
pub(crate) use check::path as relative_path;
pub(crate) use hooks::{event, plugin_settings, wants};
pub(crate) use lookups::{catalog, facts, imported, reply_line};
pub(crate) use observations::{console_events, failure, sample};
pub(crate) use pages::{blocks, config_files, tabs};
pub(crate) use plans::{install_plan, run_spec};

use gantry_types::server::{Protocol, ServerContext};
use gantry_types::units::{Limits, USUAL_BACKUPS};

use crate::bindings::types;

/// What a rule's breach is: words for the plugin's author.
pub(crate) type Checked<T> = Result<T, String>;

/// Everything that a plugin may know of a server.
pub(crate) fn server(server: &ServerContext) -> types::Server {
    types::Server {
        id: server.id.clone(),
        name: server.name.clone(),
        blueprint: server.blueprint.clone(),
        settings: settings(&server.settings),
        facts: settings(&server.facts),
        endpoints: server
            .endpoints
            .iter()
            .map(|endpoint| types::Endpoint {
                name: endpoint.name.clone(),
                protocol: match endpoint.protocol {
                    Protocol::Tcp => types::Protocol::Tcp,
                    Protocol::Udp => types::Protocol::Udp,
                },
                address: endpoint.address.clone(),
                port: endpoint.port,
            })
            .collect(),
        limits: types::Limits {
            memory: server.limits.memory_mib,
            swap: server.limits.swap_mib,
            cpu: server.limits.cpu_percent,
            disk: server.limits.disk_mib,
            pids: server.limits.pids,
        },
        time_zone: server.time_zone.clone(),
        extra: Vec::new(),
    }
}

pub(crate) fn settings(list: &[gantry_types::server::Setting]) -> Vec<types::Setting> {
    list.iter().map(|each| types::Setting { key: each.key.clone(), value: each.value.clone() }).collect()
}

fn limits(limits: types::Limits) -> Limits {
    Limits {
        memory_mib: limits.memory,
        swap_mib: limits.swap,
        cpu_percent: limits.cpu,
        disk_mib: limits.disk,
        pids: limits.pids,
        // Games do not say how many copies of them are kept.
        backups: USUAL_BACKUPS,
    }
}

fn protocol(protocol: types::Protocol) -> Protocol {
    match protocol {
        types::Protocol::Tcp => Protocol::Tcp,
        types::Protocol::Udp => Protocol::Udp,
    }
}
