//! Schedules of a server: what one may look like, and what writing or running one takes.
//!
//! A schedule does what people could do themselves, later and without them. So whoever says when it is to happen must have the
//! right for each of its steps at that moment: whoever writes its steps or its times, switches it on or runs it by hand. From there on it is the
//! server's, like everything that members leave behind; who wrote it stands beside it.

use crate::{problem, text, users::Person, variables};
use chrono::{DateTime, Utc};
use gantry_timetable::{Timetable, TimetableError};
use gantry_types::{
    ScheduleId, ServerId,
    action::Availability,
    blueprint::{Audience, FieldProblem},
    names,
    permission::Permission,
    schedule::{self, Deed, MAX_WAIT_SECONDS, Step},
    server::PowerAction,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The times that are shown ahead.
pub const SHOWN_TIMES: usize = 3;
/// Longest command of a step, in bytes.
const MAX_COMMAND: usize = 4_096;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub id: ScheduleId,
    pub server_id: ServerId,
    pub name: String,
    pub cron: String,
    pub time_zone: String,
    pub enabled: bool,
    pub when: Availability,
    pub steps: Vec<PlannedStep>,
    /// Who wrote what it does.
    pub author: Person,
    /// Counts up with each change.
    pub version: u64,
    pub updated_at: DateTime<Utc>,
}

/// A step, with what was known of it when it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedStep {
    #[serde(flatten)]
    pub step: Step,
    /// For whom the plugin's action is; members for everything else.
    pub audience: Audience,
    /// What the plugin calls its action.
    #[serde(default)]
    pub title: Option<String>,
}

impl Schedule {
    /// What its node follows.
    pub fn to_follow(&self) -> schedule::Schedule {
        schedule::Schedule {
            id: self.id,
            name: self.name.clone(),
            cron: self.cron.clone(),
            time_zone: self.time_zone.clone(),
            enabled: self.enabled,
            when: self.when,
            steps: self.steps.iter().map(|planned| planned.step.clone()).collect(),
        }
    }

    /// When it is due. To find that out may take a tenth of a second for each time.
    pub fn due(&self, now: DateTime<Utc>) -> Due {
        let Ok(table) = Timetable::parse(&self.cron, &self.time_zone) else { return Due::default() };
        Due::of(&table, now, if self.enabled { SHOWN_TIMES } else { 0 })
    }
}

/// When a schedule is due.
#[derive(Clone, Debug, Default)]
pub struct Due {
    /// In words.
    pub description: String,
    pub next: Vec<DateTime<Utc>>,
}

impl Due {
    /// With the first times after a moment.
    pub fn of(table: &Timetable, now: DateTime<Utc>, count: usize) -> Self {
        let next = |moment: &DateTime<Utc>| table.after(*moment);
        let next = std::iter::successors(Some(now), next).skip(1).take(count).collect();
        Self { description: table.describe(), next }
    }
}

/// A schedule's name.
pub fn name(given: &str) -> Result<String, FieldProblem> {
    text::name("name", given)
}

/// When it is due.
pub fn timetable(cron: &str, time_zone: &str) -> Result<Timetable, FieldProblem> {
    Timetable::parse(cron, time_zone).map_err(|error| match error {
        TimetableError::Zone(_) => {
            problem("timeZone", "There is no such time zone.", "Use a name such as Europe/Berlin, or UTC.")
        }
        error @ (TimetableError::Long | TimetableError::Expression(_) | TimetableError::Never) => problem(
            "cron",
            format!("It cannot be read: {error}."),
            "Write minute, hour, day of the month, month and day of the week, such as 0 4 * * *.",
        ),
    })
}

/// Whether a step is one that can be done, apart from a plugin's action, which its plugin checks. Its place in the form is
/// `key`.
pub fn check_step(key: &str, deed: &Deed) -> Result<(), FieldProblem> {
    let at = |field: &str| format!("{key}.{field}");
    match deed {
        Deed::Command { command } if command.trim().is_empty() => {
            Err(problem(&at("command"), "The command is empty.", "Write what is to be typed."))
        }
        Deed::Command { command } if command.len() > MAX_COMMAND => {
            let message = format!("The command has {} bytes.", command.len());
            Err(problem(&at("command"), message, format!("Use at most {MAX_COMMAND}.")))
        }
        Deed::Command { command } if command.chars().any(names::leaves_line) => Err(problem(
            &at("command"),
            "A command is one plain line.",
            "Remove line breaks and control characters, or make it two steps.",
        )),
        Deed::Wait { seconds } if !(1..=MAX_WAIT_SECONDS).contains(seconds) => Err(problem(
            &at("seconds"),
            "It is no time that a step waits.",
            format!("Use 1 to {MAX_WAIT_SECONDS} seconds."),
        )),
        Deed::Power { .. }
        | Deed::Command { .. }
        | Deed::Broadcast { .. }
        | Deed::Action { .. }
        | Deed::Backup
        | Deed::Wait { .. } => Ok(()),
    }
}

/// What whoever wants a step done must be allowed.
pub const fn needs(deed: &Deed) -> Option<Permission> {
    match deed {
        Deed::Power { action: PowerAction::Start } => Some(Permission::PowerStart),
        Deed::Power { action: PowerAction::Stop } => Some(Permission::PowerStop),
        Deed::Power { action: PowerAction::Restart } => Some(Permission::PowerRestart),
        Deed::Power { action: PowerAction::Kill } => Some(Permission::PowerKill),
        Deed::Command { .. } => Some(Permission::ConsoleWrite),
        Deed::Broadcast { .. } | Deed::Action { .. } => Some(Permission::ActionsUse),
        Deed::Backup => Some(Permission::BackupsCreate),
        Deed::Wait { .. } => None,
    }
}

/// Why somebody may not have these steps done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotYours {
    #[error("the schedule does what you may not do yourself")]
    Lacking(BTreeSet<Permission>),
    #[error("the schedule does what is for others")]
    Audience,
}

/// Whether somebody with these rights, of this standing, may have these steps done.
pub fn check_rights(
    steps: &[PlannedStep],
    own: &BTreeSet<Permission>,
    who: Audience,
) -> Result<(), NotYours> {
    let lacking: BTreeSet<Permission> = steps
        .iter()
        .filter_map(|planned| needs(&planned.step.deed))
        .filter(|permission| !own.contains(permission))
        .collect();
    if !lacking.is_empty() {
        return Err(NotYours::Lacking(lacking));
    }
    let for_others = |planned: &PlannedStep| !variables::may(who, planned.audience);
    if steps.iter().any(for_others) { Err(NotYours::Audience) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(deed: Deed, audience: Audience) -> PlannedStep {
        PlannedStep { step: Step { deed, go_on: false }, audience, title: None }
    }

    fn command(command: &str) -> Deed {
        Deed::Command { command: command.to_owned() }
    }

    #[test]
    fn a_step_is_checked_at_its_place() {
        let key = |deed: &Deed| check_step("steps.2", deed).map_err(|problem| problem.key);
        assert_eq!(key(&command("say hello")), Ok(()));
        for bad in [" ", "two\nlines", &"x".repeat(MAX_COMMAND + 1)] {
            assert_eq!(key(&command(bad)), Err("steps.2.command".to_owned()));
        }
        for seconds in [0, MAX_WAIT_SECONDS + 1] {
            assert_eq!(key(&Deed::Wait { seconds }), Err("steps.2.seconds".to_owned()));
        }
    }

    #[test]
    fn nobody_has_done_by_a_clock_what_they_may_not_do_themselves() {
        let steps = [
            planned(command("say hello"), Audience::Members),
            planned(Deed::Power { action: PowerAction::Kill }, Audience::Members),
        ];
        let own = BTreeSet::from([Permission::ConsoleWrite]);
        let lacking = NotYours::Lacking(BTreeSet::from([Permission::PowerKill]));
        assert_eq!(check_rights(&steps, &own, Audience::Members), Err(lacking));
        assert_eq!(check_rights(&steps[..1], &own, Audience::Members), Ok(()));
        let wait = [planned(Deed::Wait { seconds: 1 }, Audience::Owners)];
        assert_eq!(check_rights(&wait, &own, Audience::Members), Err(NotYours::Audience));
        assert_eq!(check_rights(&wait, &own, Audience::Administrators), Ok(()));
    }

    #[test]
    fn a_wrong_time_is_told_at_its_field() {
        let key = |cron, zone| timetable(cron, zone).map(|_| ()).map_err(|problem| problem.key);
        assert_eq!(key("0 4 * * *", "Europe/Berlin"), Ok(()));
        assert_eq!(key("0 4 * *", "Europe/Berlin"), Err("cron".to_owned()));
        assert_eq!(key("0 4 * * *", "Berlin"), Err("timeZone".to_owned()));
    }

    #[test]
    fn planned_steps_are_the_same_after_they_were_written_down() {
        let form = vec![gantry_types::server::Setting { key: "who".into(), value: "ada".into() }];
        let (secrets, available) = (vec!["who".to_owned()], Availability::Running);
        let deed = Deed::Action { action: "kick".into(), form, secrets, available };
        let steps =
            vec![planned(deed, Audience::Owners), planned(Deed::Wait { seconds: 5 }, Audience::Members)];
        let text = serde_json::to_string(&steps).unwrap();
        assert_eq!(serde_json::from_str::<Vec<PlannedStep>>(&text).unwrap(), steps);
    }
}
