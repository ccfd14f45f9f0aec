//! What can go wrong on the way of a plugin.
//!
//! Each variant exists because somebody acts on it: [`DistributionError::code`] is for programs, the message says what and why,
//! and [`DistributionError::remedy`] what to do.

use crate::{digest::Digest, key::KeyError, reference::BadReference};

/// Why a plugin could not be packed, pushed, pulled, read or signed.
#[derive(Debug, thiserror::Error)]
pub enum DistributionError {
    #[error(transparent)]
    Reference(#[from] BadReference),
    /// The bytes or the artifact are something else.
    #[error("{what} is not a plugin: {why}")]
    NotAPlugin { what: String, why: String },
    /// Larger than anything of its kind may be; nothing past the limit was read.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge { what: String, limit: u64 },
    /// Altered on its way, or not what was asked for.
    #[error("{what} has the digest {actual}, expected was {expected}")]
    WrongDigest { what: String, expected: Digest, actual: Digest },
    #[error("{what} is not there")]
    NotFound { what: String },
    /// Nobody asked in a way that the registry accepts, or whoever asked may not.
    #[error("{host} refuses access to {what}: {said}")]
    Unauthorized { host: String, what: String, said: String },
    /// The registry wants the password sent to a host that nobody named beside it.
    #[error("{host} wants its user name and password sent to {service}, and they are not for that host")]
    TokenService { host: String, service: String },
    /// An address that must not be asked, whoever named it.
    #[error("the address {url} is not allowed: {why}")]
    NotAllowed { url: String, why: &'static str },
    /// The name points into a network that is not public.
    #[error("{host} is not on the public internet")]
    NotPublic { host: String },
    #[error("{host} cannot be reached: {message}")]
    Unreachable { host: String, message: String },
    #[error("{what} took longer than {seconds} s")]
    TooSlow { what: String, seconds: u64 },
    /// The registry does not do what the specification asks, or cannot now.
    #[error("{host} answered to {what}: {said}")]
    Registry { host: String, what: String, said: String },
    /// The tag names other bytes already.
    #[error("{reference} is there already, with the digest {digest}")]
    Exists { reference: String, digest: Digest },
    #[error("the credentials for {host} cannot be used: {why}")]
    Credentials { host: String, why: String },
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A file that is no package, or that tries something.
    #[error("the file is not a plugin package: {why}")]
    Package { why: String },
    #[error("the file cannot be read")]
    Read(#[source] std::io::Error),
    #[error("outgoing connections cannot be set up: {0}")]
    Setup(String),
}

impl DistributionError {
    /// A stable name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Reference(_) => "bad-reference",
            Self::NotAPlugin { .. } => "not-a-plugin",
            Self::TooLarge { .. } => "too-large",
            Self::WrongDigest { .. } => "wrong-digest",
            Self::NotFound { .. } => "not-found",
            Self::Unauthorized { .. } => "unauthorized",
            Self::TokenService { .. } => "token-service-not-named",
            Self::NotAllowed { .. } => "address-not-allowed",
            Self::NotPublic { .. } => "address-not-public",
            Self::Unreachable { .. } => "unreachable",
            Self::TooSlow { .. } => "too-slow",
            Self::Registry { .. } => "registry-fault",
            Self::Exists { .. } => "tag-exists",
            Self::Credentials { .. } => "bad-credentials",
            Self::Key(_) => "bad-key",
            Self::Package { .. } => "bad-package",
            Self::Read(_) => "unreadable",
            Self::Setup(_) => "setup",
        }
    }

    /// What whoever meets this can do.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Reference(_) => {
                "Write it as registry/repository:tag or registry/repository@sha256:…, in lower case."
            }
            Self::NotAPlugin { .. } => {
                "Use a component that was built with the Gantry SDK, and a reference to it."
            }
            Self::TooLarge { .. } => "Use a smaller plugin; the limits are the same for everybody.",
            Self::WrongDigest { .. } => {
                "Try again; if it stays so, the registry or somebody on the way alters what it hands out: use neither."
            }
            Self::NotFound { .. } => {
                "Check the reference for a slip, and whether that version was published."
            }
            Self::Unauthorized { .. } => {
                "Check that it exists, and give credentials that may do this; many registries say the same of both."
            }
            Self::TokenService { .. } => {
                "If that is who hands out its tokens, name it as the token service beside the user name and password; if not, ask \
                 whoever runs the registry. Nothing was sent there."
            }
            Self::NotAllowed { .. } => "Use a registry that is reached by https and sends nobody elsewhere.",
            Self::NotPublic { .. } => {
                "If that is the registry itself and your own, list it in the trust policy with network = \"private\". Where it \
                 sends to must be public, or be named as its token service beside the user name and password."
            }
            Self::Unreachable { .. } => {
                "Check the registry's name, and that this machine reaches it; then try again."
            }
            Self::TooSlow { .. } => "Try again later, or use a package file.",
            Self::Registry { .. } => "Try again later; if it stays so, tell whoever runs the registry.",
            Self::Exists { .. } => "Publish under a new version, or say that the tag is to be moved.",
            Self::Credentials { .. } => "Give a user name and a password or an access token instead.",
            Self::Key(_) => {
                "Give an Ed25519 key as this program makes it, and its passphrase where it has one."
            }
            Self::Package { .. } => "Get the file again from whoever made it.",
            Self::Read(_) => "Check that the file is there and may be read.",
            Self::Setup(_) => "Install ca-certificates on this machine.",
        }
    }
}
