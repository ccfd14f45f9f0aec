//! What callers hand in, in its final shape. Unknown fields are refused, so that a misspelt wish is not ignored.
//!
//! Nothing here has been checked: each use case checks what it takes. A field that is left out of an update stays as
//! it is.

use crate::error::AppError;
use gantry_domain::{
    Role,
    statistics::{self, PartKind, Resolution},
};
use gantry_types::{
    AllocationId, LocationId, NodeId, ServerId, UserId, action::Availability, permission::Permission,
    server::PowerAction, units::Limits,
};
use secrecy::SecretString;
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

macro_rules! inputs {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, Deserialize, ToSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name { $($(#[$field_meta])* pub $field: $type),* }
    )*};
}

inputs! {
    /// The first administrator.
    SetupInput {
        name: String,
        email: String,
        #[schema(value_type = String)]
        password: SecretString,
        /// The one-time token; needed from another machine.
        #[schema(value_type = Option<String>)]
        token: Option<SecretString>,
    }
    SignInInput {
        email: String,
        #[schema(value_type = String)]
        password: SecretString,
    }
    /// One's own account.
    AccountUpdate {
        name: Option<String>,
        email: Option<String>,
        /// Signs out all other sessions.
        #[schema(value_type = Option<String>)]
        new_password: Option<SecretString>,
        /// Needed for a new password and for a new e-mail address.
        #[schema(value_type = Option<String>)]
        current_password: Option<SecretString>,
    }
    /// A public key, as the file that ends in `.pub` has it.
    SshKeyInput {
        /// 1 to 60 characters; what its owner tells it from others by.
        name: String,
        public_key: String,
    }
    AppPasswordInput {
        /// 1 to 60 characters; what its owner tells it from others by.
        name: String,
        /// When it ends by itself; never, if left out.
        expires_at: Option<chrono::DateTime<chrono::Utc>>,
    }
    /// What a form says so far, for a list that depends on it.
    ChoicesInput {
        /// By key. What cannot be a value yet counts as not typed.
        #[serde(default)]
        variables: BTreeMap<String, String>,
    }
    /// A secret for a plugin. It is never shown again.
    SecretInput {
        /// 1 byte to 16 KiB.
        #[schema(value_type = String)]
        value: SecretString,
    }
    UserInput {
        name: String,
        email: String,
        #[schema(value_type = String)]
        password: SecretString,
        role: Role,
    }
    UserUpdate {
        name: Option<String>,
        email: Option<String>,
        /// Signs out all of the person's sessions.
        #[schema(value_type = Option<String>)]
        password: Option<SecretString>,
        role: Option<Role>,
    }
    LocationInput {
        name: String,
        #[serde(default)]
        description: String,
    }
    LocationUpdate {
        name: Option<String>,
        description: Option<String>,
    }
    NodeInput {
        name: String,
        #[serde(default)]
        description: String,
        location_id: LocationId,
        /// What servers may use together; zero is unlimited.
        #[serde(default)]
        memory_mib: u64,
        #[serde(default)]
        cpu_percent: u64,
        #[serde(default)]
        disk_mib: u64,
    }
    NodeUpdate {
        name: Option<String>,
        description: Option<String>,
        location_id: Option<LocationId>,
        memory_mib: Option<u64>,
        cpu_percent: Option<u64>,
        disk_mib: Option<u64>,
    }
    /// What is left out is as usual, or stays as it is where the node is being drained already.
    DrainInput {
        /// Seconds that players have to leave, from now on; 1800 as usual, 0 stops at once.
        wait_seconds: Option<u32>,
        /// What players are told, with `{time}` where the time that is left stands. Nobody is told where it is empty.
        message: Option<String>,
        /// Whether a backup is made of each server that ran, once it has stopped.
        backup: Option<bool>,
    }
    AllocationsInput {
        /// An IP address of the node.
        address: String,
        /// Ports and ranges: `30000-30010,30020`.
        ports: String,
    }
    /// What a release that waits, or the current one, is granted from here on.
    GrantsInput {
        /// Of the release that is meant; another may have come meanwhile.
        digest: String,
        /// Names of capabilities, each of which it asks for.
        capabilities: Vec<String>,
    }
    /// A hold that is to end.
    LiftInput {
        /// Of the release.
        digest: String,
        /// Where; nothing for the control plane.
        node_id: Option<NodeId>,
        /// The only server that it is on hold for; nothing for all of its holds there.
        server_id: Option<ServerId>,
    }
    /// A plugin in a registry.
    PullInput {
        /// `registry/repository:tag` or `registry/repository@sha256:…`.
        reference: String,
        /// What it is granted; left out, as an upload without grants.
        capabilities: Option<Vec<String>>,
        /// Whether it may take the place of a plugin with its id that comes with Gantry, or of a later version.
        #[serde(default)]
        replace: bool,
    }
    /// The trust policy, whole.
    TrustInput {
        /// As `GET` answers them.
        #[schema(value_type = Object)]
        rules: gantry_distribution::Once,
        /// The version that was read, so that nobody's change is written over unseen. Left out, it replaces whatever is there.
        version: Option<i64>,
    }
    /// A public key that is to be looked at.
    KeyInput {
        /// Ed25519, in PEM.
        public_key: String,
    }
    /// A user name and a password for a registry.
    RegistryLoginInput {
        /// A registry, or what is below a path of one: `ghcr.io`, `ghcr.io/acme`.
        registry: String,
        username: String,
        /// A password or an access token: 1 byte to 16 KiB. It is never shown again.
        #[schema(value_type = String)]
        password: SecretString,
        /// Who hands out the registry's tokens, where that is another host: it gets user name and password too. No other does.
        token_service: Option<String>,
    }
    RollbackInput {
        /// Of a release that was current before.
        digest: String,
    }
    /// To which release a server is moved.
    ReleaseInput {
        digest: String,
        /// Values that the release wants other than they are.
        #[serde(default)]
        values: BTreeMap<String, String>,
    }
    /// Servers of a plugin, moved to one release.
    MoveInput {
        /// Those of this release; all, if left out.
        from: Option<String>,
        to: String,
    }
    /// A server to be; the same for preview and creation.
    ServerInput {
        name: String,
        #[serde(default)]
        description: String,
        /// `plugin:blueprint`.
        blueprint_id: String,
        node_id: NodeId,
        /// By the blueprint's endpoint names. What is left out is chosen among the free allocations.
        #[serde(default)]
        allocations: BTreeMap<String, AllocationId>,
        /// By the blueprint's variable keys. What is left out takes its default.
        #[serde(default)]
        variables: BTreeMap<String, String>,
        /// What is left out is the blueprint's recommendation.
        limits: Option<Limits>,
        /// Administrators alone name somebody else.
        owner_id: Option<UserId>,
        /// Whether to start it once it is installed.
        #[serde(default)]
        start: bool,
    }
    ServerUpdate {
        name: Option<String>,
        description: Option<String>,
    }
    VariablesInput {
        /// By key. Null empties a value; a secret stays until it is given another.
        values: BTreeMap<String, Option<String>>,
    }
    HoldInput {
        /// Shown to everybody who may see the server.
        reason: String,
    }
    PowerInput {
        action: PowerAction,
    }
    CommandInput {
        /// One line.
        command: String,
    }
    ActionInput {
        /// Answers by the keys of the action's questions. What is left out takes its default.
        #[serde(default)]
        form: BTreeMap<String, String>,
    }
    ConfigFileInput {
        /// The one that was read: answers go over no other.
        version: String,
        /// By the keys of the form's questions; what is left out stays. An empty secret stays too.
        values: BTreeMap<String, String>,
    }
    /// What is done to a server at certain times.
    ScheduleInput {
        name: String,
        /// Minute, hour, day of the month, month, day of the week; or `@daily` and its like.
        cron: String,
        /// By its name in the IANA database, such as `Europe/Berlin`.
        time_zone: String,
        /// One that is off is run by hand alone.
        #[serde(default = "yes")]
        enabled: bool,
        /// In which states of the server it is followed; while it runs, if left out.
        #[serde(default = "while_running")]
        when: Availability,
        /// 1 to 25, done one after the other.
        steps: Vec<StepInput>,
    }
    ScheduleUpdate {
        /// The one that was read; where it is given, a change goes over no other.
        version: Option<u64>,
        name: Option<String>,
        cron: Option<String>,
        time_zone: Option<String>,
        enabled: Option<bool>,
        when: Option<Availability>,
        /// In place of all that there are.
        steps: Option<Vec<StepInput>>,
    }
    BackupInput {
        /// `Backup`, if left out.
        name: Option<String>,
        /// Whether it stays until somebody unlocks it.
        #[serde(default)]
        locked: bool,
    }
    BackupUpdate {
        name: Option<String>,
        locked: Option<bool>,
    }
    BroadcastInput {
        /// One line.
        text: String,
    }
    /// An address for one of the blueprint's endpoints, in place of the one that it has.
    ServerAllocationInput {
        endpoint: String,
        /// None chooses a free one.
        allocation_id: Option<AllocationId>,
    }
    FileDirectoryInput {
        /// Its parent must be there.
        path: String,
    }
    FileRenameInput {
        from: String,
        to: String,
        /// Whether a file that has the new name makes place.
        #[serde(default)]
        replace: bool,
    }
    FileCopyInput {
        from: String,
        /// A name that is free.
        to: String,
    }
    FileDeleteInput {
        /// 1 to 100; directories go with all that is in them.
        paths: Vec<String>,
    }
    MemberInput {
        email: String,
        permissions: Vec<Permission>,
    }
    MemberUpdate {
        permissions: Vec<Permission>,
    }
}

const fn yes() -> bool {
    true
}

const fn while_running() -> Availability {
    Availability::Running
}

/// A step of a schedule. `goOn` says whether what comes after it is done although it failed.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = ScheduleStepInput)]
pub enum StepInput {
    Power {
        action: PowerAction,
        #[serde(default, rename = "goOn")]
        go_on: bool,
    },
    /// One line to the game.
    Command {
        command: String,
        #[serde(default, rename = "goOn")]
        go_on: bool,
    },
    /// One line to everybody who plays.
    Broadcast {
        text: String,
        #[serde(default, rename = "goOn")]
        go_on: bool,
    },
    /// One of the plugin's actions, with its form.
    Action {
        action: String,
        #[serde(default)]
        form: BTreeMap<String, String>,
        /// A step of the schedule as it is, counted from 0: secrets that are left out stay as they are there.
        #[serde(rename = "keepSecretsOf")]
        keep_secrets_of: Option<u32>,
        #[serde(default, rename = "goOn")]
        go_on: bool,
    },
    /// A backup. Where there is no room for one more, the oldest that a schedule made and nobody locked goes.
    Backup {
        #[serde(default, rename = "goOn")]
        go_on: bool,
    },
    Wait {
        /// 1 to 3600.
        seconds: u32,
        #[serde(default, rename = "goOn")]
        go_on: bool,
    },
}

/// An expression that is being written.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ScheduleTimesQuery {
    pub cron: String,
    pub time_zone: String,
}

/// Which page of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    pub cursor: Option<String>,
    /// 1 to 100; 50 if left out.
    pub limit: Option<u32>,
}

/// How much a preview is to show.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PreviewQuery {
    /// Whether the plugin looks up what its plan needs; yes if left out. Without, a plan that needs it is not shown.
    pub look_up: Option<bool>,
}

/// Which servers.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ServersQuery {
    pub cursor: Option<String>,
    /// 1 to 100; 50 if left out.
    pub limit: Option<u32>,
    /// Part of a name or an id.
    pub search: Option<String>,
    /// An observed state.
    pub status: Option<gantry_types::server::Observed>,
}

/// Which span of history.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatisticsQuery {
    /// An hour ago if left out.
    pub from: Option<chrono::DateTime<chrono::Utc>>,
    pub to: Option<chrono::DateTime<chrono::Utc>>,
}

impl StatisticsQuery {
    /// What a chart shows when nobody says.
    const SPAN: chrono::TimeDelta = chrono::TimeDelta::hours(1);

    pub(crate) fn resolution(&self, now: chrono::DateTime<chrono::Utc>) -> Result<Resolution, AppError> {
        // The years 1970 to 9999.
        let is_credible = |at: &chrono::DateTime<chrono::Utc>| (0..253_402_300_800).contains(&at.timestamp());
        for (key, at) in [("from", &self.from), ("to", &self.to)] {
            if at.as_ref().is_some_and(|at| !is_credible(at)) {
                return Err(gantry_domain::problem(
                    key,
                    "There is no history of such a time.",
                    "Choose a later or an earlier one.",
                )
                .into());
            }
        }
        let to = self.to.unwrap_or(now);
        let from = self.from.unwrap_or(to - Self::SPAN);
        Ok(statistics::resolution(from, to, now))
    }
}

/// Which of a node's parts, and when.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PartsQuery {
    #[param(inline)]
    pub kind: PartKind,
    /// An hour ago if left out.
    pub from: Option<chrono::DateTime<chrono::Utc>>,
    pub to: Option<chrono::DateTime<chrono::Utc>>,
}

/// Which part of a console's history.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConsoleQuery {
    /// Lines before this number; the end if left out.
    pub before: Option<u64>,
    /// 1 to 1000; 200 if left out.
    pub limit: Option<u32>,
}

/// Which file or directory.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FileQuery {
    /// Relative to the server's directory; empty is the directory itself.
    #[serde(default)]
    pub path: String,
}

/// What is saved over what.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FileSaveQuery {
    pub path: String,
    /// The version that was read. Left out, the file must not exist; `*` saves over whatever is there.
    pub version: Option<String>,
}

/// Where an upload goes.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FileUploadQuery {
    pub path: String,
    /// Whether a file that has the name makes place.
    #[serde(default)]
    pub replace: bool,
}

/// Where a record is kept.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RecordQuery {
    /// Of the release.
    pub digest: String,
    /// The node; left out, the control plane.
    pub node: Option<NodeId>,
}

/// Whose log is read.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PluginLogQuery {
    /// Of the release.
    pub digest: String,
    /// The node; left out, the control plane.
    pub node: Option<NodeId>,
    /// Only of calls about this server.
    pub server: Option<ServerId>,
}
