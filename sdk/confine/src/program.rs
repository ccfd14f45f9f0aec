//! Which program becomes a child.

use std::{ffi::OsString, path::PathBuf};

/// A program, with the arguments that make it the child that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildProgram {
    /// An absolute path; the child has no environment to search.
    pub program: PathBuf,
    /// The hidden subcommand, or nothing.
    pub args: Vec<OsString>,
}

impl ChildProgram {
    /// This very program, with its hidden subcommand. It is found by what runs and not by its name, where an upgrade may
    /// have put another that speaks otherwise, or nothing yet.
    #[must_use]
    pub fn this(subcommand: &str) -> Self {
        Self { program: "/proc/self/exe".into(), args: vec![subcommand.into()] }
    }
}
