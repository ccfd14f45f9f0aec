//! What one person sees of one console, and the commands that people type.

use super::{ConsoleFrame, Watch, channel::Heard};
use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::{CommandInput, ConsoleQuery},
    rights::{RightsChange, RightsNews},
};
use chrono::Utc;
use gantry_auth::{Actor, rights};
use gantry_domain::{actions, audit::AuditEntry, problem, servers::ServerAction};
use gantry_nodes::{NodeClient, NodeError};
use gantry_protocol::{ConsoleCommand, ConsolePage};
use gantry_types::{NodeId, ServerId, permission::Permission};
use std::time::Duration;
use tokio::time::Instant;

/// Longest command, in bytes.
const MAX_COMMAND: usize = 2048;
/// Lines of a page of history: what is given, and the most.
const PAGE_LINES: u32 = 200;
const MAX_PAGE_LINES: u32 = 1000;
/// How often a session is looked up even without news.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// One person's stream of one console.
pub struct ConsoleFeed {
    app: App,
    actor: Actor,
    server: ServerId,
    watch: Watch,
    news: RightsNews,
    look_at: Instant,
    stale: bool,
    ended: bool,
}

impl App {
    /// Begins to watch a console, after a line or with the last ones.
    pub async fn console(&self, ctx: &OpCtx, server: ServerId, after: Option<u64>) -> Answer<ConsoleFeed> {
        // Listening begins before the rights are read, so that no change falls between the two.
        let news = self.rights().listen();
        let (_, access, row) = self.server_with(ctx, server, Permission::ConsoleRead).await?;
        access.grant::<rights::ConsoleRead>()?;
        let watch = self.consoles().watch(self.links(), server, row.node.id, after);
        let look_at = Instant::now() + LOOK_EVERY;
        Ok(ConsoleFeed {
            app: self.clone(),
            actor: ctx.actor.clone(),
            server,
            watch,
            news,
            look_at,
            stale: false,
            ended: false,
        })
    }

    /// Types one line into a game's console.
    pub async fn console_command(&self, ctx: &OpCtx, server: ServerId, input: CommandInput) -> Answer<()> {
        let command = checked(&input.command)?;
        let (mut tx, access, row) = self.server_with(ctx, server, Permission::ConsoleWrite).await?;
        access.grant::<rights::ConsoleWrite>()?;
        actions::check(self.situation(&row), ServerAction::Command)?;
        let client = self.client(row.node.id)?;
        // What was typed stays out of the log: it may be a password.
        tx.audit(AuditEntry::server("console.command", server, ctx.origin.clone()));
        tx.commit().await?;
        let command = ConsoleCommand { command, actor: ctx.actor.name.clone() };
        Ok(client.console_command(server, &command).await?)
    }

    /// A page of a console's history, oldest line first.
    pub async fn console_history(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        query: ConsoleQuery,
    ) -> Answer<ConsolePage> {
        let limit = query.limit.unwrap_or(PAGE_LINES);
        if limit == 0 || limit > MAX_PAGE_LINES {
            let remedy = format!("Ask for 1 to {MAX_PAGE_LINES} lines.");
            return Err(problem("limit", "A page of that size is not possible.", remedy).into());
        }
        let (_, _, row) = self.server_with(ctx, server, Permission::ConsoleRead).await?;
        let after = query.before.map(|before| before.saturating_sub(u64::from(limit) + 1));
        let mut page = self.client(row.node.id)?.console_history(server, after, limit).await?;
        if let Some(before) = query.before {
            page.lines.retain(|line| line.seq < before);
        }
        Ok(page)
    }

    pub(crate) fn client(&self, node: NodeId) -> Answer<NodeClient> {
        self.links().client(node).ok_or(AppError::Node(NodeError::Disconnected))
    }
}

fn checked(command: &str) -> Answer<String> {
    let command = command.trim_end_matches(['\r', '\n']);
    if command.trim().is_empty() {
        return Err(problem("command", "The command is empty.", "Type what the game understands.").into());
    }
    if command.len() > MAX_COMMAND {
        let remedy = format!("Type at most {MAX_COMMAND} bytes.");
        return Err(problem("command", "The command is too long.", remedy).into());
    }
    if command.chars().any(gantry_types::names::leaves_line) {
        return Err(problem(
            "command",
            "A command is one plain line.",
            "Remove line breaks and control characters.",
        )
        .into());
    }
    Ok(command.to_owned())
}

impl ConsoleFeed {
    /// The next thing to tell; none after [`ConsoleFrame::Revoked`]. Safe to cancel.
    pub async fn next(&mut self) -> Option<ConsoleFrame> {
        loop {
            if self.ended {
                return None;
            }
            if self.stale {
                self.ended = !self.may_read().await;
                self.stale = false;
                self.look_at = Instant::now() + LOOK_EVERY;
                if self.ended {
                    return Some(ConsoleFrame::Revoked);
                }
            }
            tokio::select! {
                biased;
                change = self.news.next() => self.stale = self.concerns(change),
                () = tokio::time::sleep_until(self.look_at) => self.stale = true,
                heard = self.watch.next() => return Some(heard.into()),
            }
        }
    }

    fn concerns(&self, change: RightsChange) -> bool {
        match change {
            RightsChange::User(user) => user == self.actor.user_id,
            RightsChange::Session(session) => session == self.actor.session_id,
            RightsChange::Server(server) => server == self.server,
            RightsChange::Everything => true,
        }
    }

    /// Whether the session stands and the right does. What cannot be found out is a no.
    async fn may_read(&mut self) -> bool {
        match self.ask().await {
            Ok(may) => may,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "rights could not be read; a console is closed"
                );
                false
            }
        }
    }

    async fn ask(&mut self) -> Answer<bool> {
        let found = self.app.db().actor_of_session(self.actor.session_id, Utc::now()).await?;
        let Some(actor) = found else { return Ok(false) };
        let access = self.app.db().as_user(&actor).await?.server_access(&actor, self.server).await?;
        self.actor = actor;
        Ok(access.allows(Permission::ConsoleRead))
    }
}

impl From<Heard> for ConsoleFrame {
    fn from(heard: Heard) -> Self {
        match heard {
            Heard::Lines(lines) => Self::Lines { lines },
            Heard::Gap { from, to } => Self::Gap { from, to },
            Heard::Restarted => Self::Restarted,
            Heard::Connected(connected) => Self::Node { connected },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_one_line() {
        assert_eq!(checked("say hello\r\n").unwrap(), "say hello");
        let two = ["stop\nop mallory", "stop\rop mallory", "stop\u{2028}op mallory", "stop\u{85}op mallory"];
        for bad in
            two.into_iter().chain(["", "\n", "say \u{1b}[2J", "say \u{9b}2J", &"x".repeat(MAX_COMMAND + 1)])
        {
            assert!(checked(bad).is_err(), "{bad:?}");
        }
    }
}
