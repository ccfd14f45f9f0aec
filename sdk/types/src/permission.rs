//! Permission nodes: what a subuser can be allowed to do with one server.
//!
//! The enumeration is the only list there is: routes, the matrix test, the API document and the panel's forms are made
//! from it. An owner has all of them; an administrator too.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! permissions {
    ($($(#[doc = $doc:literal])* $variant:ident = $text:literal),* $(,)?) => {
        /// One right over one server.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        pub enum Permission { $($(#[doc = $doc])* #[serde(rename = $text)] $variant),* }

        impl Permission {
            /// All of them, in reading order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The stable text, as it stands in the API and the database.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $text),* } }
            /// What it allows, in a sentence for people.
            pub const fn description(self) -> &'static str { match self { $(Self::$variant => concat!($($doc),*).trim_ascii()),* } }
            /// The permission that a text names.
            pub fn parse(text: &str) -> Option<Self> { match text { $($text => Some(Self::$variant),)* _ => None } }
        }
    };
}

permissions! {
    /// See the server, its state and its address.
    ServerRead = "server.read",
    /// Rename the server and change its description.
    ServerUpdate = "server.update",
    /// Delete the server and its files.
    ServerDelete = "server.delete",
    /// Install the game again.
    ServerReinstall = "server.reinstall",
    /// Start the server.
    PowerStart = "power.start",
    /// Stop the server.
    PowerStop = "power.stop",
    /// Restart the server.
    PowerRestart = "power.restart",
    /// Kill the server's process at once.
    PowerKill = "power.kill",
    /// Read the console and its history.
    ConsoleRead = "console.read",
    /// Type commands into the console.
    ConsoleWrite = "console.write",
    /// Use the game's own actions, such as saving or kicking, and send messages to players.
    ActionsUse = "actions.use",
    /// See the pages that the game's plugin has for the server.
    TabsRead = "tabs.read",
    /// See CPU, memory, network and player charts.
    StatisticsRead = "statistics.read",
    /// See who plays.
    PlayersRead = "players.read",
    /// See which files the server has.
    FilesList = "files.list",
    /// Read and download files. Configuration files show the passwords that are in them.
    FilesRead = "files.read",
    /// Upload, edit, rename and copy files, and make directories.
    FilesWrite = "files.write",
    /// Delete files and directories.
    FilesDelete = "files.delete",
    /// See the server's variables.
    VariablesRead = "variables.read",
    /// Change the server's variables.
    VariablesUpdate = "variables.update",
    /// See the server's allocations.
    AllocationsRead = "allocations.read",
    /// Add, remove and reorder the server's allocations.
    AllocationsUpdate = "allocations.update",
    /// See which operations ran and how they ended.
    OperationsRead = "operations.read",
    /// Cancel a running operation.
    OperationsCancel = "operations.cancel",
    /// See the server's backups.
    BackupsRead = "backups.read",
    /// Make backups.
    BackupsCreate = "backups.create",
    /// Download backups. All files are in them, with the passwords that are in those.
    BackupsDownload = "backups.download",
    /// Put back a backup in place of all files that the server has.
    BackupsRestore = "backups.restore",
    /// Rename, lock and unlock backups.
    BackupsUpdate = "backups.update",
    /// Delete backups that are not locked, and call off those that are being made.
    BackupsDelete = "backups.delete",
    /// See the server's schedules and how their runs went.
    SchedulesRead = "schedules.read",
    /// Add schedules, of steps that one could do oneself.
    SchedulesCreate = "schedules.create",
    /// Change schedules, switch them on and off, and run them by hand.
    SchedulesUpdate = "schedules.update",
    /// Delete schedules.
    SchedulesDelete = "schedules.delete",
    /// See who else may use the server.
    MembersRead = "members.read",
    /// Invite people to the server.
    MembersCreate = "members.create",
    /// Change other people's rights, within one's own.
    MembersUpdate = "members.update",
    /// Remove people from the server.
    MembersDelete = "members.delete",
    /// See what was done to the server, and by whom.
    ActivityRead = "activity.read",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_parses_back_from_its_text() {
        for permission in Permission::ALL {
            assert_eq!(Permission::parse(permission.as_str()), Some(*permission));
            let description = permission.description();
            assert!(!description.is_empty() && description.trim() == description, "{description:?}");
        }
    }
}
