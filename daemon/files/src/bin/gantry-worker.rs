//! The worker on its own, for embedders that are not one of Gantry's programs: tests.
//!
//! `gantryd` reaches the same function through a hidden subcommand, so that a node needs one file only.

use std::process::ExitCode;

fn main() -> ExitCode {
    gantry_files::worker_main()
}
