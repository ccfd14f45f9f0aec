//! What an account may take of all nodes together, against what its servers have been promised already.
//!
//! It counts for the owner, whoever asks. A bound that is not set bounds nothing, and what is not bounded may be given
//! without limit; of what is bounded, a server without a limit of its own would be all.

use gantry_types::{blueprint::FieldProblem, units::Limits};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The highest bounds that are kept: they keep sums within what the database counts.
const MOST_SERVERS: u64 = 1_000_000;
const MOST: u64 = 1 << 40;

/// Who can change it, and where.
const REMEDY: &str = "Lower it, free some by deleting or shrinking other servers, or ask an administrator to raise the account's limits under People.";

/// An account's bounds; none sets no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Allowance {
    pub servers: Option<u64>,
    pub memory_mib: Option<u64>,
    pub disk_mib: Option<u64>,
    /// Hundredths of a core.
    pub cpu_percent: Option<u64>,
}

/// How much of one thing is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub amount: u64,
    /// A server has no limit of its own, so that all of it is taken.
    pub unlimited: bool,
}

/// What the servers of an account have been promised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    pub servers: u64,
    pub memory_mib: Taken,
    pub disk_mib: Taken,
    pub cpu_percent: Taken,
}

/// What is left below a bound; none if there is no bound.
pub fn left(bound: Option<u64>, taken: Taken) -> Option<u64> {
    bound.map(|bound| if taken.unlimited { 0 } else { bound.saturating_sub(taken.amount) })
}

/// What is left of everything.
pub fn remainder(allowance: &Allowance, held: &Holdings) -> Allowance {
    Allowance {
        servers: allowance.servers.map(|bound| bound.saturating_sub(held.servers)),
        memory_mib: left(allowance.memory_mib, held.memory_mib),
        disk_mib: left(allowance.disk_mib, held.disk_mib),
        cpu_percent: left(allowance.cpu_percent, held.cpu_percent),
    }
}

/// Whether an account can be given such bounds.
pub fn check(allowance: &Allowance) -> Result<(), Vec<FieldProblem>> {
    let Allowance { servers, memory_mib, disk_mib, cpu_percent } = *allowance;
    let fields = [
        ("servers", servers, 0, MOST_SERVERS),
        ("memoryMib", memory_mib, 1, MOST),
        ("diskMib", disk_mib, 1, MOST),
        ("cpuPercent", cpu_percent, 1, MOST),
    ];
    let problems: Vec<_> = fields
        .into_iter()
        .filter(|(_, value, least, most)| value.is_some_and(|value| !(*least..=*most).contains(&value)))
        .map(|(key, _, least, most)| {
            let remedy = format!("Use {least} to {most}, or leave it out for no limit.");
            crate::problem(key, "This is no limit that can be kept.", remedy)
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Whether one more server may be made, with such limits.
pub fn admits(asked: Limits, allowance: &Allowance, held: &Holdings) -> Result<(), Vec<FieldProblem>> {
    let mut problems = Vec::new();
    if let Some(bound) = allowance.servers.filter(|bound| held.servers >= *bound) {
        let message = format!("The account may own {bound} servers, and owns {}.", held.servers);
        problems.push(crate::problem("", message, REMEDY));
    }
    problems.extend(amounts(asked, allowance, held).into_iter().filter_map(|amount| amount.exceeds(None)));
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Whether a server's limits may change so. `held` counts it as it is before. What does not grow is not asked about, so
/// that whoever has too much can come down by steps.
pub fn admits_change(
    before: Limits,
    asked: Limits,
    allowance: &Allowance,
    held: &Holdings,
) -> Result<(), Vec<FieldProblem>> {
    let olds = [before.memory_mib, before.disk_mib, before.cpu_percent];
    let problems: Vec<_> = amounts(asked, allowance, held)
        .into_iter()
        .zip(olds)
        .filter_map(|(amount, old)| amount.exceeds(Some(old)))
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// One thing that is asked for.
struct Amount {
    key: &'static str,
    unit: &'static str,
    /// Zero is no limit.
    asked: u32,
    bound: Option<u64>,
    taken: Taken,
}

fn amounts(asked: Limits, allowance: &Allowance, held: &Holdings) -> [Amount; 3] {
    let amount = |key, unit, asked, bound, taken| Amount { key, unit, asked, bound, taken };
    [
        amount("limits.memoryMib", "MiB of memory", asked.memory_mib, allowance.memory_mib, held.memory_mib),
        amount("limits.diskMib", "MiB of disk", asked.disk_mib, allowance.disk_mib, held.disk_mib),
        amount(
            "limits.cpuPercent",
            "% of a core",
            asked.cpu_percent,
            allowance.cpu_percent,
            held.cpu_percent,
        ),
    ]
}

impl Amount {
    /// What is wrong with it, for a server that had `old` of it before.
    fn exceeds(self, old: Option<u32>) -> Option<FieldProblem> {
        let Self { key, unit, asked, bound, taken } = self;
        let bound = bound?;
        let grows = match old {
            None => true,
            Some(0) => false,
            Some(old) => asked == 0 || asked > old,
        };
        let amount = taken.amount.saturating_sub(old.unwrap_or(0).into());
        let left = left(Some(bound), Taken { amount, ..taken })?;
        if !grows || (asked != 0 && u64::from(asked) <= left) {
            return None;
        }
        let used = if taken.unlimited {
            "and a server of it has no limit".to_owned()
        } else {
            format!("of which its other servers use {amount}")
        };
        let message = if asked == 0 {
            format!(
                "The account may use {bound} {unit}, {used}, so this cannot be unlimited; {left} are left."
            )
        } else {
            format!("The account may use {bound} {unit}, {used}; this asks for {asked}, and {left} are left.")
        };
        Some(crate::problem(key, message, REMEDY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Allowance =
        Allowance { servers: Some(2), memory_mib: Some(1_000), disk_mib: None, cpu_percent: Some(200) };
    const ASKED: Limits =
        Limits { memory_mib: 400, swap_mib: 0, cpu_percent: 100, disk_mib: 0, pids: 0, backups: 5 };

    fn held(servers: u64, memory_mib: u64, cpu_percent: u64) -> Holdings {
        let taken = |amount| Taken { amount, unlimited: false };
        Holdings {
            servers,
            memory_mib: taken(memory_mib),
            disk_mib: taken(0),
            cpu_percent: taken(cpu_percent),
        }
    }

    fn keys(result: Result<(), Vec<FieldProblem>>) -> Vec<String> {
        result.err().unwrap_or_default().into_iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn what_is_not_bounded_may_be_unlimited_and_the_rest_ends_at_its_bound() {
        assert!(admits(ASKED, &BOUND, &held(1, 600, 100)).is_ok());
        assert_eq!(
            keys(admits(ASKED, &BOUND, &held(1, 601, 101))),
            ["limits.memoryMib", "limits.cpuPercent"]
        );
        assert_eq!(keys(admits(ASKED, &BOUND, &held(2, 0, 0))), [""]);
        let unlimited = Limits { memory_mib: 0, ..ASKED };
        assert_eq!(keys(admits(unlimited, &BOUND, &held(0, 0, 0))), ["limits.memoryMib"]);
        assert!(admits(Limits::default(), &Allowance::default(), &held(9, 9, 9)).is_ok());
    }

    #[test]
    fn a_server_without_a_limit_has_all_that_there_is() {
        let mut held = held(1, 0, 0);
        held.memory_mib.unlimited = true;
        assert_eq!(keys(admits(ASKED, &BOUND, &held)), ["limits.memoryMib"]);
        assert_eq!(remainder(&BOUND, &held).memory_mib, Some(0));
    }

    #[test]
    fn the_refusal_says_which_bound_how_much_is_used_and_who_can_change_it() {
        let refused = admits(ASKED, &BOUND, &held(1, 700, 0)).unwrap_err();
        let text = format!("{} {}", refused[0].message, refused[0].remedy.clone().unwrap_or_default());
        for part in ["may use 1000 MiB of memory", "use 700", "asks for 400", "300 are left", "administrator"]
        {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }

    #[test]
    fn who_has_too_much_may_come_down_by_steps_and_not_go_up() {
        let (held, before) = (held(3, 2_000, 0), Limits { memory_mib: 1_500, ..ASKED });
        assert!(admits_change(before, Limits { memory_mib: 900, ..ASKED }, &BOUND, &held).is_ok());
        assert!(admits_change(before, before, &BOUND, &held).is_ok());
        for more in [1_501, 0] {
            let asked = Limits { memory_mib: more, ..ASKED };
            assert_eq!(keys(admits_change(before, asked, &BOUND, &held)), ["limits.memoryMib"]);
        }
        // Its own share does not count twice.
        let small = Limits { memory_mib: 300, ..ASKED };
        assert!(
            admits_change(small, Limits { memory_mib: 500, ..ASKED }, &BOUND, &self::held(2, 800, 100))
                .is_ok()
        );
        let asked = Limits { memory_mib: 501, ..ASKED };
        assert_eq!(keys(admits_change(small, asked, &BOUND, &self::held(2, 800, 100))), ["limits.memoryMib"]);
    }

    #[test]
    fn a_bound_is_a_number_that_can_be_counted() {
        assert!(check(&BOUND).is_ok() && check(&Allowance { servers: Some(0), ..BOUND }).is_ok());
        assert_eq!(keys(check(&Allowance { memory_mib: Some(0), ..BOUND })), ["memoryMib"]);
        assert_eq!(keys(check(&Allowance { servers: Some(u64::MAX), ..BOUND })), ["servers"]);
    }
}
