//! A server as one person may see it: rights narrow it, and every action says whether it would be taken and why not.

use crate::{
    App,
    views::{ActionView, EndpointView, ServerBlueprint, ServerNode, ServerView},
};
use chrono::Utc;
use gantry_domain::{
    actions::{self, Situation},
    servers::{Server, ServerAction},
};
use gantry_types::{permission::Permission, problem::Code, sample::LiveSample};
use std::collections::BTreeSet;

/// What one person may do with one server.
pub(crate) type Permissions = BTreeSet<Permission>;

impl App {
    /// The server for somebody with `permissions`.
    pub(crate) fn view(&self, server: Server, permissions: &Permissions) -> ServerView {
        let connected = self.links().is_connected(server.node.id);
        let sample = self.samples().latest(server.id, Utc::now());
        view(server, permissions, connected, sample)
    }

    /// The server as a row of a list has it, without its latest second.
    pub(crate) fn row_view(&self, server: Server) -> ServerView {
        let connected = self.links().is_connected(server.node.id);
        let permissions = server.permissions.clone();
        view(server, &permissions, connected, None)
    }

    /// What a server's state allows.
    pub(crate) fn situation<'a>(&self, server: &'a Server) -> Situation<'a> {
        situation(server, self.links().is_connected(server.node.id))
    }
}

fn situation(server: &Server, connected: bool) -> Situation<'_> {
    Situation {
        desired: server.desired,
        observed: server.observed.state,
        holds: &server.holds,
        draining: server.drain.is_some(),
        operation: server.operation.as_ref().map(|operation| operation.kind),
        connected,
        commands: server.blueprint.commands,
    }
}

fn view(
    server: Server,
    permissions: &Permissions,
    connected: bool,
    sample: Option<LiveSample>,
) -> ServerView {
    let situation = situation(&server, connected);
    let actions = ServerAction::ALL.map(|action| explain(situation, permissions, action));
    let waiting = server.waiting();
    let mut endpoints = EndpointView::list(server.endpoints);
    if !permissions.contains(&Permission::AllocationsRead) {
        endpoints.truncate(1);
    }
    ServerView {
        id: server.id,
        name: server.name,
        description: server.description,
        blueprint: ServerBlueprint {
            id: server.blueprint.key.to_string(),
            name: server.blueprint.name,
            plugin: server.blueprint.plugin_name,
            plugin_version: server.blueprint.plugin_version,
            commands: server.blueprint.commands,
        },
        node: ServerNode {
            id: server.node.id,
            name: server.node.name,
            location: server.node.location_name,
            connected,
        },
        owner: server.owner,
        desired: server.desired,
        observed: server.observed,
        holds: server.holds,
        drain: server.drain.map(Into::into),
        operation: server.operation.map(Into::into),
        limits: server.limits,
        endpoints,
        time_zone: server.time_zone,
        generation: server.generation,
        acknowledged_generation: server.acknowledged_generation,
        waiting,
        permissions: permissions.iter().copied().collect(),
        actions: actions.into(),
        created_at: server.created_at,
        sample: sample.and_then(|sample| narrowed(sample, permissions)),
    }
}

fn explain(situation: Situation<'_>, permissions: &Permissions, action: ServerAction) -> ActionView {
    let refusal = if permissions.contains(&action.permission()) {
        actions::check(situation, action).err().map(|refusal| (refusal.code, refusal.reason))
    } else {
        Some((Code::Forbidden, format!("You need the permission {}.", action.permission().as_str())))
    };
    let (code, reason) = refusal.unzip();
    ActionView { action, allowed: code.is_none(), code, reason }
}

/// A second of a server as somebody with these rights may see it; none if nothing is left.
pub(crate) fn narrowed(mut sample: LiveSample, permissions: &Permissions) -> Option<LiveSample> {
    let (numbers, people) =
        (permissions.contains(&Permission::StatisticsRead), permissions.contains(&Permission::PlayersRead));
    if !numbers {
        sample.statistics = None;
    }
    if !people && let Some(game) = &mut sample.game {
        game.player_list.clear();
        game.lists_players = false;
    }
    if !numbers && !people {
        sample.game = None;
    }
    (sample.statistics.is_some() || sample.game.is_some()).then_some(sample)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_types::{
        blueprint::CommandDoor,
        sample::{Player, Sample, Statistics},
        server::{Desired, Observed},
    };

    const IDLE: Situation<'static> = Situation {
        desired: Desired::Stopped,
        observed: Observed::Offline,
        holds: &[],
        draining: false,
        operation: None,
        connected: true,
        commands: CommandDoor::Console,
    };

    fn sample() -> LiveSample {
        let player =
            Player { name: "Ada".to_owned(), id: None, score: None, ping_ms: None, seconds_online: None };
        LiveSample {
            at: chrono::DateTime::UNIX_EPOCH,
            statistics: Some(Statistics::default()),
            game: Some(Sample { lists_players: true, player_list: vec![player], ..Sample::default() }),
        }
    }

    #[test]
    fn an_action_that_is_not_allowed_says_why() {
        let all: Permissions = Permission::ALL.iter().copied().collect();
        assert!(explain(IDLE, &all, ServerAction::Start).allowed);
        let stop = explain(IDLE, &all, ServerAction::Stop);
        assert_eq!(stop.reason.as_deref(), Some("The server is not running."));
        let missing = explain(IDLE, &Permissions::new(), ServerAction::Start);
        assert_eq!(missing.reason.as_deref(), Some("You need the permission power.start."));
    }

    #[test]
    fn who_may_not_see_players_does_not_see_their_names() {
        let seen = narrowed(sample(), &Permissions::from([Permission::StatisticsRead])).unwrap();
        assert!(seen.statistics.is_some());
        assert!(seen.game.unwrap().player_list.is_empty());
        assert_eq!(narrowed(sample(), &Permissions::from([Permission::ServerRead])), None);
    }
}
