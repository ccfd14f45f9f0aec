//! What can be set.

use gantry_plugin::prelude::*;

/// Lengths of a map's side, as the game's own setting counts them: powers of two.
const SIDES: &[(&str, &str)] =
    &[("6", "64"), ("7", "128"), ("8", "256"), ("9", "512"), ("10", "1,024"), ("11", "2,048")];
const LANDSCAPES: &[(&str, &str)] = &[
    ("temperate", "Temperate"),
    ("arctic", "Sub-arctic"),
    ("tropic", "Sub-tropical"),
    ("toyland", "Toyland"),
];

pub(crate) fn blueprint() -> Blueprint {
    Blueprint {
        summary: "Transport companies that build, compete and share one map.".to_owned(),
        documentation: "Players connect with OpenTTD of the same version: Multiplayer, Add server, then the server's \
                        address. The world is saved as gantry.sav when the server is stopped, and goes on from there."
            .to_owned(),
        tags: ["simulation", "strategy", "transport"].map(str::to_owned).to_vec(),
        icon: include_str!("icon.svg").trim().to_owned(),
        variables: variables(),
        endpoints: vec![EndpointNeed::required(
            "game",
            Protocol::Tcp,
            3_979,
            "The port that players connect to; it answers the server list too.",
        )],
        least: Limits::new(192, 20, 256),
        recommended: Limits::new(1_024, 100, 1_024),
        collect_every_ms: Some(5_000),
        ..Blueprint::new("openttd", "OpenTTD")
    }
}

fn variables() -> Vec<Variable> {
    let begins = "Takes effect for the next world: stop the server, delete save/gantry.sav, start it.";
    vec![
        Variable::text("name", "Name shown to players", "A Gantry railway", 60)
            .required()
            // A quote at its beginning would be taken for the file's own, space at its ends for the line's.
            .pattern(
                r#"[^"\s\x00-\x1f\x7f]([^"\x00-\x1f\x7f]*[^"\s\x00-\x1f\x7f])?"#,
                "No double quotes, and no space at the ends.",
            )
            .help("Shown in the list of servers."),
        Variable::number("max_players", "Player slots", 25, 1, 255).required(),
        Variable::number("max_companies", "Companies at most", 15, 1, 15).required(),
        Variable::boolean("listed", "Show in the public list of servers", false)
            .help("The game tells the list's operators the server's address."),
        Variable::number("pause_below", "Pause below so many players", 0, 0, 255)
            .help("Zero never pauses: the world goes on while nobody is there."),
        Variable::one_of("landscape", "Landscape", "temperate", LANDSCAPES).group("World").help(begins),
        Variable::one_of("map_x", "Map width", "8", SIDES).group("World").unit("tiles").help(begins),
        Variable::one_of("map_y", "Map height", "8", SIDES).group("World").unit("tiles").help(begins),
        Variable::number("start_year", "First year", 1_950, 1, 5_000_000).group("World").help(begins),
        Variable::secret("join_password", "Password to join", 0, 32)
            .group("Access")
            .pattern("[A-Za-z0-9_.-]*", "Letters, digits, dot, underscore and hyphen.")
            .help("Empty lets everybody in."),
        Variable::secret("rcon_password", "Remote console password", 0, 32)
            .group("Access")
            .pattern("[A-Za-z0-9_.-]*", "Letters, digits, dot, underscore and hyphen.")
            .editable_by(Audience::Owners)
            .help("With it players may use every command from within the game. Empty turns that off."),
    ]
}
