//! The generations of the contract side by side: what a component exports, and calls that look alike whichever it speaks.
//!
//! A component speaks one generation, and is linked with the imports of that one alone. Its answers leave here in the
//! newest one's words, so that nothing behind this module knows that there are others.

mod exports;
mod newer;
mod v0_1;

pub(crate) use exports::Exports;

use serde::{Deserialize, Serialize};
use wasmtime::component::{HasSelf, Linker};

use crate::bindings;
use crate::capability::{FILES, Grants, HTTP, IMPORTED, KV, QUERY, SECRETS};
use crate::state::CallState;

/// A generation of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

    /// The capabilities that are interfaces of it.
    pub(crate) const fn imports(self) -> &'static [&'static str] {
        match self {
            Self::V0_1 => &[QUERY],
            Self::V0_2 => &IMPORTED,
        }
    }

    /// Links what is everybody's, and what is granted.
    pub(crate) fn link(self, linker: &mut Linker<CallState>, grants: &Grants) -> wasmtime::Result<()> {
        /// Each interface is linked in the same way; only its module differs.
        macro_rules! link {
            ($interface:path) => {{
                use $interface as interface;
                interface::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
            }};
        }
        match self {
            Self::V0_1 => {
                link!(bindings::v0_1::gantry::plugin::log);
                if grants.contains(QUERY) {
                    link!(bindings::v0_1::gantry::plugin::query);
                }
            }
            Self::V0_2 => {
                link!(bindings::log);
                link!(bindings::bundle);
                for capability in IMPORTED.into_iter().filter(|name| grants.contains(name)) {
                    match capability {
                        HTTP => link!(bindings::http),
                        KV => link!(bindings::kv),
                        SECRETS => link!(bindings::secrets),
                        FILES => link!(bindings::files),
                        _ => link!(bindings::query),
                    }
                }
            }
        }
        Ok(())
    }
}
