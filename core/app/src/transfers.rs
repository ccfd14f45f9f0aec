//! What people have under way at nodes for long is counted, so that whoever never ends takes nothing from others.
//!
//! A file that stands still holds a window of its node's link, and an action that waits for its game a call. Few enough of
//! them fit beside everything else, and none waits: one too many is refused at once. Of files only what flows as fast as a
//! person gives or takes it counts; texts for editors come and go whole.

use crate::error::{Answer, AppError};
use gantry_protocol::MAX_TRANSFERS;
use gantry_types::{NodeId, UserId, problem::Code};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How much of one kind there may be at one node.
#[derive(Clone, Copy)]
struct Bounds {
    /// What it is, in a sentence.
    what: &'static str,
    of_person: usize,
    /// Of the node's places so many are for people who have none, or else a few people could take all.
    kept: usize,
    of_node: usize,
}

/// A browser moves three files at once, and a second tab as many.
const FILES: Bounds = Bounds { what: "files", of_person: 8, kept: 8, of_node: MAX_TRANSFERS };
/// Together a quarter of the calls that one link takes at a time.
const ACTIONS: Bounds = Bounds { what: "actions", of_person: 8, kept: 16, of_node: 64 };

const _: () = assert!(FILES.of_person + FILES.kept < FILES.of_node);
const _: () = assert!(ACTIONS.of_person + ACTIONS.kept < ACTIONS.of_node);

/// How much each person has under way, by node.
type Counts = HashMap<NodeId, HashMap<UserId, usize>>;

/// All of one kind that is under way.
#[derive(Clone)]
pub(crate) struct Transfers {
    bounds: Bounds,
    by_node: Arc<Mutex<Counts>>,
}

/// One place, for as long as what has it is under way.
pub(crate) struct Transfer {
    all: Transfers,
    node: NodeId,
    person: UserId,
}

impl Transfers {
    pub(crate) fn of_files() -> Self {
        Self { bounds: FILES, by_node: Arc::default() }
    }

    pub(crate) fn of_actions() -> Self {
        Self { bounds: ACTIONS, by_node: Arc::default() }
    }

    /// A place for one more, or why there is none.
    pub(crate) fn begin(&self, node: NodeId, person: UserId) -> Answer<Transfer> {
        let Bounds { what, of_person, kept, of_node } = self.bounds;
        let mut counts = self.counts();
        let people = counts.entry(node).or_default();
        let under_way: usize = people.values().sum();
        let own = people.get(&person).copied().unwrap_or(0);
        if own >= of_person {
            let detail = format!("You have {of_person} {what} of this node under way; one has to end first.");
            return Err(AppError::refused(Code::RateLimited, detail));
        }
        let room = if own == 0 { of_node } else { of_node - kept };
        if under_way >= room {
            let detail = format!("Too many {what} of this node are under way at this moment.");
            return Err(AppError::refused(Code::Overloaded, detail));
        }
        people.insert(person, own + 1);
        drop(counts);
        Ok(Transfer { all: self.clone(), node, person })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.by_node.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        let mut counts = self.all.counts();
        let Some(people) = counts.get_mut(&self.node) else { return };
        match people.get(&self.person).map_or(0, |own| own.saturating_sub(1)) {
            0 => people.remove(&self.person),
            left => people.insert(self.person, left),
        };
        if people.is_empty() {
            counts.remove(&self.node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn node() -> NodeId {
        NodeId::new(gantry_store::new_uuid())
    }

    fn person() -> UserId {
        UserId::new(gantry_store::new_uuid())
    }

    fn code(refused: Answer<Transfer>) -> Code {
        let refused = refused.map(drop).unwrap_err();
        assert!(refused.retry_after().is_some_and(|wait| wait >= Duration::from_secs(1)));
        refused.code()
    }

    #[test]
    fn one_person_has_so_many_files_under_way_at_a_node_and_no_more() {
        let (transfers, there, she) = (Transfers::of_files(), node(), person());
        let mut held: Vec<_> = (0..FILES.of_person).map(|_| transfers.begin(there, she).unwrap()).collect();
        assert_eq!(code(transfers.begin(there, she)), Code::RateLimited);
        assert!(transfers.begin(node(), she).is_ok(), "another node has a link of its own");
        assert!(transfers.begin(there, person()).is_ok(), "others have a share of theirs");
        held.pop();
        assert!(transfers.begin(there, she).is_ok(), "what ended made room");
        drop(held);
        assert!(transfers.counts().is_empty(), "nobody is remembered who has nothing under way");
    }

    #[test]
    fn many_people_leave_places_for_who_comes_last_and_windows_for_everything_else() {
        let (transfers, there) = (Transfers::of_files(), node());
        let mut held = Vec::new();
        while held.len() < MAX_TRANSFERS - FILES.kept {
            let she = person();
            held.extend((0..FILES.of_person).map_while(|_| transfers.begin(there, she).ok()));
        }
        let last = person();
        held.push(transfers.begin(there, last).unwrap());
        assert_eq!(code(transfers.begin(there, last)), Code::Overloaded, "the rest is for others");
        while held.len() < MAX_TRANSFERS {
            held.push(transfers.begin(there, person()).unwrap());
        }
        assert_eq!(code(transfers.begin(there, person())), Code::Overloaded);
    }
}
