//! Where a component's functions are, and how they are called.

use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre};

use crate::bindings::{blueprints, collector, console_events, plans, types, v0_1, v0_2};
use crate::component::Outline;
use crate::generations::Generation;
use crate::state::CallState;

/// The functions of a component, in its own generation. The optional interfaces are those that it has.
pub(crate) enum Exports {
    V0_1(Old),
    V0_2(New),
}

pub(crate) struct Old {
    blueprints: v0_1::exports::gantry::plugin::blueprints::GuestIndices,
    plans: v0_1::exports::gantry::plugin::plans::GuestIndices,
    collector: Option<v0_1::exports::gantry::plugin::collector::GuestIndices>,
    console_events: Option<v0_1::exports::gantry::plugin::console_events::GuestIndices>,
}

pub(crate) struct New {
    blueprints: v0_2::exports::gantry::plugin::blueprints::GuestIndices,
    plans: v0_2::exports::gantry::plugin::plans::GuestIndices,
    collector: Option<v0_2::exports::gantry::plugin::collector::GuestIndices>,
    console_events: Option<v0_2::exports::gantry::plugin::console_events::GuestIndices>,
}

type Said<T> = wasmtime::Result<Result<T, types::Failure>>;

impl Exports {
    pub(crate) fn find(pre: &InstancePre<CallState>, outline: &Outline) -> wasmtime::Result<Self> {
        Ok(match outline.generation {
            Generation::V0_1 => {
                use v0_1::exports::gantry::plugin as exports;
                let collects = outline.collects.then(|| exports::collector::GuestIndices::new(pre));
                let reads = outline.parses_console.then(|| exports::console_events::GuestIndices::new(pre));
                Self::V0_1(Old {
                    blueprints: exports::blueprints::GuestIndices::new(pre)?,
                    plans: exports::plans::GuestIndices::new(pre)?,
                    collector: collects.transpose()?,
                    console_events: reads.transpose()?,
                })
            }
            Generation::V0_2 => {
                use v0_2::exports::gantry::plugin as exports;
                let collects = outline.collects.then(|| exports::collector::GuestIndices::new(pre));
                let reads = outline.parses_console.then(|| exports::console_events::GuestIndices::new(pre));
                Self::V0_2(New {
                    blueprints: exports::blueprints::GuestIndices::new(pre)?,
                    plans: exports::plans::GuestIndices::new(pre)?,
                    collector: collects.transpose()?,
                    console_events: reads.transpose()?,
                })
            }
        })
    }

    pub(crate) const fn has_collector(&self) -> bool {
        match self {
            Self::V0_1(old) => old.collector.is_some(),
            Self::V0_2(new) => new.collector.is_some(),
        }
    }

    pub(crate) const fn has_console_events(&self) -> bool {
        match self {
            Self::V0_1(old) => old.console_events.is_some(),
            Self::V0_2(new) => new.console_events.is_some(),
        }
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
            Self::V0_2(new) => new.blueprints.load(&mut *store, instance)?.call_list(store).await,
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
            Self::V0_1(old) => old.blueprints.load(&mut *store, instance)?.call_validate(store, server).await,
            Self::V0_2(new) => new.blueprints.load(&mut *store, instance)?.call_validate(store, server).await,
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
                let said = old.plans.load(&mut *store, instance)?.call_install(store, server).await?;
                Ok(said.map(Into::into))
            }
            Self::V0_2(new) => new.plans.load(&mut *store, instance)?.call_install(store, server).await,
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
                let said = old.plans.load(&mut *store, instance)?.call_run(store, server).await?;
                Ok(said.map(Into::into))
            }
            Self::V0_2(new) => new.plans.load(&mut *store, instance)?.call_run(store, server).await,
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
                let collector = old.collector.as_ref().ok_or_else(absent)?.load(&mut *store, instance)?;
                Ok(collector.call_collect(store, server).await?.map(Into::into))
            }
            Self::V0_2(new) => {
                let collector = new.collector.as_ref().ok_or_else(absent)?.load(&mut *store, instance)?;
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
                let parser = old.console_events.as_ref().ok_or_else(absent)?.load(&mut *store, instance)?;
                let found = parser.call_parse(store, server, lines).await?;
                Ok(found.into_iter().map(Into::into).collect())
            }
            Self::V0_2(new) => {
                let parser = new.console_events.as_ref().ok_or_else(absent)?.load(&mut *store, instance)?;
                parser.call_parse(store, server, lines).await
            }
        }
    }
}

fn absent() -> wasmtime::Error {
    wasmtime::Error::msg("the component has no such interface")
}
