//! The route table: every route there is, by noun, each with its requirement beside its handler.
//!
//! A handler decodes, makes one call and encodes; it holds no rules. What is not in this table is not served.

mod account;
mod actions;
mod audit;
mod backups;
mod blueprints;
mod conduct;
mod config_files;
mod console;
mod credentials;
mod daemon;
mod documents;
mod files;
mod hooks;
mod live;
mod locations;
mod members;
mod nodes;
mod operations;
mod plugins;
mod releases;
mod schedules;
mod secrets;
mod servers;
mod statistics;
mod system;
mod tabs;
mod trust;
mod users;

use crate::{problem::EdgeError, route::Route, wire::Accepted};
use axum::Json;
use http::StatusCode;

/// The nouns, in reading order, with a sentence for the document.
pub(crate) const TAGS: &[(&str, &str)] = &[
    ("system", "Health, metrics and this document."),
    ("account", "First setup, signing in and out, one's own account."),
    ("credentials", "What one shows at a node's own door: SSH keys and app passwords, for SFTP."),
    ("users", "People with an account, for administrators."),
    ("locations", "Named groups of nodes."),
    ("nodes", "Machines that run the daemon, their enrollment and their addresses."),
    ("plugins", "Installed plugins and what they were granted."),
    ("blueprints", "What the installed plugins can run."),
    ("servers", "Game servers: intent, state, variables, power."),
    ("files", "A server's files: look, fetch, bring, change."),
    ("backups", "Copies of all files of a server, kept on its node."),
    ("config-files", "The game's own files as forms."),
    ("console", "A server's console, as history and live."),
    ("actions", "What a game's plugin lets people do beyond power."),
    ("tabs", "Pages that a game's plugin fills."),
    ("statistics", "Numbers over time and who plays."),
    ("schedules", "What is done to a server at certain times."),
    ("members", "Subusers of a server and their permissions."),
    ("operations", "Long work with progress and outcome."),
    ("audit", "What was done by whom."),
    ("live", "Changes as they happen."),
    ("daemon", "The daemons' side."),
];

/// One JSON answer, or why not.
type Answer<T> = Result<Json<T>, EdgeError>;
/// The same for calls that create.
type Created<T> = Result<(StatusCode, Json<T>), EdgeError>;
/// The same for work that goes on.
type Taken = Result<(StatusCode, Json<Accepted>), EdgeError>;
/// Done, without words.
type Done = Result<StatusCode, EdgeError>;

fn created<T>(value: T) -> (StatusCode, Json<T>) {
    (StatusCode::CREATED, Json(value))
}

fn taken(value: Accepted) -> (StatusCode, Json<Accepted>) {
    (StatusCode::ACCEPTED, Json(value))
}

/// Every route.
pub(crate) fn all() -> Vec<Route> {
    let nouns = [
        ("system", system::routes()),
        ("account", account::routes()),
        ("credentials", credentials::routes()),
        ("users", users::routes()),
        ("locations", locations::routes()),
        ("nodes", nodes::routes()),
        ("plugins", plugins::routes()),
        ("plugins", documents::routes()),
        ("plugins", hooks::routes()),
        ("plugins", secrets::routes()),
        ("plugins", trust::routes()),
        ("blueprints", blueprints::routes()),
        ("servers", servers::routes()),
        ("servers", releases::routes()),
        ("files", files::routes()),
        ("backups", backups::routes()),
        ("config-files", config_files::routes()),
        ("console", console::routes()),
        ("actions", actions::routes()),
        ("tabs", tabs::routes()),
        ("statistics", statistics::routes()),
        ("schedules", schedules::routes()),
        ("members", members::routes()),
        ("operations", operations::routes()),
        ("audit", audit::routes()),
        ("live", live::routes()),
        ("daemon", daemon::routes()),
    ];
    nouns
        .into_iter()
        .flat_map(|(tag, routes)| routes.into_iter().map(move |route| route.tagged(tag)))
        .collect()
}
