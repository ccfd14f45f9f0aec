//! Where a component's functions are, and how they are called.

use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre};

use crate::bindings::{blueprints, collector, console_events, plans, types, v0_1, v0_2};
use crate::component::{Part, Parts};
use crate::generations::Generation;
use crate::state::CallState;

/// The functions of a component, in its own generation. The optional interfaces are those that it has.
pub(crate) enum Exports {
    V0_1(Old),
    V0_2(Box<New>),
}

pub(crate) struct Old {
    blueprints: v0_1::exports::gantry::plugin::blueprints::GuestIndices,
    plans: v0_1::exports::gantry::plugin::plans::GuestIndices,
    collector: Option<v0_1::exports::gantry::plugin::collector::GuestIndices>,
    console_events: Option<v0_1::exports::gantry::plugin::console_events::GuestIndices>,
}

/// Interfaces are there as the component exports them.
pub(crate) struct New {
    pub(super) blueprints: Option<v0_2::exports::gantry::plugin::blueprints::GuestIndices>,
    pub(super) plans: Option<v0_2::exports::gantry::plugin::plans::GuestIndices>,
    pub(super) collector: Option<v0_2::exports::gantry::plugin::collector::GuestIndices>,
    pub(super) console_events: Option<v0_2::exports::gantry::plugin::console_events::GuestIndices>,
    pub(super) actions: Option<v0_2::exports::gantry::plugin::actions::GuestIndices>,
    pub(super) quiescing: Option<v0_2::exports::gantry::plugin::quiescing::GuestIndices>,
    pub(super) commands: Option<v0_2::exports::gantry::plugin::commands::GuestIndices>,
    pub(super) catalog: Option<v0_2::exports::gantry::plugin::catalog::GuestIndices>,
    pub(super) facts: Option<v0_2::exports::gantry::plugin::facts::GuestIndices>,
    pub(super) importer: Option<v0_2::exports::gantry::plugin::importer::GuestIndices>,
    pub(super) config_files: Option<v0_2::exports::gantry::plugin::config_files::GuestIndices>,
    pub(super) tabs: Option<v0_2::exports::gantry::plugin::tabs::GuestIndices>,
    pub(super) hooks: Option<v0_2::exports::gantry::plugin::hooks::GuestIndices>,
}

pub(super) type Said<T> = wasmtime::Result<Result<T, types::Failure>>;

impl Exports {
    pub(crate) fn find(
        pre: &InstancePre<CallState>,
        generation: Generation,
        parts: Parts,
    ) -> wasmtime::Result<Self> {
        let has = |part| parts.has(part);
        Ok(match generation {
            Generation::V0_1 => {
                use v0_1::exports::gantry::plugin as exports;
                let collects = has(Part::Collector).then(|| exports::collector::GuestIndices::new(pre));
                let reads = has(Part::ConsoleEvents).then(|| exports::console_events::GuestIndices::new(pre));
                Self::V0_1(Old {
                    blueprints: exports::blueprints::GuestIndices::new(pre)?,
                    plans: exports::plans::GuestIndices::new(pre)?,
                    collector: collects.transpose()?,
                    console_events: reads.transpose()?,
                })
            }
            Generation::V0_2 => {
                /// Finds an interface's functions, where the component has it.
                macro_rules! find {
                    ($part:ident, $interface:ident) => {
                        has(Part::$part)
                            .then(|| v0_2::exports::gantry::plugin::$interface::GuestIndices::new(pre))
                            .transpose()?
                    };
                }
                Self::V0_2(Box::new(New {
                    blueprints: find!(Game, blueprints),
                    plans: find!(Game, plans),
                    collector: find!(Collector, collector),
                    console_events: find!(ConsoleEvents, console_events),
                    actions: find!(Actions, actions),
                    quiescing: find!(Quiescing, quiescing),
                    commands: find!(Commands, commands),
                    catalog: find!(Catalog, catalog),
                    facts: find!(Facts, facts),
                    importer: find!(Importer, importer),
                    config_files: find!(ConfigFiles, config_files),
                    tabs: find!(Tabs, tabs),
                    hooks: find!(Hooks, hooks),
                }))
            }
        })
    }

    /// `blueprints.list`.
    pub(crate) async fn blueprints(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
    ) -> wasmtime::Result<Vec<blueprints::Blueprint>> {
        match self {
            Self::V0_1(old) => {
                let list = old.blueprints.load(&mut *store, instance)?.call_list(store).await?;
                Ok(list.into_iter().map(Into::into).collect())
            }
            Self::V0_2(new) => there(&new.blueprints)?.load(&mut *store, instance)?.call_list(store).await,
        }
    }

    /// `blueprints.validate`.
    pub(crate) async fn validate(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        server: &types::Server,
    ) -> wasmtime::Result<Vec<types::FieldProblem>> {
        match self {
            Self::V0_1(old) => {
                let guest = old.blueprints.load(&mut *store, instance)?;
                let problems = guest.call_validate(store, &server.into()).await?;
                Ok(problems.into_iter().map(Into::into).collect())
            }
            Self::V0_2(new) => {
                there(&new.blueprints)?.load(&mut *store, instance)?.call_validate(store, server).await
            }
        }
    }

    /// `plans.install`.
    pub(crate) async fn install(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        server: &types::Server,
    ) -> Said<plans::InstallPlan> {
        match self {
            Self::V0_1(old) => {
                let said = old.plans.load(&mut *store, instance)?.call_install(store, &server.into()).await?;
                Ok(said.map(Into::into).map_err(Into::into))
            }
            Self::V0_2(new) => {
                there(&new.plans)?.load(&mut *store, instance)?.call_install(store, server).await
            }
        }
    }

    /// `plans.run`.
    pub(crate) async fn run(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        server: &types::Server,
    ) -> Said<plans::RunSpec> {
        match self {
            Self::V0_1(old) => {
                let said = old.plans.load(&mut *store, instance)?.call_run(store, &server.into()).await?;
                Ok(said.map(Into::into).map_err(Into::into))
            }
            Self::V0_2(new) => there(&new.plans)?.load(&mut *store, instance)?.call_run(store, server).await,
        }
    }

    /// `collector.collect`.
    pub(crate) async fn collect(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        server: &types::Server,
    ) -> Said<collector::Sample> {
        match self {
            Self::V0_1(old) => {
                let collector = there(&old.collector)?.load(&mut *store, instance)?;
                let said = collector.call_collect(store, &server.into()).await?;
                Ok(said.map(Into::into).map_err(Into::into))
            }
            Self::V0_2(new) => {
                let collector = there(&new.collector)?.load(&mut *store, instance)?;
                collector.call_collect(store, server).await
            }
        }
    }

    /// `console-events.parse`.
    pub(crate) async fn parse(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        server: &types::Server,
        lines: &[String],
    ) -> wasmtime::Result<Vec<console_events::Found>> {
        match self {
            Self::V0_1(old) => {
                let parser = there(&old.console_events)?.load(&mut *store, instance)?;
                let found = parser.call_parse(store, &server.into(), lines).await?;
                Ok(found.into_iter().map(Into::into).collect())
            }
            Self::V0_2(new) => {
                let parser = there(&new.console_events)?.load(&mut *store, instance)?;
                parser.call_parse(store, server, lines).await
            }
        }
    }
}

/// An interface's functions, or that the component has none: a call was made without a look at its parts.
pub(super) fn there<T>(interface: &Option<T>) -> wasmtime::Result<&T> {
    interface.as_ref().ok_or_else(|| wasmtime::Error::msg("the component has no such interface"))
}
