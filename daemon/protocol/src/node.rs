//! What a node says of itself.

use gantry_types::DrainId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeReport {
    pub agent_version: String,
    pub system: SystemReport,
    /// Docker's version and API version, or the runtime's name.
    pub runtime: String,
    /// Digests of the components that it holds.
    pub plugins: Vec<String>,
    /// The last event's number.
    pub last_event: u64,
    /// Tasks of the daemon that have not ended.
    #[serde(default)]
    pub tasks: u64,
    /// Nothing where it is switched off.
    #[serde(default)]
    pub sftp: Option<crate::SftpReport>,
    /// The drain that it is in.
    #[serde(default)]
    pub drain: Option<DrainId>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SystemReport {
    pub hostname: String,
    /// `/etc/os-release`'s pretty name.
    pub os: String,
    pub kernel: String,
    pub architecture: String,
    pub cpu_model: String,
    pub cpu_count: u32,
    pub memory_mib: u64,
    pub disk_mib: u64,
    /// Who made the machine and what it is, as its firmware says.
    pub hardware: Option<String>,
    /// What installs its software: apt, dnf, yum, zypper, pacman or apk.
    pub package_manager: Option<String>,
}
