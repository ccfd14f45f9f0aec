//! What can be set, for each software.

use crate::{releases::NEWEST, software::Software};
use gantry_plugin::prelude::*;

pub(crate) fn blueprint(software: Software) -> Blueprint {
    let game = EndpointNeed::required("game", Protocol::Tcp, 7_777, "The port that players connect to.");
    let rest = EndpointNeed::required(
        "rest",
        Protocol::Tcp,
        7_878,
        "Tells this panel who plays. It tells anybody who asks, so do not open it to the internet.",
    );
    let (name, summary, more, endpoints) = match software {
        Software::Vanilla => (
            "Terraria",
            "Dig, fight, explore and build.",
            "Commands are typed without a slash: help lists them.",
            vec![game],
        ),
        Software::TShock => (
            "Terraria: TShock",
            "Terraria with accounts, permissions, regions and plugins.",
            "The console names a code as it first starts: join the game and type /setup with it to become its \
             administrator. Plugins are .dll files in the folder ServerPlugins, and what else there is to set stands in \
             tshock/config.json.",
            vec![game, rest],
        ),
    };
    Blueprint {
        summary: summary.to_owned(),
        documentation: format!(
            "Players connect from the game: Multiplayer, Join via IP, then the server's address and port. Worlds are in the \
             folder worlds, and one that is put there is played under its name. {more}"
        ),
        tags: ["terraria", "sandbox", "adventure"].map(str::to_owned).to_vec(),
        icon: include_str!("icon.svg").trim().to_owned(),
        variables: variables(software),
        endpoints,
        least: Limits::new(512, 50, 1_024),
        recommended: Limits::new(2_048, 100, 4_096),
        collect_every_ms: Some(5_000),
        ..Blueprint::new(software.id(), name)
    }
}

fn variables(software: Software) -> Vec<Variable> {
    let one_line = r"[^\x00-\x1f\x7f]*";
    let mut variables = vec![
        Variable::text("motd", "Message of the day", "Welcome!", 200)
            .pattern(one_line, "One line of text.")
            .help("Said to players as they join."),
        Variable::number("max_players", "Player slots", 8, 1, 255).required(),
        Variable::from_catalog("version", "Version", NEWEST, software.versions())
            .required()
            .group("Software")
            .needs_reinstall()
            .help("Players need the version of Terraria that it is for. Make a backup before you change it."),
        Variable::text("world", "World", "Gantry", 27)
            .required()
            .pattern(
                "[A-Za-z0-9_-]([A-Za-z0-9 _-]*[A-Za-z0-9_-])?",
                "Letters, digits, spaces, underscore and hyphen.",
            )
            .group("World")
            .help("Another name begins another world and keeps this one."),
        Variable::one_of("size", "Size", "2", &[("1", "Small"), ("2", "Medium"), ("3", "Large")])
            .group("World")
            .help("Only for a world that is not made yet."),
        Variable::one_of(
            "difficulty",
            "Difficulty",
            "0",
            &[("0", "Classic"), ("1", "Expert"), ("2", "Master"), ("3", "Journey")],
        )
        .group("World")
        .help("Only for a world that is not made yet."),
        Variable::text("seed", "Seed", "", 64)
            .pattern(one_line, "One line of text.")
            .group("World")
            .help("Only for a world that is not made yet. Empty: a random one."),
        Variable::secret("join_password", "Password to join", 0, 64)
            .group("Access")
            .pattern(one_line, "One line of text.")
            .help("Empty lets everybody in."),
        Variable::boolean("secure", "Watch for cheats", true)
            .group("Access")
            .help("The game's own check of what clients send."),
    ];
    if software == Software::TShock {
        variables.insert(
            0,
            Variable::text("name", "Name shown to players", "A Gantry world", 60)
                .required()
                .pattern(one_line, "One line of text."),
        );
        variables.push(
            Variable::text("dotnet_image", "Own image with .NET", "", 200)
                .pattern(
                    "([a-z0-9][a-z0-9._/:@-]*)?",
                    "An image's name, such as registry.example.org/dotnet:6.0.",
                )
                .group("Advanced")
                .editable_by(Audience::Administrators)
                .help("Empty: Microsoft's, of the version that TShock wants. For nodes that reach no registry but their own."),
        );
    }
    variables
}

pub(crate) fn validate(server: &Server) -> Vec<FieldProblem> {
    // Settings of a catalog have no pattern that the host could check.
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let version = server.setting("version");
    if !version.is_empty() && version.len() <= 40 && version.chars().all(inside) {
        return Vec::new();
    }
    let problem = FieldProblem::new("version", "This is no name of a version.");
    vec![problem.remedy(&format!("Choose one of the list, or {NEWEST:?}."))]
}
