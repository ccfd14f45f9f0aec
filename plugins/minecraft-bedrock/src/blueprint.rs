//! What can be set.

use crate::source;
use gantry_plugin::prelude::*;

pub(crate) fn blueprint() -> Blueprint {
    Blueprint {
        summary: "Mojang's own server for phones, consoles and Windows.".to_owned(),
        documentation: "Players connect with the Bedrock Edition of the same version: Play, Servers, Add Server, then the \
                        server's address and port. Consoles cannot type an address of their own; their players join who is \
                        there already. Settings that are not in this form are in server.properties."
            .to_owned(),
        tags: ["minecraft", "sandbox", "survival", "bedrock"].map(str::to_owned).to_vec(),
        icon: include_str!("icon.svg").trim().to_owned(),
        variables: variables(),
        endpoints: vec![EndpointNeed::required(
            "game",
            Protocol::Udp,
            19_132,
            "The port that players connect to; it answers the list of servers too.",
        )],
        least: Limits::new(512, 50, 1_024),
        recommended: Limits::new(2_048, 100, 5_120),
        collect_every_ms: Some(5_000),
        ..Blueprint::new("bedrock", "Minecraft: Bedrock")
    }
}

fn variables() -> Vec<Variable> {
    let plain = r"[^;\x00-\x1f\x7f]*";
    vec![
        Variable::boolean("eula", "I accept the Minecraft EULA", false)
            .required()
            .editable_by(Audience::Owners)
            .help(&format!("Mojang lets nobody run a server who does not: {}", source::LICENCE)),
        Variable::text("name", "Name in the server list", "A Gantry world", 60)
            .required()
            .pattern(plain, "One line of text without semicolons, which end a name there."),
        Variable::number("max_players", "Player slots", 10, 1, 200).required(),
        Variable::text("version", "Version", source::NEWEST, 20)
            .required()
            .pattern(
                source::PATTERN,
                "\"latest\", \"preview\", or four numbers with dots, such as 1.21.92.1.",
            )
            .group("Software")
            .needs_reinstall()
            .help("A world cannot go back to an older version: make a backup before you change it."),
        Variable::one_of(
            "gamemode",
            "Game mode",
            "survival",
            &[("survival", "Survival"), ("creative", "Creative"), ("adventure", "Adventure")],
        )
        .group("World"),
        Variable::one_of(
            "difficulty",
            "Difficulty",
            "easy",
            &[("peaceful", "Peaceful"), ("easy", "Easy"), ("normal", "Normal"), ("hard", "Hard")],
        )
        .group("World"),
        Variable::text("level_name", "World's folder", "Bedrock level", 40)
            .required()
            .pattern(
                "[A-Za-z0-9_-]([A-Za-z0-9 _-]*[A-Za-z0-9_-])?",
                "Letters, digits, spaces, underscore and hyphen.",
            )
            .group("World")
            .help("Below worlds. Another name begins another world and keeps this one."),
        Variable::text("level_seed", "Seed", "", 64)
            .pattern(r"[^\x00-\x1f\x7f]*", "One line of text.")
            .group("World")
            .help("Only for a world that is not made yet. Empty: a random one."),
        Variable::boolean("cheats", "Cheats", false)
            .group("World")
            .help("Lets operators use commands in the game."),
        Variable::boolean("online_mode", "Check accounts with Xbox", true)
            .group("Access")
            .editable_by(Audience::Owners)
            .help("Without it, anybody can take anybody's name."),
        Variable::boolean("allowlist", "Only players on the allowlist", false).group("Access"),
    ]
}

pub(crate) fn validate(server: &Server) -> Vec<FieldProblem> {
    if server.flag("eula") {
        return Vec::new();
    }
    let problem = FieldProblem::new("eula", "The Minecraft EULA is not accepted.");
    vec![problem.remedy(&format!("Read {} and accept it, or choose another game.", source::LICENCE))]
}
