//! What a container should be, in terms that every runtime understands.
//!
//! The spec says what differs between servers. What never differs (dropped capabilities, no new privileges, the seccomp
//! profile, bounded logs, no restart by the engine) is not a field, so that no caller can leave it out.

use gantry_types::{
    NodeId, ServerId,
    server::{Protocol, Setting, SystemUser},
    units::Limits,
};
use std::{net::IpAddr, path::PathBuf};

use crate::image::ImageId;

/// Label with the node's id: a runtime lists only what carries its own.
pub const LABEL_NODE: &str = "gantry.node";
/// Label with the server's id.
pub const LABEL_SERVER: &str = "gantry.server";
/// Label with the generation of the desired server that the container was made for.
pub const LABEL_GENERATION: &str = "gantry.generation";
/// Label with the digest of what the container was made from.
pub const LABEL_SPEC: &str = "gantry.spec";
/// Label with the container's [`Purpose`].
pub const LABEL_PURPOSE: &str = "gantry.purpose";

/// Why a container exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// It runs the game.
    Server,
    /// It runs one step of an install plan and then ends.
    Install,
}

impl Purpose {
    /// The label's text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Install => "install",
        }
    }
}

/// A port that reaches the container from outside, under the same number inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PublishedPort {
    pub protocol: Protocol,
    /// Address of the node to listen on.
    pub address: IpAddr,
    pub port: u16,
}

/// One container. A server has at most one of each [`Purpose`] at a time.
#[derive(Clone, Debug)]
pub struct ContainerSpec {
    pub node: NodeId,
    pub server: ServerId,
    pub purpose: Purpose,
    pub generation: u64,
    /// Digest of what this spec was made from, kept as a label: a changed spec is seen without comparing fields.
    pub digest: String,
    pub image: ImageId,
    /// Program and arguments, replacing the image's entry point and command. Empty keeps the image's own.
    pub command: Vec<String>,
    pub environment: Vec<Setting>,
    /// Absolute path inside the container where `data` is mounted and the command starts.
    pub working_directory: String,
    /// The server's directory on the node.
    pub data: PathBuf,
    pub owner: SystemUser,
    pub limits: Limits,
    pub ports: Vec<PublishedPort>,
    /// Whether the process has a terminal, which merges its two output streams and echoes what is typed.
    pub terminal: bool,
    pub read_only_root: bool,
    /// Whether the process is the container's root, with what it takes to install packages and no more. For
    /// [`Purpose::Install`] alone.
    pub root: bool,
    /// Text files that are there before the process, by absolute path outside `working_directory`.
    pub files: Vec<(String, String)>,
    /// Whether the container may reach the network. Without, it has a loopback interface alone.
    pub network: bool,
}
