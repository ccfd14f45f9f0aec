//! One page's view of the news: filtered by topic and by what its person may see at that moment.
//!
//! Rights are kept beside the socket and read again whenever news says that they may have changed, before anything else
//! is shown; what became visible is shown, what ceased to be is taken away.
//!
//! Samples of servers wait for each other a moment: a page that shows many hears of them together, in a few frames each
//! second and not in one for each, of which every one wakes a browser.

use super::{Change, LiveFrame, ServerSample, TOPICS, Topic};
use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    rights::{RightsChange, RightsNews},
    samples::Watching,
    servers::{Permissions, narrowed},
    views::NodeState,
};
use chrono::Utc;
use futures_util::FutureExt;
use gantry_auth::Actor;
use gantry_domain::servers::Server;
use gantry_protocol::NodeSample;
use gantry_types::{NodeId, ServerId, permission::Permission, problem::Code, sample::LiveSample};
use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::LazyLock,
    time::Duration,
};
use tokio::{
    sync::broadcast::{
        self,
        error::{RecvError, TryRecvError},
    },
    time::Instant,
};

/// How often a session is looked up even without news: sessions also end by their age.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How long a sample waits for those of other servers, and how many of them at most.
const TOGETHER: Duration = Duration::from_millis(250);
const MOST_TOGETHER: usize = 256;

/// What a socket's person may see.
enum Sees {
    Everything,
    Some(BTreeMap<ServerId, Permissions>),
}

/// One page's stream of news.
pub struct LiveFeed {
    app: App,
    actor: Actor,
    sees: Sees,
    topics: HashSet<Topic>,
    /// Nodes that are measured each second for this page.
    watching: HashMap<NodeId, Watching>,
    changes: broadcast::Receiver<Change>,
    news: RightsNews,
    look_at: Instant,
    stale: bool,
    ended: bool,
    ready: VecDeque<LiveFrame>,
    /// Those that wait, and until when.
    samples: Vec<ServerSample>,
    samples_at: Option<Instant>,
}

impl App {
    /// Begins a stream of news for a person. It is silent until it is given topics.
    pub async fn live(&self, ctx: &OpCtx) -> Answer<LiveFeed> {
        // Subscribed before the rights are read, so that no change falls between the two.
        let (changes, news) = (self.live_hub().subscribe(), self.rights().listen());
        let mut feed = LiveFeed {
            app: self.clone(),
            actor: ctx.actor.clone(),
            sees: Sees::Some(BTreeMap::new()),
            topics: HashSet::new(),
            watching: HashMap::new(),
            changes,
            news,
            look_at: Instant::now(),
            stale: false,
            ended: false,
            ready: VecDeque::new(),
            samples: Vec::new(),
            samples_at: None,
        };
        if !feed.look().await? {
            return Err(AppError::refused(Code::NotSignedIn, "The session has ended."));
        }
        feed.ready.clear();
        Ok(feed)
    }
}

impl LiveFeed {
    /// Replaces the topics.
    pub fn subscribe(&mut self, topics: impl IntoIterator<Item = Topic>) -> Answer<()> {
        let topics: HashSet<Topic> = topics.into_iter().take(TOPICS + 1).collect();
        if topics.len() > TOPICS {
            return Err(AppError::refused(
                Code::InvalidRequest,
                format!("One socket takes {TOPICS} topics."),
            ));
        }
        self.topics = topics;
        self.watch_nodes();
        Ok(())
    }

    /// Watches the nodes of the topics, and shows at once what is known of those that are new.
    fn watch_nodes(&mut self) {
        self.watching.retain(|node, _| self.topics.contains(&Topic::Node(*node)));
        if !self.actor.is_administrator() {
            return;
        }
        let nodes = self.topics.iter().filter_map(|topic| match topic {
            Topic::Node(node) if !self.watching.contains_key(node) => Some(*node),
            _ => None,
        });
        for node in nodes.collect::<Vec<_>>() {
            self.watching.insert(node, self.app.machines().watch(node));
            if let Some(sample) = self.app.machines().latest(node, Utc::now()) {
                self.node_sample(node, &sample);
            }
        }
    }

    /// The next thing to tell; none when the socket is to be closed, because the session ended or because so much was
    /// missed that the page must fetch everything again. Safe to cancel.
    pub async fn next(&mut self) -> Option<LiveFrame> {
        loop {
            if self.ended {
                return None;
            }
            if self.stale {
                self.renew().await;
                continue;
            }
            if let Some(frame) = self.ready.pop_front() {
                return Some(frame);
            }
            tokio::select! {
                biased;
                change = self.news.next() => self.stale = self.concerns(change),
                () = tokio::time::sleep_until(self.look_at) => self.stale = true,
                () = due(self.samples_at) => self.tell_samples(),
                change = self.changes.recv() => match change {
                    Ok(change) => self.take(change),
                    Err(RecvError::Lagged(_)) => self.fell_behind(),
                    Err(RecvError::Closed) => self.ended = true,
                },
            }
        }
    }

    /// The next thing to tell if it can be told without waiting for anything.
    pub fn at_hand(&mut self) -> Option<LiveFrame> {
        while !self.stale && !self.ended {
            if let Some(frame) = self.ready.pop_front() {
                return Some(frame);
            }
            match self.news.next().now_or_never() {
                Some(change) => self.stale = self.concerns(change),
                None => match self.changes.try_recv() {
                    Ok(change) => self.take(change),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Lagged(_)) => self.fell_behind(),
                    Err(TryRecvError::Closed) => self.ended = true,
                },
            }
        }
        None
    }

    fn fell_behind(&mut self) {
        metrics::counter!("gantry_live_lagged_total").increment(1);
        self.ended = true;
    }

    fn concerns(&self, change: RightsChange) -> bool {
        match change {
            RightsChange::User(user) => user == self.actor.user_id,
            RightsChange::Session(session) => session == self.actor.session_id,
            // A server that is gone is told of by its own news.
            RightsChange::Server(_) => false,
            RightsChange::Everything => true,
        }
    }

    async fn renew(&mut self) {
        match self.look().await {
            Ok(alive) => self.ended = !alive,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "rights could not be read; the socket is closed"
                );
                self.ended = true;
            }
        }
        self.stale = false;
    }

    /// Reads session and rights, and shows what became visible or ceased to be. False if the session has ended.
    async fn look(&mut self) -> Answer<bool> {
        let app = self.app.clone();
        let turn = app.turns().of_socket().await?;
        let Some(actor) = app.db().actor_of_session(self.actor.session_id, Utc::now()).await? else {
            return Ok(false);
        };
        let mut tx = app.db().as_system().await?;
        let sees = match actor.is_administrator() {
            true => Sees::Everything,
            false => Sees::Some(tx.rights_of(actor.user_id).await?),
        };
        let shown = match (&self.sees, &sees) {
            (Sees::Some(before), Sees::Some(after)) => difference(before, after),
            (Sees::Everything, Sees::Everything) => Difference::default(),
            // A person whose role changed has a page that was built for another one.
            (Sees::Some(before), Sees::Everything) if before.is_empty() && self.topics.is_empty() => {
                Difference::default()
            }
            (Sees::Everything, Sees::Some(_)) | (Sees::Some(_), Sees::Everything) => return Ok(false),
        };
        let rows = match shown.shown.is_empty() || self.topics.is_empty() {
            true => Vec::new(),
            false => tx.servers_by_ids(&shown.shown).await?,
        };
        drop(tx);
        drop(turn);
        (self.actor, self.sees) = (actor, sees);
        // They were chosen by rights that may be no more.
        (self.samples, self.samples_at) = (Vec::new(), None);
        self.look_at = Instant::now() + LOOK_EVERY;
        shown.hidden.into_iter().for_each(|server| self.hide(server));
        rows.into_iter().for_each(|server| self.show(&server));
        Ok(true)
    }

    fn take(&mut self, change: Change) {
        match change {
            Change::Server(server) => self.show(&server),
            Change::Removed(server) => self.remove(server),
            Change::Sample(server, sample) => self.sample(server, &sample),
            Change::Operation(operation) => {
                let wanted = self.topics.contains(&Topic::Operations) || self.wants(operation.server_id);
                if wanted && self.may(operation.server_id, Permission::OperationsRead) {
                    let operation = Box::new((*operation).clone().into());
                    self.ready.push_back(LiveFrame::Operation { operation });
                }
            }
            Change::Node(node) => self.node(node),
            Change::NodeSample(node, sample) => self.node_sample(node, &sample),
            Change::Plugin(plugin_id) => {
                if self.topics.contains(&Topic::Plugins) {
                    self.ready.push_back(LiveFrame::Plugin { plugin_id });
                }
            }
            Change::Schedules(server_id) => {
                let wanted = self.topics.contains(&Topic::Server(server_id));
                if wanted && self.may(server_id, Permission::SchedulesRead) {
                    self.ready.push_back(LiveFrame::Schedules { server_id });
                }
            }
            Change::Backups(server_id) => {
                let wanted = self.topics.contains(&Topic::Server(server_id));
                if wanted && self.may(server_id, Permission::BackupsRead) {
                    self.ready.push_back(LiveFrame::Backups { server_id });
                }
            }
            Change::Everything => self.ended = true,
        }
    }

    fn wants(&self, server: ServerId) -> bool {
        self.topics.contains(&Topic::Servers) || self.topics.contains(&Topic::Server(server))
    }

    fn permissions(&self, server: ServerId) -> Option<&Permissions> {
        static ALL: LazyLock<Permissions> = LazyLock::new(|| Permission::ALL.iter().copied().collect());
        match &self.sees {
            Sees::Everything => Some(&ALL),
            Sees::Some(servers) => servers.get(&server),
        }
    }

    fn may(&self, server: ServerId, permission: Permission) -> bool {
        self.permissions(server).is_some_and(|rights| rights.contains(&permission))
    }

    fn show(&mut self, server: &Server) {
        if let Sees::Some(servers) = &mut self.sees
            && server.owner.id == self.actor.user_id
        {
            // One's own server may be younger than the rights that were read.
            servers.entry(server.id).or_insert_with(|| Permission::ALL.iter().copied().collect());
        }
        if self.wants(server.id)
            && let Some(permissions) = self.permissions(server.id)
        {
            let server = Box::new(self.app.view(server.clone(), permissions));
            self.ready.push_back(LiveFrame::Server { server });
        }
    }

    fn remove(&mut self, server: ServerId) {
        let seen = match &mut self.sees {
            Sees::Everything => true,
            Sees::Some(servers) => servers.remove(&server).is_some(),
        };
        if seen {
            self.hide(server);
        }
    }

    fn hide(&mut self, server_id: ServerId) {
        self.samples.retain(|one| one.server_id != server_id);
        if self.wants(server_id) {
            self.ready.push_back(LiveFrame::Removed { server_id });
        }
    }

    fn sample(&mut self, server_id: ServerId, sample: &LiveSample) {
        if self.topics.contains(&Topic::Server(server_id))
            && let Some(permissions) = self.permissions(server_id)
            && let Some(sample) = narrowed(sample.clone(), permissions)
        {
            self.samples.push(ServerSample { server_id, sample });
            self.samples_at.get_or_insert_with(|| Instant::now() + TOGETHER);
            if self.samples.len() >= MOST_TOGETHER {
                self.tell_samples();
            }
        }
    }

    fn tell_samples(&mut self) {
        self.samples_at = None;
        let samples = std::mem::take(&mut self.samples);
        if !samples.is_empty() {
            self.ready.push_back(LiveFrame::Samples { samples });
        }
    }

    fn node(&mut self, node_id: NodeId) {
        if self.topics.contains(&Topic::Nodes) && self.actor.is_administrator() {
            let connected = self.app.links().client(node_id).is_some();
            let state = if connected { NodeState::Connected } else { NodeState::Disconnected };
            self.ready.push_back(LiveFrame::Node { node_id, state });
        }
    }

    fn node_sample(&mut self, node_id: NodeId, sample: &NodeSample) {
        if self.topics.contains(&Topic::Node(node_id)) && self.actor.is_administrator() {
            self.ready.push_back(LiveFrame::NodeSample { node_id, sample: Box::new(sample.clone()) });
        }
    }
}

async fn due(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// What a change of rights shows and hides.
#[derive(Debug, Default, PartialEq, Eq)]
struct Difference {
    shown: Vec<ServerId>,
    hidden: Vec<ServerId>,
}

fn difference(
    before: &BTreeMap<ServerId, Permissions>,
    after: &BTreeMap<ServerId, Permissions>,
) -> Difference {
    let shown = after.iter().filter(|(id, rights)| before.get(id) != Some(rights)).map(|(id, _)| *id);
    let hidden = before.keys().filter(|id| !after.contains_key(id)).copied();
    Difference { shown: shown.collect(), hidden: hidden.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> ServerId {
        ServerId::new(uuid::Uuid::from_u128(n))
    }

    #[test]
    fn a_change_of_rights_shows_what_is_other_and_hides_what_is_gone() {
        let read = Permissions::from([Permission::ServerRead]);
        let more = Permissions::from([Permission::ServerRead, Permission::PowerStart]);
        let before = BTreeMap::from([(id(1), read.clone()), (id(2), read.clone()), (id(3), read.clone())]);
        let after = BTreeMap::from([(id(1), read.clone()), (id(2), more), (id(4), read)]);
        let expected = Difference { shown: vec![id(2), id(4)], hidden: vec![id(3)] };
        assert_eq!(difference(&before, &after), expected);
    }
}
