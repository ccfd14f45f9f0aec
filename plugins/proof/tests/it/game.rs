//! A real game that runs, and what its plugin makes of it.

use crate::{
    process::Process,
    sandbox::{Sandbox, call},
};
use gantry_files::config;
use gantry_host::Lent;
use gantry_types::{
    plan::{Action, ConfigEdit},
    sample::{ConsoleEvent, Sample},
    server::ServerContext,
};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A busy machine takes its time to load a map.
const PATIENCE: Duration = Duration::from_secs(90);
/// Between two looks at a game; there is no event that all games have in common.
const PAUSE: Duration = Duration::from_millis(100);

pub(crate) struct Game {
    sandbox: Sandbox,
    pub(crate) server: ServerContext,
    pub(crate) process: Process,
}

impl Game {
    /// Installs and starts a game as its plugin says, with this machine's own packages in the place of its image.
    pub(crate) async fn planned(plugin: &str, blueprint: &str, answers: &[(&str, &str)]) -> Self {
        let sandbox = Sandbox::load(plugin).await;
        let server = sandbox.server(blueprint, answers).await;
        let alone = call(Lent::default());
        let directory = TempDir::new().unwrap();
        for step in sandbox.plugin.install_plan(&alone, &server).await.expect("a plan").steps {
            install(directory.path(), &step.action);
        }
        let spec = sandbox.plugin.run_spec(&alone, &server).await.expect("a run spec");
        spec.edits.iter().for_each(|each| edit(directory.path(), each));
        let place = directory.path().to_str().unwrap().to_owned();
        let here = |text: &str| text.replace(&spec.working_directory, &place);
        let command: Vec<String> = spec.command.iter().map(|each| here(each)).collect();
        let environment: Vec<_> =
            spec.environment.iter().map(|each| (each.key.clone(), here(&each.value))).collect();
        let process = Process::start(directory, &command, &environment);
        Self { sandbox, server, process }
    }

    /// Asks a game that is not what the plugin would install, but speaks as that does. The command is told the server.
    pub(crate) async fn foreign(
        plugin: &str,
        blueprint: &str,
        answers: &[(&str, &str)],
        command: impl FnOnce(&ServerContext) -> Vec<String>,
    ) -> Self {
        let sandbox = Sandbox::load(plugin).await;
        let server = sandbox.server(blueprint, answers).await;
        let process = Process::start(TempDir::new().unwrap(), &command(&server), &[]);
        Self { sandbox, server, process }
    }

    /// The first sample that is as awaited.
    pub(crate) async fn sample(&mut self, awaited: impl Fn(&Sample) -> bool) -> Sample {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let said = self.sandbox.collect(&self.server).await;
            match said {
                Ok(sample) if awaited(&sample) => return sample,
                other => {
                    let over = self.process.has_ended() || Instant::now() > deadline;
                    assert!(!over, "the collector says {other:?}; the game says:\n{}", self.process.output());
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until what it has printed meant this to its plugin.
    pub(crate) async fn tells(&mut self, awaited: &ConsoleEvent) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let printed = self.process.output();
            let lines: Vec<String> = printed.lines().map(str::to_owned).collect();
            let told = self.sandbox.console_events(&self.server, lines).await;
            if told.contains(awaited) {
                return;
            }
            let over = self.process.has_ended() || Instant::now() > deadline;
            assert!(!over, "the console tells {told:?} and not {awaited:?}; the game says:\n{printed}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What it answers to a command that its plugin gives it.
    pub(crate) async fn command(&self, line: &str) -> String {
        self.sandbox.command(&self.server, line).await.expect("an answer")
    }

    /// The port of an endpoint.
    pub(crate) fn port(&self, endpoint: &str) -> u16 {
        self.server.endpoints.iter().find(|each| each.name == endpoint).expect("the endpoint").port
    }
}

/// One step of a plan, but for what only a node has.
fn install(directory: &Path, action: &Action) {
    match action {
        Action::BuildImage { .. } => {}
        Action::MakeDirectory { path } => fs::create_dir_all(directory.join(path)).unwrap(),
        Action::Write(write) => put(directory, &write.path, &write.content),
        Action::EditConfig(config) => edit(directory, config),
        other => panic!("a game of this machine's packages has no use for {other:?}"),
    }
}

fn edit(directory: &Path, edit: &ConfigEdit) {
    let there = fs::read_to_string(directory.join(&edit.path));
    assert!(there.is_ok() || edit.create, "{} is not there", edit.path);
    let text = config::apply(edit.format, &there.unwrap_or_default(), &edit.edits).unwrap();
    put(directory, &edit.path, &text);
}

fn put(directory: &Path, path: &str, text: &str) {
    let file = directory.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}
