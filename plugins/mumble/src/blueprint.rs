//! What can be set.

use gantry_plugin::prelude::*;

pub(crate) fn blueprint() -> Blueprint {
    Blueprint {
        summary: "Voice chat for groups, clear and with little delay.".to_owned(),
        documentation:
            "People connect with the Mumble client: Add new, then the server's address and port. Whoever \
                        connects as SuperUser, with the password of that account, gives others their rights."
                .to_owned(),
        tags: ["voice", "chat"].map(str::to_owned).to_vec(),
        icon: include_str!("icon.svg").trim().to_owned(),
        variables: variables(),
        endpoints: vec![
            EndpointNeed::required(
                "control",
                Protocol::Tcp,
                64_738,
                "The port that people connect to. It needs the same number as that for voice.",
            ),
            EndpointNeed::required("voice", Protocol::Udp, 64_738, "Voice, and the ping of server lists.")
                .relative_to("control", 0),
        ],
        least: Limits::new(64, 10, 64),
        recommended: Limits::new(256, 50, 256),
        collect_every_ms: Some(5_000),
        commands: CommandDoor::None,
        ..Blueprint::new("mumble", "Mumble")
    }
}

fn variables() -> Vec<Variable> {
    let plain = "No double quotes or backslashes.";
    vec![
        Variable::text("name", "Name of the first channel", "A Gantry voice server", 60)
            .required()
            .pattern(r#"[^"\\\x00-\x1f\x7f]+"#, plain)
            .help("What people see at the top once they are connected."),
        Variable::text("welcome", "Welcome", "", 500)
            .pattern(r#"[^"\\\x00-\x1f\x7f]*"#, plain)
            .help("Shown to everybody who connects; simple HTML is understood."),
        Variable::number("max_users", "Users at most", 20, 1, 1_000).required(),
        Variable::number("bandwidth", "Bandwidth for each", 72_000, 8_000, 1_000_000)
            .unit("bit/s")
            .help("How much one who speaks may send. 40,000 is fine for speech, 130,000 the best there is."),
        Variable::secret("join_password", "Password to join", 0, 64)
            .group("Access")
            .pattern(r#"[^"\\\x00-\x1f\x7f]*"#, plain)
            .help("Empty lets everybody in."),
        Variable::secret("superuser_password", "SuperUser's password", 8, 64)
            .group("Access")
            .pattern(r"[^\x00-\x1f\x7f]*", "One line of text.")
            .editable_by(Audience::Owners)
            .needs_reinstall()
            .help("Set during the installation. Empty leaves it as it is: at the first start the server makes one up, \
                   and writes it on its console."),
    ]
}
