//! What `cargo xtask fuzz` throws bytes at, and a short test: everything that a stranger's component, a guest, or a child
//! that was taken over says to its embedder, and what the embedder says to the child.
//!
//! Nothing of it is in a program. Each function takes any bytes and panics where a promise does not hold.

use gantry_types::server::{Protocol, ServerContext};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::budgets::Budgets;
use crate::calls;
use crate::capability::{CAPABILITIES, Grants};
use crate::component::{self, Part, Parts};
use crate::convert::{self, Checked};
use crate::kind::Kind;
use crate::manifest::{MANIFEST_SECTION, Manifest};
use crate::wall::heard;

#[cfg(test)]
mod tests;

pub use heard::{lies, orders};

/// What a component begins with: the magic word, its version, and that it is a component.
const PREAMBLE: [u8; 8] = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];

/// Reads a component of these bytes, one that has nothing but them behind the preamble, and one whose manifest they are.
/// Answers whether they were a manifest.
pub fn component(bytes: &[u8]) -> bool {
    let (budgets, grants) = (Budgets::default(), CAPABILITIES.iter().copied().collect::<Grants>());
    let looked_into = |wasm: &[u8]| {
        let outline = component::inspect(wasm, &budgets, &grants);
        assert!(outline.is_err(), "nothing here exports anything of the contract");
        assert!(component::code(wasm).len() <= wasm.len(), "what is compiled is a part of what came");
    };
    looked_into(bytes);
    looked_into(&[&PREAMBLE, bytes].concat());
    looked_into(&with_section(bytes));
    let Ok(manifest) = Manifest::parse(bytes) else { return false };
    let written = serde_json::to_vec(&manifest).expect("what was read can be written");
    assert_eq!(Manifest::parse(&written).as_ref(), Ok(&manifest), "what was written is read alike");
    true
}

/// A component with a manifest and nothing else.
fn with_section(manifest: &[u8]) -> Vec<u8> {
    let name = MANIFEST_SECTION.as_bytes();
    let mut wasm = PREAMBLE.to_vec();
    wasm.push(0);
    let mut left = 1 + name.len() + manifest.len();
    while left > 0x7f {
        wasm.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    wasm.push(left as u8);
    wasm.push(name.len() as u8);
    wasm.extend_from_slice(name);
    wasm.extend_from_slice(manifest);
    wasm
}

/// How far an answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// The bytes are no answer of that call.
    Unread,
    /// They are, and the answer breaks a rule.
    Refused,
    /// The answer is one that embedders are given.
    Accepted,
}

/// How many kinds of calls there are.
pub const KINDS: u8 = Kind::COUNT as u8;

/// Takes these bytes for what a guest answered to a call of that kind, and checks it as an embedder does.
pub fn answer(kind: u8, bytes: &[u8]) -> Came {
    let kinds = [
        Kind::Blueprints,
        Kind::Validate,
        Kind::InstallPlan,
        Kind::RunSpec,
        Kind::Collect,
        Kind::ConsoleEvents,
        Kind::OfferActions,
        Kind::Perform,
        Kind::Broadcast,
        Kind::Quiesce,
        Kind::Resume,
        Kind::Send,
        Kind::Choices,
        Kind::Resolve,
        Kind::Import,
        Kind::ConfigFiles,
        Kind::OfferTabs,
        Kind::Render,
        Kind::Wants,
        Kind::HookSettings,
        Kind::Handle,
    ];
    let parts: Parts = Part::ALL.into_iter().collect();
    match kinds[usize::from(kind % KINDS)] {
        Kind::Blueprints => said::<calls::Blueprints, _>(bytes, |all| convert::blueprints(all, parts)),
        Kind::Validate => said::<calls::Validate, _>(bytes, convert::field_problems),
        Kind::InstallPlan => declined::<calls::InstallPlan, _, _>(bytes, convert::install_plan),
        Kind::RunSpec => {
            declined::<calls::RunSpec, _, _>(bytes, |spec| convert::run_spec(spec, &server(), parts))
        }
        Kind::Collect => declined::<calls::Collect, _, _>(bytes, convert::sample),
        Kind::ConsoleEvents => said::<calls::ConsoleEvents, _>(bytes, |all| convert::console_events(all, 8)),
        Kind::OfferActions => said::<calls::OfferActions, _>(bytes, |all| convert::actions(all, parts)),
        Kind::Perform => declined::<calls::Perform, _, _>(bytes, convert::effects),
        Kind::Broadcast => said::<calls::Broadcast, _>(bytes, convert::effects),
        Kind::Quiesce => said::<calls::Quiesce, _>(bytes, convert::effects),
        Kind::Resume => said::<calls::Resume, _>(bytes, convert::effects),
        Kind::Send => declined::<calls::Send, _, _>(bytes, |line| Ok(convert::reply_line(&line))),
        Kind::Choices => declined::<calls::Choices, _, _>(bytes, convert::catalog),
        Kind::Resolve => declined::<calls::Resolve, _, _>(bytes, convert::facts),
        Kind::Import => declined::<calls::Import, _, _>(bytes, convert::imported),
        Kind::ConfigFiles => said::<calls::ConfigFiles, _>(bytes, |all| convert::config_files(all, parts)),
        Kind::OfferTabs => said::<calls::OfferTabs, _>(bytes, convert::tabs),
        Kind::Render => declined::<calls::Render, _, _>(bytes, convert::blocks),
        Kind::Wants => said::<calls::Wants, _>(bytes, convert::wants),
        Kind::HookSettings => {
            said::<calls::HookSettings, _>(bytes, |all| convert::plugin_settings(all, parts))
        }
        Kind::Handle => declined::<calls::Handle, _, _>(bytes, Ok),
    }
}

/// An answer of a call that cannot be declined.
fn said<R: calls::Request, T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    bytes: &[u8],
    check: impl FnOnce(R::Answer) -> Checked<T>,
) -> Came {
    match heard::answer::<R>(bytes) {
        Some(answer) => judged(check(answer)),
        None => Came::Unread,
    }
}

/// One of a call that can be.
fn declined<R, A, T>(bytes: &[u8], check: impl FnOnce(A) -> Checked<T>) -> Came
where
    R: calls::Request<Answer = Result<A, crate::bindings::types::Failure>>,
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    match heard::answer::<R>(bytes) {
        Some(Ok(answer)) => judged(check(answer)),
        Some(Err(no)) => {
            let no = convert::failure(&no);
            assert!(
                !no.message.contains(|each: char| each.is_control()),
                "{:?} is shown to people",
                no.message
            );
            Came::Refused
        }
        None => Came::Unread,
    }
}

/// What an embedder takes it sends on: it can be written, and is read alike.
fn judged<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(checked: Checked<T>) -> Came {
    let accepted = match checked {
        Ok(accepted) => accepted,
        Err(why) => {
            assert!(!why.is_empty() && why.len() < 8 * 1024, "an author reads {} bytes", why.len());
            return Came::Refused;
        }
    };
    let written = serde_json::to_vec(&accepted).expect("what is accepted can be written");
    let read: T = serde_json::from_slice(&written).expect("what was written can be read");
    assert_eq!(serde_json::to_vec(&read).ok().as_ref(), Some(&written), "{accepted:?} arrives as another");
    Came::Accepted
}

fn server() -> ServerContext {
    let endpoint = gantry_types::server::Endpoint {
        name: "game".to_owned(),
        protocol: Protocol::Udp,
        address: "127.0.0.1".to_owned(),
        port: 27_960,
    };
    ServerContext {
        id: "server".to_owned(),
        name: "Server".to_owned(),
        blueprint: "game".to_owned(),
        settings: Vec::new(),
        facts: Vec::new(),
        endpoints: vec![endpoint],
        limits: Default::default(),
        time_zone: "UTC".to_owned(),
    }
}
