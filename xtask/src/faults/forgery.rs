//! Texts of strangers that look like lines of a log, or command a terminal: what people type, what a game names its files and
//! prints, what a plugin says. Each is refused or shown as what it is; a line in the log is our own.

use super::{
    wait::{check, until},
    watch::Watch,
    world::{ADMIN, Parts, SOON, World},
};
use crate::shell::Result;
use serde_json::{Value, json};
use std::fs;

/// A line as it would stand in the log, and what a terminal would obey; none of it is to be found in a log.
const LINE: &str = "2026-01-01T00:00:00.000000Z  WARN gantry: FORGED";
const COMMAND: &str = "\u{1b}]0;FORGED\u{7}\u{1b}[2J";
/// A bar is a new line where a form takes none.
const WORDS: &str = "No plan.|2026-01-01T00:00:00.000000Z  WARN gantry: FORGED";

/// S2.
pub fn tried(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    let forged = format!("x\n{LINE}{COMMAND}");
    let server = world.counting("honest", 20)?;
    world.refused_everywhere(&server, &forged)?;

    // A game names its files as it likes.
    let folder = world.files(&server).join("maps");
    fs::create_dir_all(folder.join(&forged))?;
    fs::write(folder.join(&forged).join(&forged), "x")?;
    let files = format!("/api/servers/{server}/files");
    let listing = world.admin.get(&format!("{files}?path=maps"))?;
    check(listing["entries"][0].is_object(), || format!("the directory is not listed: {listing}"))?;
    world.admin.must("POST", &format!("{files}/copy"), Some(&json!({ "from": "maps", "to": "more" })))?;
    world.admin.must("POST", &format!("{files}/rename"), Some(&json!({ "from": "more", "to": "less" })))?;
    world.admin.must("POST", &format!("{files}/delete"), Some(&json!({ "paths": ["less", "maps"] })))?;

    let command = json!({ "command": "print x\\n2026-01-01T00:00:00.000000Z  WARN gantry: FORGED\\e]0;FORGED\\a\\e[2J" });
    world.admin.must("POST", &format!("/api/servers/{server}/console"), Some(&command))?;
    until("the game's line arrives", SOON, || {
        let page = world.admin.get(&format!("/api/servers/{server}/console?limit=1000"));
        let page = page.map_err(|error| error.to_string())?;
        let mut lines = page["lines"].as_array().into_iter().flatten();
        let printed = |line: &Value| {
            line["source"] == "game" && line["text"].as_str().is_some_and(|text| text.contains(LINE))
        };
        if lines.any(printed) { Ok(()) } else { Err("it is not in the console".to_owned()) }
    })?;

    // What a plugin says is shown to people, and told in the log.
    let form = world.form("forged plan", false, &json!({ "fail": "forge", "words": WORDS }));
    let refused = world.admin.create(&form, None)?;
    let ended = world.wait_for_end(&world.latest_operation(&refused)?, SOON)?;
    check(ended["state"] == "failed", || format!("it ended as {ended}"))?;
    world.control_plane.kill()?;
    world.crash_daemon()?;
    world.control_plane.start()?;
    world.wait_until_ready()?;
    world.wait_until_connected(SOON)?;
    world.logs_are_its_own()
}

impl World {
    /// Every text that a form takes.
    fn refused_everywhere(&self, server: &str, forged: &str) -> Result<()> {
        let files = format!("/api/servers/{server}/files");
        let query = super::socket::encoded(forged);
        let ways: [(&str, String, Value); 14] = [
            ("POST", "/api/auth/sign-in/email".into(), json!({ "email": forged, "password": "x" })),
            ("POST", "/api/locations".into(), json!({ "name": forged })),
            (
                "POST",
                "/api/users".into(),
                json!({ "name": forged, "email": "a@example.com", "password": "correct horse", "role": "user" }),
            ),
            ("POST", "/api/servers".into(), self.form(forged, false, &json!({}))),
            ("POST", "/api/servers".into(), self.form("x", false, &json!({ "words": forged }))),
            ("PATCH", format!("/api/servers/{server}"), json!({ "name": forged })),
            ("PATCH", "/api/account".into(), json!({ "name": forged })),
            ("PATCH", format!("/api/nodes/{}", self.node), json!({ "name": forged })),
            ("POST", "/api/account/app-passwords".into(), json!({ "name": forged })),
            ("PUT", format!("/api/servers/{server}/hold"), json!({ "reason": format!("{forged}\r") })),
            (
                "POST",
                format!("/api/servers/{server}/members"),
                json!({ "email": forged, "permissions": ["server.read"] }),
            ),
            ("POST", format!("{files}/directory"), json!({ "path": forged })),
            ("GET", format!("{files}?path={query}"), Value::Null),
            ("GET", format!("/api/servers?search={query}"), Value::Null),
        ];
        for (method, path, body) in ways {
            let body = Some(&body).filter(|body| !body.is_null());
            let (status, said) = self.admin.ask(method, &path, body, None)?;
            check((400..500).contains(&status), || format!("{method} {path} was answered {status}: {said}"))?;
        }
        let made = self.admin.get("/api/users")?.to_string();
        check(made.contains(ADMIN) && !made.contains("FORGED"), || format!("the people are {made}"))
    }

    /// No line that somebody else wrote, and nothing that a terminal would obey; what was said is there as what it is.
    fn logs_are_its_own(&self) -> Result<()> {
        let mut told = false;
        for log in ["gantry.log", "gantryd.log"] {
            let content = fs::read_to_string(self.folder.join(log))?;
            for (number, line) in (1..).zip(content.lines()).filter(|(_, line)| line.contains("FORGED")) {
                told = true;
                check(!line.starts_with(LINE) && !line.contains(COMMAND), || {
                    format!("{log} has somebody else's line at {number}: {line:?}")
                })?;
            }
        }
        check(told, || "no log tells what the plugin said".into())
    }
}
