//! The guest SDK: a game becomes a plugin by implementing [`Plugin`] and naming the type in [`export!`].
//!
//! ```ignore
//! use gantry_plugin::prelude::*;
//!
//! struct Game;
//! impl Plugin for Game {
//!     fn blueprints() -> Vec<Blueprint> { vec![Blueprint::new("mygame", "My game")] }
//!     fn install(_: &Server) -> Result<InstallPlan, Failure> { Ok(InstallPlan::new()) }
//!     fn run(server: &Server) -> Result<RunSpec, Failure> {
//!         Ok(RunSpec::new(Image::reference("debian:bookworm-slim"), ["sh", "-c", "read line"]))
//!     }
//! }
//! gantry_plugin::export!(Game);
//! ```
//!
//! The types are those of the WIT contract (`sdk/wit`), re-exported from one module, with builders added. Optional
//! parts are cargo features: `collector` asks for an implementation of [`Collector`], `console-events` for one of
//! [`ConsoleEvents`] as well. Each call runs in a fresh instance: statics do not survive it.
//!
//! A panic is written to the plugin's log before the instance traps, since wasm32-unknown-unknown has no stderr.

mod build;
mod export;
pub mod rules;
#[cfg(feature = "collector")]
pub mod wire;

/// Bindings that wit-bindgen makes from the contract. Public for the export macro; authors use [`prelude`].
///
/// Each optional part is a world of its own, so that a part that is left out leaves nothing in the component. The worlds
/// share the contract's words, and the tool that wraps the module joins them.
#[doc(hidden)]
#[allow(
    unreachable_pub,
    unsafe_code,
    clippy::allow_attributes_without_reason,
    clippy::missing_safety_doc,
    reason = "generated code"
)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../wit/since-v0.2",
        world: "game",
        pub_export_macro: true,
        default_bindings_module: "gantry_plugin::bindings",
        additional_derives: [PartialEq],
    });

    #[cfg(feature = "collector")]
    pub mod collects {
        wit_bindgen::generate!({
            path: "../wit/since-v0.2",
            world: "collects",
            pub_export_macro: true,
            export_macro_name: "export_collects",
            default_bindings_module: "gantry_plugin::bindings::collects",
            additional_derives: [PartialEq],
            with: {
                "gantry:plugin/types@0.2.0": crate::bindings::gantry::plugin::types,
                "gantry:plugin/log@0.2.0": crate::bindings::gantry::plugin::log,
            },
        });
    }

    #[cfg(feature = "console-events")]
    pub mod reads_console {
        wit_bindgen::generate!({
            path: "../wit/since-v0.2",
            world: "reads-console",
            pub_export_macro: true,
            export_macro_name: "export_reads_console",
            default_bindings_module: "gantry_plugin::bindings::reads_console",
            additional_derives: [PartialEq],
            with: {
                "gantry:plugin/types@0.2.0": crate::bindings::gantry::plugin::types,
                "gantry:plugin/log@0.2.0": crate::bindings::gantry::plugin::log,
            },
        });
    }
}

pub use export::Adapter;

/// All that an author needs, in one `use`.
pub mod prelude {
    #[cfg(feature = "collector")]
    pub use crate::Collector;
    #[cfg(feature = "console-events")]
    pub use crate::ConsoleEvents;
    pub use crate::Plugin;
    #[cfg(feature = "collector")]
    pub use crate::bindings::collects::exports::gantry::plugin::collector::{Player, Sample, Series};
    #[cfg(feature = "collector")]
    pub use crate::bindings::collects::gantry::plugin::query::{self, Reply};
    pub use crate::bindings::exports::gantry::plugin::blueprints::{Blueprint, EndpointNeed};
    pub use crate::bindings::exports::gantry::plugin::plans::{
        Action, Algorithm, ArchiveFormat, Condition, ConfigEdit, ConsoleProbe, ContainerRun, Digest,
        Download, Edit, Extract, Format, HttpProbe, Image, InstallPlan, Notation, Probe, Recipe, RunSpec,
        Step, StopStep, UdpProbe, Write,
    };
    pub use crate::bindings::gantry::plugin::log::{self, Level};
    pub use crate::bindings::gantry::plugin::types::{
        Audience, Choice, Endpoint, Failure, FieldProblem, Kind, Limits, NumberRule, Protocol, Server,
        Setting, TextRule, Variable,
    };
    #[cfg(feature = "console-events")]
    pub use crate::bindings::reads_console::exports::gantry::plugin::console_events::{Event, Found};
}

use prelude::{Blueprint, Failure, FieldProblem, InstallPlan, RunSpec, Server};

/// What every plugin is.
pub trait Plugin {
    /// The games that it knows. Pure: the host asks once, when the plugin is installed.
    fn blueprints() -> Vec<Blueprint>;

    /// Rules that cross variables. Each variable's own rules have been checked.
    fn validate(_server: &Server) -> Vec<FieldProblem> {
        Vec::new()
    }

    /// How the game gets onto the disk.
    ///
    /// # Errors
    /// A [`Failure`] that tells people why this server cannot be installed.
    fn install(server: &Server) -> Result<InstallPlan, Failure>;

    /// How the game runs, computed for each start.
    ///
    /// # Errors
    /// A [`Failure`] that tells people why this server cannot start.
    fn run(server: &Server) -> Result<RunSpec, Failure>;
}

/// What a running game is doing.
#[cfg(feature = "collector")]
pub trait Collector {
    /// Samples the game. Reaches out by [`prelude::query`] only.
    ///
    /// # Errors
    /// A [`Failure`] when the game does not answer or its answer makes no sense.
    fn collect(server: &Server) -> Result<prelude::Sample, Failure>;
}

/// What console lines mean.
#[cfg(feature = "console-events")]
pub trait ConsoleEvents {
    /// Events in a batch of lines, in order; [`prelude::Found::line`] is an index into the batch.
    fn parse(server: &Server, lines: &[String]) -> Vec<prelude::Found>;
}
