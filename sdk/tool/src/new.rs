//! `gantry plugin new` and `sdk`: a folder that builds outside of any checkout.
//!
//! The SDK comes from this program and is put into `.gantry/sdk`, which version control leaves alone: it can be had again at
//! any time. What the SDK itself is made with comes from crates.io, npm or PyPI when it is first built, as their own tools
//! fetch it.

use crate::{
    cli::{NewArgs, SdkArgs, Template, Written},
    desk::Desk,
    embedded::{example, put},
    fault::Fault,
    terminal::Verdict,
};
use serde_json::json;
use std::{fs, path::Path};

/// The id and the name that stand in templates.
const ID: &str = "template-id";
const NAME: &str = "Template name";

/// Of examples in code: they name their game's id and title, each as a text of its own.
const SOURCES: [&str; 3] = [".rs", ".ts", ".py"];

type File = (&'static str, &'static str);

const COMMON: [File; 2] = [
    (".gitignore", include_str!("../templates/gitignore")),
    ("README.md", include_str!("../templates/README.md")),
];
const RUST: [File; 3] = [
    ("Cargo.toml", include_str!("../templates/rust/Cargo.toml")),
    ("plugin.toml", include_str!("../templates/plugin.toml")),
    ("src/lib.rs", include_str!("../templates/rust/lib.rs")),
];
const JS: [File; 4] = [
    ("package.json", include_str!("../templates/js/package.json")),
    ("tsconfig.json", include_str!("../templates/js/tsconfig.json")),
    ("plugin.toml", include_str!("../templates/plugin.toml")),
    ("src/plugin.ts", include_str!("../templates/js/plugin.ts")),
];
const PYTHON: [File; 3] = [
    ("pyproject.toml", include_str!("../templates/python/pyproject.toml")),
    ("plugin.toml", include_str!("../templates/python/plugin.toml")),
    ("src/plugin.py", include_str!("../templates/python/plugin.py")),
];
const DECLARATIVE: [File; 1] = [("blueprint.toml", include_str!("../templates/declarative/blueprint.toml"))];
/// Of every language: the same fixture, because the plugins answer the same.
const FIXTURE: File = ("tests/console.toml", include_str!("../templates/tests/console.toml"));

pub(crate) fn new(desk: &Desk, asked: &NewArgs) -> Result<Verdict, Fault> {
    let folder = &asked.folder;
    let is_free = !folder.exists() || fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    if !is_free {
        let what = format!("{} is there already and is not empty", folder.display());
        return Err(Fault::new("exists", what, "Choose another folder."));
    }
    let id = match &asked.id {
        Some(id) => id.clone(),
        None => id_of(folder),
    };
    if !is_id(&id) {
        let what = format!("{id:?} is no id for a plugin");
        let remedy =
            "Give one by --id: lower-case letters, digits and single hyphens, beginning with a letter.";
        return Err(Fault::new("id", what, remedy));
    }
    let name = asked.name.clone().unwrap_or_else(|| name_of(&id));
    if !is_name(&name) {
        let what = format!("{name:?} is no name for a plugin");
        return Err(Fault::new("name", what, "Give one by --name: one line of 1 to 128 characters."));
    }
    write(folder, asked, &id, &name)?;
    desk.put_sdk(folder)?;
    let shown = folder.display();
    let quoted = quoted(&shown.to_string());
    let value = json!({ "ok": true, "folder": folder, "id": id, "name": name });
    let words = format!(
        "{name} is in {shown}. Next:\n  cd {quoted}\n  gantry plugin test --bless\n  gantry plugin run"
    );
    desk.terminal.answer(&value, &words)?;
    Ok(Verdict::Good)
}

pub(crate) fn sdk(desk: &Desk, asked: &SdkArgs) -> Result<Verdict, Fault> {
    if !asked.folder.is_dir() {
        let what = format!("{} is no folder", asked.folder.display());
        return Err(Fault::new("no-plugin", what, "Name the folder of a plugin."));
    }
    desk.put_sdk(&asked.folder)?;
    let place = asked.folder.join(".gantry/sdk");
    desk.terminal
        .answer(&json!({ "ok": true, "sdk": place }), &format!("The SDK is in {}.", place.display()))?;
    Ok(Verdict::Good)
}

fn write(folder: &Path, asked: &NewArgs, id: &str, name: &str) -> Result<(), Fault> {
    // In a comment it must end neither the comment nor the text that the comment is.
    let (literal, plain) = (literal(name), name.replace(['"', '\\'], "'").replace("*/", "* /"));
    let filled =
        |text: &str| text.replace(ID, id).replace(&format!("\"{NAME}\""), &literal).replace(NAME, &plain);
    for (path, text) in COMMON {
        put(&folder.join(path), filled(text).as_bytes())?;
    }
    let own: &[File] = match asked.language {
        Written::Rust => &RUST,
        Written::Js => &JS,
        Written::Python => &PYTHON,
        Written::Declarative => &DECLARATIVE,
    };
    for (path, text) in own {
        put(&folder.join(path), filled(text).as_bytes())?;
    }
    match asked.template {
        Template::Minimal => put(&folder.join(FIXTURE.0), filled(FIXTURE.1).as_bytes()),
        Template::Game => game(folder, asked.language, id, name),
    }
}

/// The example of the language in the place of the least: its sources and its manifest under another name.
fn game(folder: &Path, language: Written, id: &str, name: &str) -> Result<(), Fault> {
    let source = match language {
        Written::Rust => "teeworlds-rust",
        Written::Js => "teeworlds-js",
        Written::Python => "teeworlds-python",
        Written::Declarative => "luanti-declarative",
    };
    for (path, content) in example(source) {
        let text = || String::from_utf8_lossy(content).into_owned();
        match path {
            // These are the template's, which names the SDK where it lies here.
            "package.json" | "tsconfig.json" | "pyproject.toml" | "README.md" => {}
            "Cargo.toml" => {
                let own = folder.join(path);
                let features = "features = [\"collector\", \"console-events\"]";
                let read = fs::read_to_string(&own).map_err(|error| Fault::io(own.display(), &error))?;
                let more = read.replace("/sdk/plugin\" }", &format!("/sdk/plugin\", {features} }}"));
                put(&own, more.as_bytes())?;
            }
            "plugin.toml" => put(&folder.join(path), renamed(&text(), &[], id, Some(name))?.as_bytes())?,
            "blueprint.toml" => {
                let text = text().replace("#:schema ../../sdk/", "#:schema ./.gantry/sdk/");
                let text = renamed(&text, &["plugin"], id, None)?;
                put(&folder.join(path), titled(&text, id, name)?.as_bytes())?;
            }
            path if SOURCES.iter().any(|ending| path.ends_with(ending)) => {
                let text =
                    text().replace("\"teeworlds\"", &literal(id)).replace("\"Teeworlds\"", &literal(name));
                put(&folder.join(path), text.as_bytes())?;
            }
            path => put(&folder.join(path), content)?,
        }
    }
    // The game is the same in each language, and so is what it must answer.
    let fixtures = example("teeworlds-rust").filter(|(path, _)| path.starts_with("tests/"));
    for (path, content) in fixtures.filter(|_| language != Written::Declarative) {
        put(&folder.join(path), content)?;
    }
    Ok(())
}

/// A document whose game has this id and this title.
fn titled(text: &str, id: &str, name: &str) -> Result<String, Fault> {
    let mut document = parsed(text)?;
    document["blueprint"]["id"] = toml_edit::value(id);
    document["blueprint"]["name"] = toml_edit::value(name);
    Ok(document.to_string())
}

fn parsed(text: &str) -> Result<toml_edit::DocumentMut, Fault> {
    text.parse()
        .map_err(|error: toml_edit::TomlError| Fault::new("template", error.to_string(), "Report this."))
}

/// A manifest with another id, and at its first version.
fn renamed(text: &str, table: &[&str], id: &str, name: Option<&str>) -> Result<String, Fault> {
    let mut document = parsed(text)?;
    let mut place = document.as_item_mut();
    for key in table {
        place = &mut place[*key];
    }
    place["id"] = toml_edit::value(id);
    place["version"] = toml_edit::value("0.1.0");
    place["author"] = toml_edit::value("");
    if let Some(name) = name {
        place["name"] = toml_edit::value(name);
    }
    Ok(document.to_string())
}

/// A text as every language here writes it: without control characters it is the same in all of them.
fn literal(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    if !word.is_empty()
        && word.bytes().all(|each| each.is_ascii_alphanumeric() || b"/._-+,@%".contains(&each))
    {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// An id out of a folder's name.
fn id_of(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let words: Vec<String> = name
        .split(|each: char| !each.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    words.join("-")
}

/// As the host asks it.
fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--")
        && text.bytes().all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == b'-')
}

/// As the host asks it.
fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= 128 && !text.contains(char::is_control)
}

/// `my-game` as `My game`.
fn name_of(id: &str) -> String {
    let words = id.replace('-', " ");
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
