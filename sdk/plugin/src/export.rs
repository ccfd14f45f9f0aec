//! From an author's traits to the exports of the world.
//!
//! The adapter is generic over the author's type, so that the macro stays one type alias and one call and everything
//! else is ordinary code with ordinary errors.

use std::marker::PhantomData;
use std::sync::Once;

use crate::bindings::gantry::plugin::log;
#[allow(unused_imports, reason = "which of them are used depends on the parts that there are")]
use crate::prelude::*;

/// Carries an author's type into the generated exports.
#[derive(Debug)]
pub struct Adapter<T>(PhantomData<T>);

/// Panics are silent on wasm32-unknown-unknown; this puts their message and place into the plugin's log.
#[allow(dead_code, reason = "a build without any part calls nothing")]
fn report_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            // A line of the log has no breaks, and the place stands in a line of its own.
            let mut text = panic.to_string();
            if let Some(at) = text.find('\n') {
                text.replace_range(at..=at, " ");
            }
            text.split('\n').for_each(|line| log::write(log::Level::Error, line));
        }));
    });
}

#[cfg(feature = "game")]
impl<T: Plugin> crate::bindings::game::exports::gantry::plugin::blueprints::Guest for Adapter<T> {
    fn list() -> Vec<Blueprint> {
        report_panics();
        T::blueprints()
    }
    fn validate(server: Server) -> Vec<FieldProblem> {
        report_panics();
        T::validate(&server)
    }
}

#[cfg(feature = "game")]
impl<T: Plugin> crate::bindings::game::exports::gantry::plugin::plans::Guest for Adapter<T> {
    fn install(server: Server) -> Result<InstallPlan, Failure> {
        report_panics();
        T::install(&server)
    }
    fn run(server: Server) -> Result<RunSpec, Failure> {
        report_panics();
        T::run(&server)
    }
}

#[cfg(feature = "collector")]
impl<T: Collector> crate::bindings::collects::exports::gantry::plugin::collector::Guest for Adapter<T> {
    fn collect(server: Server) -> Result<Sample, Failure> {
        report_panics();
        T::collect(&server)
    }
}

#[cfg(feature = "console-events")]
impl<T: ConsoleEvents> crate::bindings::reads_console::exports::gantry::plugin::console_events::Guest
    for Adapter<T>
{
    fn parse(server: Server, lines: Vec<String>) -> Vec<Found> {
        report_panics();
        T::parse(&server, &lines)
    }
}

#[cfg(feature = "actions")]
impl<T: Actions> crate::bindings::acts::exports::gantry::plugin::actions::Guest for Adapter<T> {
    fn offer(server: Server) -> Vec<ServerAction> {
        report_panics();
        T::offer(&server)
    }
    fn perform(server: Server, id: String, form: Vec<Setting>) -> Result<Vec<Effect>, Failure> {
        report_panics();
        T::perform(&server, &id, &form)
    }
}

#[cfg(feature = "quiescing")]
impl<T: Quiescing> crate::bindings::quiets::exports::gantry::plugin::quiescing::Guest for Adapter<T> {
    fn broadcast(server: Server, text: String) -> Vec<Effect> {
        report_panics();
        T::broadcast(&server, &text)
    }
    fn quiesce(server: Server) -> Vec<Effect> {
        report_panics();
        T::quiesce(&server)
    }
    fn resume(server: Server) -> Vec<Effect> {
        report_panics();
        T::resume(&server)
    }
}

#[cfg(feature = "commands")]
impl<T: Commands> crate::bindings::commands_games::exports::gantry::plugin::commands::Guest for Adapter<T> {
    fn send(server: Server, line: String) -> Result<String, Failure> {
        report_panics();
        T::send(&server, &line)
    }
}

#[cfg(feature = "catalog")]
impl<T: Catalog> crate::bindings::lists::exports::gantry::plugin::catalog::Guest for Adapter<T> {
    fn choices(name: String, settings: Vec<Setting>) -> Result<Vec<Choice>, Failure> {
        report_panics();
        T::choices(&name, &settings)
    }
}

#[cfg(feature = "facts")]
impl<T: Facts> crate::bindings::looks_up::exports::gantry::plugin::facts::Guest for Adapter<T> {
    fn resolve(server: Server) -> Result<Vec<Setting>, Failure> {
        report_panics();
        T::resolve(&server)
    }
}

#[cfg(feature = "importer")]
impl<T: Importer> crate::bindings::imports_games::exports::gantry::plugin::importer::Guest for Adapter<T> {
    fn convert(file_name: String, content: Vec<u8>) -> Result<Imported, Failure> {
        report_panics();
        T::convert(&file_name, &content)
    }
}

#[cfg(feature = "config-files")]
impl<T: ConfigFiles> crate::bindings::describes_files::exports::gantry::plugin::config_files::Guest
    for Adapter<T>
{
    fn list(server: Server) -> Vec<ConfigFile> {
        report_panics();
        T::list(&server)
    }
}

#[cfg(feature = "tabs")]
impl<T: Tabs> crate::bindings::shows_tabs::exports::gantry::plugin::tabs::Guest for Adapter<T> {
    fn offer(server: Server) -> Vec<Tab> {
        report_panics();
        T::offer(&server)
    }
    fn render(server: Server, tab: String) -> Result<Vec<Block>, Failure> {
        report_panics();
        T::render(&server, &tab)
    }
}

#[cfg(feature = "hooks")]
impl<T: Hooks> crate::bindings::listens::exports::gantry::plugin::hooks::Guest for Adapter<T> {
    fn wants() -> Vec<String> {
        report_panics();
        T::wants()
    }
    fn settings() -> Vec<Variable> {
        report_panics();
        T::settings()
    }
    fn handle(event: HookEvent, settings: Vec<Setting>) -> Result<(), Failure> {
        report_panics();
        T::handle(&event, &settings)
    }
}

/// Stands for the export of a part that is left out.
#[doc(hidden)]
#[macro_export]
macro_rules! export_nothing {
    ($($any:tt)*) => {};
}

/// Makes a type that implements the traits of this crate's enabled features the plugin of its crate.
#[macro_export]
macro_rules! export {
    ($plugin:ty) => {
        // On other targets a plugin is only compiled for its unit tests, which call its functions directly.
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type GantryAdapter = $crate::Adapter<$plugin>;
            $crate::bindings::game::export_game!(GantryAdapter with_types_in $crate::bindings::game);
            $crate::bindings::collects::export_collects!(GantryAdapter with_types_in $crate::bindings::collects);
            $crate::bindings::reads_console::export_reads_console!(GantryAdapter with_types_in $crate::bindings::reads_console);
            $crate::bindings::acts::export_acts!(GantryAdapter with_types_in $crate::bindings::acts);
            $crate::bindings::quiets::export_quiets!(GantryAdapter with_types_in $crate::bindings::quiets);
            $crate::bindings::commands_games::export_commands_games!(GantryAdapter with_types_in $crate::bindings::commands_games);
            $crate::bindings::lists::export_lists!(GantryAdapter with_types_in $crate::bindings::lists);
            $crate::bindings::looks_up::export_looks_up!(GantryAdapter with_types_in $crate::bindings::looks_up);
            $crate::bindings::imports_games::export_imports_games!(GantryAdapter with_types_in $crate::bindings::imports_games);
            $crate::bindings::describes_files::export_describes_files!(GantryAdapter with_types_in $crate::bindings::describes_files);
            $crate::bindings::shows_tabs::export_shows_tabs!(GantryAdapter with_types_in $crate::bindings::shows_tabs);
            $crate::bindings::listens::export_listens!(GantryAdapter with_types_in $crate::bindings::listens);
        };
    };
}
