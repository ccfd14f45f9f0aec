//! One step of a schedule: done through the doors that people's requests come through, with what came of it in words.

use super::actor;
use crate::{
    backups::Wanted,
    failure::NotDone,
    install::meter::bytes_of,
    node::Shared,
    server::{ServerHandle, Wish, hand::Hand},
    words::{Why, cut, sentence},
};
use gantry_protocol::ConsoleCommand;
use gantry_types::{
    BackupId, ScheduleRunId,
    action::Availability,
    backup::{BackupCause, MAX_NAME},
    schedule::{Deed, Schedule},
    server::{PowerAction, Setting},
    unsaid::Unsaid,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::oneshot;
use uuid::Uuid;

/// So long a step waits until the server is where it is to be.
const POWER_PATIENCE: Duration = Duration::from_secs(30 * 60);
/// Characters of what came of a step.
const TOLD: usize = 500;
/// Characters of a command in a step's title.
const TITLE: usize = 60;

/// What came of a step: words for people, or why it was not done.
type Done = Result<Option<String>, String>;

pub(super) struct Doing<'a> {
    pub(super) shared: &'a Arc<Shared>,
    pub(super) handle: &'a ServerHandle,
    pub(super) schedule: &'a Schedule,
    pub(super) run: ScheduleRunId,
}

impl Doing<'_> {
    pub(super) async fn perform(&self, deed: &Deed) -> Done {
        match deed {
            Deed::Power { action } => self.power(*action).await,
            Deed::Command { command } => {
                let command = ConsoleCommand { command: command.clone(), actor: actor(self.schedule) };
                let typed = self.handle.command(command).await;
                typed.map(|()| None).map_err(|refusal| sentence(&refusal.message))
            }
            Deed::Broadcast { text } => {
                let (text, actor) = (text.clone(), actor(self.schedule));
                self.with_hand(Availability::Running, Vec::new(), |hand| async move {
                    hand.broadcast(&text, &actor).await
                })
                .await
            }
            Deed::Action { action, form, secrets, available } => {
                let (action, form, actor) = (action.clone(), form.clone(), actor(self.schedule));
                let secret = values(&form, secrets);
                let unsaid = secret.clone();
                self.with_hand(*available, unsaid, |hand| async move {
                    hand.act(&action, &form, secret, &actor).await
                })
                .await
            }
            Deed::Backup => self.backup().await,
            Deed::Wait { seconds } => {
                tokio::time::sleep(self.shared.clock.wait(Duration::from_secs((*seconds).into()))).await;
                Ok(None)
            }
        }
    }

    async fn power(&self, action: PowerAction) -> Done {
        let (told, ended) = oneshot::channel();
        let wish = Wish { action, schedule: self.schedule.id, run: self.run, told };
        self.handle.wish(wish).await.map_err(|refusal| sentence(&refusal.message))?;
        match tokio::time::timeout(self.shared.clock.wait(POWER_PATIENCE), ended).await {
            Ok(Ok(done)) => done.map_err(|why| sentence(&why)),
            Ok(Err(_)) => Err("The node's daemon ended meanwhile.".to_owned()),
            Err(_) => Err("The server was not there after half an hour.".to_owned()),
        }
    }

    async fn backup(&self) -> Done {
        let cause = BackupCause::Schedule { schedule_id: self.schedule.id, name: self.schedule.name.clone() };
        let name = cut(&self.schedule.name, MAX_NAME - 1);
        let wanted = Wanted { id: BackupId::new(Uuid::now_v7()), name, locked: false, cause };
        let begun = self.shared.backups.make(self.shared, self.handle, wanted).await;
        let begun = begun.map_err(|refusal| sentence(&refusal.message))?;
        // With its run it is called off.
        let backup = begun.made().await.map_err(|why| cut(&why, TOLD))?;
        let size = bytes_of(backup.archive_bytes, None, None);
        let reason = backup.reason.as_deref().map(|reason| cut(reason, TOLD));
        Ok(Some([Some(size), reason].into_iter().flatten().collect::<Vec<_>>().join(". ")))
    }

    /// Something of the plugin's. What it says is told without the server's secrets and these.
    async fn with_hand<F>(
        &self,
        available: Availability,
        secrets: Vec<String>,
        deed: impl FnOnce(Hand) -> F + Send + 'static,
    ) -> Done
    where
        F: Future<Output = Result<Vec<String>, NotDone>> + Send,
    {
        let whole = move |hand: Hand| async move {
            let server = hand.secrets();
            let unsaid = Unsaid::new(server.iter().chain(&secrets).map(String::as_str));
            match deed(hand).await {
                Ok(messages) => Ok(unsaid.out_of(messages.join("\n"))),
                Err(not) => Err(Why(unsaid.out_of(sentence(&not.failure.message)))),
            }
        };
        let done: Result<String, Why> = self.handle.with_hand(available, whole).await;
        match done {
            Ok(text) if text.is_empty() => Ok(None),
            Ok(text) => Ok(Some(cut(&text, TOLD))),
            Err(Why(why)) => Err(cut(&why, TOLD)),
        }
    }
}

fn values(form: &[Setting], keys: &[String]) -> Vec<String> {
    form.iter().filter(|one| keys.contains(&one.key)).map(|one| one.value.clone()).collect()
}

/// What a step does, in a few words.
pub(super) fn title(deed: &Deed) -> String {
    match deed {
        Deed::Power { action: PowerAction::Start } => "Start".to_owned(),
        Deed::Power { action: PowerAction::Stop } => "Stop".to_owned(),
        Deed::Power { action: PowerAction::Restart } => "Restart".to_owned(),
        Deed::Power { action: PowerAction::Kill } => "Kill".to_owned(),
        Deed::Command { command } => format!("Command: {}", cut(command, TITLE)),
        Deed::Broadcast { .. } => "Message to players".to_owned(),
        Deed::Action { action, .. } => format!("Action: {action}"),
        Deed::Backup => "Backup".to_owned(),
        Deed::Wait { seconds } => format!("Wait {}", spoken(*seconds)),
    }
}

fn spoken(seconds: u32) -> String {
    let (count, unit) = match seconds {
        seconds if seconds % 3_600 == 0 => (seconds / 3_600, "hour"),
        seconds if seconds % 60 == 0 => (seconds / 60, "minute"),
        seconds => (seconds, "second"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_short_and_says_what_is_done() {
        let wait = |seconds| title(&Deed::Wait { seconds });
        assert_eq!(
            [wait(1), wait(60), wait(90), wait(3_600)],
            ["Wait 1 second", "Wait 1 minute", "Wait 90 seconds", "Wait 1 hour"]
        );
        let command = title(&Deed::Command { command: "ü".repeat(100) });
        assert_eq!(command.chars().count(), "Command: ".len() + TITLE + 1);
    }

    #[test]
    fn a_reason_stands_alone() {
        assert_eq!(
            sentence("nothing runs that could take a command"),
            "Nothing runs that could take a command."
        );
        assert_eq!(sentence("The door is shut."), "The door is shut.");
    }
}
