//! The process that plugins run in, for embedders that are not one of Gantry's programs: tests, author tools, benches.
//!
//! `gantry` and `gantryd` reach the same function through a hidden subcommand, so that a node needs one file only.

use std::process::ExitCode;

fn main() -> ExitCode {
    gantry_host::runner_main()
}
