//! Who plays, as far as the console told.

use gantry_types::sample::{ConsoleEvent, Player};

/// More are not remembered: names come from the game.
const PLAYERS: usize = 1_000;

/// In the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Players(Vec<Player>);

impl Players {
    /// Takes an event; true if it changed the list.
    pub(super) fn hear(&mut self, event: &ConsoleEvent) -> bool {
        match event {
            ConsoleEvent::Joined { player } => self.join(player),
            ConsoleEvent::Left { player } => self.leave(player),
            ConsoleEvent::Ready
            | ConsoleEvent::Chat { .. }
            | ConsoleEvent::Warning { .. }
            | ConsoleEvent::CrashCause { .. } => false,
        }
    }

    fn join(&mut self, name: &str) -> bool {
        if self.0.len() >= PLAYERS || self.0.iter().any(|player| player.name == name) {
            return false;
        }
        self.0.push(Player {
            name: name.to_owned(),
            id: None,
            score: None,
            ping_ms: None,
            seconds_online: None,
        });
        true
    }

    fn leave(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|player| player.name != name);
        self.0.len() != before
    }

    /// The game itself listed them.
    pub(super) fn replace(&mut self, players: &[Player]) {
        self.0 = players.iter().take(PLAYERS).cloned().collect();
    }

    /// The game says how many there are: an empty server has nobody whose leaving was missed.
    pub(super) fn trim(&mut self, count: Option<u32>) {
        if count == Some(0) {
            self.0.clear();
        }
    }

    pub(super) fn list(&self) -> Vec<Player> {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_follows_who_joins_and_leaves_and_an_empty_server_is_empty() {
        let joined = |player: &str| ConsoleEvent::Joined { player: player.to_owned() };
        let mut players = Players::default();
        assert!(
            players.hear(&joined("ann")) && players.hear(&joined("bob")) && !players.hear(&joined("bob"))
        );
        assert!(players.hear(&ConsoleEvent::Left { player: "ann".to_owned() }));
        assert_eq!(players.list().len(), 1);
        players.trim(Some(1));
        assert_eq!(players.list().len(), 1);
        players.trim(Some(0));
        assert_eq!(players.list().len(), 0);
    }
}
