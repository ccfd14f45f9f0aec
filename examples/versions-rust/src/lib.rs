//! What must be looked up: versions for the form, and facts for the installation.
//!
//! A list is lines of `VERSION DIGEST`, the newest first, at a web server that the manifest names. The server tells a list's
//! `ETag`; the plugin keeps both and asks with `If-None-Match`, so that what has not changed is not sent again. A token goes
//! along where an administrator has stored one. Plans are pure: they read the facts, and nothing else.

use gantry_plugin::prelude::*;

const HOST: &str = "versions.example.org";
/// What stands in the form for the newest there is when the server is installed.
const NEWEST: &str = "latest";
const MAX_BYTES: u32 = 64 * 1024;

/// The plugin.
#[derive(Debug)]
pub struct Versions;

/// One line of a list.
struct Version {
    name: String,
    digest: String,
}

fn failure(code: &str, message: String) -> Failure {
    Failure::new(code, message)
}

/// Where a form wants the list from. Whoever fills it in may name any host; which may be asked stands in the manifest.
fn host(settings: &[Setting]) -> &str {
    let mirror = settings.iter().find(|each| each.key == "mirror").map_or("", |each| each.value.as_str());
    if mirror.is_empty() { HOST } else { mirror }
}

fn list(host: &str) -> Result<Vec<Version>, Failure> {
    let (tag_key, list_key) = (format!("tag {host}"), format!("list {host}"));
    let known = kv::get(&list_key)?;
    let mut headers = Vec::new();
    if let (Some(_), Some(tag)) = (&known, kv::get(&tag_key)?.and_then(|tag| String::from_utf8(tag).ok())) {
        headers.push(("if-none-match".to_owned(), tag));
    }
    match secrets::get("token") {
        Ok(token) => headers.push(("authorization".to_owned(), format!("Bearer {token}"))),
        // What is for everybody needs none.
        Err(absent) if absent.code == "absent" => {}
        Err(other) => return Err(other),
    }
    let request = http::Request {
        method: "GET".to_owned(),
        url: format!("https://{host}/versions.txt"),
        headers,
        body: Vec::new(),
        max_bytes: MAX_BYTES,
    };
    let answer = http::send(&[request]).pop();
    let answer = answer.unwrap_or_else(|| Err(failure("no_answer", format!("{host} did not answer."))))?;
    match (answer.status, known) {
        (200, _) => {
            let tag = answer.headers.iter().find(|(name, _)| name == "etag").map(|(_, tag)| tag);
            if let Some(tag) = tag {
                kv::set(&list_key, &answer.body)?;
                kv::set(&tag_key, tag.as_bytes())?;
            }
            read(host, &answer.body)
        }
        (304, Some(known)) => read(host, &known),
        (429 | 503, _) => {
            let message = format!("{host} is busy.");
            Err(Failure { retry_after_ms: Some(90_000), ..failure("busy", message) })
        }
        (status, _) => Err(failure("refused", format!("{host} answered {status}."))),
    }
}

fn read(host: &str, list: &[u8]) -> Result<Vec<Version>, Failure> {
    let line = |line: &str| {
        let (name, digest) = line.split_once(' ')?;
        Some(Version { name: name.to_owned(), digest: digest.trim().to_owned() })
    };
    let text = std::str::from_utf8(list).ok();
    text.and_then(|text| text.lines().map(line).collect())
        .ok_or_else(|| failure("bad_answer", format!("What {host} answered is no list of versions.")))
}

impl Plugin for Versions {
    fn blueprints() -> Vec<Blueprint> {
        let version = Variable::from_catalog("version", "Version", NEWEST, "versions");
        // What is typed is taken too, for the day on which nobody answers.
        let version = version.open().required().needs_reinstall();
        let mirror =
            Variable::text("mirror", "Mirror", "", 128).help("Another web server that has the same list.");
        vec![Blueprint {
            summary: "A program whose versions stand on a web server.".to_owned(),
            variables: vec![version, mirror],
            ..Blueprint::new("versions", "Versions")
        }]
    }

    fn install(server: &Server) -> Result<InstallPlan, Failure> {
        let (version, digest) = (server.fact("version"), server.fact("digest"));
        if version.is_empty() {
            return Err(failure("no_facts", "Nobody has looked up which version there is.".to_owned()));
        }
        let write = Write::file("VERSION", format!("{version} {digest}\n"));
        let mut plan = InstallPlan::new().step("Write down the version", 1, Action::Write(write));
        plan.installed_version = Some(version.to_owned());
        Ok(plan)
    }

    fn run(server: &Server) -> Result<RunSpec, Failure> {
        let says = format!("echo running {}; exec sleep infinity", server.fact("version"));
        Ok(RunSpec::new(Image::reference("debian:bookworm-slim"), ["bash", "-c", &says]))
    }
}

impl Catalog for Versions {
    fn choices(name: &str, settings: &[Setting]) -> Result<Vec<Choice>, Failure> {
        if name != "versions" {
            return Err(failure("unknown_catalog", format!("There is no list {name}.")));
        }
        let newest = Choice { value: NEWEST.to_owned(), label: "Newest".to_owned(), help: None };
        let each = list(host(settings))?.into_iter();
        let each =
            each.map(|version| Choice { value: version.name.clone(), label: version.name, help: None });
        Ok(std::iter::once(newest).chain(each).collect())
    }
}

impl Facts for Versions {
    fn resolve(server: &Server) -> Result<Vec<Setting>, Failure> {
        let wanted = server.setting("version");
        let mut versions = list(host(&server.settings))?.into_iter();
        let found = versions.find(|version| wanted == NEWEST || version.name == wanted);
        let found =
            found.ok_or_else(|| failure("unknown_version", format!("There is no version {wanted}.")))?;
        let fact = |key: &str, value: String| Setting { key: key.to_owned(), value };
        Ok(vec![fact("version", found.name), fact("digest", found.digest)])
    }
}

gantry_plugin::export!(Versions);
