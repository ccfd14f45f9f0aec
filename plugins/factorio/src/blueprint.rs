//! What can be set.

use crate::releases;
use gantry_plugin::prelude::*;

pub(crate) fn blueprint() -> Blueprint {
    Blueprint {
        summary: "Build a factory, automate it, and keep its neighbours out.".to_owned(),
        documentation: "Players connect from the game: Multiplayer, Connect to address, then the server's address and port. \
                        Mods are .zip files in the folder mods, and every player needs the same. The newest file in the \
                        folder saves is the world that is played, so one that is put there is played from the next start \
                        on; where there is none, a world is made."
            .to_owned(),
        tags: ["factorio", "automation", "building"].map(str::to_owned).to_vec(),
        icon: include_str!("icon.svg").trim().to_owned(),
        variables: variables(),
        endpoints: vec![
            EndpointNeed::required("game", Protocol::Udp, 34_197, "The port that players connect to."),
            EndpointNeed {
                required: false,
                ..EndpointNeed::required(
                    "rcon",
                    Protocol::Tcp,
                    27_015,
                    "The game's remote console, which this panel asks for answers to commands. On only with a password; \
                     it is not encrypted, so do not open it to the internet.",
                )
            },
        ],
        least: Limits::new(1_024, 100, 2_048),
        recommended: Limits::new(4_096, 200, 8_192),
        collect_every_ms: Some(5_000),
        ..Blueprint::new("factorio", "Factorio")
    }
}

fn variables() -> Vec<Variable> {
    let one_line = r"[^\x00-\x1f\x7f]*";
    vec![
        Variable::text("name", "Name shown to players", "A Gantry factory", 60)
            .required()
            .pattern(one_line, "One line of text."),
        Variable::text("description", "Description", "", 200)
            .pattern(one_line, "One line of text.")
            .help("Shown in the list of servers."),
        Variable::number("max_players", "Player slots", 0, 0, 65_535)
            .required()
            .help("Zero lets in as many as come. Administrators always get in."),
        Variable::from_catalog("version", "Version", releases::STABLE, releases::CATALOG)
            .required()
            .group("Software")
            .needs_reinstall()
            .help("Players need the same one. A world cannot go back to an older one: make a backup before you change it."),
        Variable::boolean("space_age", "Space Age", false)
            .group("Software")
            .needs_reinstall()
            .help("Everybody who joins must own it then. Asked when mods/mod-list.json is made; afterwards that file says."),
        Variable::one_of(
            "preset",
            "World",
            "default",
            &[
                ("default", "Default"),
                ("rich-resources", "Rich resources"),
                ("rail-world", "Rail world"),
                ("ribbon-world", "Ribbon world"),
                ("island", "Island"),
                ("marathon", "Marathon"),
                ("death-world", "Death world"),
            ],
        )
        .group("World")
        .help("Only for a world that is not made yet."),
        Variable::text("seed", "Seed", "", 10)
            .pattern("[0-9]*", "A number.")
            .group("World")
            .help("Only for a world that is not made yet. Empty: a random one."),
        Variable::secret("join_password", "Password to join", 0, 64)
            .group("Access")
            .pattern(one_line, "One line of text.")
            .help("Empty lets everybody in."),
        Variable::boolean("verify_users", "Check accounts with factorio.com", true)
            .group("Access")
            .editable_by(Audience::Owners)
            .help("Without it, anybody can take anybody's name."),
        Variable::boolean("listed", "Show in the public list of servers", false)
            .group("Access")
            .help("It wants the name and the token of an account of factorio.com."),
        Variable::text("username", "Account at factorio.com", "", 60)
            .group("Access")
            .editable_by(Audience::Owners)
            .pattern("[A-Za-z0-9_.-]*", "Letters, digits, dot, underscore and hyphen."),
        Variable::secret("token", "Token of that account", 0, 64)
            .group("Access")
            .editable_by(Audience::Owners)
            .pattern("[A-Za-z0-9]*", "Letters and digits.")
            .help("It stands on the profile's page at factorio.com."),
        Variable::secret("rcon_password", "Remote console password", 8, 64)
            .group("Access")
            .pattern("[A-Za-z0-9_.-]*", "Letters, digits, dot, underscore and hyphen.")
            .editable_by(Audience::Owners)
            .help("Empty turns the remote console off. It needs the port rcon too."),
    ]
}

pub(crate) fn validate(server: &Server) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    if !releases::is_choice(server.setting("version")) {
        let problem = FieldProblem::new("version", "This is no version of Factorio.");
        problems.push(problem.remedy("Choose one of the list."));
    }
    if server.flag("listed") && (server.setting("username").is_empty() || server.setting("token").is_empty())
    {
        let problem = FieldProblem::new("listed", "The public list takes servers of an account alone.");
        problems.push(problem.remedy("Give the account's name and its token, or do not list the server."));
    }
    problems
}
