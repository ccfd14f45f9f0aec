//! Which crate may lean on which: the table, and its comparison with what the manifests say.
//!
//! The table is the architecture. A new edge is a decision, made here and explained in ARCHITECTURE.md.

use crate::shell::{Result, root};
use std::collections::BTreeSet;

/// Each crate with all that it may depend on. Dependencies of tests alone are not edges of the product and are listed
/// apart in [`TEST_EDGES`].
const EDGES: &[(&str, &[&str])] = &[
    ("gantry-types", &[]),
    // Cron in time zones, asked by the control plane that checks schedules and by the node that follows them.
    ("gantry-timetable", &[]),
    ("gantry-seal", &[]),
    ("gantry-confine", &[]),
    // Who asks strangers: the daemon, registries, and what plugins look up in the control plane.
    ("gantry-outbound", &["gantry-types"]),
    ("gantry-plugin", &[]),
    ("gantry-document", &[]),
    ("gantry-pack", &["gantry-document"]),
    // Shared by authors' command line and by `cargo xtask`, which is to compile quickly: so it is apart from the tool.
    ("gantry-build", &["gantry-document", "gantry-pack"]),
    ("gantry-host", &["gantry-confine", "gantry-types"]),
    ("gantry-distribution", &["gantry-outbound", "gantry-types"]),
    // Edits of fixtures are made by the engine that the daemon has, and `run` speaks to the daemon by its own messages.
    (
        "gantry-tool",
        &[
            "gantry-build",
            "gantry-distribution",
            "gantry-document",
            "gantry-files",
            "gantry-host",
            "gantry-pack",
            "gantry-protocol",
            "gantry-types",
        ],
    ),
    ("gantry-domain", &["gantry-timetable", "gantry-types"]),
    ("gantry-auth", &["gantry-domain", "gantry-types"]),
    ("gantry-store", &["gantry-auth", "gantry-domain", "gantry-seal", "gantry-types"]),
    ("gantry-nodes", &["gantry-protocol", "gantry-types"]),
    (
        "gantry-app",
        &[
            "gantry-auth",
            "gantry-distribution",
            "gantry-document",
            "gantry-domain",
            "gantry-host",
            "gantry-nodes",
            "gantry-outbound",
            "gantry-pack",
            "gantry-protocol",
            "gantry-store",
            "gantry-types",
        ],
    ),
    ("gantry-api", &["gantry-app", "gantry-types"]),
    // The program `gantry` has the author's commands too, which need none of the others.
    (
        "gantry-panel",
        &["gantry-api", "gantry-app", "gantry-host", "gantry-seal", "gantry-store", "gantry-tool"],
    ),
    ("gantry-protocol", &["gantry-types"]),
    ("gantry-lifecycle", &["gantry-types"]),
    ("gantry-files", &["gantry-confine", "gantry-outbound", "gantry-types"]),
    ("gantry-backup", &["gantry-files", "gantry-types"]),
    ("gantry-sftp", &["gantry-files", "gantry-protocol", "gantry-types"]),
    ("gantry-runtime", &["gantry-types"]),
    (
        "gantry-agent",
        &[
            "gantry-files",
            "gantry-host",
            "gantry-lifecycle",
            "gantry-protocol",
            "gantry-runtime",
            "gantry-seal",
            "gantry-backup",
            "gantry-sftp",
            "gantry-timetable",
            "gantry-types",
        ],
    ),
    // A document is what a plugin may be instead of a program, so that its crate is as public as the guest SDK.
    ("gantry-plugin-declarative", &["gantry-document", "gantry-plugin"]),
    ("gantry-plugin-eggs", &["gantry-document", "gantry-plugin"]),
    ("gantry-plugin-factorio", &["gantry-plugin", "gantry-wire"]),
    ("gantry-plugin-generic", &["gantry-plugin", "gantry-wire"]),
    ("gantry-plugin-luanti", &["gantry-plugin"]),
    ("gantry-plugin-minecraft-bedrock", &["gantry-plugin"]),
    ("gantry-plugin-minecraft-java", &["gantry-plugin", "gantry-wire"]),
    ("gantry-plugin-mumble", &["gantry-plugin"]),
    ("gantry-plugin-openarena", &["gantry-plugin", "gantry-wire"]),
    ("gantry-plugin-openttd", &["gantry-plugin"]),
    ("gantry-plugin-quake3", &["gantry-plugin", "gantry-wire"]),
    ("gantry-plugin-source", &["gantry-plugin", "gantry-wire"]),
    ("gantry-plugin-teeworlds", &["gantry-plugin"]),
    ("gantry-plugin-terraria", &["gantry-plugin", "gantry-wire"]),
    // Protocols that several games speak.
    ("gantry-wire", &["gantry-plugin"]),
    // Tests alone, of all that these crates are together.
    ("gantry-plugin-proof", &["gantry-host"]),
    ("chores-rust", &["gantry-plugin"]),
    ("discord-rust", &["gantry-plugin"]),
    ("hello-rust", &["gantry-plugin"]),
    ("teeworlds-rust", &["gantry-plugin"]),
    ("versions-rust", &["gantry-plugin"]),
    ("xtask", &["gantry-build"]),
    // The games of the fault bench are plugins like any other.
    ("gantry-counter", &["gantry-plugin"]),
    ("gantry-crier", &["gantry-plugin"]),
    // Measures the programs from outside; the sandbox is measured as a library, and a herd of nodes is made of the daemon's
    // own links.
    ("gantry-bench", &["gantry-agent", "gantry-host", "gantry-pack", "gantry-protocol", "gantry-types"]),
];

/// Tests may reach across: the control plane is tested against a real daemon with simulated containers.
const TEST_EDGES: &[(&str, &[&str])] = &[
    (
        "gantry-panel",
        &[
            "gantry-agent",
            "gantry-distribution",
            "gantry-files",
            // Publishers of games, on an internet of the test's own.
            "gantry-outbound",
            "gantry-runtime",
            "gantry-store",
            "gantry-types",
        ],
    ),
    ("gantry-agent", &["gantry-nodes", "gantry-pack"]),
    // Documents are packed and run as users have it.
    ("gantry-host", &["gantry-document", "gantry-pack"]),
    // Edits of imported eggs are made by the engine that the daemon has.
    ("gantry-plugin-eggs", &["gantry-files", "gantry-types"]),
    // Collectors are proved with the sockets and the edits that the daemon has.
    ("gantry-plugin-proof", &["gantry-agent", "gantry-files", "gantry-types"]),
];

/// Compares the manifests with the table.
pub fn check() -> Result<()> {
    let metadata =
        cargo_metadata::MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec()?;
    let ours: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let listed: BTreeSet<&str> = EDGES.iter().map(|(name, _)| *name).collect();
    let mut faults: Vec<String> = Vec::new();
    faults.extend(ours.difference(&listed).map(|name| format!("{name} is missing in the table")));
    faults.extend(listed.difference(&ours).map(|name| format!("{name} is in the table but no crate")));
    for package in &metadata.packages {
        let name = package.name.as_str();
        let uses = |other: &str| package.dependencies.iter().any(|dependency| dependency.name == other);
        for (from, to) in EDGES.iter().chain(TEST_EDGES).filter(|(from, _)| *from == name) {
            faults.extend(
                to.iter().filter(|to| !uses(to)).map(|to| format!("{from} no longer depends on {to}")),
            );
        }
        for dependency in
            package.dependencies.iter().filter(|dependency| ours.contains(dependency.name.as_str()))
        {
            let development = dependency.kind == cargo_metadata::DependencyKind::Development;
            let allowed = allows(EDGES, name, &dependency.name)
                || (development && (name == dependency.name || allows(TEST_EDGES, name, &dependency.name)));
            if !allowed {
                faults.push(format!("{name} may not depend on {}", dependency.name));
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
}

fn allows(table: &[(&str, &[&str])], from: &str, to: &str) -> bool {
    table.iter().any(|(name, edges)| *name == from && edges.contains(&to))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_manifests_keep_to_the_table() {
        super::check().expect("crate edges");
    }
}
