//! What people do not change: files that only the game and its plugin write.
//!
//! A jail that guards something refuses it here, at each change that people make, whatever way they come. The jail that
//! games' plans and plugins work in guards nothing. A name is refused for what it says and for where it leads: links in
//! the way are resolved by opening, and what was opened is asked where it lies, so that a name that changes its meaning
//! in between does not help. A folder is refused for what is in it, and for what would be protected once it lay elsewhere.
//!
//! Names are guarded, not content: a file that the game itself gave a second name can be written by that.

use crate::{
    error::FilesError,
    held::Held,
    jail::{Jail, Kind},
    path::JailPath,
    walk,
};
use gantry_types::glob::{Glob, Standing, Trail};
use rustix::fs::{CWD, FileType};
use std::{
    ffi::OsStr,
    fmt, io,
    os::{
        fd::{AsFd, AsRawFd},
        unix::ffi::OsStrExt,
    },
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_util::sync::CancellationToken;

/// The globs of one server. Clones share them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protected(Option<Arc<Globs>>);

#[derive(Debug, PartialEq, Eq)]
struct Globs {
    texts: Vec<String>,
    /// Those that could be read.
    read: Vec<Glob>,
}

/// Why people may not do something, as a sentence without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guarded {
    Itself {
        path: String,
    },
    /// A folder cannot go because of what is in it.
    Holds {
        folder: String,
        path: String,
    },
    /// What is brought would lie there.
    Arrives {
        path: String,
    },
    /// A link would have a folder stand where only the game puts one.
    Link {
        path: String,
    },
}

impl fmt::Display for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ALONE: &str = "only the game and its plugin write";
        match self {
            Self::Itself { path } => write!(f, "{path} is a file that {ALONE}; it can be read, not changed"),
            Self::Holds { folder, path } => {
                write!(f, "{folder} holds {path}, a file that {ALONE}; it has to stay where it is")
            }
            Self::Arrives { path } => write!(f, "something would come to be {path}, a file that {ALONE}"),
            Self::Link { path } => {
                write!(f, "{path} leads to a file that {ALONE}, so that no link may take this name")
            }
        }
    }
}

/// Whether something goes from where it is, or comes to lie somewhere.
#[derive(Clone, Copy)]
enum Way<'a> {
    Leaving { folder: &'a JailPath },
    Arriving { at: &'a JailPath },
}

impl Protected {
    /// The globs of a blueprint, which were checked when its plugin was taken in. One that cannot be read protects nothing.
    pub fn of(globs: &[String]) -> Self {
        if globs.is_empty() {
            return Self(None);
        }
        let read = |text: &String| match Glob::read(text) {
            Ok(glob) => Some(glob),
            Err(why) => {
                tracing::warn!(glob = ?text, why, "a glob of protected files cannot be read and protects nothing");
                None
            }
        };
        Self(Some(Arc::new(Globs { read: globs.iter().filter_map(read).collect(), texts: globs.to_vec() })))
    }

    /// The same of another moment: what has not changed is not read again, nor complained of.
    #[must_use]
    pub fn or_as_before(globs: &[String], before: &Self) -> Self {
        let texts = before.0.as_ref().map_or(&[][..], |before| &before.texts);
        if texts == globs { before.clone() } else { Self::of(globs) }
    }

    pub fn is_empty(&self) -> bool {
        self.globs().is_empty()
    }

    fn globs(&self) -> &[Glob] {
        self.0.as_ref().map_or(&[], |globs| &globs.read)
    }

    fn trail(&self, path: &JailPath) -> Trail {
        let globs = self.globs();
        path.parts().fold(Trail::begin(globs), |trail, part| trail.step(globs, part.as_bytes()))
    }

    fn standing(&self, path: &JailPath) -> Standing {
        self.trail(path).standing(self.globs())
    }

    /// Whether this very path is protected, as text.
    pub(crate) fn covers(&self, path: &JailPath) -> bool {
        self.standing(path) == Standing::Meant
    }

    fn check(&self, path: &JailPath) -> Result<(), FilesError> {
        if self.covers(path) { Err(Guarded::Itself { path: path.spelling() }.into()) } else { Ok(()) }
    }
}

impl Jail {
    /// The same directory for somebody who may not change what is protected.
    #[must_use]
    pub fn guarding(&self, protected: Protected) -> Self {
        let mut guarding = self.clone();
        guarding.protected = protected;
        guarding
    }

    /// Refuses a change of what has this name, and of the name itself.
    pub fn check_change(&self, path: &JailPath) -> Result<(), FilesError> {
        if self.protected.is_empty() {
            return Ok(());
        }
        self.protected.check(path)?;
        self.protected.check(&self.place(path)?)
    }

    /// Refuses a change of what is held open, wherever it lies by now.
    pub fn check_held(&self, held: &Held) -> Result<(), FilesError> {
        self.check_open(held.file())
    }

    pub(crate) fn check_open(&self, open: impl AsFd) -> Result<(), FilesError> {
        if self.protected.is_empty() {
            return Ok(());
        }
        self.protected.check(&self.place_of(open)?)
    }

    /// Refuses a name in a directory that is open, wherever that lies by now.
    pub(crate) fn check_entry(&self, parent: impl AsFd, name: &OsStr) -> Result<(), FilesError> {
        if self.protected.is_empty() {
            return Ok(());
        }
        self.protected.check(&beside(&self.place_of(parent)?, name)?)
    }

    /// Refuses that something goes from its place: itself, or with what is in it.
    pub(crate) fn check_leaving(
        &self,
        path: &JailPath,
        cancel: &CancellationToken,
    ) -> Result<(), FilesError> {
        if self.protected.is_empty() {
            return Ok(());
        }
        self.check_change(path)?;
        if self.kind(path)? == Some(Kind::Directory) {
            self.search(path, &self.place(path)?, Way::Leaving { folder: path }, cancel)?;
        }
        Ok(())
    }

    /// Refuses that what is at `from` also comes to be `to`.
    pub(crate) fn check_arriving(
        &self,
        from: &JailPath,
        to: &JailPath,
        cancel: &CancellationToken,
    ) -> Result<(), FilesError> {
        if self.protected.is_empty() {
            return Ok(());
        }
        self.check_change(to)?;
        match self.kind(from)? {
            Some(Kind::Directory) => self.search(from, &self.place(to)?, Way::Arriving { at: to }, cancel),
            Some(Kind::Link) => self.check_link(to),
            Some(Kind::File | Kind::Other) | None => Ok(()),
        }
    }

    /// Refuses a link where a folder is that something protected lies in: what it led to would be taken for that.
    pub(crate) fn check_link(&self, path: &JailPath) -> Result<(), FilesError> {
        if self.protected.is_empty() {
            return Ok(());
        }
        self.check_change(path)?;
        let is_way = self.protected.standing(path).max(self.protected.standing(&self.place(path)?));
        if is_way == Standing::Above {
            return Err(Guarded::Link { path: path.spelling() }.into());
        }
        Ok(())
    }

    /// Whether an entry of an open directory is protected, which was listed by this path.
    pub(crate) fn marks(&self, listed: &JailPath, parent: impl AsFd) -> Result<Marks<'_>, FilesError> {
        let globs = self.protected.globs();
        let mut trails = vec![];
        if !globs.is_empty() {
            trails.push(self.protected.trail(listed));
            trails.push(self.protected.trail(&self.place_of(parent)?));
        }
        Ok(Marks { globs, trails })
    }

    /// Looks through a folder for what is protected, or would be if the folder were `place`.
    fn search(
        &self,
        folder: &JailPath,
        place: &JailPath,
        way: Way<'_>,
        cancel: &CancellationToken,
    ) -> Result<(), FilesError> {
        let globs = self.protected.globs();
        let begin = (self.protected.trail(place), PathBuf::new());
        walk::tagged(self.directory(folder)?, cancel, &begin, |entry, (trail, above)| {
            let trail = trail.step(globs, entry.name.as_bytes());
            let inner = above.join(entry.name);
            let is_link = FileType::from_raw_mode(entry.stat.st_mode) == FileType::Symlink;
            match (trail.standing(globs), way) {
                (Standing::Apart, _) => Ok(None),
                (Standing::Meant, Way::Leaving { folder }) => {
                    let (folder, path) = (folder.spelling(), shown(place, &inner));
                    Err(Guarded::Holds { folder, path }.into())
                }
                (Standing::Meant, Way::Arriving { at }) => {
                    Err(Guarded::Arrives { path: shown(at, &inner) }.into())
                }
                (Standing::Above, Way::Arriving { at }) if is_link => {
                    Err(Guarded::Link { path: shown(at, &inner) }.into())
                }
                (Standing::Above | Standing::Anywhere, _) => Ok(Some((trail, inner))),
            }
        })
    }

    fn kind(&self, path: &JailPath) -> Result<Option<Kind>, FilesError> {
        Ok(self.stat(path)?.map(|found| found.kind))
    }

    /// Where a name lies once the links on the way to it are resolved.
    fn place(&self, path: &JailPath) -> Result<JailPath, FilesError> {
        let Some((parent, name)) = path.split() else { return Ok(JailPath::root()) };
        beside(&self.place_of(self.directory(&parent)?)?, name)
    }

    /// Where something lies that is open, by the kernel's word.
    fn place_of(&self, open: impl AsFd) -> Result<JailPath, FilesError> {
        let failed = |error: io::Error| FilesError::io("find", "the place of a file", error);
        let (root, found) = (whole(self.root()).map_err(failed)?, whole(open).map_err(failed)?);
        let within = found.strip_prefix(&root);
        let within = within.map_err(|_| FilesError::Escapes { path: "what was opened".to_owned() })?;
        JailPath::from_bytes(within.as_os_str().as_bytes())
    }
}

/// Which entries of one directory are protected.
pub(crate) struct Marks<'a> {
    globs: &'a [Glob],
    trails: Vec<Trail>,
}

impl Marks<'_> {
    pub(crate) fn is_protected(&self, name: &OsStr) -> bool {
        let stands = |trail: &Trail| trail.step(self.globs, name.as_bytes()).standing(self.globs);
        self.trails.iter().any(|trail| stands(trail) == Standing::Meant)
    }
}

fn beside(parent: &JailPath, name: &OsStr) -> Result<JailPath, FilesError> {
    parent.join(&JailPath::from_bytes(name.as_bytes())?)
}

fn whole(open: impl AsFd) -> io::Result<PathBuf> {
    let link = format!("/proc/self/fd/{}", open.as_fd().as_raw_fd());
    let target = rustix::fs::readlinkat(CWD, link, Vec::new())?;
    Ok(PathBuf::from(OsStr::from_bytes(target.as_bytes())))
}

/// A path for people, of which the end may be deeper than any that they can give.
fn shown(place: &JailPath, inner: &Path) -> String {
    let inner = JailPath::from_bytes(inner.as_os_str().as_bytes());
    match inner.and_then(|inner| place.join(&inner)) {
        Ok(path) => path.spelling(),
        Err(_) => format!("something deep in {}", place.spelling()),
    }
}
