//! What the component that is made from a document says of itself.
//!
//! The document asks for nothing that it does not use, so the capabilities are found in it, with the hosts that its downloads
//! name. What scripts and templates bring about, its author says in `[plugin]`.

use crate::{
    Document,
    model::{ImageText, Step, Text, User},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The generation of the contract that documents are written for.
pub const CONTRACT: &str = "0.2";

/// What a document may need, and what is said of it where its author says nothing. Names are those of `sdk/wit/SPEC.md`.
const CAPABILITIES: [(&str, &str); 4] = [
    ("download", "The installation downloads the game."),
    ("image-build", "The node builds the image that the game runs in."),
    ("container-run", "A step of the installation runs a command in a container."),
    ("container-root", "A step of the installation runs as root in its container."),
];

/// The manifest of a component, as `sdk/wit/SPEC.md` describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub id: String,
    pub name: String,
    pub version: String,
    pub author: String,
    pub description: String,
    pub licence: String,
    pub contract: String,
    pub capabilities: Vec<Capability>,
}

/// What it asks for, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capability {
    pub name: String,
    pub reason: String,
    /// Of `download`: where it goes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
}

impl Document {
    /// The manifest of this document's component.
    #[must_use]
    pub fn manifest(&self) -> Manifest {
        let plugin = &self.plugin;
        let used =
            CAPABILITIES.iter().filter(|(name, _)| plugin.reasons.contains_key(*name) || self.uses(name));
        let capability = |(name, usual): &(&str, &str)| Capability {
            name: (*name).to_owned(),
            reason: plugin.reasons.get(*name).cloned().unwrap_or_else(|| (*usual).to_owned()),
            hosts: if *name == "download" { self.hosts() } else { Vec::new() },
        };
        Manifest {
            id: plugin.id.clone(),
            name: self.blueprint.name.clone(),
            version: plugin.version.clone(),
            author: plugin.author.clone(),
            description: self.blueprint.summary.clone(),
            licence: plugin.licence.clone(),
            contract: CONTRACT.to_owned(),
            capabilities: used.map(capability).collect(),
        }
    }

    fn uses(&self, capability: &str) -> bool {
        let is_recipe = |image: &ImageText| matches!(image, ImageText::Recipe(_));
        let is_root = |step: &Step| step.run.as_ref().is_some_and(|run| run.user == User::Root);
        let mut steps = self.install.steps.iter();
        match capability {
            "download" => !self.plugin.download_hosts.is_empty() || steps.any(|step| step.download.is_some()),
            "image-build" => {
                let runs = steps.clone().filter_map(|step| step.run.as_ref()).map(|run| &run.image);
                let images = steps.filter_map(|step| step.image.as_ref()).chain(runs);
                images.chain([&self.run.image]).any(is_recipe)
            }
            "container-run" => steps.any(|step| step.run.is_some()),
            "container-root" => steps.any(is_root),
            _ => false,
        }
    }

    /// Where downloads go: what their addresses name, and what the author names besides.
    fn hosts(&self) -> Vec<String> {
        let downloads = self.install.steps.iter().filter_map(|step| step.download.as_ref());
        let named = downloads.filter_map(|download| host(&download.url)).map(str::to_owned);
        let all: BTreeSet<String> = named.chain(self.plugin.download_hosts.iter().cloned()).collect();
        all.into_iter().collect()
    }
}

/// The host of an address, where it stands in the text.
pub(crate) fn host(url: &Text) -> Option<&str> {
    let (Text::Template(url) | Text::Literal(url)) = url else { return None };
    let host = url.strip_prefix("https://")?.split(['/', '?', '#']).next()?;
    let plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    (plain && !host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests {
    use crate::{Document, Format};

    #[test]
    fn capabilities_are_those_that_are_used() {
        let document = |rest: &str| {
            let text = format!("[plugin]\nid = \"a\"\nversion = \"1.0.0\"\n{rest}");
            Document::read(Format::Toml, &text).unwrap().manifest().capabilities
        };
        let least = "[blueprint]\nid = \"a\"\nname = \"A\"\n[run]\nimage = \"x\"\n";
        assert_eq!(document(least), []);
        let recipe = least.replace("\"x\"", "{ dockerfile = \"FROM x\" }");
        let steps = "[[install.steps]]\ntitle = \"a\"\nrun = { image = \"x\", user = \"root\" }\n[[install.steps]]\ntitle = \"b\"\n\
                     download = { url = \"https://example.com/{{server.id}}\", path = \"a\", max-mib = 1 }\n";
        let all = document(&format!(
            "reasons = {{ image-build = \"Why.\" }}\ndownload-hosts = [\"*.example.org\"]\n{recipe}{steps}"
        ));
        let names: Vec<&str> = all.iter().map(|each| each.name.as_str()).collect();
        assert_eq!(names, ["download", "image-build", "container-run", "container-root"]);
        assert_eq!(all[0].hosts, ["*.example.org", "example.com"]);
        assert_eq!(all[1].reason, "Why.");
    }

    #[test]
    fn a_download_goes_where_the_manifest_says() {
        let text = "[plugin]\nid = \"a\"\nversion = \"1.0.0\"\n[blueprint]\nid = \"a\"\nname = \"A\"\n[run]\nimage = \"x\"\n\
                    [[install.steps]]\ntitle = \"b\"\ndownload = { url = \"{{facts.url}}\", path = \"a\", max-mib = 1 }\n";
        let error = Document::read(Format::Toml, text).unwrap_err().to_string();
        assert!(
            error.starts_with("line 11, column 20, at install.steps[0].download.url: ")
                && error.contains("download-hosts"),
            "{error}"
        );
        let named = text.replace("[blueprint]", "download-hosts = [\"example.com\"]\n[blueprint]");
        assert!(Document::read(Format::Toml, &named).is_ok());
    }
}
