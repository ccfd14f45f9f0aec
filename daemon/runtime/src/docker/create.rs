//! A spec as the engine's create request, with the hardening that every container gets.
//!
//! All capabilities are dropped, nothing can gain privileges, the seccomp profile is our own, a game's user is never
//! root (a step of an installation may be, with five capabilities), the log is bounded, and the engine never restarts anything: restarts are the agent's decision.

use super::{DockerRuntime, errors};
use crate::{
    error::RuntimeError,
    runtime::ContainerId,
    spec::{self, ContainerSpec, Purpose},
};
use bollard::{
    models::{
        ContainerCreateBody, HealthConfig, HostConfig, HostConfigLogConfig, Mount, MountBindOptions,
        MountBindOptionsPropagationEnum, MountType, PortBinding, ResourcesUlimits, RestartPolicy,
        RestartPolicyNameEnum,
    },
    query_parameters::{CreateContainerOptions, UploadToContainerOptions},
};
use gantry_types::server::Protocol;
use std::collections::HashMap;

/// Docker's default profile minus what games never need, as an allow-list.
pub(super) const SECCOMP: &str = include_str!("seccomp.json");

/// Size of one log file and how many are kept: the console's memory while no daemon reads.
const LOG_BYTES: &str = "8m";
const LOG_FILES: &str = "3";
/// Writable memory at `/tmp` under a read-only root.
const TMP_BYTES: u64 = 256 << 20;
/// Most open files of one process.
const OPEN_FILES: u64 = 65_536;
const MIB: i64 = 1 << 20;
/// What a package manager needs of root: files of any owner, and to become its helper users. Neither devices nor the
/// network's raw side nor the machine.
const ROOT_POWERS: [&str; 5] = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"];

impl DockerRuntime {
    pub(super) async fn create(&self, spec: &ContainerSpec) -> Result<ContainerId, RuntimeError> {
        check(spec)?;
        let network = match spec.network {
            true => self.network_of(spec.server).await?,
            false => "none".to_owned(),
        };
        let name = match spec.purpose {
            Purpose::Server => format!("gantry-{}", spec.server),
            Purpose::Install => format!("gantry-{}-install", spec.server),
        };
        let options = CreateContainerOptions { name: Some(name.clone()), ..Default::default() };
        match self.docker.create_container(Some(options), body(spec, network)).await {
            Ok(created) => Ok(ContainerId(created.id)),
            Err(error) if errors::status(&error) == Some(409) => {
                Err(RuntimeError::AlreadyExists { id: name })
            }
            Err(error) if errors::text(&error).contains("No such image") => {
                Err(RuntimeError::InvalidImage(format!("{} is gone from the node", spec.image)))
            }
            Err(error) => Err(errors::engine("create", error)),
        }
    }
}

/// Read and run by all, written by nobody: a step's script is not its own to change.
const FILE_MODE: u32 = 0o555;

impl DockerRuntime {
    /// Puts the spec's files into a container that has not been started.
    pub(super) async fn put_files(&self, id: &ContainerId, spec: &ContainerSpec) -> Result<(), RuntimeError> {
        let mut archive = tar::Builder::new(Vec::new());
        for (path, content) in &spec.files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(FILE_MODE);
            let added = archive.append_data(&mut header, path.trim_start_matches('/'), content.as_bytes());
            added.map_err(|error| {
                RuntimeError::InvalidSpec(format!("the file {path:?} cannot be placed: {error}"))
            })?;
        }
        let bytes = archive.into_inner();
        let bytes =
            bytes.map_err(|error| RuntimeError::InvalidSpec(format!("files cannot be placed: {error}")))?;
        let options = UploadToContainerOptions { path: "/".to_owned(), ..Default::default() };
        let put =
            self.docker.upload_to_container(&id.0, Some(options), bollard::body_full(bytes.into())).await;
        put.map_err(|error| errors::engine("put files", error))
    }
}

fn check(spec: &ContainerSpec) -> Result<(), RuntimeError> {
    let refuse = |why: &str| Err(RuntimeError::InvalidSpec(why.to_owned()));
    let directory = &spec.working_directory;
    if spec.owner.uid == 0 || spec.owner.gid == 0 {
        return refuse("it would run as root");
    }
    if spec.root && spec.purpose != Purpose::Install {
        return refuse("a game would run as root");
    }
    if !directory.starts_with('/') || directory.len() < 2 || directory.split('/').any(|part| part == "..") {
        return refuse("its working directory is not an absolute path below the root");
    }
    if directory.contains('\0') || spec.command.iter().any(|part| part.contains('\0')) {
        return refuse("a text contains a zero byte");
    }
    if !spec.data.is_absolute() {
        return refuse("its data directory is not an absolute path");
    }
    let well_formed = |key: &str| !key.is_empty() && !key.contains(['=', '\0']);
    if spec.environment.iter().any(|one| !well_formed(&one.key) || one.value.contains('\0')) {
        return refuse("an environment variable has an impossible name or value");
    }
    if !spec.network && !spec.ports.is_empty() {
        return refuse("it publishes ports without a network");
    }
    Ok(())
}

fn body(spec: &ContainerSpec, network: String) -> ContainerCreateBody {
    let (entrypoint, arguments) = match spec.command.split_first() {
        Some((program, arguments)) => (Some(vec![program.clone()]), Some(arguments.to_vec())),
        None => (None, None),
    };
    let takes_input = spec.purpose == Purpose::Server;
    ContainerCreateBody {
        image: Some(spec.image.0.clone()),
        entrypoint,
        cmd: arguments,
        env: Some(environment(spec)),
        working_dir: Some(spec.working_directory.clone()),
        user: Some(if spec.root {
            "0:0".to_owned()
        } else {
            format!("{}:{}", spec.owner.uid, spec.owner.gid)
        }),
        tty: Some(spec.terminal),
        open_stdin: Some(takes_input),
        stdin_once: Some(false),
        exposed_ports: Some(spec.ports.iter().map(|port| port_key(port.protocol, port.port)).collect()),
        healthcheck: Some(HealthConfig { test: Some(vec!["NONE".to_owned()]), ..Default::default() }),
        labels: Some(labels(spec)),
        host_config: Some(host(spec, network)),
        ..Default::default()
    }
}

fn host(spec: &ContainerSpec, network: String) -> HostConfig {
    let limits = &spec.limits;
    let memory = i64::from(limits.memory_mib) * MIB;
    let positive = |value: i64| (value > 0).then_some(value);
    HostConfig {
        memory: positive(memory),
        // The engine counts memory and swap together; without a memory limit it takes none for swap.
        memory_swap: positive(memory).map(|memory| memory + i64::from(limits.swap_mib) * MIB),
        nano_cpus: positive(i64::from(limits.cpu_percent) * 10_000_000),
        pids_limit: positive(i64::from(limits.pids)),
        ulimits: Some(vec![limit("nofile", open_files()), limit("core", 0)]),
        cap_drop: Some(vec!["ALL".to_owned()]),
        cap_add: spec.root.then(|| ROOT_POWERS.map(str::to_owned).to_vec()),
        security_opt: Some(vec!["no-new-privileges".to_owned(), format!("seccomp={SECCOMP}")]),
        privileged: Some(false),
        // As the first process a game would ignore each signal that it does not handle, and gather zombies.
        init: Some(true),
        ipc_mode: Some("private".to_owned()),
        readonly_rootfs: Some(spec.read_only_root),
        tmpfs: spec.read_only_root.then(|| {
            HashMap::from([("/tmp".to_owned(), format!("rw,nosuid,nodev,mode=1777,size={TMP_BYTES}"))])
        }),
        mounts: Some(vec![Mount {
            typ: Some(MountType::BIND),
            source: Some(spec.data.to_string_lossy().into_owned()),
            target: Some(spec.working_directory.clone()),
            read_only: Some(false),
            bind_options: Some(MountBindOptions {
                propagation: Some(MountBindOptionsPropagationEnum::RPRIVATE),
                ..Default::default()
            }),
            ..Default::default()
        }]),
        network_mode: Some(network),
        port_bindings: Some(bindings(spec)),
        log_config: Some(HostConfigLogConfig { typ: Some("local".to_owned()), config: Some(log_options()) }),
        restart_policy: Some(RestartPolicy {
            name: Some(RestartPolicyNameEnum::NO),
            maximum_retry_count: None,
        }),
        auto_remove: Some(false),
        ..Default::default()
    }
}

fn environment(spec: &ContainerSpec) -> Vec<String> {
    let given = spec.environment.iter().map(|one| format!("{}={}", one.key, one.value));
    let mut all: Vec<_> = given.collect();
    // The user has no entry in the image's list of users, so nothing else would say where its home is.
    if !spec.environment.iter().any(|one| one.key == "HOME") {
        all.push(format!("HOME={}", spec.working_directory));
    }
    all
}

fn labels(spec: &ContainerSpec) -> HashMap<String, String> {
    HashMap::from([
        (spec::LABEL_NODE.to_owned(), spec.node.to_string()),
        (spec::LABEL_SERVER.to_owned(), spec.server.to_string()),
        (spec::LABEL_GENERATION.to_owned(), spec.generation.to_string()),
        (spec::LABEL_SPEC.to_owned(), spec.digest.clone()),
        (spec::LABEL_PURPOSE.to_owned(), spec.purpose.as_str().to_owned()),
    ])
}

fn bindings(spec: &ContainerSpec) -> HashMap<String, Option<Vec<PortBinding>>> {
    let mut bindings = HashMap::new();
    for port in &spec.ports {
        let binding =
            PortBinding { host_ip: Some(port.address.to_string()), host_port: Some(port.port.to_string()) };
        let all: &mut Option<Vec<_>> =
            bindings.entry(port_key(port.protocol, port.port)).or_insert_with(|| Some(Vec::new()));
        all.get_or_insert_default().push(binding);
    }
    bindings
}

fn port_key(protocol: Protocol, port: u16) -> String {
    match protocol {
        Protocol::Tcp => format!("{port}/tcp"),
        Protocol::Udp => format!("{port}/udp"),
    }
}

/// An engine without the privilege to raise its own limit cannot grant more than that; it was started on the same
/// machine as we, so ours tells.
fn open_files() -> i64 {
    let own = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
    OPEN_FILES.min(own.unwrap_or(OPEN_FILES)).cast_signed()
}

fn limit(name: &str, value: i64) -> ResourcesUlimits {
    ResourcesUlimits { name: Some(name.to_owned()), soft: Some(value), hard: Some(value) }
}

fn log_options() -> HashMap<String, String> {
    [("max-size", LOG_BYTES), ("max-file", LOG_FILES), ("compress", "false")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}
