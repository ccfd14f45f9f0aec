//! Which actions a server's state allows, and why not.
//!
//! One table decides for the API, which refuses, and for the panel, which explains its disabled buttons.
//!
//! | observed | start | stop | restart | kill | command |
//! |---|---|---|---|---|---|
//! | uninstalled | – | – | – | – | – |
//! | offline | yes | – | yes | – | – |
//! | starting | – | yes | yes | yes | yes |
//! | running | – | yes | yes | yes | yes |
//! | stopping | – | – | – | yes | yes |
//! | crashed | yes | yes: gives up restarting | yes | – | – |
//! | deleted | – | – | – | – | – |
//!
//! Reinstalling, restoring a backup and deleting are possible in every state but `deleted`. On top of the table: a hold forbids what would
//! run the game, and so does a drain of the node; a server that is to be deleted takes nothing more; an operation at work lets only stop, kill and
//! delete through, because a person must always be able to end what misbehaves. A game that reads no commands takes none in
//! any state.
//!
//! What a plugin offers beside these says itself in which states it makes sense; [`check_offered`] decides by that.

use crate::servers::ServerAction;
use gantry_types::{
    action::Availability,
    blueprint::CommandDoor,
    operation::OperationKind,
    problem::Code,
    server::{Desired, Hold, Observed},
};

/// What decides.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    pub desired: Desired,
    pub observed: Observed,
    pub holds: &'a [Hold],
    /// Whether its node is being drained.
    pub draining: bool,
    /// The operation that has not ended.
    pub operation: Option<OperationKind>,
    /// Whether the node can be reached at present.
    pub connected: bool,
    /// How the game takes commands.
    pub commands: CommandDoor,
}

/// Why an action is not possible, for programs and for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct NotPossible {
    pub code: Code,
    pub reason: String,
}

pub(crate) fn not(code: Code, reason: impl Into<String>) -> Result<(), NotPossible> {
    Err(NotPossible { code, reason: reason.into() })
}

/// Whether `action` is possible in `situation`. Rights are another matter.
pub fn check(situation: Situation<'_>, action: ServerAction) -> Result<(), NotPossible> {
    if situation.desired == Desired::Deleted {
        return not(Code::Conflict, "The server is being deleted.");
    }
    if action == ServerAction::Command && situation.commands == CommandDoor::None {
        return not(Code::Conflict, "This game reads no commands.");
    }
    held(situation, action)?;
    drained(situation, action)?;
    busy(situation, action)?;
    state(situation.observed, action)?;
    if action == ServerAction::Command && !situation.connected {
        return not(Code::NodeUnreachable, "The node is not connected, so nothing can take the command.");
    }
    Ok(())
}

/// Whether something that a plugin offers in these states is possible in `situation`.
pub fn check_offered(situation: Situation<'_>, available: Availability) -> Result<(), NotPossible> {
    if situation.desired == Desired::Deleted {
        return not(Code::Conflict, "The server is being deleted.");
    }
    // Whoever may not type a command may not have one typed.
    held(situation, ServerAction::Command)?;
    if let Some(because) = situation.operation.and_then(replaces_files) {
        return not(Code::OperationInProgress, because);
    }
    let starts = matches!(situation.operation, Some(OperationKind::Start | OperationKind::Restart));
    if starts && available == Availability::Stopped {
        return not(Code::OperationInProgress, "The server is being started.");
    }
    match (available, situation.observed) {
        (_, Observed::Deleted) => return gone(),
        (_, Observed::Uninstalled) => return not(Code::NotInstalled, "The game is not installed."),
        (Availability::Always, _)
        | (Availability::Running, Observed::Running)
        | (Availability::Stopped, Observed::Offline | Observed::Crashed) => {}
        (Availability::Running, Observed::Starting) => {
            return not(Code::Conflict, "The server is still starting.");
        }
        (Availability::Running | Availability::Stopped, Observed::Stopping) => {
            return not(Code::Conflict, "The server is stopping.");
        }
        (Availability::Running, Observed::Offline | Observed::Crashed) => {
            return not(Code::Conflict, "The server is not running.");
        }
        (Availability::Stopped, Observed::Starting | Observed::Running) => {
            return not(Code::Conflict, "The server has to be stopped first.");
        }
    }
    if situation.connected {
        return Ok(());
    }
    not(Code::NodeUnreachable, "The node is not connected, so nothing can be done there.")
}

/// An older copy of the database was put back.
pub(crate) fn gone() -> Result<(), NotPossible> {
    let reason = "The server is gone from its node, which was told to delete it: delete it here as well.";
    not(Code::Conflict, reason)
}

pub(crate) fn held(situation: Situation<'_>, action: ServerAction) -> Result<(), NotPossible> {
    let Some(hold) = situation.holds.first() else { return Ok(()) };
    match action {
        ServerAction::Start
        | ServerAction::Restart
        | ServerAction::Reinstall
        | ServerAction::Restore
        | ServerAction::Command => {
            let because = if hold.reason.is_empty() { String::new() } else { format!(": {}", hold.reason) };
            not(Code::ServerHeld, format!("The server is suspended{because}."))
        }
        ServerAction::Stop | ServerAction::Kill | ServerAction::Delete => Ok(()),
    }
}

fn drained(situation: Situation<'_>, action: ServerAction) -> Result<(), NotPossible> {
    match action {
        ServerAction::Start | ServerAction::Restart | ServerAction::Reinstall | ServerAction::Restore
            if situation.draining =>
        {
            not(Code::NodeDraining, "The node is being drained, so nothing starts on it at present.")
        }
        ServerAction::Start
        | ServerAction::Restart
        | ServerAction::Reinstall
        | ServerAction::Restore
        | ServerAction::Command
        | ServerAction::Stop
        | ServerAction::Kill
        | ServerAction::Delete => Ok(()),
    }
}

fn busy(situation: Situation<'_>, action: ServerAction) -> Result<(), NotPossible> {
    let Some(kind) = situation.operation else { return Ok(()) };
    match (kind, action) {
        (OperationKind::Delete, _) => not(Code::OperationInProgress, "The server is being deleted."),
        (_, ServerAction::Delete | ServerAction::Command) => Ok(()),
        (OperationKind::Install | OperationKind::Reinstall, _) => not(Code::OperationInProgress, INSTALLING),
        (OperationKind::Restore, _) => not(Code::OperationInProgress, RESTORING),
        (OperationKind::Start | OperationKind::Restart, ServerAction::Stop | ServerAction::Kill)
        | (OperationKind::Stop, ServerAction::Kill) => Ok(()),
        (OperationKind::Start, _) => not(Code::OperationInProgress, "The server is being started."),
        (OperationKind::Restart, _) => not(Code::OperationInProgress, "The server is being restarted."),
        (OperationKind::Stop | OperationKind::Kill, _) => {
            not(Code::OperationInProgress, "The server is being stopped.")
        }
    }
}

const INSTALLING: &str = "The game is being installed.";
const RESTORING: &str = "A backup is being restored.";

/// What is said while such an operation puts others in place of the server's files; none of those that do not.
pub(crate) const fn replaces_files(kind: OperationKind) -> Option<&'static str> {
    match kind {
        OperationKind::Install | OperationKind::Reinstall => Some(INSTALLING),
        OperationKind::Restore => Some(RESTORING),
        OperationKind::Start
        | OperationKind::Stop
        | OperationKind::Restart
        | OperationKind::Kill
        | OperationKind::Delete => None,
    }
}

fn state(observed: Observed, action: ServerAction) -> Result<(), NotPossible> {
    use ServerAction as A;
    match (action, observed) {
        (A::Delete, _) => Ok(()),
        (_, Observed::Deleted) => gone(),
        (A::Reinstall | A::Restore, _) => Ok(()),
        (_, Observed::Uninstalled) => not(Code::NotInstalled, "The game is not installed."),
        (A::Start, Observed::Offline | Observed::Crashed) => Ok(()),
        (A::Start, Observed::Starting | Observed::Running) => not(Code::Conflict, "The server runs already."),
        (A::Start | A::Restart | A::Stop, Observed::Stopping) => {
            not(Code::Conflict, "The server is stopping.")
        }
        (A::Restart, Observed::Offline | Observed::Starting | Observed::Running | Observed::Crashed) => {
            Ok(())
        }
        (A::Stop, Observed::Starting | Observed::Running | Observed::Crashed) => Ok(()),
        (A::Kill, Observed::Starting | Observed::Running | Observed::Stopping) => Ok(()),
        (A::Command, Observed::Starting | Observed::Running | Observed::Stopping) => Ok(()),
        (A::Stop | A::Kill | A::Command, Observed::Offline) | (A::Kill | A::Command, Observed::Crashed) => {
            not(Code::Conflict, "The server is not running.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [Observed; 7] = [
        Observed::Uninstalled,
        Observed::Offline,
        Observed::Starting,
        Observed::Running,
        Observed::Stopping,
        Observed::Crashed,
        Observed::Deleted,
    ];

    fn idle(observed: Observed) -> Situation<'static> {
        Situation {
            desired: Desired::Stopped,
            observed,
            holds: &[],
            draining: false,
            operation: None,
            connected: true,
            commands: CommandDoor::Console,
        }
    }

    #[test]
    fn the_table_in_the_documentation_is_the_table_that_decides() {
        let expected = "\
Start       -+---+-
Stop        --++-+-
Restart     -+++-+-
Kill        --+++--
Reinstall   ++++++-
Restore     ++++++-
Delete      +++++++
Command     --+++--
";
        let mut table = String::new();
        for action in ServerAction::ALL {
            let cells: String =
                STATES.iter().map(|s| if check(idle(*s), action).is_ok() { '+' } else { '-' }).collect();
            table.push_str(&format!("{:<12}{cells}\n", format!("{action:?}")));
        }
        assert_eq!(table, expected);
    }

    #[test]
    fn suspended_server_refuses_to_start_but_can_be_stopped() {
        let holds = [Hold { by: "administrator".to_owned(), reason: "unpaid".to_owned() }];
        let held = |observed| Situation { holds: &holds, ..idle(observed) };
        let refusal = check(held(Observed::Offline), ServerAction::Start).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.reason.as_str()),
            (Code::ServerHeld, "The server is suspended: unpaid.")
        );
        assert!(check(held(Observed::Running), ServerAction::Stop).is_ok());
    }

    #[test]
    fn on_a_node_that_is_drained_nothing_starts_and_everything_can_be_ended() {
        let draining = |observed| Situation { draining: true, ..idle(observed) };
        for action in
            [ServerAction::Start, ServerAction::Restart, ServerAction::Reinstall, ServerAction::Restore]
        {
            assert_eq!(check(draining(Observed::Offline), action).unwrap_err().code, Code::NodeDraining);
        }
        for action in [ServerAction::Stop, ServerAction::Kill, ServerAction::Delete, ServerAction::Command] {
            assert!(check(draining(Observed::Running), action).is_ok(), "{action:?}");
        }
    }

    #[test]
    fn what_misbehaves_can_always_be_ended() {
        let starting = Situation { operation: Some(OperationKind::Start), ..idle(Observed::Starting) };
        assert!(check(starting, ServerAction::Kill).is_ok());
        assert_eq!(check(starting, ServerAction::Start).unwrap_err().code, Code::OperationInProgress);
        let installing = Situation { operation: Some(OperationKind::Install), ..idle(Observed::Uninstalled) };
        assert!(check(installing, ServerAction::Delete).is_ok());
        assert_eq!(check(installing, ServerAction::Start).unwrap_err().code, Code::OperationInProgress);
    }

    #[test]
    fn while_a_backup_is_restored_nothing_runs_the_game_and_nothing_restores_another() {
        let restoring = Situation { operation: Some(OperationKind::Restore), ..idle(Observed::Offline) };
        for action in [ServerAction::Start, ServerAction::Reinstall, ServerAction::Restore] {
            let refusal = check(restoring, action).unwrap_err();
            assert_eq!(
                (refusal.code, refusal.reason.as_str()),
                (Code::OperationInProgress, "A backup is being restored.")
            );
        }
        assert!(check(restoring, ServerAction::Delete).is_ok());
        let holds = [Hold { by: "administrator".to_owned(), reason: String::new() }];
        let held = Situation { holds: &holds, ..idle(Observed::Offline) };
        assert_eq!(check(held, ServerAction::Restore).unwrap_err().code, Code::ServerHeld);
    }

    #[test]
    fn a_server_that_is_to_be_deleted_takes_nothing_more() {
        let situation = Situation { desired: Desired::Deleted, ..idle(Observed::Running) };
        assert!(ServerAction::ALL.iter().all(|action| check(situation, *action).is_err()));
    }

    #[test]
    fn a_game_that_reads_no_commands_takes_none_whatever_it_does() {
        let deaf = |observed| Situation { commands: CommandDoor::None, ..idle(observed) };
        for state in STATES {
            let refusal = check(deaf(state), ServerAction::Command).unwrap_err();
            assert_eq!(
                (refusal.code, refusal.reason.as_str()),
                (Code::Conflict, "This game reads no commands.")
            );
        }
        assert!(check(deaf(Observed::Running), ServerAction::Stop).is_ok());
    }

    #[test]
    fn what_a_plugin_offers_is_possible_in_the_states_that_it_names() {
        let mut table = String::new();
        for available in [Availability::Running, Availability::Stopped, Availability::Always] {
            let cells: String = STATES
                .iter()
                .map(|s| if check_offered(idle(*s), available).is_ok() { '+' } else { '-' })
                .collect();
            table.push_str(&format!("{:<12}{cells}\n", format!("{available:?}")));
        }
        assert_eq!(table, "Running     ---+---\nStopped     -+---+-\nAlways      -+++++-\n");
    }

    #[test]
    fn nothing_offered_is_done_to_a_server_that_is_held_installed_or_cut_off() {
        let running = idle(Observed::Running);
        let holds = [Hold { by: "administrator".to_owned(), reason: String::new() }];
        let code = |situation| check_offered(situation, Availability::Always).unwrap_err().code;
        assert_eq!(code(Situation { holds: &holds, ..running }), Code::ServerHeld);
        assert_eq!(code(Situation { connected: false, ..running }), Code::NodeUnreachable);
        assert_eq!(code(Situation { desired: Desired::Deleted, ..running }), Code::Conflict);
        let reinstalled = Situation { operation: Some(OperationKind::Reinstall), ..running };
        assert_eq!(code(reinstalled), Code::OperationInProgress);
        let started = Situation { operation: Some(OperationKind::Start), ..idle(Observed::Offline) };
        assert!(check_offered(started, Availability::Always).is_ok());
        assert_eq!(
            check_offered(started, Availability::Stopped).unwrap_err().code,
            Code::OperationInProgress
        );
    }

    #[test]
    fn a_command_needs_a_node_that_listens() {
        let cut_off = Situation { connected: false, ..idle(Observed::Running) };
        assert_eq!(check(cut_off, ServerAction::Command).unwrap_err().code, Code::NodeUnreachable);
        assert!(check(cut_off, ServerAction::Stop).is_ok());
    }
}
