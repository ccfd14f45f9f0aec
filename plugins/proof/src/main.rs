//! The compiler child of these tests' host. The crate is nothing but tests; they stand in `tests/it`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gantry_host::compiler_main()
}
