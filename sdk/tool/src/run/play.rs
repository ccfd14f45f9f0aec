//! The server while it runs: its console, commands from standard input, what is saved, and Ctrl-C.

use super::{daemon::Daemon, watch::Saved, wish::Wish};
use crate::{cli::RunArgs, desk::Desk, fault::Fault, source::Source, terminal::Verdict};
use gantry_protocol::{ConsoleCommand, ConsoleLine, ConsoleSource, Event, EventEnvelope, ObservedServer};
use gantry_types::{
    operation::{OperationKind, OperationState},
    server::{Desired, Observed},
};
use hyper::Method;
use serde_json::{Value, json};
use std::io::BufRead;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
};

pub(super) struct Play<'a> {
    desk: &'a Desk,
    asked: &'a RunArgs,
    daemon: &'a Daemon,
    wish: Wish,
    seen: Option<Observed>,
    /// Whether the last thing that was asked for failed.
    failed: bool,
    /// Ctrl-C, and whatever else asks for the end. Opened once: a signal that comes while nobody listens must not be lost.
    interrupt: Signal,
    terminate: Signal,
}

/// What happens next.
enum Next {
    Line(Option<ConsoleLine>),
    Event(Option<Box<EventEnvelope>>),
    Typed(String),
    Saved,
    Enough,
}

impl<'a> Play<'a> {
    pub(super) fn new(
        desk: &'a Desk,
        asked: &'a RunArgs,
        daemon: &'a Daemon,
        wish: Wish,
    ) -> Result<Self, Fault> {
        let failed = |error: std::io::Error| Fault::io("signals cannot be received", &error);
        let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let terminate = signal(SignalKind::terminate()).map_err(failed)?;
        Ok(Self { desk, asked, daemon, wish, seen: None, failed: false, interrupt, terminate })
    }

    /// Runs the game until somebody has had enough of it, and leaves nothing.
    pub(super) async fn until_the_end(mut self) -> Result<Verdict, Fault> {
        let mut events = self.daemon.follow::<EventEnvelope>("/v1/events?after=0").await?;
        self.put().await?;
        let path = format!("/v1/servers/{}/console/live?after=0", self.wish.server.id);
        let mut lines = self.daemon.follow::<ConsoleLine>(&path).await?;
        self.tell_where()?;
        let played = self.play(&mut lines, &mut events).await;
        let ended = self.end(&mut lines, &mut events).await;
        played.and(ended).map(|()| Verdict::Good)
    }

    async fn play(
        &mut self,
        lines: &mut mpsc::Receiver<ConsoleLine>,
        events: &mut mpsc::Receiver<EventEnvelope>,
    ) -> Result<(), Fault> {
        let watched = self.asked.component.is_none() && !self.asked.no_watch;
        let mut saved = watched.then(|| Saved::below(&self.asked.folder)).transpose()?;
        let mut typed = typed_lines();
        loop {
            let next = tokio::select! {
                line = lines.recv() => Next::Line(line),
                event = events.recv() => Next::Event(event.map(Box::new)),
                Some(line) = typed.recv() => Next::Typed(line),
                () = next_save(&mut saved) => Next::Saved,
                _ = self.interrupt.recv() => Next::Enough,
                _ = self.terminate.recv() => Next::Enough,
            };
            match next {
                Next::Line(Some(line)) => self.show(&line)?,
                Next::Event(Some(event)) => self.hear(&event)?,
                Next::Typed(line) => self.command(line).await,
                Next::Saved => self.renew().await,
                Next::Enough => return Ok(()),
                Next::Line(None) | Next::Event(None) => {
                    let remedy = "Report this with the daemon's log.";
                    return Err(Fault::new("daemon", "the daemon ended by itself", remedy));
                }
            }
        }
    }

    /// Stops the game as its plugin says, then has it and its files removed. Another Ctrl-C kills it.
    async fn end(
        &mut self,
        lines: &mut mpsc::Receiver<ConsoleLine>,
        events: &mut mpsc::Receiver<EventEnvelope>,
    ) -> Result<(), Fault> {
        self.desk.terminal.say("stopping the game", "as its plugin says; Ctrl-C again kills it");
        let calm = [Observed::Offline, Observed::Uninstalled, Observed::Crashed];
        if !self.seen.is_some_and(|seen| calm.contains(&seen)) {
            self.wish.next(Desired::Stopped, OperationKind::Stop);
            self.put().await?;
            self.until(&calm, lines, events).await?;
        }
        self.wish.next(Desired::Deleted, OperationKind::Delete);
        self.put().await?;
        self.until(&[Observed::Deleted], lines, events).await
    }

    async fn until(
        &mut self,
        states: &[Observed],
        lines: &mut mpsc::Receiver<ConsoleLine>,
        events: &mut mpsc::Receiver<EventEnvelope>,
    ) -> Result<(), Fault> {
        while !self.seen.is_some_and(|seen| states.contains(&seen)) {
            tokio::select! {
                line = lines.recv() => if let Some(line) = line { self.show(&line)?; } else { return self.gone(states) },
                event = events.recv() => if let Some(event) = event { self.hear(&event)?; } else { return self.gone(states) },
                _ = self.interrupt.recv() => {
                    self.wish.next(Desired::Stopped, OperationKind::Kill);
                    self.put().await?;
                }
            }
        }
        Ok(())
    }

    /// A deleted server's console ends before its last event is heard.
    fn gone(&self, states: &[Observed]) -> Result<(), Fault> {
        if states == [Observed::Deleted] {
            return Ok(());
        }
        Err(Fault::new("daemon", "the daemon ended by itself", "Look for what is left: `docker ps`."))
    }

    async fn put(&self) -> Result<(), Fault> {
        let server = &self.wish.server;
        let digest = &server.blueprint.digest;
        self.daemon.put_plugin(digest, &self.wish.component).await?;
        let path = format!("/v1/servers/{}", server.id);
        let _: ObservedServer = self.daemon.ask(Method::PUT, &path, server).await?;
        Ok(())
    }

    /// Builds anew what was saved. What cannot be built leaves the game as it is.
    async fn renew(&mut self) {
        let renewed = async {
            let source = Source::folder(self.desk, &self.asked.folder).await?;
            self.wish.renewed(self.desk, self.asked, source.component).await
        };
        match renewed.await {
            Ok(None) => {}
            Ok(Some(wish)) => {
                let kind = wish.server.operation.as_ref().map(|operation| operation.kind);
                let how = if kind == Some(OperationKind::Reinstall) { "installed anew" } else { "restarted" };
                self.desk.terminal.say("saved and built", &format!("the server is {how}"));
                self.wish = wish;
                // An installation that failed has left nothing to start.
                if self.failed && self.seen == Some(Observed::Uninstalled) {
                    self.wish.next(Desired::Running, OperationKind::Install);
                }
                if let Err(fault) = self.put().await {
                    self.desk.terminal.warn(&fault.to_string());
                }
            }
            Err(fault) => {
                self.desk.terminal.warn(&format!("{fault}\n  The server goes on with what was built before."))
            }
        }
    }

    async fn command(&self, command: String) {
        let path = format!("/v1/servers/{}/console", self.wish.server.id);
        let command = ConsoleCommand { command, actor: "you".to_owned() };
        if let Err(fault) = self.daemon.ask::<Value>(Method::POST, &path, &command).await {
            self.desk.terminal.warn(&fault.to_string());
        }
    }

    fn tell_where(&self) -> Result<(), Fault> {
        let server = &self.wish.server;
        if self.desk.terminal.json {
            let told = json!({ "type": "server", "id": server.id, "endpoints": server.endpoints });
            return self.desk.terminal.line(&told.to_string());
        }
        for endpoint in &server.endpoints {
            let protocol = serde_json::to_value(endpoint.protocol).unwrap_or_default();
            let protocol = protocol.as_str().unwrap_or_default().to_owned();
            let place = format!("{} is at {}:{}/{protocol}", endpoint.name, endpoint.address, endpoint.port);
            self.desk.terminal.say(&place, "");
        }
        Ok(())
    }

    fn show(&self, line: &ConsoleLine) -> Result<(), Fault> {
        let terminal = self.desk.terminal;
        if terminal.json {
            return terminal.line(&json!({ "type": "console", "line": line }).to_string());
        }
        let mark = match line.source {
            ConsoleSource::Game => "",
            ConsoleSource::Install => "[install] ",
            ConsoleSource::Command => "> ",
            ConsoleSource::Gantry => "[gantry] ",
        };
        terminal.line(&format!("{mark}{}", line.text))
    }

    fn hear(&mut self, envelope: &EventEnvelope) -> Result<(), Fault> {
        if self.desk.terminal.json {
            self.desk.terminal.line(&json!({ "type": "event", "event": envelope.event }).to_string())?;
        }
        match &envelope.event {
            Event::Observed { observed } => {
                if self.seen != Some(observed.state) {
                    let state = serde_json::to_value(observed.state).unwrap_or_default();
                    let why = observed.reason.clone().unwrap_or_default();
                    self.desk.terminal.say(&format!("server: {}", state.as_str().unwrap_or_default()), &why);
                }
                self.seen = Some(observed.state);
            }
            Event::Operation { operation } if operation.state == OperationState::Failed => {
                self.failed = true;
                if let Some(failure) = &operation.failure {
                    let remedy = failure.remedy.clone().unwrap_or_else(|| "Correct it and save.".to_owned());
                    let mut fault = Fault::new(&failure.code, failure.message.clone(), remedy);
                    fault.at.clone_from(&failure.step);
                    self.desk.terminal.warn(&fault.with_log(failure.log_tail.clone()).to_string());
                }
            }
            Event::PluginFault { plugin, call, code, message, .. } => {
                let fault = Fault::new(code, message.clone(), "Correct the plugin and save.");
                self.desk.terminal.warn(&fault.at(format!("{plugin}, {call}")).to_string());
            }
            Event::Operation { operation } => self.failed &= operation.state != OperationState::Succeeded,
            // A server that is tried out has no schedules.
            Event::Console { .. }
            | Event::Present { .. }
            | Event::Game { .. }
            | Event::Sftp { .. }
            | Event::Schedule { .. }
            | Event::Backup { .. }
            | Event::Drain { .. }
            | Event::Decided { .. } => {}
        }
        Ok(())
    }
}

/// The lines of standard input, read by a thread that ends with the program; their end is no reason to stop.
fn typed_lines() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

async fn next_save(saved: &mut Option<Saved>) {
    match saved {
        Some(saved) => saved.next().await,
        None => std::future::pending().await,
    }
}
