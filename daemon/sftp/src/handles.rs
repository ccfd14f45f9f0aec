//! What one channel holds open.

use crate::{
    grants::Admitted,
    limits::{ALL_HANDLES, HANDLES, HANDLES_PER_PERSON, HANDLES_PER_SERVER},
    shares::{Share, Shares},
};
use gantry_files::{Held, JailPath, Names};
use gantry_types::{ServerId, UserId};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// An open file or directory.
#[derive(Debug)]
pub(crate) enum Open {
    File { held: Held, path: JailPath, reads: bool, writes: bool },
    Directory(Names),
}

/// The room for handles of a node, and how much of it each person and each server has.
#[derive(Debug)]
pub(crate) struct Room {
    all: Arc<Semaphore>,
    people: Shares<UserId>,
    servers: Shares<ServerId>,
}

/// A handle's place among those of its person, of its server and of the node.
#[derive(Debug)]
pub(crate) struct Place {
    _of_person: Share<UserId>,
    _of_server: Share<ServerId>,
    _of_all: OwnedSemaphorePermit,
}

impl Default for Room {
    fn default() -> Self {
        let (people, servers) = (Shares::default(), Shares::default());
        Self { all: Arc::new(Semaphore::new(ALL_HANDLES)), people, servers }
    }
}

impl Room {
    fn place(&self, whose: &Admitted) -> Option<Place> {
        Some(Place {
            _of_person: self.people.take(whose.user, HANDLES_PER_PERSON)?,
            _of_server: self.servers.take(whose.server, HANDLES_PER_SERVER)?,
            _of_all: Arc::clone(&self.all).try_acquire_owned().ok()?,
        })
    }
}

/// The handles of one channel, each with its place.
#[derive(Debug)]
pub(crate) struct Handles {
    open: HashMap<u32, (Open, Place)>,
    next: u32,
    whose: Admitted,
    room: Arc<Room>,
}

impl Handles {
    pub(crate) fn new(whose: Admitted, room: Arc<Room>) -> Self {
        Self { open: HashMap::new(), next: 0, whose, room }
    }

    /// A place for one more; none if there are too many.
    pub(crate) fn place(&self) -> Option<Place> {
        if self.open.len() < HANDLES { self.room.place(&self.whose) } else { None }
    }

    pub(crate) fn add(&mut self, open: Open, place: Place) -> u32 {
        // After four billion the numbers begin again; those in use and the last, which means none, are passed over.
        while self.next == u32::MAX || self.open.contains_key(&self.next) {
            self.next = self.next.wrapping_add(1);
        }
        let handle = self.next;
        self.next = self.next.wrapping_add(1);
        self.open.insert(handle, (open, place));
        handle
    }

    pub(crate) fn get(&mut self, handle: u32) -> Option<&mut Open> {
        self.open.get_mut(&handle).map(|(open, _)| open)
    }

    /// Closes it. False if there is none.
    pub(crate) fn close(&mut self, handle: u32) -> bool {
        self.open.remove(&handle).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn somebody(server: ServerId) -> Admitted {
        Admitted { user: UserId::new(Uuid::now_v7()), credential: Uuid::now_v7(), server }
    }

    #[test]
    fn neither_a_person_nor_the_people_of_a_server_take_what_others_need() {
        let (room, server) = (Room::default(), ServerId::new(Uuid::now_v7()));
        let mut held = Vec::new();
        for _ in 0..HANDLES_PER_SERVER / HANDLES_PER_PERSON {
            let one = somebody(server);
            held.extend((0..HANDLES_PER_PERSON).map(|_| room.place(&one).unwrap()));
            assert!(room.place(&one).is_none(), "one person has that many");
        }
        let one = somebody(server);
        assert!(room.place(&one).is_none(), "the people of one server have that many");
        let elsewhere = Admitted { server: ServerId::new(Uuid::now_v7()), ..one };
        held.extend((0..HANDLES_PER_PERSON).map(|_| room.place(&elsewhere).unwrap()));
        held.clear();
        assert!(room.place(&one).is_some(), "what is closed makes room");
    }
}
