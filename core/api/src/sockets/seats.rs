//! Room for WebSockets: so many in all, so many of one network that have not said who they are, so many of one person.
//!
//! A socket costs memory before anybody knows whose it is; without these shares one stranger, or one page that goes wild,
//! would take the room of all.

use super::Goodbye;
use crate::problem::EdgeError;
use gantry_app::Network;
use gantry_types::UserId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// WebSockets that may be open at once, links of daemons among them.
const SOCKETS: u32 = 20_000;
/// Of one network, before they have said who they are.
const STRANGERS: usize = 64;
/// Of one person.
const OWN: usize = 256;

/// Whose share a socket counts against.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Party {
    Stranger(Network),
    Person(UserId),
}

impl Party {
    const fn most(self) -> usize {
        match self {
            Self::Stranger(_) => STRANGERS,
            Self::Person(_) => OWN,
        }
    }
}

/// All seats. Clones share them.
#[derive(Clone)]
pub(crate) struct Seats {
    all: Arc<Semaphore>,
    taken: Arc<Mutex<HashMap<Party, usize>>>,
}

/// Room for one socket, for as long as it lives.
pub(crate) struct Seat {
    seats: Seats,
    party: Option<Party>,
    _permit: OwnedSemaphorePermit,
}

impl Default for Seats {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(SOCKETS as usize)), taken: Arc::default() }
    }
}

impl Seats {
    /// A seat for somebody who is known already, or is asked elsewhere who they are.
    pub(crate) fn take(&self) -> Result<Seat, EdgeError> {
        let permit = Arc::clone(&self.all).try_acquire_owned().map_err(|_| EdgeError::Busy)?;
        metrics::gauge!("gantry_websockets").increment(1.0);
        Ok(Seat { seats: self.clone(), party: None, _permit: permit })
    }

    /// A seat for a browser that has to say first who is there.
    pub(crate) fn take_as_stranger(&self, network: Network) -> Result<Seat, EdgeError> {
        let mut seat = self.take()?;
        let party = Party::Stranger(network);
        if !self.count(party) {
            return Err(EdgeError::Busy);
        }
        seat.party = Some(party);
        Ok(seat)
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> usize {
        SOCKETS as usize - self.all.available_permits()
    }

    /// Until every seat is free.
    pub(crate) async fn empty(&self) {
        drop(self.all.acquire_many(SOCKETS).await);
    }

    fn count(&self, party: Party) -> bool {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(party).or_default();
        let fits = *count < party.most();
        *count += usize::from(fits);
        fits
    }

    fn leave(&self, party: Party) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&party) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&party);
            }
        }
    }
}

impl Seat {
    /// The person has shown a ticket: the seat is theirs from here on.
    pub(super) fn is_of(&mut self, person: UserId) -> Result<(), Goodbye> {
        let party = Party::Person(person);
        if !self.seats.count(party) {
            return Err(Goodbye::TooMany);
        }
        if let Some(before) = self.party.replace(party) {
            self.seats.leave(before);
        }
        Ok(())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        metrics::gauge!("gantry_websockets").decrement(1.0);
        if let Some(party) = self.party {
            self.seats.leave(party);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(last: u8) -> Network {
        Network::of([192, 0, 2, last].into())
    }

    #[test]
    fn strangers_of_one_network_have_their_share_and_others_theirs() {
        let seats = Seats::default();
        let mut held: Vec<Seat> =
            (0..STRANGERS).map(|_| seats.take_as_stranger(network(1)).ok().unwrap()).collect();
        assert!(seats.take_as_stranger(network(1)).is_err());
        assert!(seats.take_as_stranger(network(2)).is_ok());
        let person = UserId::new(uuid::Uuid::from_u128(1));
        held[0].is_of(person).ok().unwrap();
        assert!(seats.take_as_stranger(network(1)).is_ok(), "who is known makes room");
        held.truncate(1);
        assert_eq!(seats.taken.lock().unwrap().len(), 1, "an empty share is forgotten");
        drop(held);
        assert!(seats.taken.lock().unwrap().is_empty());
    }

    #[test]
    fn a_person_has_so_many_and_no_more() {
        let seats = Seats::default();
        let person = UserId::new(uuid::Uuid::from_u128(1));
        let held: Vec<Seat> = (0..OWN)
            .map(|_| {
                let mut seat = seats.take_as_stranger(network(1)).ok().unwrap();
                seat.is_of(person).ok().unwrap();
                seat
            })
            .collect();
        let mut further = seats.take_as_stranger(network(1)).ok().unwrap();
        assert_eq!(further.is_of(person), Err(Goodbye::TooMany));
        drop(held);
        assert_eq!(further.is_of(person), Ok(()));
    }
}
