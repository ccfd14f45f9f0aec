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
//! The types are those of the WIT contract (`sdk/wit`), re-exported from one module, with builders added. Parts of a
//! plugin are cargo features, each with a trait of its own in [`parts`]; `game`, which is there by default, is [`Plugin`].
//! What is left out leaves nothing in the component. Each call runs in a fresh instance: statics do not survive it.
//!
//! A panic is written to the plugin's log before the instance traps, since wasm32-unknown-unknown has no stderr.

#[cfg(feature = "actions")]
pub mod act;
#[cfg(feature = "game")]
mod build;
mod export;
pub mod parts;
pub mod rules;
pub mod wire;
mod words;

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
        path: "wit",
        world: "imports",
        default_bindings_module: "gantry_plugin::bindings",
        additional_derives: [PartialEq],
    });

    /// The bindings of a part, with its words taken from those that all parts share. Of a part that is left out there is
    /// an export macro that exports nothing.
    macro_rules! part {
        ($feature:literal, $module:ident, $world:literal, $export:ident, $export_name:literal, $path:literal,
         { $($interface:literal => $shared:ident),* }) => {
            #[cfg(feature = $feature)]
            pub mod $module {
                wit_bindgen::generate!({
                    path: "wit",
                    world: $world,
                    pub_export_macro: true,
                    export_macro_name: $export_name,
                    default_bindings_module: $path,
                    additional_derives: [PartialEq],
                    with: {
                        "gantry:plugin/types@0.2.0": crate::bindings::gantry::plugin::types,
                        "gantry:plugin/log@0.2.0": crate::bindings::gantry::plugin::log,
                        $($interface: crate::bindings::gantry::plugin::$shared,)*
                    },
                });
            }
            #[cfg(not(feature = $feature))]
            pub mod $module {
                pub use crate::export_nothing as $export;
            }
        };
    }
    part!("game", game, "game", export_game, "export_game", "gantry_plugin::bindings::game", { "gantry:plugin/bundle@0.2.0" => bundle });
    part!("collector", collects, "collects", export_collects, "export_collects", "gantry_plugin::bindings::collects", { "gantry:plugin/query@0.2.0" => query, "gantry:plugin/kv@0.2.0" => kv });
    part!(
        "console-events",
        reads_console,
        "reads-console",
        export_reads_console,
        "export_reads_console",
        "gantry_plugin::bindings::reads_console",
        {}
    );
    part!("actions", acts, "acts", export_acts, "export_acts", "gantry_plugin::bindings::acts", { "gantry:plugin/query@0.2.0" => query, "gantry:plugin/kv@0.2.0" => kv, "gantry:plugin/files@0.2.0" => files });
    part!(
        "quiescing",
        quiets,
        "quiets",
        export_quiets,
        "export_quiets",
        "gantry_plugin::bindings::quiets",
        {}
    );
    part!("commands", commands_games, "commands-games", export_commands_games, "export_commands_games", "gantry_plugin::bindings::commands_games", { "gantry:plugin/query@0.2.0" => query });
    part!("catalog", lists, "lists", export_lists, "export_lists", "gantry_plugin::bindings::lists", { "gantry:plugin/http@0.2.0" => http, "gantry:plugin/kv@0.2.0" => kv, "gantry:plugin/secrets@0.2.0" => secrets });
    part!("facts", looks_up, "looks-up", export_looks_up, "export_looks_up", "gantry_plugin::bindings::looks_up", { "gantry:plugin/http@0.2.0" => http, "gantry:plugin/kv@0.2.0" => kv, "gantry:plugin/secrets@0.2.0" => secrets });
    part!("importer", imports_games, "imports-games", export_imports_games, "export_imports_games", "gantry_plugin::bindings::imports_games", { "gantry:plugin/bundle@0.2.0" => bundle });
    part!(
        "config-files",
        describes_files,
        "describes-files",
        export_describes_files,
        "export_describes_files",
        "gantry_plugin::bindings::describes_files",
        {}
    );
    part!("tabs", shows_tabs, "shows-tabs", export_shows_tabs, "export_shows_tabs", "gantry_plugin::bindings::shows_tabs", { "gantry:plugin/query@0.2.0" => query, "gantry:plugin/kv@0.2.0" => kv, "gantry:plugin/files@0.2.0" => files });
    part!("hooks", listens, "listens", export_listens, "export_listens", "gantry_plugin::bindings::listens", { "gantry:plugin/http@0.2.0" => http, "gantry:plugin/kv@0.2.0" => kv, "gantry:plugin/secrets@0.2.0" => secrets });
}

pub use export::Adapter;

/// All that an author needs, in one `use`.
pub mod prelude {
    pub use crate::bindings::gantry::plugin::log::{self, Level};
    pub use crate::bindings::gantry::plugin::query::{self, Reply};
    pub use crate::bindings::gantry::plugin::types::{
        Audience, AwaitedLine, CatalogRule, Choice, Condition, ConfigEdit, Edit, Effect, Endpoint, Failure,
        FieldProblem, Format, Kind, Limits, Notation, NumberRule, Protocol, Server, Setting, TextRule,
        Variable,
    };
    pub use crate::bindings::gantry::plugin::{bundle, files, http, kv, secrets};
    pub use crate::parts::*;
}
