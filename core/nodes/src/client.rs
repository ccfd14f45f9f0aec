//! The typed calls to one node: a method for each row of `gantry_protocol`'s table.

use crate::{
    BodyStream, NodeBytes, NodeError, NodeStream, ProtocolFault,
    call::{self, Link},
};
use bytes::Bytes;
use gantry_protocol::{
    Acknowledge, ActionReport, ActionRequest, BackupChange, BackupRequest, BroadcastRequest, ConsoleCommand,
    ConsoleLine, ConsolePage, DesiredNode, DesiredServer, EventEnvelope, ExpectedFile, FileChange,
    FileDeletion, FileDeletionOutcome, FileListing, FileOutcome, FileSaved, FormReport, FormRequest, Hello,
    KnownBackup, NodeReport, NodeSample, ObservedServer, PROTECTED_HEADER, RunRequest, RunStarted,
    SampleEnvelope, SftpGrants,
};
use gantry_types::{
    BackupId, NodeId, ScheduleId, ServerId,
    backup::Backup,
    conduct::{PluginConduct, PluginHold, PluginLine, PluginRecord},
    page::Block,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// For calls that the node answers from what it has at hand.
const QUICK: Duration = Duration::from_secs(5);
/// For calls that touch its disk.
const ORDINARY: Duration = Duration::from_secs(10);
/// For a component's bytes over a slow line.
const TRANSFER: Duration = Duration::from_secs(120);

/// For a file of the largest size over a slow line.
const UPLOAD: Duration = Duration::from_secs(3_600);
/// For copying or deleting a tree.
const TREE: Duration = Duration::from_secs(300);

/// For a form, whose reader may take half a minute of a processor and waits for its turn before.
const FORM: Duration = Duration::from_secs(60);
/// For a page of a plugin, which may ask its game several times.
const RENDERING: Duration = Duration::from_secs(30);

/// For what a plugin does to its game: effects wait for ten minutes at most, and calls of the plugin take their time.
const ACTION: Duration = Duration::from_secs(660);

/// Caps on answers, in bytes.
const SMALL: usize = 256 * 1024;
const REPORT: usize = 1024 * 1024;
const LIST: usize = 32 * 1024 * 1024;
const PAGE: usize = 16 * 1024 * 1024;
/// More than a host makes of a call.
const RECORD: usize = 4 * 1024 * 1024;

/// One link's calls. Cloning is cheap. When the link ends, calls and streams fail with [`NodeError::Disconnected`], and a
/// later link of the same node has a client of its own.
#[derive(Clone)]
pub struct NodeClient {
    link: Arc<Link>,
}

/// A file of a node, as it is when it is asked for.
#[derive(Debug)]
pub struct NodeFile {
    /// How many bytes come; fewer are an error.
    pub bytes: u64,
    /// Of this very state of the file.
    pub version: String,
    /// Only the game and its plugin write it.
    pub protected: bool,
    pub content: NodeBytes,
}

/// A backup's archive, as it comes.
#[derive(Debug)]
pub struct NodeArchive {
    /// How many bytes come, if the node says so; fewer are an error.
    pub bytes: Option<u64>,
    pub content: NodeBytes,
}

/// How a file goes over the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As fast as the node and the link let it.
    Whole,
    /// As fast as a person gives or takes it.
    OfPerson,
}

impl Pace {
    const fn as_text(self) -> &'static str {
        match self {
            Self::Whole => "true",
            Self::OfPerson => "false",
        }
    }
}

/// A query string.
fn query(parameters: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

impl std::fmt::Debug for NodeClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodeClient").field("node_id", &self.node_id()).finish_non_exhaustive()
    }
}

impl NodeClient {
    pub(crate) fn new(hello: Hello, sender: call::Sender, closed: CancellationToken) -> Self {
        Self { link: Arc::new(Link::new(hello, sender, closed)) }
    }

    pub(crate) fn close(&self) {
        self.link.closed.cancel();
    }

    /// The node at the other end, proved by its signature.
    pub fn node_id(&self) -> NodeId {
        self.link.hello.node_id
    }

    /// What the daemon says its version is.
    pub fn agent_version(&self) -> &str {
        &self.link.hello.agent_version
    }

    pub fn is_closed(&self) -> bool {
        self.link.closed.is_cancelled()
    }

    /// Waits until the link has ended.
    pub async fn closed(&self) {
        self.link.closed.cancelled().await;
    }

    /// What the node says of itself.
    pub async fn node(&self) -> Result<NodeReport, NodeError> {
        self.link.fetch(Method::GET, "/v1/node", Bytes::new(), QUICK, REPORT).await
    }

    /// Gives the node a component. `digest` is the lower-case hex SHA-256 of `component`.
    pub async fn put_plugin(&self, digest: &str, component: Bytes) -> Result<(), NodeError> {
        if digest.len() != 64 || !digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(NodeError::Protocol(ProtocolFault::Request));
        }
        let path = format!("/v1/plugins/{digest}");
        self.link.perform(Method::PUT, &path, component, TRANSFER).await
    }

    /// How plugins fare on the node.
    pub async fn conduct(&self) -> Result<Vec<PluginConduct>, NodeError> {
        self.link.fetch(Method::GET, "/v1/conduct", Bytes::new(), QUICK, PAGE).await
    }

    /// Why a release is not asked about a server on the node, where it is on hold there.
    pub async fn plugin_holds(
        &self,
        digest: &str,
        server_id: ServerId,
    ) -> Result<Vec<PluginHold>, NodeError> {
        let path = format!("/v1/plugins/{digest}/holds/{server_id}");
        self.link.fetch(Method::GET, &path, Bytes::new(), QUICK, PAGE).await
    }

    /// What a release wrote on the node, oldest first: all of it, or about one server.
    pub async fn plugin_log(
        &self,
        digest: &str,
        server_id: Option<ServerId>,
    ) -> Result<Vec<PluginLine>, NodeError> {
        let path = format!("/v1/plugins/{digest}/log{}", about(server_id));
        self.link.fetch(Method::GET, &path, Bytes::new(), QUICK, PAGE).await
    }

    /// The calls of plugins that were stopped and are kept on the node.
    pub async fn records(&self) -> Result<Vec<PluginRecord>, NodeError> {
        self.link.fetch(Method::GET, "/v1/records", Bytes::new(), QUICK, PAGE).await
    }

    /// One of them. Both words are hexadecimal.
    pub async fn record(&self, digest: &str, record: &str) -> Result<String, NodeError> {
        let path = format!("/v1/plugins/{digest}/records/{record}");
        self.link.text(&path, ORDINARY, RECORD).await
    }

    /// Ends the holds of a release on the node, or the one for a server.
    pub async fn lift_hold(&self, digest: &str, server_id: Option<ServerId>) -> Result<(), NodeError> {
        let path = format!("/v1/plugins/{digest}/lift{}", about(server_id));
        self.link.perform(Method::POST, &path, Bytes::new(), QUICK).await
    }

    /// Full state of all the node's servers.
    pub async fn servers(&self) -> Result<Vec<ObservedServer>, NodeError> {
        self.link.fetch(Method::GET, "/v1/servers", Bytes::new(), ORDINARY, LIST).await
    }

    /// Tells the node the whole of what a server should be.
    pub async fn put_server(&self, desired: &DesiredServer) -> Result<ObservedServer, NodeError> {
        let path = format!("/v1/servers/{}", desired.id);
        let observed: ObservedServer =
            self.link.fetch(Method::PUT, &path, call::json(desired)?, ORDINARY, SMALL).await?;
        if observed.id == desired.id {
            Ok(observed)
        } else {
            Err(NodeError::Protocol(ProtocolFault::OtherServer))
        }
    }

    /// Tells the node the whole of whom to let in by SFTP.
    pub async fn put_sftp(&self, grants: &SftpGrants) -> Result<(), NodeError> {
        self.link.perform(Method::PUT, "/v1/sftp", call::json(grants)?, ORDINARY).await
    }

    /// Tells the node what is wanted of itself.
    pub async fn put_desired(&self, desired: &DesiredNode) -> Result<(), NodeError> {
        self.link.perform(Method::PUT, "/v1/node/desired", call::json(desired)?, ORDINARY).await
    }

    /// Types one line into a server's console.
    pub async fn console_command(
        &self,
        server_id: ServerId,
        command: &ConsoleCommand,
    ) -> Result<(), NodeError> {
        let path = format!("/v1/servers/{server_id}/console");
        self.link.perform(Method::POST, &path, call::json(command)?, QUICK).await
    }

    /// Has the server's plugin do one of its actions, which may wait for its game.
    pub async fn perform_action(
        &self,
        server_id: ServerId,
        action: &str,
        request: &ActionRequest,
    ) -> Result<ActionReport, NodeError> {
        let path = format!("/v1/servers/{server_id}/actions/{action}");
        self.link.fetch(Method::POST, &path, call::json(request)?, ACTION, REPORT).await
    }

    /// Has the server's plugin tell everybody who plays.
    pub async fn broadcast(
        &self,
        server_id: ServerId,
        request: &BroadcastRequest,
    ) -> Result<ActionReport, NodeError> {
        let path = format!("/v1/servers/{server_id}/broadcast");
        self.link.fetch(Method::POST, &path, call::json(request)?, ACTION, REPORT).await
    }

    /// Has a schedule of the server followed now.
    pub async fn run_schedule(
        &self,
        server_id: ServerId,
        schedule: ScheduleId,
        request: &RunRequest,
    ) -> Result<RunStarted, NodeError> {
        let path = format!("/v1/servers/{server_id}/schedules/{schedule}/run");
        self.link.fetch(Method::POST, &path, call::json(request)?, ORDINARY, REPORT).await
    }

    /// Ends the run of a schedule where it is.
    pub async fn call_off_schedule(
        &self,
        server_id: ServerId,
        schedule: ScheduleId,
        request: &RunRequest,
    ) -> Result<(), NodeError> {
        let path = format!("/v1/servers/{server_id}/schedules/{schedule}/call-off");
        self.link.perform(Method::POST, &path, call::json(request)?, ORDINARY).await
    }

    /// All backups of all the node's servers.
    pub async fn all_backups(&self) -> Result<Vec<KnownBackup>, NodeError> {
        self.link.fetch(Method::GET, "/v1/backups", Bytes::new(), ORDINARY, LIST).await
    }

    /// Begins a backup; asked again with the same id, nothing further happens.
    pub async fn make_backup(
        &self,
        server_id: ServerId,
        request: &BackupRequest,
    ) -> Result<Backup, NodeError> {
        let path = format!("/v1/servers/{server_id}/backups");
        let made = self.link.fetch(Method::POST, &path, call::json(request)?, ORDINARY, SMALL).await?;
        of_backup(made, request.id)
    }

    /// Names, locks or unlocks a backup.
    pub async fn change_backup(
        &self,
        server_id: ServerId,
        backup: BackupId,
        change: &BackupChange,
    ) -> Result<Backup, NodeError> {
        let path = format!("/v1/servers/{server_id}/backups/{backup}");
        let changed = self.link.fetch(Method::PATCH, &path, call::json(change)?, ORDINARY, SMALL).await?;
        of_backup(changed, backup)
    }

    /// Deletes a backup, or calls off one that is being made.
    pub async fn delete_backup(&self, server_id: ServerId, backup: BackupId) -> Result<(), NodeError> {
        let path = format!("/v1/servers/{server_id}/backups/{backup}");
        self.link.perform(Method::DELETE, &path, Bytes::new(), ORDINARY).await
    }

    /// A backup's bytes.
    pub async fn backup_content(
        &self,
        server_id: ServerId,
        backup: BackupId,
    ) -> Result<NodeArchive, NodeError> {
        let path = format!("/v1/servers/{server_id}/backups/{backup}/content");
        let (head, content) = self.link.download(&path, ORDINARY).await?;
        Ok(NodeArchive { bytes: length(&head), content })
    }

    /// At most `limit` lines, oldest first: those after `after`, or the newest there are.
    pub async fn console_history(
        &self,
        server_id: ServerId,
        after: Option<u64>,
        limit: u32,
    ) -> Result<ConsolePage, NodeError> {
        let after = after.map(|seq| format!("&after={seq}")).unwrap_or_default();
        let path = format!("/v1/servers/{server_id}/console?limit={limit}{after}");
        self.link.fetch(Method::GET, &path, Bytes::new(), ORDINARY, PAGE).await
    }

    /// Lines as they come: beginning after `after`, or with the next one.
    pub async fn console_live(
        &self,
        server_id: ServerId,
        after: Option<u64>,
    ) -> Result<NodeStream<ConsoleLine>, NodeError> {
        let after = after.map(|seq| format!("?after={seq}")).unwrap_or_default();
        self.link.follow(&format!("/v1/servers/{server_id}/console/live{after}"), ORDINARY).await
    }

    /// All events after `after` that are not acknowledged, and then each as it comes.
    pub async fn events(&self, after: u64) -> Result<NodeStream<EventEnvelope>, NodeError> {
        self.link.follow(&format!("/v1/events?after={after}"), ORDINARY).await
    }

    /// This event and all before it are stored here; the node may forget them.
    pub async fn acknowledge(&self, through: u64) -> Result<(), NodeError> {
        let body = call::json(&Acknowledge { through })?;
        self.link.perform(Method::POST, "/v1/events/acknowledge", body, ORDINARY).await
    }

    /// What is in a directory of a server.
    pub async fn list_files(&self, server_id: ServerId, path: &str) -> Result<FileListing, NodeError> {
        let path = format!("/v1/servers/{server_id}/files?{}", query(&[("path", path)]));
        self.link.fetch(Method::GET, &path, Bytes::new(), ORDINARY, PAGE).await
    }

    /// A file's bytes.
    pub async fn read_file(
        &self,
        server_id: ServerId,
        path: &str,
        pace: Pace,
    ) -> Result<NodeFile, NodeError> {
        let parameters = [("path", path), ("whole", pace.as_text())];
        let path = format!("/v1/servers/{server_id}/files/content?{}", query(&parameters));
        let (head, content) = self.link.download(&path, ORDINARY).await?;
        let said = |name: HeaderName| head.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let bytes = length(&head);
        let version = said(header::ETAG).map(|tag| tag.trim_matches('"').to_owned());
        let protected = said(HeaderName::from_static(PROTECTED_HEADER)).is_some();
        match (bytes, version) {
            (Some(bytes), Some(version)) => Ok(NodeFile { bytes, version, protected, content }),
            _ => Err(NodeError::Protocol(ProtocolFault::Request)),
        }
    }

    /// Puts a file in its place once all its bytes are there. Until then, and if they break off, nothing has changed.
    pub async fn write_file(
        &self,
        server_id: ServerId,
        path: &str,
        expected: &ExpectedFile,
        pace: Pace,
        length: Option<u64>,
        content: BodyStream,
    ) -> Result<FileSaved, NodeError> {
        let mut parameters = vec![("path", path), ("whole", pace.as_text())];
        parameters.extend(expected.as_text().map(|expected| ("expected", expected)));
        let path = format!("/v1/servers/{server_id}/files/content?{}", query(&parameters));
        self.link.upload(&path, content, length, UPLOAD).await
    }

    /// A configuration file as a form, changed first if the request says so.
    pub async fn fill_form(
        &self,
        server_id: ServerId,
        request: &FormRequest,
    ) -> Result<FormReport, NodeError> {
        let path = format!("/v1/servers/{server_id}/form");
        self.link.fetch(Method::POST, &path, call::json(request)?, FORM, REPORT).await
    }

    /// What the server's plugin shows on one of its pages.
    pub async fn render_tab(&self, server_id: ServerId, tab: &str) -> Result<Vec<Block>, NodeError> {
        let path = format!("/v1/servers/{server_id}/tabs/{tab}");
        self.link.fetch(Method::GET, &path, Bytes::new(), RENDERING, REPORT).await
    }

    /// Deletes files and trees, which takes its time.
    pub async fn delete_files(
        &self,
        server_id: ServerId,
        paths: &[String],
    ) -> Result<FileDeletionOutcome, NodeError> {
        let path = format!("/v1/servers/{server_id}/files/delete");
        let deletion = FileDeletion { paths: paths.to_vec() };
        self.link.fetch(Method::POST, &path, call::json(&deletion)?, TREE, SMALL).await
    }

    /// Changes names; copying trees takes its time.
    pub async fn change_files(
        &self,
        server_id: ServerId,
        change: &FileChange,
    ) -> Result<FileOutcome, NodeError> {
        let path = format!("/v1/servers/{server_id}/files");
        self.link.fetch(Method::POST, &path, call::json(change)?, TREE, SMALL).await
    }

    /// Live numbers of all the node's servers as they come; the node may drop some.
    pub async fn samples(&self) -> Result<NodeStream<SampleEnvelope>, NodeError> {
        self.link.follow("/v1/samples", ORDINARY).await
    }

    /// Live numbers of the node's machine as they come: each second if somebody watches. They are as the node sent them,
    /// within no bounds but a line's.
    pub async fn node_samples(&self, watched: bool) -> Result<NodeStream<NodeSample>, NodeError> {
        self.link.follow(&format!("/v1/node/samples?watched={watched}"), ORDINARY).await
    }
}

/// How many bytes are said to come.
fn length(head: &HeaderMap) -> Option<u64> {
    head.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn of_backup(answer: Backup, asked: BackupId) -> Result<Backup, NodeError> {
    if answer.id == asked { Ok(answer) } else { Err(NodeError::Protocol(ProtocolFault::OtherBackup)) }
}

fn about(server_id: Option<ServerId>) -> String {
    server_id.map(|id| format!("?server={id}")).unwrap_or_default()
}
