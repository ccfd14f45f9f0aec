//! What an egg says of itself.

use super::names::slug;
use crate::{
    source::{Node, Tree},
    words::{leaves_line, line, prose},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use gantry_document::model::{Blueprint, CommandDoor, Limits, Plugin};
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, fmt::Write as _};

/// Largest icon that the contract takes.
const ICON_BYTES: usize = 64 * 1024;
/// Most globs of protected files, and the longest one.
const DENIED: usize = 64;
const DENIED_CHARACTERS: usize = 256;
/// Most names in one.
const DENIED_NAMES: usize = 30;
const VERSIONS: [&str; 5] = ["PTDL_v1", "PTDL_v2", "PLCN_v1", "PLCN_v2", "PLCN_v3"];

pub(super) struct About {
    pub(super) plugin: Plugin,
    pub(super) blueprint: Blueprint,
}

pub(super) fn read(egg: &Node<'_>, content: &[u8]) -> Result<About, String> {
    let version = egg.get("meta").map(|meta| meta.text_of("version")).unwrap_or_default();
    if !VERSIONS.contains(&version.as_str()) {
        let what = if version.is_empty() {
            "it has no meta.version".to_owned()
        } else {
            format!("its version is {version:?}")
        };
        return Err(format!("this is no egg that is known: {what}; known are {}", VERSIONS.join(", ")));
    }
    // Says that a program wrote the file.
    egg.text_of("_comment");
    let digest = Sha256::digest(content);
    let digest: String =
        digest.iter().take(4).fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let given = egg.text_of("name");
    let name = line(&given, 128).told(egg.log, "name");
    let name = if name.is_empty() { "Unnamed egg".to_owned() } else { name };
    let slug = slug(&name, 56);
    let slug = if slug.is_empty() { digest.clone() } else { slug };
    let exported = egg.text_of("exported_at");
    let author = line(&egg.text_of("author"), 128).told(egg.log, "author");
    let plugin = Plugin {
        id: format!("egg-{slug}"),
        version: format!("{}-{digest}", dated(&exported)),
        author: author.clone(),
        licence: String::new(),
        download_hosts: Vec::new(),
        reasons: reasons(egg),
    };
    let description = egg.text_of("description");
    // What is lost of it is told of the whole.
    let summary = line(description.trim().lines().next().unwrap_or_default(), 500).text;
    let blueprint = Blueprint {
        id: if slug.starts_with(|first: char| first.is_ascii_lowercase()) {
            slug
        } else {
            format!("egg-{slug}")
        },
        name,
        summary,
        documentation: documentation(egg, &description, &version, &author, &exported),
        tags: tags(egg),
        icon: icon(egg, &version),
        least: Limits { memory: 256, swap: 0, cpu: 50, disk: 1_024, pids: 512 },
        recommended: Limits { memory: 4_096, swap: 0, cpu: 200, disk: 16_384, pids: 512 },
        commands: CommandDoor::Console,
        protected_files: egg.get("file_denylist").map(|list| denied(&list)).unwrap_or_default(),
    };
    Ok(About { plugin, blueprint })
}

/// What the install script needs, where there is one.
fn reasons(egg: &Node<'_>) -> BTreeMap<String, String> {
    let installs = egg.get("scripts").and_then(|node| node.get("installation")?.get("script")?.tree.text());
    if installs.is_none_or(|script| script.trim().is_empty()) {
        return BTreeMap::new();
    }
    let reason = |name: &str, why: &str| (name.to_owned(), why.to_owned());
    BTreeMap::from([
        reason("container-run", "The egg's install script runs in a container, with network."),
        reason("container-root", "The egg's install script expects to be root in its container."),
    ])
}

/// Three numbers from the time of the export: year, month and day, time of day.
fn dated(exported: &str) -> String {
    let mut numbers =
        exported.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse::<u32>().ok());
    let mut next = || numbers.next().filter(|number| *number < 10_000).unwrap_or(0);
    let (year, month, day, hour, minute, second) = (next(), next(), next(), next(), next(), next());
    format!("{year}.{}.{}", month * 100 + day, hour * 10_000 + minute * 100 + second)
}

/// All that is for people, and whence it comes.
fn documentation(egg: &Node<'_>, description: &str, version: &str, author: &str, exported: &str) -> String {
    let mut text = prose(description, 60_000).told(egg.log, "description");
    let by = if author.is_empty() { String::new() } else { format!(" by {author}") };
    write!(text, "\n\nImported from an egg ({version}){by}").ok();
    if !exported.is_empty() {
        write!(text, ", exported {}", line(exported, 64).text).ok();
    }
    text.push('.');
    let update = egg.get("meta").map(|meta| meta.text_of("update_url")).unwrap_or_default();
    if !update.is_empty() {
        write!(text, " Its newest version: {}", line(&update, 2_000).text).ok();
    }
    let uuid = egg.text_of("uuid");
    if !uuid.is_empty() {
        write!(text, " Its identity: {}", line(&uuid, 64).text).ok();
    }
    text.trim().to_owned()
}

fn tags(egg: &Node<'_>) -> Vec<String> {
    let Some(tags) = egg.get("tags") else { return Vec::new() };
    let mut kept = Vec::new();
    for (text, node) in tags.texts() {
        let tag = line(&text, 32);
        let (whole, tag) = (tag.is_whole(), tag.text);
        if kept.len() == 16 || !whole {
            egg.log.different(
                "tag",
                &node.at,
                format!("The tag {text:?} does not fit."),
                "It cannot be found by it.",
            );
        } else if !tag.is_empty() && !kept.contains(&tag) {
            kept.push(tag);
        }
    }
    kept
}

/// Paths that nobody may change become files that only the game writes.
fn denied(list: &Node<'_>) -> Vec<String> {
    let mut denied = Vec::new();
    for (given, node) in list.texts() {
        let path = given.trim();
        if path.is_empty() || path.starts_with('#') {
            continue;
        }
        match glob(path).filter(|_| denied.len() < DENIED && !path.contains(leaves_line)) {
            Some(glob) => denied.push(glob),
            None => {
                let what = format!(
                    "The path {:?} is an exception, has other signs than stars, is more than a line, too long, or one of too many.",
                    line(&given, 60).text
                );
                node.log.lost(
                    "denied",
                    &node.at,
                    what,
                    "People with the right to write files can change it.",
                );
            }
        }
    }
    denied
}

/// The same files, in the contract's notation. Where eggs come from, a path is one in every folder unless it begins with a
/// slash, or has a star before a dot beneath a folder.
fn glob(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let beneath = path.get(1..).and_then(|rest| rest.split_once('/'));
    let is_anchored = path.starts_with('/') || beneath.is_some_and(|(_, inner)| inner.contains("*."));
    let plain = |part: &&str| {
        !matches!(*part, "." | "..")
            && (*part == "**" || !part.contains("**"))
            && !part.contains(['?', '[', ']', '{', '}', '\\'])
            && !part.contains(char::is_control)
    };
    let anywhere = if is_anchored || parts.first() == Some(&"**") { "" } else { "**/" };
    let glob = format!("{anywhere}{}", parts.join("/"));
    let fits = !parts.is_empty() && parts.len() <= DENIED_NAMES && glob.chars().count() <= DENIED_CHARACTERS;
    (fits && !path.starts_with('!') && !glob.starts_with('!') && parts.iter().all(plain)).then_some(glob)
}

/// A picture is kept as SVG; one of pixels is put into it.
fn icon(egg: &Node<'_>, version: &str) -> String {
    let mut found = String::new();
    for key in ["icon", "image"] {
        // In the first version this is the image of a container.
        let Some(node) = egg.get(key).filter(|_| key == "icon" || version != "PTDL_v1") else { continue };
        let Tree::Text(text) = node.tree else { continue };
        let is_picture = text.starts_with("data:image/") || text.trim_start().starts_with("<svg");
        if key == "image" && !is_picture {
            continue;
        }
        node.read();
        match picture(text) {
            Some(svg) if found.is_empty() => found = svg,
            Some(svg) if found == svg => {}
            Some(_) | None => {
                let what = "The picture is none that can be kept, is too large, or is the second one.";
                egg.log.lost("icon", &node.at, what, "The game is shown without it.");
            }
        }
    }
    found
}

fn picture(text: &str) -> Option<String> {
    let svg = if let Some(data) = text.strip_prefix("data:image/svg+xml;base64,") {
        String::from_utf8(STANDARD.decode(data.trim()).ok()?).ok()?
    } else if text.trim_start().starts_with('<') {
        text.to_owned()
    } else {
        let data = text.strip_prefix("data:image/")?;
        let (kind, data) = data.split_once(";base64,")?;
        STANDARD.decode(data.trim()).ok()?;
        let known = matches!(kind, "png" | "jpeg" | "jpg" | "gif" | "webp");
        let data = data.trim();
        known.then(|| {
            format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\"><image width=\"64\" height=\"64\" \
                 href=\"data:image/{kind};base64,{data}\"/></svg>"
            )
        })?
    };
    (svg.trim_start().starts_with('<') && svg.len() <= ICON_BYTES && !svg.contains('\0')).then_some(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_becomes_three_numbers() {
        assert_eq!(dated("2024-05-31T12:03:11+00:00"), "2024.531.120311");
        assert_eq!(dated(""), "0.0.0");
    }

    #[test]
    fn pictures_become_svg() {
        assert_eq!(picture("data:image/svg+xml;base64,PHN2Zy8+").as_deref(), Some("<svg/>"));
        assert!(
            picture("data:image/png;base64,AAAA").unwrap().contains("href=\"data:image/png;base64,AAAA\"")
        );
        assert_eq!(picture("data:image/png;base64,\"><script>"), None);
        assert_eq!(picture("https://example.com/a.png"), None);
    }
}
