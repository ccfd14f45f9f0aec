//! Starting: run spec, config edits, image, container.
//!
//! A start that is called off leaves no container: whatever it had made is found by its label and removed.

use super::{
    spec,
    work::{Ended, Work, to_plan},
};
use crate::{clock, failure::of_plan, install::meter::Meter, ledger::RunNote};
use gantry_lifecycle::{Event, Process};
use gantry_runtime::{ContainerId, ContainerSpec, Purpose, RuntimeError};
use gantry_types::{
    ServerId,
    plan::{Action, InstallPlan, RunSpec, Step},
};

/// What a start came to.
pub(crate) enum StartEnd {
    Started { container: ContainerId, process: Process, note: Box<RunNote> },
    Other(Event),
}

pub(crate) async fn start(work: Work) -> StartEnd {
    match bring_up(&work).await {
        Ok(started) => started,
        Err(Ended::Cancelled) => {
            clear_away(&work).await;
            StartEnd::Other(Event::StartCancelled)
        }
        Err(Ended::Failed(failure)) => StartEnd::Other(Event::StartFailed(*failure)),
    }
}

async fn bring_up(work: &Work) -> Result<StartEnd, Ended> {
    let run = run_spec(work).await?;
    let steps = preparation(&run);
    let mut meter = Meter::new(&steps, work);
    meter.begin(0, &steps.steps[0]);
    let jail = work.home().await?;
    crate::install::edit_configs(work, &jail, &run.edits).await?;
    meter.begin(1, &steps.steps[1]);
    let image = work.image(&run.image, |line| meter.show(0.0, Some(line))).await?;
    meter.begin(2, &steps.steps[2]);
    let spec = spec::server(work, &run, image)?;
    let first_line = work.console.next_seq();
    let container = work.persistently(|| create(work, &spec)).await?;
    let process = process(&run, clock::moment(work.now()));
    let note = RunNote { spec: run, first_line, generation: Some(work.server.generation) };
    Ok(StartEnd::Started { container, process, note: Box::new(note) })
}

async fn run_spec(work: &Work) -> Result<RunSpec, Ended> {
    let asking = async {
        let plugin = work.plugin().await?;
        plugin
            .run_spec(&work.call(), &to_plan(&work.server))
            .await
            .map_err(|error| of_plan("plans.run", &error))
    };
    tokio::select! {
        biased;
        () = work.cancel.cancelled() => Err(Ended::Cancelled),
        run = asking => Ok(run?),
    }
}

/// The machine's view of a process with this spec.
pub(crate) fn process(run: &RunSpec, started_at: gantry_lifecycle::Moment) -> Process {
    Process { started_at, stop: run.stop.clone(), ready_timeout_ms: run.ready_timeout_ms }
}

/// A leftover of the same name is no running game: the machine starts only when there is none.
async fn create(work: &Work, spec: &ContainerSpec) -> Result<ContainerId, RuntimeError> {
    let runtime = &work.shared.runtime;
    match runtime.create_and_start(spec).await {
        Err(RuntimeError::AlreadyExists { id }) => {
            runtime.remove(&ContainerId(id)).await?;
            runtime.create_and_start(spec).await
        }
        other => other,
    }
}

async fn clear_away(work: &Work) {
    if let Err(error) = remove_container(work, work.id()).await {
        tracing::warn!(server.id = %work.id(), %error, "a container of a start that was called off may be left");
    }
}

async fn remove_container(work: &Work, server: ServerId) -> Result<(), RuntimeError> {
    let runtime = &work.shared.runtime;
    for listed in runtime.list().await? {
        if listed.server == server && listed.purpose == Purpose::Server {
            runtime.remove(&listed.id).await?;
        }
    }
    Ok(())
}

/// The start as steps, for its progress.
fn preparation(run: &RunSpec) -> InstallPlan {
    let step = |title: &str, weight| Step {
        id: title.to_owned(),
        title: title.to_owned(),
        action: Action::BuildImage { image: run.image.clone() },
        weight,
        may_fail: false,
    };
    let steps =
        vec![step("Write the configuration", 1), step("Prepare the image", 8), step("Start the process", 1)];
    InstallPlan { steps, installed_version: None }
}
