//! Containers behind one trait.
//!
//! The agent says what should run ([`ContainerSpec`]); a [`Runtime`] makes it so. Two implementations exist: [`docker`]
//! for real nodes and [`simulated`] for tests and load, and one behaviour suite holds both to the same contract. No
//! implementation keeps state that a restart would lose: what runs is found again by its labels.
//!
//! There is deliberately no way to reach into a container's file system from here: a server's files are reached through
//! the jail of `gantry-files` alone, never through an engine's archive interface.
//!
//! Modules in reading order: [`spec`], [`image`], [`console`], [`error`], [`runtime`], [`docker`], [`simulated`].

pub mod console;
pub mod docker;
pub mod error;
pub mod image;
pub mod runtime;
pub mod simulated;
pub mod spec;

pub use console::{Attachment, Lines, OutputChunk};
pub use docker::DockerRuntime;
pub use error::RuntimeError;
pub use image::{ImageId, ImageProgress, ProgressSink};
pub use runtime::{ContainerId, Description, Exit, Listed, Phase, Runtime};
pub use simulated::SimulatedRuntime;
pub use spec::{ContainerSpec, PublishedPort, Purpose};
