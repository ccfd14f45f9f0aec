//! From settings to a run spec.

use crate::{blueprint, words};
use gantry_plugin::prelude::*;
use gantry_wire::{a2s, quake3};

pub(crate) fn validate(server: &Server) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    let mut wrong = |key: &str, message: &str, remedy: &str| {
        problems.push(FieldProblem::new(key, message).remedy(remedy));
    };
    if let Err(message) = words::cut(server.setting("command")) {
        wrong("command", message, "Close it, or put a backslash before it.");
    }
    if let Err(message) = words::environment(server.setting("environment")) {
        wrong("environment", &message, "Write NAME=value in a line for each.");
    }
    if server.setting("ready") == "console" && server.setting("ready_pattern").is_empty() {
        wrong(
            "ready_pattern",
            "No line is awaited.",
            "Write a part of the line that the game prints once it is ready.",
        );
    }
    if server.setting("ready") == "query" && server.setting("query") == "none" {
        wrong(
            "query",
            "There is no query that could be answered.",
            "Choose a query, or another sign of readiness.",
        );
    }
    if server.setting("stop") == "command" && server.setting("stop_command").is_empty() {
        wrong("stop_command", "There is no command.", "Write it, or stop the game by a signal.");
    }
    problems
}

pub(crate) fn run(server: &Server) -> Result<RunSpec, Failure> {
    let command =
        words::cut(server.setting("command")).map_err(|message| Failure::new("bad_command", message))?;
    let command = command.iter().map(|word| words::fill(word, server, None));
    let command = command.collect::<Result<Vec<_>, Failure>>()?;
    let environment = words::environment(server.setting("environment"));
    let mut spec = RunSpec::new(Image::reference(server.setting("image")), command);
    for (name, value) in environment.map_err(|message| Failure::new("bad_environment", message))? {
        spec = spec.environment(&name, words::fill(&value, server, Some(server.setting("secret")))?);
    }
    server.setting("directory").clone_into(&mut spec.working_directory);
    spec.terminal = server.flag("terminal");
    spec.read_only_root = server.flag("read_only");
    spec.ready_timeout_ms = seconds(server, "ready_s", 300);
    Ok(ready(spec, server).stop(stop(server)))
}

fn ready(spec: RunSpec, server: &Server) -> RunSpec {
    match (server.setting("ready"), server.setting("query")) {
        ("console", _) => spec.ready_when_console_says(server.setting("ready_pattern")),
        ("tcp", _) => spec.ready_when_accepting("tcp"),
        ("query", blueprint::A2S) => spec.ready_when_answering("udp", a2s::FIRST),
        ("query", blueprint::QUAKE3) => spec.ready_when_answering("udp", quake3::REQUEST),
        _ => spec,
    }
}

fn stop(server: &Server) -> [StopStep; 2] {
    let step = match server.setting("stop") {
        "command" => StopStep::Console(server.setting("stop_command").to_owned()),
        "interrupt" => StopStep::Interrupt,
        signal => StopStep::Signal(signal.to_owned()),
    };
    [step, StopStep::WaitMs(seconds(server, "stop_s", 30))]
}

/// In milliseconds.
fn seconds(server: &Server, key: &str, default: u32) -> u32 {
    server.setting(key).parse().unwrap_or(default).saturating_mul(1_000)
}

/// A command as it stands among the settings, where there is one.
pub(crate) fn typed(command: &str) -> Vec<Effect> {
    if command.is_empty() { Vec::new() } else { vec![Effect::Command(command.to_owned())] }
}

/// Behind the command of the settings. What the game makes of quotes and the like nobody knows here, so they are left out.
pub(crate) fn broadcast(server: &Server, text: &str) -> Vec<Effect> {
    let command = server.setting("say_command");
    let plain: String = text.chars().filter(|one| gantry_plugin::rules::is_plain(&one.to_string())).collect();
    if command.is_empty() { Vec::new() } else { typed(&format!("{command} {}", plain.trim())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server as the host would make it of a form with these answers.
    fn server(answers: &[(&str, &str)]) -> Server {
        let blueprint = blueprint::blueprint();
        let setting = |variable: &Variable| {
            let given =
                answers.iter().find(|(key, _)| *key == variable.key).map(|(_, value)| (*value).to_owned());
            Setting {
                key: variable.key.clone(),
                value: given.or_else(|| variable.default_value.clone()).unwrap_or_default(),
            }
        };
        let endpoint = |(name, protocol, port): (&str, Protocol, u16)| Endpoint {
            name: name.to_owned(),
            protocol,
            address: "192.0.2.1".to_owned(),
            port,
        };
        Server {
            id: "0".to_owned(),
            name: "Test".to_owned(),
            blueprint: "image".to_owned(),
            settings: blueprint.variables.iter().map(setting).collect(),
            facts: Vec::new(),
            endpoints: [("udp", Protocol::Udp, 27_001), ("tcp", Protocol::Tcp, 27_002)]
                .map(endpoint)
                .to_vec(),
            limits: Limits::new(512, 100, 1_024),
            time_zone: "UTC".to_owned(),
            extra: Vec::new(),
        }
    }

    #[test]
    fn command_and_environment_are_filled_and_no_shell_reads_them() {
        let answers = [
            ("image", "registry.example/game:1"),
            ("command", "./game --port {udp} --name 'a b; $(id)' -m {memory} {secret}"),
            ("environment", "PORT={tcp}\nKEY={secret}"),
            ("secret", "s3same {udp}"),
        ];
        let spec = run(&server(&answers)).expect("a run spec");
        assert_eq!(
            spec.command,
            ["./game", "--port", "27001", "--name", "a b; $(id)", "-m", "512", "{secret}"],
            "a secret does not stand where processes are listed"
        );
        let environment: Vec<_> =
            spec.environment.iter().map(|one| (one.key.as_str(), one.value.as_str())).collect();
        assert_eq!(environment, [("PORT", "27002"), ("KEY", "s3same {udp}")]);
        assert_eq!(
            (spec.working_directory.as_str(), spec.read_only_root, spec.terminal),
            ("/data", true, false)
        );
    }

    #[test]
    fn readiness_and_the_end_are_as_they_were_set() {
        let spec = run(&server(&[
            ("ready", "console"),
            ("ready_pattern", "Done"),
            ("stop", "command"),
            ("stop_command", "end"),
        ]))
        .expect("a run spec");
        assert_eq!(spec.ready, [Probe::Console(ConsoleProbe { pattern: "Done".to_owned() })]);
        assert_eq!(spec.stop, [StopStep::Console("end".to_owned()), StopStep::WaitMs(30_000)]);
        let spec = run(&server(&[("ready", "query"), ("query", "a2s"), ("stop", "SIGINT"), ("stop_s", "5")]))
            .expect("a run spec");
        assert!(
            matches!(&spec.ready[..], [Probe::Udp(probe)] if probe.endpoint == "udp" && probe.payload == a2s::FIRST)
        );
        assert_eq!(spec.stop, [StopStep::Signal("SIGINT".to_owned()), StopStep::WaitMs(5_000)]);
        assert!(run(&server(&[])).expect("a run spec").ready.is_empty());
    }

    #[test]
    fn what_lacks_its_other_half_is_refused_with_a_remedy() {
        for (answers, key) in [
            (&[("command", "\"a")][..], "command"),
            (&[("environment", "A")], "environment"),
            (&[("ready", "console")], "ready_pattern"),
            (&[("ready", "query")], "query"),
            (&[("stop", "command")], "stop_command"),
        ] {
            let problems = validate(&server(answers));
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(problems[0].key == key && problems[0].remedy.is_some(), "{problems:?}");
        }
        assert!(validate(&server(&[])).is_empty());
    }

    #[test]
    fn messages_go_behind_the_command_that_is_set() {
        assert!(broadcast(&server(&[]), "hello").is_empty());
        let told = broadcast(&server(&[("say_command", "say")]), "a\"; quit\nb");
        assert_eq!(told, [Effect::Command("say a quitb".to_owned())]);
    }
}
