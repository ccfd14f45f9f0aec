//! The game of the fault bench. Each process counts aloud from 1 under a name of its own, so that a lost, doubled or
//! reordered line shows in its console and a second process shows as a second name. It installs in as many steps as it
//! is told, each of which takes its time and leaves a file that tells whether it was done whole.

use gantry_plugin::prelude::*;

/// Counts, and obeys: `crash N` ends it, `eat` takes all the memory there is, `feed` lets a child do that instead, `print`
/// prints with `\n` and the like resolved.
const GAME: &str = r#"trap 'echo "bye $run"; exit 0' TERM
run=${EPOCHREALTIME/[.,]/}
n=0
while :; do
  n=$((n + 1))
  echo "count $run $n"
  if IFS= read -r -t "$PAUSE" line; then
    case $line in
      crash*) exit "${line#crash }" ;;
      eat) x=0123456789abcdef; while :; do x=$x$x; done ;;
      feed) tail /dev/zero ;;
      print*) printf '%b\n' "${line#print }" ;;
      *) echo "heard $line" ;;
    esac
  elif [ $? -le 128 ]; then
    sleep "$PAUSE"
  fi
done"#;

/// A step that is done again begins anew: the file appears whole or not at all.
const STEP: &str = r#"echo "step $STEP begins"; sleep "$SECONDS_EACH"
echo "step $STEP" > "part-$STEP" && mv "part-$STEP" "step-$STEP"; echo "step $STEP is done""#;

/// An archive of so many small files, each with its own number in it.
const PACK: &str = r#"rm -rf packed && mkdir packed && for n in $(seq "$FILES"); do echo "file $n" > "packed/file-$n"; done
tar -czf part.tar.gz packed && rm -r packed && mv part.tar.gz pack.tar.gz"#;

/// Takes more than there is.
const FILL: &str = r#"echo "filling"; exec head -c "$FILL_MIB"M /dev/zero > fill"#;

/// The plugin.
#[derive(Debug)]
pub struct Counter;

impl Plugin for Counter {
    fn blueprints() -> Vec<Blueprint> {
        let ways = [
            ("no", "Not"),
            ("refuse", "Refuses"),
            ("panic", "Panics"),
            ("spin", "Never ends"),
            ("forge", "Refuses in words that look like a log's"),
        ];
        vec![Blueprint {
            summary: "Counts aloud.".to_owned(),
            variables: vec![
                Variable::number("pause_ms", "Between two numbers", 100, 1, 60_000),
                Variable::number("steps", "Steps of the installation", 1, 0, 20),
                Variable::number("step_ms", "Length of each step", 0, 0, 60_000),
                Variable::number("pack", "Files of an archive that the installation unpacks", 0, 0, 100_000),
                Variable::number("fill_mib", "Disk that the installation fills", 0, 0, 100_000),
                Variable::secret("token", "What nobody may see", 0, 64),
                Variable::text("words", "What is said then, with | for a new line", "", 200),
                Variable::one_of("fail", "How planning the installation fails", "no", &ways),
            ],
            endpoints: vec![EndpointNeed::required("game", Protocol::Tcp, 41_000, "Nobody answers here.")],
            least: Limits::new(16, 1, 16),
            recommended: Limits::new(64, 50, 64),
            ..Blueprint::new("counter", "Counter")
        }]
    }

    fn install(server: &Server) -> Result<InstallPlan, Failure> {
        match server.setting("fail") {
            "refuse" => return Err(Failure::new("no_plan", "There is no plan for this server.")),
            "forge" => {
                let said = server.setting("words").replace('|', "\n");
                log::write(Level::Warn, &said);
                return Err(Failure::new("no_plan", said));
            }
            "panic" => panic!("planning went wrong"),
            "spin" => loop {
                core::hint::spin_loop();
            },
            _ => {}
        }
        let mut plan = InstallPlan::new();
        for step in 1..=number(server, "steps") {
            let environment = [
                ("STEP", step.to_string()),
                ("SECONDS_EACH", seconds(server, "step_ms")),
                ("TOKEN", server.setting("token").to_owned()),
            ];
            plan = plan.step(&format!("Step {step}"), 1, run(STEP, environment));
        }
        if number(server, "pack") > 0 {
            plan = unpack(plan, server);
        }
        if number(server, "fill_mib") > 0 {
            let environment = [("FILL_MIB", server.setting("fill_mib").to_owned())];
            plan = plan.step("Fill the disk", 1, run(FILL, environment));
        }
        Ok(plan)
    }

    fn run(server: &Server) -> Result<RunSpec, Failure> {
        Ok(RunSpec::new(image(), ["bash", "-c", GAME])
            .environment("PAUSE", seconds(server, "pause_ms"))
            .environment("TOKEN", server.setting("token")))
    }
}

fn unpack(plan: InstallPlan, server: &Server) -> InstallPlan {
    let environment = [("FILES", server.setting("pack").to_owned())];
    let extract = Extract {
        archive: "pack.tar.gz".to_owned(),
        format: ArchiveFormat::TarGz,
        into: ".".to_owned(),
        strip_components: 0,
        max_bytes: 64 << 20,
    };
    plan.step("Pack", 1, run(PACK, environment)).step("Unpack", 1, Action::Extract(extract))
}

fn image() -> Image {
    Image::reference("debian:bookworm-slim")
}

fn run<const N: usize>(script: &str, environment: [(&str, String); N]) -> Action {
    Action::Run(ContainerRun {
        environment: environment.map(|(key, value)| Setting { key: key.to_owned(), value }).to_vec(),
        timeout_ms: 120_000,
        ..ContainerRun::new(image(), ["bash", "-c", script])
    })
}

fn number(server: &Server, key: &str) -> u32 {
    server.setting(key).parse().unwrap_or_default()
}

/// A variable in milliseconds, as the shell takes it.
fn seconds(server: &Server, key: &str) -> String {
    let ms = number(server, key);
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}

gantry_plugin::export!(Counter);
