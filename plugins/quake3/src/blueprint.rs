//! What can be set.

use gantry_plugin::{prelude::*, rules::PLAIN_TEXT};

/// The folder of the game that the engine is named after.
pub(crate) const QUAKE: &str = "baseq3";
/// A folder or a map: one word, which begins with a letter or digit.
pub(crate) const WORD: (&str, &str) =
    ("[A-Za-z0-9][A-Za-z0-9_-]*", "Letters, digits, underscore and hyphen; a letter or digit first.");

pub(crate) fn blueprint() -> Blueprint {
    Blueprint {
        summary: "The arena that all others learnt from, and games of its engine.".to_owned(),
        documentation: "Put pak0.pk3 of your own copy of the game into the folder baseq3 of the server's files, then start \
                        it. For another game of the engine name its folder in the settings, and put its data there. \
                        Players connect from the console of their game by /connect and the server's address."
            .to_owned(),
        tags: ["shooter", "arena", "quake"].map(str::to_owned).to_vec(),
        icon: include_str!("icon.svg").trim().to_owned(),
        variables: variables(),
        endpoints: vec![EndpointNeed::required(
            "game",
            Protocol::Udp,
            27_960,
            "The port that players connect to; it answers status queries too.",
        )],
        least: Limits::new(128, 20, 1_024),
        recommended: Limits::new(512, 100, 2_048),
        collect_every_ms: Some(5_000),
        ..Blueprint::new("quake3", "Quake III Arena")
    }
}

fn variables() -> Vec<Variable> {
    let plain = "No quotes, semicolons, backslashes, percent or dollar signs.";
    let secret = |key: &str, label: &str, least| {
        Variable::secret(key, label, least, 64)
            .group("Access")
            .pattern("[A-Za-z0-9_.-]*", "Letters, digits, dot, underscore and hyphen.")
    };
    vec![
        Variable::text("hostname", "Name shown to players", "A Gantry arena", 48)
            .required()
            .pattern(PLAIN_TEXT, plain)
            .help("Shown in the server browser."),
        Variable::text("motd", "Message of the day", "", 80).pattern(PLAIN_TEXT, plain),
        Variable::number("max_players", "Player slots", 12, 2, 64).required(),
        Variable::text("base", "Folder of the game", QUAKE, 32)
            .required()
            .pattern(WORD.0, WORD.1)
            .group("Game")
            .help("baseq3 is Quake III Arena; another is a game of its own, such as baseoa."),
        Variable::text("modification", "Modification", "", 32)
            .pattern(&format!("({})?", WORD.0), WORD.1)
            .group("Game")
            .help("The folder of a modification, such as missionpack. Empty plays the game itself."),
        Variable::text("map", "First map", "q3dm17", 64).required().pattern(WORD.0, WORD.1).group("Match"),
        Variable::one_of(
            "mode",
            "Game mode",
            "0",
            &[("0", "Deathmatch"), ("1", "Duel"), ("3", "Team deathmatch"), ("4", "Capture the flag")],
        )
        .group("Match"),
        Variable::number("frag_limit", "Frag limit", 20, 0, 999)
            .group("Match")
            .help("Zero plays until the time is up."),
        Variable::number("time_limit", "Time limit", 15, 0, 240)
            .group("Match")
            .unit("minutes")
            .help("Zero is no limit."),
        Variable::number("bots", "Fill with bots up to", 0, 0, 16)
            .group("Match")
            .help("Bots leave as people join."),
        secret("join_password", "Password to join", 0).help("Empty lets everybody in."),
        secret("rcon_password", "Remote console password", 8)
            .editable_by(Audience::Owners)
            .help("Empty turns the game's own remote console off."),
    ]
}
