//! What a plugin is written in, seen in the files that packages of the language have.

use std::path::Path;

/// A way to write a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Rust,
    JavaScript,
    Python,
    /// No code: a document that the interpreter answers by.
    Declarative,
}

/// The file that each language's folders have, besides `plugin.toml`.
const SIGNS: [(&str, Language); 3] = [
    ("package.json", Language::JavaScript),
    ("pyproject.toml", Language::Python),
    ("Cargo.toml", Language::Rust),
];

impl Language {
    /// What the plugin in this folder is written in, if there is one.
    #[must_use]
    pub fn of(folder: &Path) -> Option<Self> {
        let has = |name: &str| folder.join(name).is_file();
        if !has("plugin.toml") {
            return has("blueprint.toml")
                .then_some(Self::Declarative)
                .or_else(|| has("blueprint.json").then_some(Self::Declarative));
        }
        SIGNS.iter().find(|(sign, _)| has(sign)).map(|(_, language)| *language)
    }

    /// As people write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::JavaScript => "js",
            Self::Python => "python",
            Self::Declarative => "declarative",
        }
    }
}
