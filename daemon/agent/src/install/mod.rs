//! The install executor: asks the plugin for its plan once, then does it step by step with a journal.
//!
//! The plan is written down before its first step, and each step when it is done, so a daemon that was killed goes on
//! with the very plan that was begun. Steps are idempotent: the one that was cut is simply done again. The journal
//! belongs to an operation; a reinstallation is another operation and begins another journal.
//!
//! Modules in reading order: [`meter`], `steps`, `places`.

pub(crate) mod meter;
mod places;
mod steps;

pub(crate) use steps::edit_configs;

use crate::{
    failure::{failure, internal, of_plan},
    ledger::Journal,
    server::work::{Ended, Work, to_plan},
};
use gantry_lifecycle::Event;
use gantry_types::{OperationId, operation::OperationFailure, plan::InstallPlan};
use meter::Meter;
use std::collections::HashSet;

/// The most steps of a plan.
const STEPS: usize = 1_000;

/// Installs the server; answers the event that its machine waits for.
pub(crate) async fn install(work: Work, operation: OperationId) -> Event {
    match execute(&work, operation).await {
        Ok(()) => {
            work.log("The installation is complete.");
            Event::Installed
        }
        Err(Ended::Cancelled) => {
            work.log("The installation was called off.");
            Event::InstallCancelled
        }
        Err(Ended::Failed(failure)) => {
            work.log(&format!("The installation failed: {}", failure.message));
            Event::InstallFailed(*failure)
        }
    }
}

async fn execute(work: &Work, operation: OperationId) -> Result<(), Ended> {
    let mut journal = open_journal(work, operation).await?;
    let jail = work.home().await?;
    let mut meter = Meter::new(&journal.plan, work);
    let done: HashSet<String> = journal.done.iter().cloned().collect();
    let steps = journal.plan.steps.clone();
    for (index, step) in steps.iter().enumerate() {
        meter.begin(index, step);
        if done.contains(&step.id) {
            continue;
        }
        work.log(&format!("Step {} of {}: {}", index + 1, steps.len(), step.title));
        match steps::perform(work, &jail, step, &mut meter).await {
            Err(Ended::Failed(failure)) if step.may_fail => {
                work.log(&format!(
                    "{} was not done, and the installation goes on without: {}",
                    step.title, failure.message
                ));
            }
            done => done.map_err(|ended| named(ended, &step.title))?,
        }
        journal.done.push(step.id.clone());
        write(work, &journal).await?;
    }
    meter.complete();
    Ok(())
}

/// The journal of this operation: the one that was begun, or a fresh one with the plugin's plan.
async fn open_journal(work: &Work, operation: OperationId) -> Result<Journal, Ended> {
    let kept = work.shared.ledger.journal(work.id()).await.map_err(ledger_failed)?;
    if let Some(journal) = kept.filter(|journal| journal.operation == operation) {
        work.log("The installation goes on where it was.");
        return Ok(journal);
    }
    let asking = async {
        let plugin = work.plugin().await?;
        let plan = plugin.install_plan(&work.call(), &to_plan(&work.server)).await;
        plan.map_err(|error| of_plan("plans.install", &error))
    };
    let plan = tokio::select! {
        biased;
        () = work.cancel.cancelled() => return Err(Ended::Cancelled),
        plan = asking => plan.map_err(|failure| named(failure.into(), "Plan the installation"))?,
    };
    check(&plan)?;
    let journal = Journal { operation, plan, done: Vec::new() };
    write(work, &journal).await?;
    Ok(journal)
}

#[expect(clippy::result_large_err, reason = "a failure is told to people, once for an operation")]
fn check(plan: &InstallPlan) -> Result<(), OperationFailure> {
    let ids: HashSet<_> = plan.steps.iter().map(|step| &step.id).collect();
    if ids.len() != plan.steps.len() || plan.steps.len() > STEPS {
        let message = format!("the plan has steps of the same name, or more than {STEPS}");
        let failure = failure("invalid_plan", message, "Tell the plugin's author.");
        return Err(OperationFailure { call: Some("plans.install".to_owned()), ..failure });
    }
    Ok(())
}

async fn write(work: &Work, journal: &Journal) -> Result<(), Ended> {
    work.shared.ledger.write_journal(work.id(), journal).await.map_err(ledger_failed)
}

#[expect(clippy::needless_pass_by_value, reason = "it ends a map_err")]
fn ledger_failed(error: crate::ledger::LedgerError) -> Ended {
    internal(crate::failure::chain(&error)).into()
}

fn named(ended: Ended, title: &str) -> Ended {
    match ended {
        Ended::Cancelled => Ended::Cancelled,
        Ended::Failed(mut failure) => {
            failure.step.get_or_insert_with(|| title.to_owned());
            Ended::Failed(failure)
        }
    }
}
