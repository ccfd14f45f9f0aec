//! How a game gets onto the disk.

use super::{ConfigEdit, Text, usual};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::{collections::BTreeMap, fmt};

/// How the game gets onto the disk.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Install {
    /// The version that is then there, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Text>,
    /// In their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

/// One step. Exactly one of the things to do is given, or a `script` that answers steps. It must bear to be done twice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// What people read while it is done.
    pub title: Text,
    /// A name for the journal; made from its place if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its share of the whole work, for the progress bar.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub weight: u32,
    /// The plan goes on without it, and says so.
    #[serde(default, skip_serializing_if = "usual")]
    pub may_fail: bool,
    /// A condition in rhai; the step is left out where it is not true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Fetches a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub download: Option<Download>,
    /// Unpacks an archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extract: Option<Extract>,
    /// Writes a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write: Option<Write>,
    /// Edits a configuration file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<ConfigEdit>,
    /// Builds or pulls an image, so that the first start need not wait for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageText>,
    /// Runs a command in a container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunStep>,
    /// Makes a directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub make_directory: Option<Text>,
    /// Removes a file or a directory with all that is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove: Option<Text>,
    /// Copies a file or a directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<Copy>,
    /// Moves a file or a directory.
    #[serde(default, rename = "move", skip_serializing_if = "Option::is_none")]
    pub move_to: Option<Copy>,
    /// Sets the rights of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_mode: Option<Mode>,
    /// Makes a symbolic link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
    /// A script in rhai that answers a list of steps, each a map as this table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
}

pub(crate) const fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
pub(crate) const fn is_one(value: &u32) -> bool {
    *value == 1
}

/// Fetches a file over https.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Download {
    /// Begins with `https://`.
    pub url: Text,
    /// Where it is put, relative to the server's directory.
    pub path: Text,
    /// What the file must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Digest>,
    /// A larger file is not kept.
    pub max_mib: u32,
}

/// A digest in hexadecimal. Exactly one is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Digest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha512: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha1: Option<Text>,
}

/// How an archive is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Archive {
    Tar,
    TarGz,
    TarXz,
    TarBz2,
    TarZst,
    Zip,
}

/// Unpacks an archive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Extract {
    /// The archive's path.
    pub archive: Text,
    /// How it is packed.
    pub format: Archive,
    /// The directory that it is unpacked into.
    #[serde(default = "here", skip_serializing_if = "is_here")]
    pub into: Text,
    /// How many leading directories are left out of each path.
    #[serde(default, skip_serializing_if = "usual")]
    pub strip_components: u32,
    /// What is larger when it is unpacked is refused.
    pub max_mib: u32,
}

fn here() -> Text {
    ".".into()
}

fn is_here(text: &Text) -> bool {
    *text == here()
}

/// Writes a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Write {
    pub path: Text,
    pub content: Text,
    /// Unix rights as text: `644` if nothing is said, `755` for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Leave a file alone that is there already.
    #[serde(default, skip_serializing_if = "usual")]
    pub only_if_missing: bool,
}

/// From one path to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Copy {
    pub from: Text,
    pub to: Text,
}

/// The rights of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Mode {
    pub path: Text,
    /// Unix rights as text, such as `755`.
    pub mode: String,
}

/// A symbolic link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Link {
    /// Where the link is.
    pub path: Text,
    /// What it names, within the server's directory.
    pub target: Text,
}

/// Whose command it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum User {
    /// The server's own user.
    #[default]
    Server,
    /// Root within the container, by the capability `container-root`.
    Root,
}

/// Runs a command in a container that has the server's directory and nothing else of the machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RunStep {
    /// The image that it runs in.
    pub image: ImageText,
    /// Program and arguments; the image's own if nothing is said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<Text>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, Text>,
    /// Whether it reaches the network.
    #[serde(default, skip_serializing_if = "usual")]
    pub network: bool,
    /// Where the server's directory is mounted and the command starts.
    #[serde(default = "data", skip_serializing_if = "is_data")]
    pub working_directory: String,
    /// Text files that it finds read-only, by their absolute path outside the server's directory.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, Text>,
    #[serde(default, skip_serializing_if = "usual")]
    pub user: User,
    /// Longer is a failure.
    #[serde(default = "an_hour")]
    pub timeout_s: u32,
}

pub(crate) fn data() -> String {
    "/data".to_owned()
}

pub(crate) fn is_data(path: &str) -> bool {
    path == "/data"
}

const fn an_hour() -> u32 {
    3_600
}

/// An image: a registry's, by its name, or one that each node builds from a Dockerfile.
#[derive(Clone, Debug, PartialEq)]
pub enum ImageText {
    Reference(Text),
    Recipe(Recipe),
}

/// An image that each node builds once and keeps by the digest of this text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Recipe {
    pub dockerfile: String,
    /// Files of the build, by their path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
}

/// All that the table of an image may have.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ImageForm {
    /// The name of a registry's image.
    reference: Option<Text>,
    /// A Dockerfile that each node builds once.
    dockerfile: Option<String>,
    /// Files of the build, by their path.
    files: Option<BTreeMap<String, String>>,
}

impl Serialize for ImageText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Reference(Text::Template(text)) => serializer.serialize_str(text),
            Self::Reference(text) => BTreeMap::from([("reference", text)]).serialize(serializer),
            Self::Recipe(recipe) => recipe.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ImageText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = ImageText;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of an image, or a table with `dockerfile` or `reference`")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<ImageText, E> {
                Ok(ImageText::Reference(text.into()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ImageText, A::Error> {
                match ImageForm::deserialize(MapAccessDeserializer::new(map))? {
                    ImageForm { reference: Some(text), dockerfile: None, files: None } => {
                        Ok(ImageText::Reference(text))
                    }
                    ImageForm { reference: None, dockerfile: Some(dockerfile), files } => {
                        Ok(ImageText::Recipe(Recipe { dockerfile, files: files.unwrap_or_default() }))
                    }
                    ImageForm { .. } => {
                        Err(A::Error::custom("an image has either `reference` or `dockerfile`"))
                    }
                }
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for ImageText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Image".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let form = generator.subschema_for::<ImageForm>();
        schemars::json_schema!({
            "description": "The name of a registry's image, or a table with `dockerfile`.",
            "anyOf": [{ "type": "string" }, form],
        })
    }
}
