//! The host's hand on a running game: what a plugin asks to be done to it, done in order and bounded.
//!
//! A plugin answers effects as data. They are carried out here for whoever asked: a person's action, the control plane's
//! wish for quiet, a stop step. What is typed is attributed like any command. All of it ends with the process, and between two
//! effects when it is called off: when the state that it is for is over, or nobody may wait for it any more.

use super::{
    follow::Typed,
    lent,
    probe::until_line,
    work::{Work, to_plan},
};
use crate::{
    failure::{NotDone, failure},
    install::edit_configs,
    server::work::Ended,
};
use gantry_host::{CallContext, CallError, Endpoints, Lent, Plugin};
use gantry_types::{
    action::Effect,
    blueprint::CommandDoor,
    operation::OperationFailure,
    server::{ServerContext, Setting},
};
use regex::RegexBuilder;
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Memory of one compiled pattern.
const PATTERN_BYTES: usize = 1 << 20;

/// Reaches one process; none where none runs.
pub(crate) struct Hand {
    work: Work,
    input: Option<mpsc::Sender<Typed>>,
    terminal: bool,
}

impl Hand {
    pub(super) fn new(work: Work, input: Option<mpsc::Sender<Typed>>, terminal: bool) -> Self {
        Self { work, input, terminal }
    }

    /// Ends what is done with it, and tells that it has ended.
    pub(crate) fn ended(&self) -> CancellationToken {
        self.work.cancel.clone()
    }

    /// An answer of the plugin, unless it is called off before.
    pub(crate) async fn ask<T>(
        &self,
        asking: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, NotDone> {
        let answer = self.work.cancel.run_until_cancelled(asking).await.ok_or_else(called_off)?;
        answer.map_err(NotDone::from)
    }

    pub(crate) async fn plugin(&self) -> Result<Plugin, OperationFailure> {
        self.work.plugin().await
    }

    /// A call that may reach the game, its files and what the plugin keeps.
    pub(crate) fn call(&self, plugin: &Plugin) -> CallContext {
        let server = &self.work.server;
        let lent = Lent {
            query: Some(Arc::new(Endpoints::new(server.endpoints.clone()))),
            kv: Some(Arc::new(lent::Kept::of(&self.work, plugin))),
            files: Some(Arc::new(lent::Directory::of(&self.work))),
            ..Lent::default()
        };
        CallContext { lent, ..self.work.call() }
    }

    /// What the plugin is told of the server: its secrets too, since one of them may be what its game asks for.
    pub(crate) fn context(&self) -> ServerContext {
        to_plan(&self.work.server)
    }

    pub(crate) fn say(&self, text: &str) {
        self.work.console.say(self.work.now(), text);
    }

    /// Has the plugin do one of its actions; answers what it has to say. Of the form's values these are secret.
    pub(crate) async fn act(
        &self,
        action: &str,
        form: &[Setting],
        secret: Vec<String>,
        actor: &str,
    ) -> Result<Vec<String>, NotDone> {
        let plugin = self.plugin().await?;
        let discretion = self.work.call_with(secret).discretion;
        let (call, context) = (CallContext { discretion, ..self.call(&plugin) }, self.context());
        let effects = self.ask(plugin.perform(&call, &context, action, form)).await?;
        self.carry_out(effects, actor).await
    }

    /// Has the plugin tell everybody who plays; answers what it has to say.
    pub(crate) async fn broadcast(&self, text: &str, actor: &str) -> Result<Vec<String>, NotDone> {
        let plugin = self.plugin().await?;
        let (call, context) = (self.call(&plugin), self.context());
        let effects = self.ask(plugin.broadcast(&call, &context, text)).await?;
        self.carry_out(effects, actor).await
    }

    /// The values of the server's secret variables.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let server = &self.work.server;
        let secret = server.settings.iter().filter(|one| server.secrets.contains(&one.key));
        secret.map(|one| one.value.clone()).collect()
    }

    /// A command by way of the plugin. Its answer, or why there is none, is shown on the console.
    pub(super) async fn send_command(&self, line: &str) {
        match self.sent(line).await {
            Ok(answer) => {
                for line in answer.lines() {
                    self.say(line);
                }
            }
            Err(not) => self.say(&format!("The game did not take the command: {}", not.failure.message)),
        }
    }

    async fn sent(&self, line: &str) -> Result<String, NotDone> {
        let plugin = self.plugin().await?;
        let (call, context) = (self.call(&plugin), self.context());
        self.ask(plugin.send_command(&call, &context, line)).await
    }

    /// Does one effect after the other. The first that fails ends the rest.
    pub(crate) async fn carry_out(&self, effects: Vec<Effect>, actor: &str) -> Result<Vec<String>, NotDone> {
        let whole = self.all(effects, actor);
        match self.work.cancel.run_until_cancelled(whole).await {
            Some(done) => done,
            None => {
                let remedy = "Start the server, then try again.";
                Err(failure("not_running", "the game ended meanwhile", remedy).into())
            }
        }
    }

    async fn all(&self, effects: Vec<Effect>, actor: &str) -> Result<Vec<String>, NotDone> {
        // Lines count from before the first effect: a game may answer faster than the next one is read.
        let first_line = self.work.console.next_seq();
        let mut messages = Vec::new();
        for effect in effects {
            if self.work.cancel.is_cancelled() {
                return Err(called_off().into());
            }
            match effect {
                Effect::Command { line } => self.command(line, actor).await?,
                Effect::AwaitLine { pattern, timeout_ms } => {
                    self.await_line(&pattern, timeout_ms, first_line).await?;
                }
                Effect::Wait { ms } => {
                    let pause = self.work.shared.clock.wait(Duration::from_millis(ms.into()));
                    self.unless_called_off(tokio::time::sleep(pause)).await?;
                }
                Effect::EditConfig(edit) => {
                    let jail = self.work.jail().await?;
                    edit_configs(&self.work, &jail, std::slice::from_ref(&edit)).await.map_err(unwrap)?;
                }
                Effect::Message { text } => messages.push(text),
            }
        }
        Ok(messages)
    }

    async fn unless_called_off<T>(&self, what: impl Future<Output = T>) -> Result<T, OperationFailure> {
        self.work.cancel.run_until_cancelled(what).await.ok_or_else(called_off)
    }

    async fn command(&self, line: String, actor: &str) -> Result<(), NotDone> {
        let input = self.input()?;
        match self.work.server.blueprint.commands {
            CommandDoor::Console => {
                self.work.console.command(self.work.now(), actor, &line, self.terminal);
                let gone = |_| failure("not_running", "the game ended meanwhile", "Start the server first.");
                Ok(self.unless_called_off(input.send(Typed::Line(line))).await?.map_err(gone)?)
            }
            CommandDoor::Plugin => {
                self.work.console.command(self.work.now(), actor, &line, false);
                self.sent(&line).await.map(|answer| {
                    for line in answer.lines() {
                        self.say(line);
                    }
                })
            }
            CommandDoor::None => {
                Err(failure("no_commands", "this game takes no commands", "Tell the plugin's author.").into())
            }
        }
    }

    #[expect(clippy::result_large_err, reason = "a failure is told to people, once for an operation")]
    fn input(&self) -> Result<&mpsc::Sender<Typed>, OperationFailure> {
        let nothing = || failure("not_running", "nothing runs that could answer", "Start the server first.");
        self.input.as_ref().ok_or_else(nothing)
    }

    async fn await_line(&self, pattern: &str, ms: u32, first_line: u64) -> Result<(), OperationFailure> {
        // Where nothing runs nothing is printed.
        self.input()?;
        let wrong = |_| {
            failure("invalid_pattern", "the plugin waits for a pattern that is not valid", "Tell its author.")
        };
        let compiled = RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build().map_err(wrong)?;
        let patience = self.work.shared.clock.wait(Duration::from_millis(ms.into()));
        let waiting = tokio::time::timeout(patience, until_line(&self.work.console, &compiled, first_line));
        self.unless_called_off(waiting).await?.map_err(|_| {
            failure(
                "timed_out",
                format!(
                    "the game did not print a line that matches {pattern:?} within {} s",
                    ms.div_ceil(1_000)
                ),
                "Look at the console; then try again.",
            )
        })
    }
}

fn unwrap(ended: Ended) -> OperationFailure {
    match ended {
        Ended::Failed(failure) => *failure,
        Ended::Cancelled => called_off(),
    }
}

fn called_off() -> OperationFailure {
    failure(
        "not_running",
        "it was called off: the game ended, or the server's state changed meanwhile",
        "Look at the server's state, then try again.",
    )
}
