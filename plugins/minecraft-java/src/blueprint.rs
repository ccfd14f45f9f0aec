//! What can be set, for each software.

use crate::{
    java,
    software::{ALL, Software},
    sources::NEWEST,
};
use gantry_plugin::prelude::*;

const LICENCE: &str = "https://aka.ms/MinecraftEULA";
/// Below it the machine itself takes what the world needs.
const LEAST_HEAP: u32 = 512;

pub(crate) fn all() -> Vec<Blueprint> {
    ALL.into_iter().map(blueprint).collect()
}

fn blueprint(software: Software) -> Blueprint {
    let summary = match software {
        Software::Vanilla => "The game as Mojang publishes it, releases and snapshots.",
        Software::Paper => "Faster than vanilla, with thousands of Bukkit and Paper plugins.",
        Software::Purpur => "Paper with more to configure about how the game plays.",
        Software::Fabric => "Vanilla with mods of the Fabric loader.",
    };
    let more = match software {
        Software::Vanilla => "",
        Software::Paper | Software::Purpur => {
            " Plugins are .jar files in the folder plugins; restart after each."
        }
        Software::Fabric => {
            " Mods are .jar files in the folder mods; most of them want the mod Fabric API beside them."
        }
    };
    Blueprint {
        summary: summary.to_owned(),
        documentation: format!(
            "Players connect with the Java Edition of the same version: Multiplayer, Add Server, then the server's address \
             and port.{more} Settings that are not in this form are in server.properties."
        ),
        tags: ["minecraft", "sandbox", "survival", "java"].map(str::to_owned).to_vec(),
        icon: include_str!("icon.svg").trim().to_owned(),
        variables: variables(software),
        endpoints: endpoints(),
        least: Limits::new(1_024, 50, 2_048),
        recommended: Limits::new(4_096, 200, 10_240),
        collect_every_ms: Some(5_000),
        ..Blueprint::new(software.id(), &format!("Minecraft: {}", software.title()))
    }
}

fn endpoints() -> Vec<EndpointNeed> {
    vec![
        EndpointNeed::required("game", Protocol::Tcp, 25_565, "The port that players connect to."),
        EndpointNeed::required("query", Protocol::Udp, 25_565, "Tells who plays, whole and by name.")
            .relative_to("game", 0),
        EndpointNeed {
            required: false,
            ..EndpointNeed::required(
                "rcon",
                Protocol::Tcp,
                25_575,
                "The game's remote console, which this panel asks for answers to commands. On only with a password; it \
                 is not encrypted, so do not open it to the internet.",
            )
        },
    ]
}

fn listed(key: &str, label: &str, catalog: &str) -> Variable {
    // What is typed is taken too, for the day on which nobody answers.
    Variable::from_catalog(key, label, NEWEST, catalog).open().group("Software").needs_reinstall()
}

fn variables(software: Software) -> Vec<Variable> {
    let one_line = r"[^\x00-\x1f\x7f]*";
    let mut variables = vec![
        Variable::boolean("eula", "I accept the Minecraft EULA", false)
            .required()
            .editable_by(Audience::Owners)
            .help(&format!("Mojang lets nobody run a server who does not: {LICENCE}")),
        Variable::text("motd", "Message in the server list", "A Gantry world", 120)
            .pattern(one_line, "One line of text.")
            .help("Colours are a section sign and a letter."),
        Variable::number("max_players", "Player slots", 20, 1, 1_000).required(),
        listed("version", "Minecraft version", software.versions())
            .required()
            .help("A world cannot go back to an older version: make a backup before you change it."),
    ];
    if let Some((catalog, label)) = software.builds() {
        variables.push(listed("build", label, catalog));
    }
    variables.extend([
        Variable::one_of(
            "gamemode",
            "Game mode",
            "survival",
            &[
                ("survival", "Survival"),
                ("creative", "Creative"),
                ("adventure", "Adventure"),
                ("spectator", "Spectator"),
            ],
        )
        .group("World"),
        Variable::one_of(
            "difficulty",
            "Difficulty",
            "easy",
            &[("peaceful", "Peaceful"), ("easy", "Easy"), ("normal", "Normal"), ("hard", "Hard")],
        )
        .group("World"),
        Variable::boolean("hardcore", "Hardcore", false).group("World").help("Who dies only watches."),
        Variable::boolean("pvp", "Players may fight each other", true).group("World"),
        Variable::text("level_name", "World's folder", "world", 40)
            .required()
            .pattern("[A-Za-z0-9_-]+", "Letters, digits, underscore and hyphen.")
            .group("World")
            .help("Another name begins another world and keeps this one."),
        Variable::text("level_seed", "Seed", "", 64)
            .pattern(one_line, "One line of text.")
            .group("World")
            .help("Only for a world that is not made yet. Empty: a random one."),
        Variable::boolean("online_mode", "Check accounts with Mojang", true)
            .group("Access")
            .editable_by(Audience::Owners)
            .help("Without it, anybody can take anybody's name. Off only behind a proxy that checks."),
        Variable::boolean("whitelist", "Only players on the whitelist", false).group("Access"),
        Variable::secret("rcon_password", "Remote console password", 8, 64)
            .group("Access")
            .pattern("[A-Za-z0-9_.-]*", "Letters, digits, dot, underscore and hyphen.")
            .editable_by(Audience::Owners)
            .help("Empty turns the remote console off. It needs the port rcon too."),
        Variable::one_of(
            "java",
            "Java",
            "auto",
            &[
                ("auto", "What this version wants"),
                ("8", "Java 8"),
                ("11", "Java 11"),
                ("17", "Java 17"),
                ("21", "Java 21"),
                ("25", "Java 25"),
            ],
        )
        .group("Advanced"),
        Variable::text("jvm_flags", "More flags for Java", "", 400)
            .pattern(
                "(-[A-Za-z][A-Za-z0-9_:=+.,/%-]*( +-[A-Za-z][A-Za-z0-9_:=+.,/%-]*)*)?",
                "Flags with spaces between.",
            )
            .group("Advanced")
            .editable_by(Audience::Owners)
            .help("Memory follows from the server's limit."),
        Variable::text("java_image", "Own image with Java", "", 200)
            .pattern("([a-z0-9][a-z0-9._/:@-]*)?", "An image's name, such as registry.example.org/java:21.")
            .group("Advanced")
            .editable_by(Audience::Administrators)
            .help("Empty: Eclipse Temurin's. For nodes that reach no registry but their own."),
    ]);
    variables
}

pub(crate) fn validate(server: &Server) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    if !server.flag("eula") {
        problems.push(
            FieldProblem::new("eula", "The Minecraft EULA is not accepted.")
                .remedy(&format!("Read {LICENCE} and accept it, or choose another game.")),
        );
    }
    for key in ["version", "build"] {
        if !is_name(server.setting(key)) {
            problems.push(
                FieldProblem::new(key, "This is no name of a version.")
                    .remedy(&format!("Choose one of the list, or {NEWEST:?}.")),
            );
        }
    }
    if server.limits.memory > 0 && java::heap(server.limits.memory) < LEAST_HEAP {
        problems.push(
            FieldProblem::new("", "The server has too little memory for Minecraft.")
                .remedy("Raise its memory limit to 1024 MiB or more."),
        );
    }
    problems
}

/// Nothing at all, or what can be a part of an address. Settings of a catalog have no pattern that the host could check.
pub(crate) fn is_name(text: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || "._ +-".contains(c);
    text.is_empty() || (text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(inside))
}
