//! What the two processes say to each other. Both are the same program, so nothing here has versions.

use serde::{Deserialize, Serialize};

use crate::budgets::Budgets;
use crate::capability::{LogLevel, Spent};
use crate::component::Bundle;
use crate::guest::{Ended, Linking};
use crate::inline::Pace;
use crate::kind::Kind;
use crate::lend::{Answered, Question};

/// The embedder, on the line that the child is born with.
#[derive(Serialize, Deserialize)]
pub(crate) enum Order {
    /// The first: what everything is measured by. It is reported to have been done.
    Begin(Box<Budgets>),
    /// A socket comes with it, for components.
    Loads,
    /// A socket comes with it, for calls.
    Calls,
}

/// The embedder, on the line for components.
#[derive(Serialize, Deserialize)]
pub(crate) enum Load {
    /// Links a component. If its code is not there it is asked for, and comes as the next frame; an empty one says that there
    /// is none.
    Link { slot: u32, code: [u8; 32], linking: Linking, bundle: Bundle },
    /// Nobody calls it any more. It is not reported.
    Forget { slot: u32 },
}

/// The child, of what it was ordered.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Report {
    Done,
    CodeWanted,
    /// The code did not come, and the component is not linked.
    NoCode,
    /// The component is at fault.
    Refused(String),
    /// The engine does not take the code.
    Unfit(String),
}

/// A processor, by the kernel's number.
pub(crate) type Core = usize;

/// The embedder, on the line of a call.
#[derive(Serialize, Deserialize)]
pub(crate) enum ToGuest {
    /// The request follows in the same frame.
    Call {
        slot: u32,
        kind: Kind,
        /// Where a caller waits whose call is expected to be brief.
        visit: Option<Core>,
        /// How much it is expected to compute.
        pace: Pace,
    },
    Answer(Answered),
}

/// The child, on the line of a call.
#[derive(Serialize, Deserialize)]
pub(crate) enum FromGuest {
    Log {
        level: LogLevel,
        line: String,
    },
    Ask(Question),
    /// With nothing to say of why, the answer follows in the same frame.
    Ended {
        spent: Spent,
        why: Option<Ended>,
    },
}
