//! What control plane and daemon say to each other.
//!
//! The daemon dials out and then serves plain HTTP over that connection; the control plane is the client. Every message
//! is JSON. State goes down as the *whole* desired server with a generation, never as a delta, and comes up as events
//! with a sequence number that are repeated until they are acknowledged.
//!
//! | method and path | body → answer |
//! |---|---|
//! | `GET /v1/node` | → [`NodeReport`] |
//! | `PUT /v1/node/desired` | [`DesiredNode`] → 204: written down, and done from here on |
//! | `PUT /v1/plugins/{digest}` | the component's bytes → 204; `digest` is lower-case hex SHA-256 |
//! | `GET /v1/records` | → `[PluginRecord]`: calls of plugins that were stopped and are kept |
//! | `GET /v1/plugins/{digest}/records/{record}` | → one of them, JSON lines |
//! | `GET /v1/conduct` | → `[PluginConduct]`: how each release fares here |
//! | `GET /v1/plugins/{digest}/log?server=ID` | → `[PluginLine]`, oldest first; without `server` of all calls |
//! | `POST /v1/plugins/{digest}/lift?server=ID` | → 204: the release, or the release for that server, is no longer on hold |
//! | `GET /v1/servers` | → `[ObservedServer]` |
//! | `PUT /v1/servers/{id}` | [`DesiredServer`] → [`ObservedServer`]; 409 [`Refusal`] for a stale generation or a missing plugin |
//! | `POST /v1/servers/{id}/console` | [`ConsoleCommand`] → 204; 409 [`Refusal`] while nothing runs |
//! | `GET /v1/servers/{id}/console?after=SEQ&limit=N` | → [`ConsolePage`]: history, oldest first; without `after` the newest |
//! | `GET /v1/servers/{id}/console/live?after=SEQ` | → NDJSON of [`ConsoleLine`], for ever; without `after` from the next line on |
//! | `POST /v1/servers/{id}/actions/{action}` | [`ActionRequest`] → [`ActionReport`]; 422 [`Refusal`] with the plugin's words |
//! | `POST /v1/servers/{id}/broadcast` | [`BroadcastRequest`] → [`ActionReport`] |
//! | `POST /v1/servers/{id}/quiesce`, `POST /v1/servers/{id}/resume` | [`QuietRequest`] → [`ActionReport`] |
//! | `POST /v1/servers/{id}/schedules/{schedule}/run` | [`RunRequest`] → 202 [`RunStarted`] |
//! | `POST /v1/servers/{id}/schedules/{schedule}/call-off` | [`RunRequest`] → 204: its run ends where it is; 409 [`Refusal`] while there is none |
//! | `GET /v1/backups` | → `[KnownBackup]`: all that the node has |
//! | `GET /v1/servers/{id}/backups` | → `[Backup]`, oldest first |
//! | `POST /v1/servers/{id}/backups` | [`BackupRequest`] → 202 `Backup`: it is being made |
//! | `PATCH /v1/servers/{id}/backups/{backup}` | [`BackupChange`] → `Backup` |
//! | `DELETE /v1/servers/{id}/backups/{backup}` | → 204; what is being made is called off; 409 [`Refusal`] while it is locked or being restored |
//! | `GET /v1/servers/{id}/backups/{backup}/content` | → the archive's bytes, `.tar.zst` |
//! | `GET /v1/servers/{id}/tabs/{tab}` | → `[Block]` |
//! | `GET /v1/servers/{id}/files?path=P` | → [`FileListing`] |
//! | `POST /v1/servers/{id}/files` | [`FileChange`] → [`FileOutcome`] |
//! | `POST /v1/servers/{id}/files/delete` | [`FileDeletion`] → [`FileDeletionOutcome`] |
//! | `GET /v1/servers/{id}/files/content?path=P&whole=W` | → the file's bytes, with its version as `ETag`, and [`PROTECTED_HEADER`] where people may not change it; `W` is true where nobody takes their time, and the node then counts it as short work |
//! | `PUT /v1/servers/{id}/files/content?path=P&expected=E&whole=W` | at most [`MAX_UPLOAD`] bytes → [`FileSaved`]; `E` is a version, `*` or nothing, as in [`ExpectedFile`] |
//! | `POST /v1/servers/{id}/form` | [`FormRequest`] → [`FormReport`]: a configuration file as a form, changed first if the request says so |
//! | `PUT /v1/sftp` | [`SftpGrants`], at most 8 MiB → 204; 404 where the node has no SFTP |
//! | `GET /v1/events?after=SEQ` | → NDJSON of [`EventEnvelope`], for ever, beginning with all that is not acknowledged |
//! | `POST /v1/events/acknowledge` | [`Acknowledge`] → 204 |
//! | `GET /v1/samples` | → NDJSON of [`SampleEnvelope`], for ever; may drop |
//! | `GET /v1/node/samples?watched=BOOL` | → NDJSON of [`NodeSample`], for ever; may drop; every second while anybody asks with `watched`, else every ten |
//!
//! Modules in reading order: [`link`], [`desired`], [`observed`], [`console`], [`action`], [`schedule`], [`backup`], [`drain`], [`files`], [`form`], [`sftp`], [`node`], [`machine`]; and `tunnel`, behind the feature of
//! that name, for the two crates that hold an end of the link.

pub mod action;
pub mod backup;
pub mod console;
pub mod desired;
pub mod drain;
pub mod files;
pub mod form;
pub mod link;
pub mod machine;
pub mod node;
pub mod observed;
pub mod schedule;
pub mod sftp;
#[cfg(feature = "tunnel")]
pub mod tunnel;

pub use action::*;
pub use backup::*;
pub use console::*;
pub use desired::*;
pub use drain::*;
pub use files::*;
pub use form::*;
pub use link::*;
pub use machine::NodeSample;
pub use node::*;
pub use observed::*;
pub use schedule::*;
pub use sftp::*;
