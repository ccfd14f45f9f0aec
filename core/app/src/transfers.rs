//! Files on their way to and from nodes are counted, so that whoever takes nothing of theirs takes nothing from others.
//!
//! A file that stands still holds a window of its node's link. Few enough of them fit beside everything else, and none
//! waits: one too many is refused at once. Only what flows as fast as a person gives or takes it counts; texts for
//! editors come and go whole.

use crate::error::{Answer, AppError};
use gantry_protocol::MAX_TRANSFERS;
use gantry_types::{NodeId, UserId, problem::Code};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Files that one person may have under way to and from one node: a browser moves three at once, and a second tab as many.
const OF_PERSON: usize = 8;
/// Of a node's places so many are for people who have none, or else four people could take all.
const KEPT: usize = 8;

const _: () = assert!(OF_PERSON + KEPT < MAX_TRANSFERS);

/// How many files each person has under way, by node.
type Counts = HashMap<NodeId, HashMap<UserId, usize>>;

/// All files that are under way.
#[derive(Clone, Default)]
pub(crate) struct Transfers(Arc<Mutex<Counts>>);

/// One file's place, for as long as it is under way.
pub(crate) struct Transfer {
    all: Transfers,
    node: NodeId,
    person: UserId,
}

impl Transfers {
    /// A place for one more file, or why there is none.
    pub(crate) fn begin(&self, node: NodeId, person: UserId) -> Answer<Transfer> {
        let mut counts = self.counts();
        let people = counts.entry(node).or_default();
        let under_way: usize = people.values().sum();
        let own = people.get(&person).copied().unwrap_or(0);
        if own >= OF_PERSON {
            let detail = format!("You have {OF_PERSON} files of this node under way; one has to end first.");
            return Err(AppError::refused(Code::RateLimited, detail));
        }
        let room = if own == 0 { MAX_TRANSFERS } else { MAX_TRANSFERS - KEPT };
        if under_way >= room {
            let detail = "Too many files of this node are under way at this moment.";
            return Err(AppError::refused(Code::Overloaded, detail));
        }
        people.insert(person, own + 1);
        drop(counts);
        Ok(Transfer { all: self.clone(), node, person })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        let (transfers, there, she) = (Transfers::default(), node(), person());
        let mut held: Vec<_> = (0..OF_PERSON).map(|_| transfers.begin(there, she).unwrap()).collect();
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
        let (transfers, there) = (Transfers::default(), node());
        let mut held = Vec::new();
        while held.len() < MAX_TRANSFERS - KEPT {
            let she = person();
            held.extend((0..OF_PERSON).map_while(|_| transfers.begin(there, she).ok()));
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
