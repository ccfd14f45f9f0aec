//! Variables that are ports, which become endpoints: so that a number is never given twice, and the port is open.
//!
//! Elsewhere a second port is a variable into which somebody types a number that somebody else must have allocated. The game
//! gets it as before, in the environment.

use super::names::{free, slug};
use gantry_document::model::{Endpoint, Protocol, Relative};
use std::collections::BTreeSet;

/// The endpoint of the server's first allocation.
pub(super) const GAME: &str = "game";
/// Most endpoints of a blueprint; each port takes two.
const MOST: usize = 32;

/// The ports of an egg: the first, and those that were variables.
pub(super) struct Ports {
    ports: Vec<Endpoint>,
    taken: BTreeSet<String>,
}

impl Ports {
    pub(super) fn new() -> Self {
        let game = port(GAME, None, "The port that players connect to.", true);
        Self { ports: vec![game], taken: BTreeSet::from([GAME.to_owned(), format!("{GAME}-tcp")]) }
    }

    /// Makes an endpoint, and answers its name; none where there are too many already.
    pub(super) fn add(
        &mut self,
        environment: &str,
        default: Option<u16>,
        help: &str,
        required: bool,
    ) -> Option<String> {
        if (self.ports.len() + 1) * 2 > MOST {
            return None;
        }
        let upper = environment.to_uppercase();
        let stem = match upper.rfind("PORT") {
            Some(at) => format!("{}{}", &upper[..at], &upper[at + 4..]),
            None => upper,
        };
        let slug = slug(&stem, 40);
        let begins = slug.starts_with(|first: char| first.is_ascii_lowercase());
        let wanted = match slug.as_str() {
            "" => "port".to_owned(),
            GAME => "game-port".to_owned(),
            _ if begins => slug,
            _ => format!("port-{slug}"),
        };
        let mut name = free(&wanted, &mut self.taken);
        while taken_partner(&name, &self.taken) {
            name = free(&wanted, &mut self.taken);
        }
        self.taken.insert(format!("{name}-tcp"));
        self.ports.push(port(&name, default, help, required));
        Some(name)
    }

    /// Each port with both protocols, since an egg does not say which.
    pub(super) fn endpoints(&self) -> Vec<Endpoint> {
        let both = |udp: &Endpoint| {
            let tcp = Endpoint {
                name: format!("{}-tcp", udp.name),
                protocol: Protocol::Tcp,
                relative_to: Some(Relative { endpoint: udp.name.clone(), offset: 0 }),
                ..udp.clone()
            };
            [udp.clone(), tcp]
        };
        self.ports.iter().flat_map(both).collect()
    }
}

/// Whether the other protocol's name is taken already.
fn taken_partner(name: &str, taken: &BTreeSet<String>) -> bool {
    taken.contains(&format!("{name}-tcp"))
}

fn port(name: &str, port: Option<u16>, help: &str, required: bool) -> Endpoint {
    let help: String = help.chars().take(4_000).collect();
    Endpoint { name: name.to_owned(), protocol: Protocol::Udp, port, help, required, relative_to: None }
}

/// What a variable is by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A port of this server.
    Port,
    /// The end of a range of ports.
    Range,
    Other,
}

/// By its name, since an egg says nothing else of it.
pub(super) fn meaning(environment: &str) -> Meaning {
    /// Words that end so and are none.
    const WORDS: [&str; 10] = [
        "SUPPORT",
        "TRANSPORT",
        "IMPORT",
        "EXPORT",
        "REPORT",
        "PASSPORT",
        "TELEPORT",
        "AIRPORT",
        "VIEWPORT",
        "SPORT",
    ];
    /// Ports of somebody else, to which the game connects.
    const ELSEWHERE: [&str; 22] = [
        "DB",
        "DATABASE",
        "MYSQL",
        "MARIADB",
        "POSTGRES",
        "POSTGRESQL",
        "PGSQL",
        "SQL",
        "REDIS",
        "MONGO",
        "MONGODB",
        "SMTP",
        "MAIL",
        "IMAP",
        "REMOTE",
        "TARGET",
        "UPSTREAM",
        "BACKEND",
        "DESTINATION",
        "LAVALINK",
        "PROXY",
        "FORWARD",
    ];
    const RANGE: [&str; 10] =
        ["START", "STARTING", "END", "ENDING", "MIN", "MAX", "FIRST", "LAST", "RANGE", "OFFSET"];
    let words = words(environment);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let is_port = |word: &String| {
        let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
        stem.ends_with("PORT") && !WORDS.iter().any(|other| stem.ends_with(other))
    };
    let last_two = words.iter().rev().take(2);
    let protocol = words.last().is_some_and(|word| matches!(word.as_str(), "TCP" | "UDP"));
    let ends = last_two.take(if protocol { 2 } else { 1 }).any(is_port);
    match () {
        () if !words.iter().any(is_port) || has(&ELSEWHERE) => Meaning::Other,
        () if has(&RANGE) => Meaning::Range,
        () if ends => Meaning::Port,
        () => Meaning::Other,
    }
}

/// `QUERY_PORT` and `queryPort` are two words.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for character in name.chars() {
        if !character.is_ascii_alphanumeric() {
            words.push(String::new());
        } else {
            if before.is_ascii_lowercase() && character.is_ascii_uppercase() {
                words.push(String::new());
            }
            words.last_mut().expect("one at least").push(character.to_ascii_uppercase());
        }
        before = character;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_known_by_their_names() {
        for name in [
            "QUERY_PORT",
            "QPORT",
            "RCON_PORT",
            "SERVER_WEBPORT",
            "queryPort",
            "PORT",
            "PORT_UDP",
            "APP_PORT2",
            "VAC_PORT",
        ] {
            assert_eq!(meaning(name), Meaning::Port, "{name}");
        }
        for name in ["STARTING_PORT", "MAX_PORT", "PORT_RANGE"] {
            assert_eq!(meaning(name), Meaning::Range, "{name}");
        }
        for name in
            ["SUPPORT", "TRANSPORT", "DB_PORT", "MYSQL_PORT", "PORTFORWARD_ENABLE", "PORTAL", "EXPORT_PATH"]
        {
            assert_eq!(meaning(name), Meaning::Other, "{name}");
        }
    }

    #[test]
    fn endpoints_have_names_of_their_own_and_both_protocols() {
        let mut ports = Ports::new();
        assert_eq!(ports.add("QUERY_PORT", Some(27_015), "", true).as_deref(), Some("query"));
        assert_eq!(ports.add("QueryPort", None, "", false).as_deref(), Some("query-2"));
        assert_eq!(ports.add("GAME_PORT", None, "", true).as_deref(), Some("game-port"));
        assert_eq!(ports.add("PORT", None, "", true).as_deref(), Some("port"));
        assert_eq!(ports.add("AB_TCP_PORT", None, "", true).as_deref(), Some("ab-tcp"));
        assert_eq!(ports.add("AB_PORT", None, "", true).as_deref(), Some("ab-2"));
        let names: Vec<String> = ports.endpoints().into_iter().map(|each| each.name).take(4).collect();
        assert_eq!(names, ["game", "game-tcp", "query", "query-tcp"]);
        let more = (0..40).filter_map(|number| ports.add(&format!("X{number}_PORT"), None, "", true)).count();
        assert_eq!((more, ports.endpoints().len()), (9, 32));
    }
}
