//! The smallest plugin that runs something: no settings, no ports, no collector, nothing to install.
//!
//! Its "game" reads lines from its console and says each of them again with its clock in front, which is also how
//! `cargo xtask bench` finds out how old a line is when it reaches a browser.

use gantry_plugin::prelude::*;

const SCRIPT: &str = r#"while IFS= read -r line; do printf '%s %s\n' "$EPOCHREALTIME" "$line"; done"#;

/// The plugin.
#[derive(Debug)]
pub struct Hello;

impl Plugin for Hello {
    fn blueprints() -> Vec<Blueprint> {
        let summary = "Says again what it reads.".to_owned();
        vec![Blueprint { summary, ..Blueprint::new("hello", "Hello") }]
    }

    fn install(_: &Server) -> Result<InstallPlan, Failure> {
        Ok(InstallPlan::new())
    }

    fn run(_: &Server) -> Result<RunSpec, Failure> {
        let image = Image::reference("debian:bookworm-slim");
        // As if somebody typed Control-C.
        Ok(RunSpec::new(image, ["bash", "-c", SCRIPT]).stop([StopStep::Interrupt, StopStep::WaitMs(5_000)]))
    }
}

gantry_plugin::export!(Hello);
