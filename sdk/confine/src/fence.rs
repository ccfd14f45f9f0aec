//! The file system, as far as it stays in reach: Landlock.
//!
//! Of the network nothing stays in reach, and of other processes neither, where the kernel is new enough to know those
//! rules; [`crate::seal`] takes both in any case.

use std::os::fd::BorrowedFd;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, make_bitflags,
};

use crate::ConfineError;

/// What stays in reach.
#[derive(Clone, Copy, Debug)]
pub enum Reach<'a> {
    /// Nothing can be opened.
    Nothing,
    /// Files, directories and links beneath these directories can be read, written, made and removed. Nothing can be
    /// executed, and neither devices nor sockets can be made.
    Beneath(&'a [BorrowedFd<'a>]),
}

/// How much of the fence the kernel knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landlock {
    /// All of it.
    Full,
    /// An older kernel's part: opening, making and removing files is bound to the reach, and some of the rest is not.
    Partial,
    /// There is no Landlock, or it is switched off.
    None,
}

impl Landlock {
    /// One word: `full`, `partial`, `none`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
            Self::None => "none",
        }
    }
}

impl From<RulesetStatus> for Landlock {
    fn from(status: RulesetStatus) -> Self {
        match status {
            RulesetStatus::FullyEnforced => Self::Full,
            RulesetStatus::PartiallyEnforced => Self::Partial,
            RulesetStatus::NotEnforced => Self::None,
        }
    }
}

/// The newest rules that this knows. Newer ones are never taken unseen: what they forbid may be needed.
const FILES: ABI = ABI::V5;
const NETWORK: ABI = ABI::V4;
const PROCESSES: ABI = ABI::V6;

/// Binds this thread, and those that it will start, to the reach.
pub fn fence(reach: Reach<'_>) -> Result<Landlock, ConfineError> {
    let beneath = match reach {
        Reach::Nothing => &[],
        Reach::Beneath(directories) => directories,
    };
    restrict(beneath).map_err(ConfineError::Fence)
}

fn restrict(beneath: &[BorrowedFd<'_>]) -> Result<Landlock, RulesetError> {
    let mut rules = all(CompatLevel::BestEffort, FILES, NETWORK, PROCESSES)?.create()?;
    for directory in beneath {
        rules = rules.add_rule(PathBeneath::new(directory, usual()))?;
    }
    Ok(rules.restrict_self()?.ruleset.into())
}

/// What is asked of files and directories in reach.
fn usual() -> BitFlags<AccessFs> {
    make_bitflags!(AccessFs::{
        ReadFile | ReadDir | WriteFile | RemoveDir | RemoveFile | MakeDir | MakeReg | MakeSym | Refer | Truncate
    })
}

/// How much [`fence`] would get of the kernel. It binds nothing.
#[must_use]
pub fn landlock() -> Landlock {
    let knows = |files, network, processes| {
        all(CompatLevel::HardRequirement, files, network, processes).and_then(Ruleset::create).is_ok()
    };
    if knows(FILES, NETWORK, PROCESSES) {
        Landlock::Full
    } else if knows(ABI::V1, ABI::Unsupported, ABI::Unsupported) {
        Landlock::Partial
    } else {
        Landlock::None
    }
}

fn all(level: CompatLevel, files: ABI, network: ABI, processes: ABI) -> Result<Ruleset, RulesetError> {
    let mut rules = Ruleset::default().set_compatibility(level).handle_access(AccessFs::from_all(files))?;
    if network != ABI::Unsupported {
        rules = rules.handle_access(AccessNet::from_all(network))?;
    }
    if processes != ABI::Unsupported {
        rules = rules.scope(Scope::from_all(processes))?;
    }
    Ok(rules)
}
