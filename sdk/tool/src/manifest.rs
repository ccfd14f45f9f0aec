//! `plugin.toml` as its author wrote it: what no host would read is told with its line and key, before anything is built.
//!
//! A host reads the manifest again, and believes nothing; but it reads JSON out of a component, where no line is the author's.

use crate::fault::Fault;
use gantry_build::manifest::FILE;
use gantry_document::{Format, Source};
use gantry_host::Manifest;
use std::{fs, path::Path};

/// Keys of the manifest itself, as a host names them in what it refuses.
const KEYS: [&str; 6] = ["id", "version", "name", "author", "licence", "description"];

/// Whether a host will read the manifest of the plugin in a folder. One that is missing or no TOML is told by the builder.
pub(crate) fn check(folder: &Path) -> Result<(), Fault> {
    let path = folder.join(FILE);
    let Ok(text) = fs::read_to_string(&path) else { return Ok(()) };
    let Ok(reader) = toml::Deserializer::parse(&text) else { return Ok(()) };
    let read: Result<Manifest, _> = serde_path_to_error::deserialize(reader);
    let (way, message, remedy) = match read {
        Ok(manifest) => match refused(&manifest) {
            None => return Ok(()),
            Some((way, message)) => (way, message, "Correct it there.".to_owned()),
        },
        Err(error) => misread(&error.path().to_string(), error.inner().message()),
    };
    let place = Source::new(Format::Toml, &text).and_then(|source| source.place(&way));
    let place = place.map(|place| format!(", {place}")).unwrap_or_default();
    let way = if way.is_empty() { way } else { format!(", at {way}") };
    Err(Fault::new("manifest", message, remedy).at(format!("{}{place}{way}", path.display())))
}

/// The way to what has another shape than a manifest's, what is wrong, and what to do.
fn misread(way: &str, message: &str) -> (String, String, String) {
    let way = if way == "." { "" } else { way };
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    let Some(key) = missing else {
        return (way.to_owned(), message.to_owned(), "Correct it there.".to_owned());
    };
    let remedy = match key {
        "reason" => {
            "Write `reason = \"…\"` there: why the plugin needs it, for the administrator who decides."
                .to_owned()
        }
        key => {
            format!("Write `{key} = \"…\"` there; `gantry plugin new` writes a whole {FILE} to compare with.")
        }
    };
    let whole = if way.is_empty() { key.to_owned() } else { format!("{way}.{key}") };
    (whole, format!("`{key}` is missing"), remedy)
}

/// The way to what a host refuses, and its words.
fn refused(manifest: &Manifest) -> Option<(String, String)> {
    let said = |manifest: &Manifest| Manifest::parse(&serde_json::to_vec(manifest).unwrap_or_default()).err();
    let message = said(manifest)?;
    let alone = |number: &usize| {
        let capabilities = vec![manifest.capabilities[*number].clone()];
        said(&Manifest { capabilities, ..manifest.clone() }).is_some()
    };
    let own = Manifest { capabilities: Vec::new(), ..manifest.clone() };
    let way = if said(&own).is_some() {
        let named = |key: &&&str| message.starts_with(&format!("its manifest's {key} "));
        KEYS.iter().find(named).copied().unwrap_or("contract").to_owned()
    } else {
        let number = (0..manifest.capabilities.len()).find(alone);
        number.map_or_else(|| "capabilities".to_owned(), |number| format!("capabilities[{number}]"))
    };
    Some((way, message))
}
