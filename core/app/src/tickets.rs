//! Tickets that open a WebSocket: random, good once, for half a minute.
//!
//! A page asks for a ticket and shows it in the socket's first frame, so that no cookie and no address carries the
//! right to a socket. Tickets are kept by their hash, in the process that gave them out: behind a load balancer the
//! page that asked has to reach the same one, or asks again.

use gantry_auth::{Actor, HashedToken};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long a ticket is good.
pub(crate) const LIFETIME: Duration = Duration::from_secs(30);
/// Tickets that may be open at once.
const OPEN_TICKETS: usize = 20_000;

#[derive(Default)]
pub(crate) struct Tickets(Mutex<HashMap<[u8; 32], (Actor, Instant)>>);

impl Tickets {
    /// Keeps a ticket; false if too many are open.
    pub(crate) fn open(&self, ticket: &HashedToken, actor: Actor, now: Instant) -> bool {
        let mut tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tickets.len() >= OPEN_TICKETS {
            tickets.retain(|_, (_, until)| *until > now);
        }
        if tickets.len() >= OPEN_TICKETS {
            return false;
        }
        tickets.insert(*ticket.bytes(), (actor, now + LIFETIME));
        true
    }

    /// Takes the ticket, whether it is still good or not.
    pub(crate) fn redeem(&self, ticket: &HashedToken, now: Instant) -> Option<Actor> {
        let mut tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tickets.remove(ticket.bytes()).filter(|(_, until)| *until > now).map(|(actor, _)| actor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_auth::{Purpose, Token};
    use gantry_domain::Role;
    use gantry_types::{SessionId, UserId};

    fn actor() -> Actor {
        Actor {
            user_id: UserId::new(uuid::Uuid::from_u128(1)),
            name: "Ada".to_owned(),
            role: Role::User,
            session_id: SessionId::new(uuid::Uuid::from_u128(2)),
        }
    }

    #[test]
    fn a_ticket_is_good_once_and_for_half_a_minute() {
        let (tickets, now) = (Tickets::default(), Instant::now());
        let [first, second] = [(); 2].map(|()| Token::generate(Purpose::WebSocketTicket).unwrap().hash());
        assert!(tickets.open(&first, actor(), now) && tickets.open(&second, actor(), now));
        assert!(tickets.redeem(&first, now).is_some());
        assert!(tickets.redeem(&first, now).is_none(), "it was used");
        assert!(tickets.redeem(&second, now + LIFETIME).is_none(), "its time is over");
    }
}
