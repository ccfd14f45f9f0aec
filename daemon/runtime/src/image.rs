//! Images: by reference to a registry, or by a recipe that the node builds once.
//!
//! A recipe is identified by the digest of its text. Equal recipes, of whichever servers, share one image and one build.

use gantry_types::plan::RecipeFile;
use sha2::{Digest, Sha256};
use std::fmt;

/// The engine's own identifier of a local image, such as `sha256:…`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImageId(pub String);

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How getting an image goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageProgress {
    /// A line of the build's or the registry's output, untrusted, at most [`MAX_LINE`] bytes.
    Line(String),
    /// Bytes pulled so far, and all bytes as far as the registry has announced them.
    Bytes { done: u64, total: u64 },
}

/// Longest line of progress in bytes; the rest of a longer one is cut.
pub const MAX_LINE: usize = 4096;

/// Takes progress as it happens. It is called from the work itself, so it must return at once.
pub trait ProgressSink: Send + Sync {
    fn report(&self, progress: ImageProgress);
}

impl<F: Fn(ImageProgress) + Send + Sync> ProgressSink for F {
    fn report(&self, progress: ImageProgress) {
        self(progress);
    }
}

/// Lower-case hex SHA-256 over a recipe's text. Each part is preceded by its length, so that no two recipes collide by
/// moving text between files.
pub fn recipe_digest(dockerfile: &str, files: &[RecipeFile]) -> String {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(dockerfile.as_bytes());
    for file in files {
        part(file.path.as_bytes());
        part(file.content.as_bytes());
    }
    hex::encode(hash.finalize())
}
