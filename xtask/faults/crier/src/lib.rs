//! The second game of the fault bench. Every line that it cries is an event that its node has to keep until somebody
//! takes it. It is a plugin of its own so that the counting game's lines cost no call of a plugin.

use gantry_plugin::prelude::*;

/// `cry N` cries so many, at a pace that plugins keep up with.
const GAME: &str = r#"trap 'exit 0' TERM
while :; do
  if IFS= read -r -t 1 line; then
    n=${line#cry }
    for ((i = 1; i <= n; i++)); do
      echo "cry $i"
      if ((i % 100 == 0)); then sleep 0.2; fi
    done
    echo "cried $n"
  elif [ $? -le 128 ]; then
    sleep 1
  fi
done"#;

/// The plugin.
#[derive(Debug)]
pub struct Crier;

impl Plugin for Crier {
    fn blueprints() -> Vec<Blueprint> {
        vec![Blueprint {
            summary: "Cries aloud.".to_owned(),
            endpoints: vec![EndpointNeed::required("game", Protocol::Tcp, 41_000, "Nobody answers here.")],
            least: Limits::new(16, 1, 16),
            recommended: Limits::new(64, 50, 64),
            ..Blueprint::new("crier", "Crier")
        }]
    }

    fn install(_: &Server) -> Result<InstallPlan, Failure> {
        Ok(InstallPlan::new())
    }

    fn run(_: &Server) -> Result<RunSpec, Failure> {
        Ok(RunSpec::new(Image::reference("debian:bookworm-slim"), ["bash", "-c", GAME]))
    }
}

impl Collector for Crier {
    fn collect(_: &Server) -> Result<Sample, Failure> {
        Err(Failure::new("silent", "There is nothing to measure."))
    }
}

impl ConsoleEvents for Crier {
    fn parse(_: &Server, lines: &[String]) -> Vec<Found> {
        let cries = lines.iter().enumerate().filter(|(_, line)| line.starts_with("cry "));
        let found = |(index, line): (usize, &String)| {
            Some(Found { line: u32::try_from(index).ok()?, event: Event::Warning(line.clone()) })
        };
        cries.filter_map(found).collect()
    }
}

gantry_plugin::export!(Crier);
