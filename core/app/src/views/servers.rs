//! Servers as one actor may see them, with what that actor may do and why not.

use chrono::{DateTime, Utc};
use gantry_domain::{
    allocations::ServerEndpoint,
    operations::Operation,
    players::{Game, PlayerSession},
    servers::{ServerAction, ServerDraining, StartPart},
    statistics::Point,
    users::Person,
};
use gantry_types::{
    AllocationId, NodeId, OperationId, ServerId,
    blueprint::{CommandDoor, FieldProblem, Variable},
    drain::{ServerDrain, ServerDrainState},
    operation::{OperationFailure, OperationKind, OperationState, Progress},
    permission::Permission,
    plan::InstallPlan,
    problem::Code,
    sample::{LiveSample, Player},
    server::{Desired, Endpoint, Hold, ObservedState, Setting},
    units::Limits,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerView {
    pub id: ServerId,
    pub name: String,
    pub description: String,
    pub blueprint: ServerBlueprint,
    pub node: ServerNode,
    pub owner: Person,
    pub desired: Desired,
    pub observed: ObservedState,
    pub holds: Vec<Hold>,
    /// While its node is being drained: it stops and stays so until that ends.
    pub drain: Option<ServerDrainView>,
    /// The one that has not ended.
    pub operation: Option<OperationView>,
    pub limits: Limits,
    /// The primary one first. Empty without `allocations.read`, but for the primary.
    pub endpoints: Vec<EndpointView>,
    pub time_zone: String,
    pub generation: u64,
    /// The generation that the node has written down; lower means that a change is on its way.
    pub acknowledged_generation: u64,
    /// What changed since its process was started and is taken in by a restart only. Variables say so themselves.
    pub waiting: Vec<StartPart>,
    /// What the caller may do with it.
    pub permissions: Vec<Permission>,
    pub actions: Vec<ActionView>,
    pub created_at: DateTime<Utc>,
    /// The latest second that the node told of. It is written last, because it alone changes while the server does not.
    pub sample: Option<LiveSample>,
}

/// How far the drain of its node is with a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerDrainView {
    /// When it stops although somebody plays.
    pub deadline: DateTime<Utc>,
    /// Whether a backup is made once it has stopped.
    pub backup: bool,
    /// None where it did not run when the drain began, or the node has not said.
    pub state: Option<ServerDrainState>,
    /// What could not be done as it should.
    pub trouble: Vec<String>,
}

/// How far a drain is with a server, and what could not be done as it should.
pub(crate) fn reached(progress: Option<ServerDrain>) -> (Option<ServerDrainState>, Vec<String>) {
    progress.map_or_else(Default::default, |known| (Some(known.state), known.trouble))
}

impl From<ServerDraining> for ServerDrainView {
    fn from(ServerDraining { drain, progress }: ServerDraining) -> Self {
        let (state, trouble) = reached(progress);
        Self { deadline: drain.deadline, backup: drain.backup, state, trouble }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerBlueprint {
    /// `plugin:blueprint`.
    pub id: String,
    pub name: String,
    pub plugin: String,
    pub plugin_version: String,
    /// How it takes commands.
    pub commands: CommandDoor,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerNode {
    pub id: NodeId,
    pub name: String,
    pub location: String,
    pub connected: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndpointView {
    pub allocation_id: AllocationId,
    #[serde(flatten)]
    pub endpoint: Endpoint,
    pub primary: bool,
}

/// Whether an action would be taken this moment. A control that is disabled says why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActionView {
    pub action: ServerAction,
    pub allowed: bool,
    pub code: Option<Code>,
    pub reason: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperationView {
    pub id: OperationId,
    pub server_id: ServerId,
    pub kind: OperationKind,
    pub state: OperationState,
    pub progress: Option<Progress>,
    pub failure: Option<OperationFailure>,
    pub requested_by: Option<Person>,
    pub requested_at: DateTime<Utc>,
    pub deadline: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// Work that was taken and goes on; follow it by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    pub operation_id: OperationId,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerCreated {
    pub server: ServerView,
    pub operation: OperationView,
}

/// What creating a server would do.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreviewView {
    /// Empty means that creating would be accepted this moment.
    pub problems: Vec<FieldProblem>,
    /// What the plugin looked up for the plan.
    pub facts: Vec<Setting>,
    /// None while the variables do not stand, or what the plan needs cannot be looked up.
    pub plan: Option<InstallPlan>,
    /// The addresses that would be taken.
    pub endpoints: Vec<EndpointView>,
}

/// A variable with its value, for one actor.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VariableView {
    pub variable: Variable,
    /// Always none for a secret.
    pub value: Option<String>,
    /// Whether there is a value, shown or not.
    pub is_set: bool,
    pub editable: bool,
    /// Why it is not editable.
    pub reason: Option<String>,
    /// Whether the running process was started before the value was changed, and takes it in by a restart only.
    pub needs_restart: bool,
}

/// All variables that the caller may see.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VariablesView {
    pub items: Vec<VariableView>,
    /// Whether any of them waits for a restart.
    pub needs_restart: bool,
    /// Whether the change that was just made is felt after installing again only.
    pub needs_reinstall: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatisticsView {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub step_seconds: u32,
    pub points: Vec<StatisticsPoint>,
    /// What was played: from each of these on until the next, the latest thousand of them. The first may be of before `from`.
    pub games: Vec<GameView>,
}

/// What was played from then on, as the game told. Neither a map nor a version is a game that did not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GameView {
    pub at: DateTime<Utc>,
    pub map: Option<String>,
    pub version: Option<String>,
}

impl From<Game> for GameView {
    fn from(game: Game) -> Self {
        let Game { at, map, version } = game;
        Self { at, map, version }
    }
}

/// Means over one step, or the last value where a mean says nothing. What nobody measured is null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatisticsPoint {
    /// The step's beginning.
    pub at: DateTime<Utc>,
    pub cpu_percent: Option<f64>,
    pub memory_bytes: Option<u64>,
    pub memory_limit_bytes: Option<u64>,
    pub disk_bytes: Option<u64>,
    pub network_rx_bytes: Option<u64>,
    pub network_tx_bytes: Option<u64>,
    pub players: Option<f64>,
    pub max_players: Option<u32>,
    pub latency_ms: Option<f64>,
}

/// Who plays, as the game last said.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlayersView {
    pub players: Vec<Player>,
    pub count: Option<u32>,
    pub max_players: Option<u32>,
    /// Whether `players` names all of them.
    pub complete: bool,
    pub at: Option<DateTime<Utc>>,
}

/// When somebody played, as the game told.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlayerSessionView {
    pub id: Uuid,
    /// The name that the game told, on one line.
    pub player: String,
    pub since: DateTime<Utc>,
    /// When the player left or the game ended; none while the player is there.
    pub until: Option<DateTime<Utc>>,
}

impl From<PlayerSession> for PlayerSessionView {
    fn from(session: PlayerSession) -> Self {
        let PlayerSession { id, player, since, until } = session;
        Self { id, player, since, until }
    }
}

impl EndpointView {
    /// The first endpoint is the one that players type.
    pub(crate) fn list(endpoints: Vec<ServerEndpoint>) -> Vec<Self> {
        let view = |(index, one): (usize, ServerEndpoint)| Self {
            allocation_id: one.allocation_id,
            endpoint: one.endpoint,
            primary: index == 0,
        };
        endpoints.into_iter().enumerate().map(view).collect()
    }
}

impl From<Operation> for OperationView {
    fn from(operation: Operation) -> Self {
        Self {
            id: operation.id,
            server_id: operation.server_id,
            kind: operation.kind,
            state: operation.state,
            progress: operation.progress,
            failure: operation.failure,
            requested_by: operation.requested_by,
            requested_at: operation.requested_at,
            deadline: operation.deadline,
            started_at: operation.started_at,
            ended_at: operation.ended_at,
        }
    }
}

impl From<Point> for StatisticsPoint {
    fn from(point: Point) -> Self {
        let measures = point.measures;
        let bytes = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
        Self {
            at: point.at,
            cpu_percent: measures.cpu_percent,
            memory_bytes: bytes(measures.memory_bytes),
            memory_limit_bytes: bytes(measures.memory_limit_bytes),
            disk_bytes: bytes(measures.disk_bytes),
            network_rx_bytes: bytes(measures.network_rx_bytes),
            network_tx_bytes: bytes(measures.network_tx_bytes),
            players: measures.players,
            max_players: measures.max_players.and_then(|value| u32::try_from(value).ok()),
            latency_ms: measures.latency_ms,
        }
    }
}
