//! From an author's traits to the exports of the world.
//!
//! The adapter is generic over the author's type, so that the macro stays one type alias and one call and everything
//! else is ordinary code with ordinary errors.

use crate::{
    Plugin,
    bindings::{exports::gantry::plugin as exports, gantry::plugin::log},
    prelude::{Blueprint, Failure, FieldProblem, InstallPlan, RunSpec, Server},
};
use std::{marker::PhantomData, sync::Once};

/// Carries an author's type into the generated exports.
#[derive(Debug)]
pub struct Adapter<T>(PhantomData<T>);

/// Panics are silent on wasm32-unknown-unknown; this puts their message and place into the plugin's log.
fn report_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| log::write(log::Level::Error, &panic.to_string())));
    });
}

impl<T: Plugin> exports::blueprints::Guest for Adapter<T> {
    fn list() -> Vec<Blueprint> {
        report_panics();
        T::blueprints()
    }
    fn validate(server: Server) -> Vec<FieldProblem> {
        report_panics();
        T::validate(&server)
    }
}

impl<T: Plugin> exports::plans::Guest for Adapter<T> {
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
impl<T: crate::Collector> crate::bindings::collects::exports::gantry::plugin::collector::Guest
    for Adapter<T>
{
    fn collect(server: Server) -> Result<crate::prelude::Sample, Failure> {
        report_panics();
        T::collect(&server)
    }
}

#[cfg(feature = "console-events")]
impl<T: crate::ConsoleEvents> crate::bindings::reads_console::exports::gantry::plugin::console_events::Guest
    for Adapter<T>
{
    fn parse(server: Server, lines: Vec<String>) -> Vec<crate::prelude::Found> {
        report_panics();
        T::parse(&server, &lines)
    }
}

/// Exports an author's collector, where this crate was built with one.
#[cfg(feature = "collector")]
#[doc(hidden)]
#[macro_export]
macro_rules! export_collector {
    ($adapter:ident) => {
        $crate::bindings::collects::export_collects!($adapter with_types_in $crate::bindings::collects);
    };
}

#[cfg(not(feature = "collector"))]
#[doc(hidden)]
#[macro_export]
macro_rules! export_collector {
    ($adapter:ident) => {};
}

/// Exports what an author makes of console lines, where this crate was built for it.
#[cfg(feature = "console-events")]
#[doc(hidden)]
#[macro_export]
macro_rules! export_console_events {
    ($adapter:ident) => {
        $crate::bindings::reads_console::export_reads_console!(
            $adapter with_types_in $crate::bindings::reads_console
        );
    };
}

#[cfg(not(feature = "console-events"))]
#[doc(hidden)]
#[macro_export]
macro_rules! export_console_events {
    ($adapter:ident) => {};
}

/// Makes a type that implements [`Plugin`](crate::Plugin), and the traits of the enabled features, the plugin of this
/// crate.
#[macro_export]
macro_rules! export {
    ($plugin:ty) => {
        // On other targets a plugin is only compiled for its unit tests, which call its functions directly.
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type GantryAdapter = $crate::Adapter<$plugin>;
    $crate::bindings::export!(GantryAdapter with_types_in $crate::bindings);
            $crate::export_collector!(GantryAdapter);
            $crate::export_console_events!(GantryAdapter);
        };
    };
}
