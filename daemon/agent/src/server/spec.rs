//! From what a plugin wants run to a container.

use super::work::Work;
use crate::failure::failure;
use gantry_runtime::{ContainerSpec, ImageId, PublishedPort, Purpose};
use gantry_types::{
    operation::OperationFailure,
    plan::{ContainerRun, RunSpec, StepUser},
    server::{Endpoint, Setting},
};
use sha2::{Digest, Sha256};

/// The game's container.
#[expect(clippy::result_large_err, reason = "a failure is told to people, once for an operation")]
pub(crate) fn server(work: &Work, run: &RunSpec, image: ImageId) -> Result<ContainerSpec, OperationFailure> {
    let server = &work.server;
    let ports = server.endpoints.iter().map(published).collect::<Result<_, _>>()?;
    Ok(ContainerSpec {
        node: work.shared.node,
        server: server.id,
        purpose: Purpose::Server,
        generation: server.generation,
        digest: digest(work, run),
        image,
        command: run.command.clone(),
        environment: with_time_zone(&run.environment, &server.time_zone),
        working_directory: run.working_directory.clone(),
        data: work.shared.data.server_files(server.id),
        owner: work.user,
        limits: server.limits,
        ports,
        terminal: run.terminal,
        read_only_root: run.read_only_root,
        root: false,
        files: Vec::new(),
        network: true,
    })
}

/// The container of one install step.
pub(crate) fn installer(work: &Work, run: &ContainerRun, image: ImageId) -> ContainerSpec {
    let server = &work.server;
    ContainerSpec {
        node: work.shared.node,
        server: server.id,
        purpose: Purpose::Install,
        generation: server.generation,
        digest: String::new(),
        image,
        command: run.command.clone(),
        environment: with_time_zone(&run.environment, &server.time_zone),
        working_directory: run.working_directory.clone(),
        data: work.shared.data.server_files(server.id),
        owner: work.user,
        limits: server.limits,
        ports: Vec::new(),
        terminal: false,
        read_only_root: false,
        root: run.user == StepUser::Root,
        files: run.files.iter().map(|file| (file.path.clone(), file.content.clone())).collect(),
        network: run.network,
    }
}

#[expect(clippy::result_large_err, reason = "a failure is told to people, once for an operation")]
fn published(endpoint: &Endpoint) -> Result<PublishedPort, OperationFailure> {
    let address = endpoint.address.parse().map_err(|_| {
        let message =
            format!("the address {:?} of the endpoint {} is no IP address", endpoint.address, endpoint.name);
        failure("invalid_spec", message, "Correct the node's allocation.")
    })?;
    Ok(PublishedPort { protocol: endpoint.protocol, address, port: endpoint.port })
}

fn with_time_zone(environment: &[Setting], time_zone: &str) -> Vec<Setting> {
    let mut environment = environment.to_vec();
    if !time_zone.is_empty() && !environment.iter().any(|setting| setting.key == "TZ") {
        environment.push(Setting { key: "TZ".to_owned(), value: time_zone.to_owned() });
    }
    environment
}

/// What the container was made from, so that a changed spec is seen later.
fn digest(work: &Work, run: &RunSpec) -> String {
    let made_from = (run, work.server.limits, &work.server.endpoints, work.user);
    let mut hash = Sha256::new();
    // Plain data of our own: it always is JSON.
    if let Ok(bytes) = serde_json::to_vec(&made_from) {
        hash.update(bytes);
    }
    hex::encode(hash.finalize())
}
