//! What can be set.

use gantry_plugin::prelude::*;

pub(crate) fn blueprint() -> Blueprint {
    Blueprint {
        summary: "Open voxel worlds to build, mine and explore together.".to_owned(),
        documentation:
            "Players connect with the Luanti client: Join game, then the server's address and port. The \
                        first person to join under the administrator's name may use every command."
                .to_owned(),
        tags: ["sandbox", "voxel", "minetest"].map(str::to_owned).to_vec(),
        icon: include_str!("icon.svg").trim().to_owned(),
        variables: variables(),
        endpoints: vec![EndpointNeed::required(
            "game",
            Protocol::Udp,
            30_000,
            "The port that players connect to.",
        )],
        least: Limits::new(128, 20, 256),
        recommended: Limits::new(1_024, 100, 2_048),
        collect_every_ms: Some(5_000),
        // The server reads commands only in a full-screen terminal mode of its own; players type them in the game.
        commands: CommandDoor::None,
        ..Blueprint::new("luanti", "Luanti")
    }
}

fn variables() -> Vec<Variable> {
    let one_line = r"[^\x00-\x1f\x7f]*";
    vec![
        Variable::text("name", "Name shown to players", "A Gantry world", 60)
            .required()
            .pattern(one_line, "One line of text.")
            .help("Shown to players."),
        Variable::text("motd", "Message of the day", "", 200)
            .pattern(one_line, "One line of text.")
            .help("Said to players as they join."),
        Variable::number("max_players", "Player slots", 15, 1, 100).required(),
        Variable::one_of(
            "game",
            "Game",
            "minetest_game",
            &[("minetest_game", "Minetest Game"), ("devtest", "Development Test")],
        )
        .group("World")
        .help("A world keeps the game that it was made with."),
        Variable::boolean("creative", "Creative mode", false)
            .group("World")
            .help("Everything is free to place."),
        Variable::boolean("damage", "Damage", true)
            .group("World")
            .help("Falling, drowning and fighting hurt."),
        Variable::boolean("pvp", "Players may fight each other", true).group("World"),
        Variable::text("admin", "Administrator's player name", "", 20)
            .group("Access")
            .pattern("[A-Za-z0-9_-]*", "Letters, digits, underscore and hyphen.")
            .editable_by(Audience::Owners)
            .help("This player may use every command."),
        Variable::secret("default_password", "Password for first-time players", 0, 64)
            .group("Access")
            .pattern(one_line, "One line of text.")
            .help("Empty lets everybody choose their own."),
    ]
}
