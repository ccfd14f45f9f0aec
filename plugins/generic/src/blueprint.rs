//! What can be set: all that other plugins know of their games.

use gantry_plugin::prelude::*;

pub(crate) const A2S: &str = "a2s";
pub(crate) const QUAKE3: &str = "quake3";

/// A word of a command's or a file's own; the rest is text.
const ONE_LINE: &str = r"[^\x00-\x1f\x7f]*";

pub(crate) fn blueprint() -> Blueprint {
    Blueprint {
        summary: "A game that no plugin knows, from an image of a registry.".to_owned(),
        documentation: "The image runs as a user of its own without rights, with the server's directory as the one place \
                        to write. In the command and in the environment {tcp}, {udp} and {memory} stand for the \
                        server's ports and its memory in MiB."
            .to_owned(),
        tags: ["generic", "container"].map(str::to_owned).to_vec(),
        icon: include_str!("icon.svg").trim().to_owned(),
        variables: variables(),
        endpoints: vec![
            EndpointNeed::required("udp", Protocol::Udp, 27_000, "A port for UDP, {udp} in the settings."),
            EndpointNeed::required("tcp", Protocol::Tcp, 27_000, "A port for TCP, {tcp} in the settings."),
        ],
        collect_every_ms: Some(10_000),
        ..Blueprint::new("image", "Any image")
    }
}

fn variables() -> Vec<Variable> {
    let line = |key: &str, label: &str, most| {
        Variable::text(key, label, "", most)
            .pattern(ONE_LINE, "One line of text.")
            .editable_by(Audience::Owners)
    };
    let multiline = TextRule { min_length: 0, max_length: 8_000, pattern: None, pattern_help: None };
    let environment = Variable { kind: Kind::Multiline(multiline), ..line("environment", "Environment", 0) };
    let container = vec![
        line("image", "Image", 200)
            .required()
            .pattern(r"[a-z0-9][A-Za-z0-9._/:@-]*", "A reference such as docker.io/library/debian:bookworm-slim.")
            .help("With its tag or, better, its digest, so that it stays the same."),
        line("command", "Command", 2_000)
            .help("Program and arguments. Quotes keep words together, and no shell reads it. Empty is the image's own."),
        environment.help("A line NAME=value for each. Secrets have their own field."),
        Variable::secret("secret", "A secret", 0, 200)
            .pattern(ONE_LINE, "One line of text.")
            .editable_by(Audience::Owners)
            .help("Stands for {secret} in the environment."),
        line("directory", "Directory", 200)
            .required()
            .pattern(r"/[A-Za-z0-9._/-]*[A-Za-z0-9._-]", "An absolute path.")
            .help("Where the image expects its files: the server's directory is mounted there, and the command starts there."),
        Variable::boolean("terminal", "Give it a terminal", false).help("For programs that read commands only from one."),
        Variable::boolean("read_only", "Keep the image's own files as they are", true)
            .editable_by(Audience::Owners)
            .help("Everything but the server's directory is read-only."),
    ];
    let container = container.into_iter().map(|one| {
        let default =
            if one.key == "directory" { Some("/data".to_owned()) } else { one.default_value.clone() };
        Variable { default_value: default, ..one }.group("Container")
    });
    container.chain(ready()).chain(ending()).chain(quiet()).collect()
}

fn ready() -> Vec<Variable> {
    vec![
        Variable::one_of(
            "ready",
            "Ready when",
            "at-once",
            &[
                ("at-once", "Its process runs"),
                ("console", "It prints a line"),
                ("tcp", "Its TCP port takes connections"),
                ("query", "It answers the query below"),
            ],
        ),
        Variable::text("ready_pattern", "The line", "", 200)
            .pattern(ONE_LINE, "One line of text.")
            .help("A regular expression (RE2) that matches a part of it."),
        Variable::number("ready_s", "At most after", 300, 5, 3_600).unit("s"),
        Variable::one_of(
            "query",
            "Query on the UDP port",
            "none",
            &[("none", "None"), (A2S, "Steam's server query (A2S)"), (QUAKE3, "Quake 3's status")],
        )
        .help("Tells who plays, and what."),
    ]
    .into_iter()
    .map(|one| one.group("Readiness and players"))
    .collect()
}

fn ending() -> Vec<Variable> {
    vec![
        Variable::one_of(
            "stop",
            "Stop by",
            "SIGTERM",
            &[
                ("SIGTERM", "The signal SIGTERM"),
                ("SIGINT", "The signal SIGINT"),
                ("SIGQUIT", "The signal SIGQUIT"),
                ("interrupt", "Control-C"),
                ("command", "A command on its standard input"),
            ],
        ),
        Variable::text("stop_command", "The command", "", 200).pattern(ONE_LINE, "One line of text."),
        Variable::number("stop_s", "It has", 30, 1, 600)
            .unit("s")
            .help("Whatever still runs then is killed."),
    ]
    .into_iter()
    .map(|one| one.group("Stopping"))
    .collect()
}

fn quiet() -> Vec<Variable> {
    let command = |key: &str, label: &str, help: &str| {
        Variable::text(key, label, "", 200)
            .pattern(ONE_LINE, "One line of text.")
            .group("Commands")
            .help(help)
    };
    vec![
        command(
            "say_command",
            "Tell everybody",
            "Typed in front of a message to all who play, such as say. Empty says nothing.",
        ),
        command("quiesce_command", "Save, and write no more", "Typed before a backup, such as save-all."),
        command("resume_command", "Write again", "Typed after a backup."),
    ]
}
