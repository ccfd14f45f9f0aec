//! The generations of the contract side by side: what a component exports, and calls that look alike whichever it speaks.
//!
//! A component speaks one generation, and is linked with the imports of that one alone. Its answers leave here in the
//! newest one's words, so that nothing behind this module knows that there are others.

mod exports;
mod v0_1;

pub(crate) use exports::Exports;

use wasmtime::component::{HasSelf, Linker};

use crate::bindings;
use crate::state::CallState;

/// A generation of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Generation {
    V0_1,
    V0_2,
}

impl Generation {
    /// All, oldest first.
    pub(crate) const ALL: [Self; 2] = [Self::V0_1, Self::V0_2];

    /// As a manifest says it.
    pub(crate) const fn contract(self) -> &'static str {
        match self {
            Self::V0_1 => "0.1",
            Self::V0_2 => "0.2",
        }
    }

    /// The generation that a manifest names.
    pub(crate) fn of_contract(contract: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.contract() == contract)
    }

    /// The generation of an interface's version, and whether it has a patch number as all of ours have.
    pub(crate) fn of_version(version: &str) -> Option<Self> {
        let (contract, patch) = version.rsplit_once('.')?;
        let is_number = !patch.is_empty() && patch.bytes().all(|each| each.is_ascii_digit());
        Self::of_contract(contract).filter(|_| is_number)
    }

    /// Links the log, and what is granted.
    pub(crate) fn link(self, linker: &mut Linker<CallState>, query: bool) -> wasmtime::Result<()> {
        match self {
            Self::V0_1 => {
                use bindings::v0_1::gantry::plugin as imports;
                imports::log::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
                if query {
                    imports::query::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
                }
            }
            Self::V0_2 => {
                use bindings::v0_2::gantry::plugin as imports;
                imports::log::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
                if query {
                    imports::query::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
                }
            }
        }
        Ok(())
    }
}
