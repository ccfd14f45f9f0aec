//! Template name: the least that runs. It has one setting, nothing to install, and a program that answers on its console.

use gantry_plugin::prelude::*;

/// The "game". What people typed reaches it by the environment and is never part of its text.
const SCRIPT: &str = r#"echo "Ready: $GREETING"
while IFS= read -r line; do
  [ "$line" = quit ] && exit 0
  echo "You said: $line"
done"#;

/// The plugin. It has no state: each call gets a fresh instance.
#[derive(Debug)]
pub struct Game;

impl Plugin for Game {
    fn blueprints() -> Vec<Blueprint> {
        vec![Blueprint {
            summary: "Says again what it reads.".to_owned(),
            variables: vec![Variable::text("greeting", "Greeting", "Hello", 80).help("Said as it starts.")],
            ..Blueprint::new("template-id", "Template name")
        }]
    }

    fn install(_: &Server) -> Result<InstallPlan, Failure> {
        Ok(InstallPlan::new())
    }

    fn run(server: &Server) -> Result<RunSpec, Failure> {
        let image = Image::reference("debian:bookworm-slim");
        let mut spec = RunSpec::new(image, ["sh", "-c", SCRIPT])
            .environment("GREETING", server.setting("greeting"))
            .ready_when_console_says("^Ready")
            .stop([StopStep::Console("quit".to_owned()), StopStep::WaitMs(5_000)]);
        spec.terminal = false;
        Ok(spec)
    }
}

gantry_plugin::export!(Game);
