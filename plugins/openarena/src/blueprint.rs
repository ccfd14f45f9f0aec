//! What can be set, and which settings do not go together.

use gantry_plugin::{prelude::*, rules::PLAIN_TEXT};

/// Maps of the packaged game, with the modes in which each is fun: `d` for everybody against everybody, `t` for teams
/// with flags.
pub(crate) const MAPS: &[(&str, &str)] = &[
    ("oa_dm1", "oa_dm1 (deathmatch)"),
    ("oa_dm2", "oa_dm2 (deathmatch)"),
    ("oa_dm3", "oa_dm3 (deathmatch)"),
    ("oa_dm4", "oa_dm4 (deathmatch)"),
    ("oa_dm5", "oa_dm5 (deathmatch)"),
    ("oa_dm6", "oa_dm6 (deathmatch)"),
    ("oa_rpg3dm2", "oa_rpg3dm2 (deathmatch)"),
    ("aggressor", "Aggressor (deathmatch)"),
    ("oa_ctf2", "oa_ctf2 (capture the flag)"),
    ("ps37ctf", "ps37ctf (capture the flag)"),
];
const CAPTURE_THE_FLAG: &str = "4";

pub(crate) fn blueprint() -> Blueprint {
    Blueprint {
        summary: "Fast free-for-all and team matches in the classic arena style.".to_owned(),
        documentation:
            "Players connect with the OpenArena client: open the console with Shift-Escape and type \
                        /connect followed by the server's address. Bots fill the arena while nobody is there."
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
        least: Limits::new(128, 20, 256),
        recommended: Limits::new(512, 100, 1_024),
        collect_every_ms: Some(5_000),
        ..Blueprint::new("openarena", "OpenArena")
    }
}

fn variables() -> Vec<Variable> {
    let plain = "No quotes, semicolons, backslashes, percent or dollar signs.";
    vec![
        Variable::text("hostname", "Name shown to players", "A Gantry arena", 48)
            .required()
            .pattern(PLAIN_TEXT, plain)
            .help("Shown in the server browser."),
        Variable::text("motd", "Message of the day", "", 80)
            .pattern(PLAIN_TEXT, plain)
            .help("Shown while a player loads the map."),
        Variable::number("max_players", "Player slots", 12, 2, 32).required(),
        Variable::one_of(
            "mode",
            "Game mode",
            "0",
            &[
                ("0", "Deathmatch"),
                ("1", "Duel"),
                ("3", "Team deathmatch"),
                (CAPTURE_THE_FLAG, "Capture the flag"),
            ],
        )
        .group("Match"),
        Variable::one_of("map", "First map", "oa_dm1", MAPS).group("Match"),
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
        Variable::secret("join_password", "Password to join", 0, 32)
            .group("Access")
            .pattern("[A-Za-z0-9_.-]*", "Letters, digits, dot, underscore and hyphen.")
            .help("Empty lets everybody in."),
        Variable::secret("rcon_password", "Remote console password", 8, 64)
            .group("Access")
            .pattern("[A-Za-z0-9_.-]*", "Letters, digits, dot, underscore and hyphen.")
            .editable_by(Audience::Owners)
            .help("Empty turns the game's own remote console off."),
    ]
}

/// Why a map cannot be played in a mode.
pub(crate) fn without_flags(mode: &str, map: &str) -> Option<&'static str> {
    (mode == CAPTURE_THE_FLAG && !map.contains("ctf")).then_some("This map has no flags.")
}

pub(crate) fn validate(server: &Server) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    if let Some(problem) = without_flags(server.setting("mode"), server.setting("map")) {
        problems.push(
            FieldProblem::new("map", problem)
                .remedy("Choose a map that says capture the flag, or another mode."),
        );
    }
    let number = |key| server.setting(key).parse::<u32>().unwrap_or_default();
    if number("bots") > number("max_players") {
        problems.push(
            FieldProblem::new("bots", "There are more bots than player slots.")
                .remedy("Lower the bots or raise the player slots."),
        );
    }
    problems
}
