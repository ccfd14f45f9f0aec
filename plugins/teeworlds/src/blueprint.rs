//! What can be set, and which settings do not go together.

use gantry_plugin::{prelude::*, rules::PLAIN_TEXT};

/// Game modes as the server names them. [`FLAGS`] wants a map with flags.
const MODES: &[(&str, &str)] = &[
    ("dm", "Deathmatch"),
    ("tdm", "Team deathmatch"),
    (FLAGS, "Capture the flag"),
    ("lms", "Last man standing"),
    ("lts", "Last team standing"),
];
const FLAGS: &str = "ctf";
/// Maps of the packaged game.
pub(crate) const MAPS: &[(&str, &str)] = &[
    ("dm1", "dm1"),
    ("dm2", "dm2"),
    ("dm6", "dm6"),
    ("dm7", "dm7"),
    ("dm8", "dm8"),
    ("dm9", "dm9"),
    ("lms1", "lms1"),
    ("ctf1", "ctf1 (with flags)"),
    ("ctf2", "ctf2 (with flags)"),
    ("ctf3", "ctf3 (with flags)"),
    ("ctf4", "ctf4 (with flags)"),
    ("ctf5", "ctf5 (with flags)"),
    ("ctf6", "ctf6 (with flags)"),
    ("ctf7", "ctf7 (with flags)"),
    ("ctf8", "ctf8 (with flags)"),
];

pub(crate) fn blueprint() -> Blueprint {
    Blueprint {
        summary: "Small round creatures, big guns and a hook to swing on.".to_owned(),
        documentation: "Players connect with the Teeworlds client 0.7: Play, then the server's address in the field \
                        below the list. With a password for commands the console of this page takes commands, and \
                        what can be done to a match is among the actions."
            .to_owned(),
        tags: ["shooter", "2d"].map(str::to_owned).to_vec(),
        icon: include_str!("icon.svg").trim().to_owned(),
        variables: variables(),
        endpoints: vec![
            EndpointNeed::required(
                "game",
                Protocol::Udp,
                8_303,
                "The port that players connect to; it answers the server browser too.",
            ),
            EndpointNeed::required("console", Protocol::Tcp, 8_304, "The game's external console, for commands."),
        ],
        least: Limits::new(64, 10, 64),
        recommended: Limits::new(128, 50, 256),
        collect_every_ms: Some(5_000),
        commands: CommandDoor::Plugin,
        ..Blueprint::new("teeworlds", "Teeworlds")
    }
}

fn variables() -> Vec<Variable> {
    // These texts end up in the game's own configuration language, where a quote or a line break would begin another
    // command. The host checks the pattern before the plugin ever sees the value.
    let plain = "No quotes, semicolons, backslashes, percent or dollar signs.";
    let secret = |key: &str, label: &str| {
        Variable::secret(key, label, 0, 31)
            .group("Access")
            .pattern("[A-Za-z0-9_.-]*", "Letters, digits, dot, underscore and hyphen.")
    };
    vec![
        Variable::text("name", "Name shown to players", "A Gantry server", 60)
            .required()
            .pattern(PLAIN_TEXT, plain)
            .help("Shown in the server browser."),
        Variable::text("motd", "Message of the day", "", 200)
            .pattern(PLAIN_TEXT, plain)
            .help("Shown as players join."),
        Variable::number("max_players", "Player slots", 8, 1, 16).required(),
        Variable::boolean("listed", "Show in the public server browser", false),
        Variable::one_of("mode", "Game mode", "dm", MODES).group("Match"),
        Variable::one_of("map", "Map", "dm1", MAPS).group("Match"),
        Variable::number("score_limit", "Score limit", 20, 0, 1_000)
            .group("Match")
            .help("Zero plays until the time is up."),
        Variable::number("time_limit", "Time limit", 0, 0, 1_000)
            .group("Match")
            .unit("minutes")
            .help("Zero is no limit."),
        secret("join_password", "Password to join").help("Empty lets everybody in."),
        secret("console_password", "Password for commands").editable_by(Audience::Owners).help(
            "Opens the game's external console, by which this page gives it commands. Empty keeps that shut.",
        ),
        secret("rcon_password", "Remote console password").editable_by(Audience::Owners).help(
            "For players who are in the game. Left empty, the game makes one up at each start and prints it.",
        ),
    ]
}

/// Why a map cannot be played in a mode.
pub(crate) fn without_flags(mode: &str, map: &str) -> Option<&'static str> {
    (mode == FLAGS && !map.starts_with(FLAGS)).then_some("This map has no flags.")
}

pub(crate) fn validate(server: &Server) -> Vec<FieldProblem> {
    let problem = without_flags(server.setting("mode"), server.setting("map"));
    problem
        .map(|problem| FieldProblem::new("map", problem).remedy("Choose a map with flags, or another mode."))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::tests::server;

    #[test]
    fn flags_are_wanted_only_where_the_mode_needs_them() {
        assert!(validate(&server(&[("mode", "dm"), ("map", "dm1")])).is_empty());
        assert!(validate(&server(&[("mode", "ctf"), ("map", "ctf5")])).is_empty());
        let problems = validate(&server(&[("mode", "ctf"), ("map", "dm1")]));
        assert_eq!(problems[0].key, "map");
    }
}
