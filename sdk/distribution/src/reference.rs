//! Where a plugin is: `registry/repository`, with a tag, a digest, or both.
//!
//! The grammar is that of the OCI distribution specification without what Docker adds to it: there is no registry that is
//! meant when none is named, and no tag. Upper case and everything outside ASCII is refused in names, so that what a person
//! reads in a policy is what is compared. Prefixes end where a segment ends: `ghcr.io/acme` covers `ghcr.io/acme/luanti`
//! and not `ghcr.io/acme-evil`.
//!
//! Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests>.

use crate::{digest::Digest, host::RegistryHost};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::{fmt, str::FromStr};

const NAME_CHARACTERS: usize = 255;
const TAG_CHARACTERS: usize = 128;

/// Text that names no place.
#[derive(Debug, thiserror::Error)]
#[error("{text:?} is no reference: {why}")]
pub struct BadReference {
    text: String,
    why: &'static str,
}

/// A repository of a registry: `ghcr.io/acme/luanti`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    host: RegistryHost,
    path: String,
}

/// A registry, or all repositories below a path of one: `ghcr.io`, `ghcr.io/acme`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    host: RegistryHost,
    path: Option<String>,
}

/// A name that its owner may move: `1.4.0`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

/// One artifact of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    pub repository: Repository,
    pub target: Target,
}

/// What of a repository is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    Tag(Tag),
    Digest(Digest),
    /// The tag is for people; what comes must have the digest.
    Both(Tag, Digest),
}

/// Letters, digits and single separators between them, in every segment.
fn check_path(path: &str) -> Result<(), &'static str> {
    const WHY: &str = "its path may have lower-case letters and digits, with one of . _ __ or hyphens between them, in \
                       segments divided by /";
    let is_letter = |each: u8| each.is_ascii_lowercase() || each.is_ascii_digit();
    for segment in path.split('/') {
        if !segment.bytes().next().is_some_and(is_letter) || !segment.bytes().last().is_some_and(is_letter) {
            return Err(WHY);
        }
        let mut separators = segment.split(|each: char| each.is_ascii() && is_letter(each as u8));
        if !separators.all(|run| matches!(run, "" | "." | "_" | "__") || run.bytes().all(|each| each == b'-'))
        {
            return Err(WHY);
        }
    }
    Ok(())
}

fn split(text: &str) -> Result<(RegistryHost, Option<&str>), &'static str> {
    if text.len() > NAME_CHARACTERS {
        return Err("it is longer than 255 characters");
    }
    let (host, path) = text.split_once('/').map_or((text, None), |(host, path)| (host, Some(path)));
    path.map_or(Ok(()), check_path)?;
    Ok((RegistryHost::new(host)?, path))
}

pub(crate) fn bad(text: &str) -> impl Fn(&'static str) -> BadReference {
    let text = text.chars().take(NAME_CHARACTERS).collect::<String>();
    move |why| BadReference { text: text.clone(), why }
}

impl Repository {
    #[must_use]
    pub fn host(&self) -> &RegistryHost {
        &self.host
    }

    /// Without the registry: `acme/luanti`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    #[must_use]
    pub fn tagged(&self, tag: Tag) -> Reference {
        Reference { repository: self.clone(), target: Target::Tag(tag) }
    }

    #[must_use]
    pub fn at(&self, digest: Digest) -> Reference {
        Reference { repository: self.clone(), target: Target::Digest(digest) }
    }
}

impl Prefix {
    /// Whether the repository is the one that is named, or below it.
    #[must_use]
    pub fn covers(&self, repository: &Repository) -> bool {
        let below = |path: &str| {
            repository.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.host == repository.host && self.path.as_deref().is_none_or(below)
    }

    #[must_use]
    pub fn host(&self) -> &RegistryHost {
        &self.host
    }

    /// How much of a path it names: of several prefixes that cover a repository, the one with the most says how it is.
    #[must_use]
    pub fn segments(&self) -> usize {
        self.path.as_ref().map_or(0, |path| path.split('/').count())
    }
}

impl Tag {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the signatures of a digest stand, by cosign's convention.
    pub(crate) fn of_signatures(digest: &Digest) -> Self {
        Self(format!("sha256-{}.sig", digest.hex()))
    }
}

impl Target {
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Tag(_) => None,
            Self::Digest(digest) | Self::Both(_, digest) => Some(digest),
        }
    }

    #[must_use]
    pub fn tag(&self) -> Option<&Tag> {
        match self {
            Self::Tag(tag) | Self::Both(tag, _) => Some(tag),
            Self::Digest(_) => None,
        }
    }

    /// What the registry is asked for.
    pub(crate) fn wanted(&self) -> String {
        self.digest().map_or_else(|| self.tag().map(Tag::to_string).unwrap_or_default(), Digest::to_string)
    }
}

impl FromStr for Repository {
    type Err = BadReference;

    fn from_str(text: &str) -> Result<Self, BadReference> {
        let (host, path) = split(text).map_err(bad(text))?;
        let path = path.ok_or_else(|| bad(text)("it names a registry and no repository"))?;
        Ok(Self { host, path: path.to_owned() })
    }
}

impl FromStr for Prefix {
    type Err = BadReference;

    fn from_str(text: &str) -> Result<Self, BadReference> {
        let (host, path) = split(text).map_err(bad(text))?;
        Ok(Self { host, path: path.map(str::to_owned) })
    }
}

impl FromStr for Tag {
    type Err = BadReference;

    fn from_str(text: &str) -> Result<Self, BadReference> {
        let is_word = |each: u8| each.is_ascii_alphanumeric() || each == b'_';
        let starts = text.bytes().next().is_some_and(is_word);
        let goes_on = text.bytes().all(|each| is_word(each) || matches!(each, b'.' | b'-'));
        if !starts || !goes_on || text.len() > TAG_CHARACTERS {
            return Err(bad(text)(
                "a tag has 1 to 128 ASCII letters, digits, _, . and -, and does not begin with . or -",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Reference {
    type Err = BadReference;

    fn from_str(text: &str) -> Result<Self, BadReference> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => {
                let digest =
                    digest.parse().map_err(|_| bad(text)("what follows @ is not sha256: and 64 digits"))?;
                (rest, Some(digest))
            }
            None => (text, None),
        };
        // A colon of the port stands before the first slash.
        let from = rest.find('/').unwrap_or(rest.len());
        let (repository, tag) = match rest[from..].find(':') {
            Some(colon) => (&rest[..from + colon], Some(rest[from + colon + 1..].parse()?)),
            None => (rest, None),
        };
        let target = match (tag, digest) {
            (Some(tag), Some(digest)) => Target::Both(tag, digest),
            (Some(tag), None) => Target::Tag(tag),
            (None, Some(digest)) => Target::Digest(digest),
            (None, None) => return Err(bad(text)("it says neither a tag nor a digest, as in …:1.4.0")),
        };
        Ok(Self { repository: repository.parse()?, target })
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.host, self.path)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(formatter, "{}/{path}", self.host),
            None => self.host.fmt(formatter),
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            Target::Tag(tag) => write!(formatter, "{}:{tag}", self.repository),
            Target::Digest(digest) => write!(formatter, "{}@{digest}", self.repository),
            Target::Both(tag, digest) => write!(formatter, "{}:{tag}@{digest}", self.repository),
        }
    }
}

/// Written and read as the text that people type.
macro_rules! as_text {
    ($($name:ident),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}
as_text!(RegistryHost, Repository, Prefix, Tag, Reference);
