//! Where Mojang publishes the server: `{result: {links: [{downloadType, downloadUrl}]}}`, with the version in the address.
//!
//! No digest is published; what is downloaded is held to https and to the host. Only the newest release and preview are
//! listed, and earlier ones stay where they were.

use gantry_plugin::prelude::*;
use serde::Deserialize;

pub(crate) const LICENCE: &str = "https://minecraft.net/eula";
pub(crate) const NEWEST: &str = "latest";
const PREVIEW: &str = "preview";
/// `latest`, `preview` or a version.
pub(crate) const PATTERN: &str = r"latest|preview|[0-9]+(\.[0-9]+){2,4}";

const LINKS: &str = "https://net-secondary.web.minecraft-services.net/api/v1.0/download/links";
const RELEASES: &str = "https://www.minecraft.net/bedrockdedicatedserver/bin-linux/bedrock-server-";
const ENDING: &str = ".zip";
const AGENT: &str = concat!("Gantry/", env!("CARGO_PKG_VERSION"), " (plugin minecraft-bedrock)");
/// Some twenty links stand there.
const MAX_BYTES: u32 = 256 * 1024;

#[derive(Deserialize)]
struct Answer {
    result: Links,
}

#[derive(Deserialize)]
struct Links {
    links: Vec<Link>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Link {
    download_type: String,
    download_url: String,
}

pub(crate) fn resolve(server: &Server) -> Result<Vec<Setting>, Failure> {
    let url = match server.setting("version") {
        NEWEST | "" => newest(&ask()?, "serverBedrockLinux")?,
        PREVIEW => newest(&ask()?, "serverBedrockPreviewLinux")?,
        version if is_version(version) => format!("{RELEASES}{version}{ENDING}"),
        other => return Err(Failure::new("unknown_version", format!("{other} is no version of Minecraft."))),
    };
    let version = version_of(&url).ok_or_else(strange)?.to_owned();
    let facts = [("version", version), ("url", url)];
    Ok(facts.map(|(key, value)| Setting { key: key.to_owned(), value }).to_vec())
}

fn ask() -> Result<Vec<u8>, Failure> {
    let request = http::Request {
        method: "GET".to_owned(),
        url: LINKS.to_owned(),
        headers: vec![
            ("accept".to_owned(), "application/json".to_owned()),
            ("user-agent".to_owned(), AGENT.to_owned()),
        ],
        body: Vec::new(),
        max_bytes: MAX_BYTES,
    };
    let response = http::send(&[request]).pop().unwrap_or_else(|| Err(strange()))?;
    match response.status {
        200 => Ok(response.body),
        status => Err(Failure {
            retry_after_ms: Some(60_000),
            ..Failure::new(
                "busy",
                format!("Mojang does not tell its downloads at the moment (status {status})."),
            )
        }),
    }
}

fn newest(body: &[u8], kind: &str) -> Result<String, Failure> {
    let answer: Answer = serde_json::from_slice(body).map_err(|_| strange())?;
    let mut links = answer.result.links.into_iter();
    links.find(|link| link.download_type == kind).map(|link| link.download_url).ok_or_else(strange)
}

fn strange() -> Failure {
    Failure::new("bad_answer", "Mojang's list of downloads has changed. Type a version's number instead.")
}

fn version_of(url: &str) -> Option<&str> {
    let (_, name) = url.rsplit_once("/bedrock-server-")?;
    name.strip_suffix(ENDING).filter(|version| is_version(version))
}

/// It becomes a part of an address.
fn is_version(text: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (3..=5).contains(&text.split('.').count()) && text.split('.').all(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"result": {"links": [
        {"downloadType": "serverBedrockWindows", "downloadUrl": "https://www.minecraft.net/bedrockdedicatedserver/bin-win/bedrock-server-1.21.92.1.zip"},
        {"downloadType": "serverBedrockLinux", "downloadUrl": "https://www.minecraft.net/bedrockdedicatedserver/bin-linux/bedrock-server-1.21.92.1.zip"}]}}"#;

    #[test]
    fn the_newest_is_found_by_its_kind() {
        let url = newest(BODY, "serverBedrockLinux").expect("a link");
        assert!(url.contains("bin-linux"));
        assert_eq!(version_of(&url), Some("1.21.92.1"));
        assert_eq!(newest(BODY, "serverBedrockPreviewLinux").expect_err("none").code, "bad_answer");
        assert_eq!(newest(b"<html>", "serverBedrockLinux").expect_err("none").code, "bad_answer");
    }

    #[test]
    fn only_a_version_becomes_a_part_of_an_address() {
        for version in ["1.21.92.1", "1.6.1"] {
            assert!(is_version(version), "{version}");
        }
        for other in ["1", "1.2", "1..2", "1.21.92.1/../x", "latest", "1.2.3.4.5.6"] {
            assert!(!is_version(other), "{other}");
        }
    }
}
