//! Globs of files that only a game and its plugin write: what one may be, and what it says of a path.
//!
//! Two signs and no more: `*` stands for any part of one name and `**`, alone between slashes, for any number of folders.
//! Names are compared byte by byte, because names on a disk are bytes. What a glob names is meant with all that is in it.
//! A glob comes from a plugin and a name from whoever makes files: matching takes at most as long as both are long, and
//! neither of them can make it go back over what it has seen but within one name.
//!
//! Asked along a path, part by part, a glob also says whether anything further down could be meant, so that a folder is
//! searched only where that can find something.

/// Most globs of one blueprint.
pub const MAX_GLOBS: usize = 64;
/// Longest glob, in characters.
pub const MAX_GLOB: usize = 256;
/// Most names in one glob: what a state has bits for.
const MAX_PARTS: usize = 32;
/// Signs that other notations of globs use. Here they mean nothing, so that none is taken for what it is elsewhere.
const FOREIGN: [char; 6] = ['?', '[', ']', '{', '}', '\\'];

/// A glob that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// Any number of folders, also none.
    Folders,
    /// A name, in which `*` stands for any bytes.
    Name(Box<[u8]>),
}

/// What all globs together say of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Neither it nor anything beneath it can be meant.
    Apart,
    /// Something beneath it can be meant, as it can be anywhere.
    Anywhere,
    /// Something beneath it can be meant because it has this name.
    Above,
    /// It is meant, by its own name or with a folder that it is in.
    Meant,
}

/// How far each of several globs has come along a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trail(Vec<u64>);

impl Glob {
    /// Reads a glob. The reason for a refusal goes on from "it".
    pub fn read(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() || text.chars().count() > MAX_GLOB {
            return Err("must have 1 to 256 characters");
        }
        if text.chars().any(char::is_control) {
            return Err("must not contain control characters");
        }
        if text.contains(FOREIGN) || text.starts_with('!') {
            return Err(
                "has `*` and `**` as its only signs: `?`, brackets, braces, backslashes and a `!` at \
                        the beginning mean nothing here",
            );
        }
        let mut parts = Vec::new();
        for part in text.split('/') {
            parts.push(match part {
                "" | "." | ".." => {
                    return Err("must be relative to the server's directory, with no part that is empty, \
                                \u{201c}.\u{201d} or \u{201c}..\u{201d}");
                }
                "**" => Part::Folders,
                name if name.contains("**") => return Err("has `**` only alone between slashes"),
                name => Part::Name(name.as_bytes().into()),
            });
        }
        // What is in a folder is meant, and not the folder.
        if parts.last() == Some(&Part::Folders) {
            parts.push(Part::Name(Box::from(*b"*")));
        }
        if parts.len() > MAX_PARTS {
            return Err("must not have more than 32 names");
        }
        Ok(Self(parts))
    }

    fn bit(place: usize) -> u64 {
        1 << place
    }

    /// The states that are reached with no further name: folders may be none.
    fn rest(&self, mut states: u64) -> u64 {
        for (place, part) in self.0.iter().enumerate() {
            if *part == Part::Folders && states & Self::bit(place) != 0 {
                states |= Self::bit(place + 1);
            }
        }
        states
    }

    fn begin(&self) -> u64 {
        self.rest(Self::bit(0))
    }

    fn step(&self, states: u64, name: &[u8]) -> u64 {
        if self.is_meant(states) {
            return states;
        }
        let mut after = 0;
        for (place, part) in self.0.iter().enumerate().filter(|(place, _)| states & Self::bit(*place) != 0) {
            match part {
                Part::Folders => after |= Self::bit(place),
                Part::Name(pattern) if fits(pattern, name) => after |= Self::bit(place + 1),
                Part::Name(_) => {}
            }
        }
        self.rest(after)
    }

    fn is_meant(&self, states: u64) -> bool {
        states & Self::bit(self.0.len()) != 0
    }

    fn standing(&self, states: u64) -> Standing {
        if self.is_meant(states) {
            Standing::Meant
        } else if states & !self.begin() != 0 {
            Standing::Above
        } else if states != 0 {
            Standing::Anywhere
        } else {
            Standing::Apart
        }
    }
}

impl Trail {
    /// At the server's directory.
    pub fn begin(globs: &[Glob]) -> Self {
        Self(globs.iter().map(Glob::begin).collect())
    }

    /// One name further down. `globs` are those that it began with.
    #[must_use]
    pub fn step(&self, globs: &[Glob], name: &[u8]) -> Self {
        Self(globs.iter().zip(&self.0).map(|(glob, states)| glob.step(*states, name)).collect())
    }

    /// What the globs say of the path so far.
    pub fn standing(&self, globs: &[Glob]) -> Standing {
        let said = globs.iter().zip(&self.0).map(|(glob, states)| glob.standing(*states));
        said.max().unwrap_or(Standing::Apart)
    }
}

/// Whether a name fits one in which `*` stands for any bytes. Only the last `*` is ever tried again.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut again = None;
    while seen < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                again = Some((at + 1, seen));
                at += 1;
            }
            Some(byte) if *byte == name[seen] => (at, seen) = (at + 1, seen + 1),
            _ => {
                let Some((after, taken)) = again else { return false };
                again = Some((after, taken + 1));
                (at, seen) = (after, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(globs: &[&str], path: &str) -> Standing {
        let globs: Vec<Glob> = globs.iter().map(|text| Glob::read(text).unwrap()).collect();
        let parts = path.split('/').filter(|part| !part.is_empty());
        let trail = parts.fold(Trail::begin(&globs), |trail, part| trail.step(&globs, part.as_bytes()));
        trail.standing(&globs)
    }

    #[test]
    fn a_glob_means_what_it_names_and_all_that_is_in_it() {
        for (glob, meant) in [
            ("secret.key", &["secret.key", "secret.key/below"][..]),
            ("logs/*.gz", &["logs/a.gz", "logs/.gz", "logs/a.b.gz/c"]),
            ("config/**", &["config/a", "config/a/b", "config/.hidden"]),
            ("**/secret.key", &["secret.key", "a/secret.key", "a/b/secret.key"]),
            ("a/**/z", &["a/z", "a/b/z", "a/b/c/z/y"]),
            ("*", &["a", "a/b"]),
            ("**", &["a", "a/b"]),
            ("w*ld*/level.dat", &["world/level.dat", "wld_nether/level.dat", "w\u{f6}rld/level.dat"]),
            ("*a*b", &["ab", "xaxb", "aabab"]),
        ] {
            for path in meant {
                assert_eq!(standing(&[glob], path), Standing::Meant, "{glob} {path}");
            }
        }
    }

    #[test]
    fn what_only_looks_like_it_is_not_meant() {
        for (glob, others) in [
            ("secret.key", &["Secret.key", "secret.keys", "xsecret.key", "a/secret.key", ""][..]),
            ("logs/*.gz", &["logs", "logs/a.gzip", "logs/a/b.gz", "a.gz"]),
            ("config/**", &["config", "configs/a", ""]),
            ("a/**/z", &["a", "z", "b/a/z", "a/zz"]),
            ("caf\u{e9}", &["cafe\u{301}", "cafe"]),
            ("*a*b", &["ba", "aba", "b"]),
        ] {
            for path in others {
                assert_ne!(standing(&[glob], path), Standing::Meant, "{glob} {path}");
            }
        }
    }

    #[test]
    fn a_folder_is_searched_only_where_something_in_it_can_be_meant() {
        let globs = ["config/deep/secret.key", "**/other.key"];
        for (path, expected) in [
            ("", Standing::Anywhere),
            ("world", Standing::Anywhere),
            ("config", Standing::Above),
            ("config/deep", Standing::Above),
            ("config/shallow", Standing::Anywhere),
            ("a/other.key", Standing::Meant),
        ] {
            assert_eq!(standing(&globs, path), expected, "{path}");
        }
        assert_eq!(standing(&globs[..1], "world"), Standing::Apart);
        assert_eq!(standing(&globs[..1], "config/deep/secret.keys"), Standing::Apart);
        assert_eq!(standing(&[], "anything"), Standing::Apart);
    }

    #[test]
    fn what_other_notations_would_mean_is_refused_and_not_guessed_at() {
        let long = "x".repeat(MAX_GLOB + 1);
        let deep = vec!["a"; MAX_PARTS + 1].join("/");
        let last = format!("{}/**", vec!["a"; MAX_PARTS - 1].join("/"));
        for bad in [
            "", "/a", "a/", "a//b", "./a", "a/../b", "..", "a?", "[ab]", "{a,b}", "a\\*", "!a", "a**",
            "**a/b", "a\nb", &long, &deep, &last,
        ] {
            assert!(Glob::read(bad).is_err(), "{bad:?}");
        }
        for good in ["a!b", "...", "a b", "#a", &"x".repeat(MAX_GLOB), &vec!["a"; MAX_PARTS].join("/")] {
            assert!(Glob::read(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn matching_ends_soon_whatever_the_glob_and_the_name_are() {
        let many = "*a".repeat(MAX_GLOB / 2 - 1) + "*b";
        let globs: Vec<Glob> = (0..MAX_GLOBS).map(|_| Glob::read(&many).unwrap()).collect();
        let name = "a".repeat(255);
        let trail = (0..4).fold(Trail::begin(&globs), |trail, _| trail.step(&globs, name.as_bytes()));
        assert_eq!(trail.standing(&globs), Standing::Apart);
        let folders = Glob::read(&vec!["**/a"; MAX_PARTS / 2].join("/")).unwrap();
        let globs = vec![folders];
        let trail = (0..128).fold(Trail::begin(&globs), |trail, _| trail.step(&globs, b"a"));
        assert_eq!(trail.standing(&globs), Standing::Meant);
    }
}
