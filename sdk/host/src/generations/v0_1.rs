//! Contract 0.1: its answers in the words of 0.2, and its imports by what serves those of 0.2.
//!
//! What 0.1 could not say is what it always meant: edits are made whatever stands there, values look like what stood
//! there, steps must succeed, and commands run as the server's own user in its directory.

use crate::bindings::v0_1::exports::gantry::plugin as old;
use crate::bindings::v0_1::gantry::plugin as imports;
use crate::bindings::v0_1::gantry::plugin::types as words;
use crate::bindings::{blueprints, collector, console_events, log, plans, query, types};
use crate::state::CallState;

/// Where 0.1 always found the server's directory while it was installed.
const DIRECTORY: &str = "/data";

impl imports::log::Host for CallState {
    fn write(&mut self, level: imports::log::Level, text: String) -> wasmtime::Result<()> {
        let level = match level {
            imports::log::Level::Debug => log::Level::Debug,
            imports::log::Level::Info => log::Level::Info,
            imports::log::Level::Warn => log::Level::Warn,
            imports::log::Level::Error => log::Level::Error,
        };
        log::Host::write(self, level, text)
    }
}

impl imports::query::Host for CallState {
    async fn datagram(
        &mut self,
        endpoint: String,
        payload: Vec<u8>,
        enough: u32,
        timeout_ms: u32,
    ) -> wasmtime::Result<Result<Vec<imports::query::Reply>, words::Failure>> {
        let said = query::Host::datagram(self, endpoint, payload, enough, timeout_ms).await?;
        Ok(said.map(|replies| replies.into_iter().map(reply).collect()).map_err(Into::into))
    }

    async fn exchange(
        &mut self,
        endpoint: String,
        payload: Vec<u8>,
        max_bytes: u32,
        timeout_ms: u32,
    ) -> wasmtime::Result<Result<imports::query::Reply, words::Failure>> {
        let said = query::Host::exchange(self, endpoint, payload, max_bytes, timeout_ms).await?;
        Ok(said.map(reply).map_err(Into::into))
    }
}

fn reply(given: query::Reply) -> imports::query::Reply {
    imports::query::Reply { payload: given.payload, after_us: given.after_us }
}

impl words::Host for CallState {}

impl From<types::Failure> for words::Failure {
    fn from(new: types::Failure) -> Self {
        Self { code: new.code, message: new.message, retry_after_ms: new.retry_after_ms }
    }
}

impl From<words::Failure> for types::Failure {
    fn from(old: words::Failure) -> Self {
        Self { code: old.code, message: old.message, retry_after_ms: old.retry_after_ms }
    }
}

impl From<words::FieldProblem> for types::FieldProblem {
    fn from(old: words::FieldProblem) -> Self {
        Self { key: old.key, message: old.message, remedy: old.remedy }
    }
}

impl From<words::Setting> for types::Setting {
    fn from(old: words::Setting) -> Self {
        Self { key: old.key, value: old.value }
    }
}

impl From<words::Limits> for types::Limits {
    fn from(old: words::Limits) -> Self {
        Self { memory: old.memory, swap: old.swap, cpu: old.cpu, disk: old.disk, pids: old.pids }
    }
}

/// What 0.1 may know of a server: all but the facts, of which it has none.
impl From<&types::Server> for words::Server {
    fn from(new: &types::Server) -> Self {
        let setting =
            |each: &types::Setting| words::Setting { key: each.key.clone(), value: each.value.clone() };
        let endpoint = |each: &types::Endpoint| words::Endpoint {
            name: each.name.clone(),
            protocol: match each.protocol {
                types::Protocol::Tcp => words::Protocol::Tcp,
                types::Protocol::Udp => words::Protocol::Udp,
            },
            address: each.address.clone(),
            port: each.port,
        };
        let types::Limits { memory, swap, cpu, disk, pids } = new.limits;
        Self {
            id: new.id.clone(),
            name: new.name.clone(),
            blueprint: new.blueprint.clone(),
            settings: new.settings.iter().map(setting).collect(),
            endpoints: new.endpoints.iter().map(endpoint).collect(),
            limits: words::Limits { memory, swap, cpu, disk, pids },
            time_zone: new.time_zone.clone(),
            extra: new.extra.clone(),
        }
    }
}

impl From<old::blueprints::Blueprint> for blueprints::Blueprint {
    fn from(old: old::blueprints::Blueprint) -> Self {
        Self {
            id: old.id,
            name: old.name,
            summary: old.summary,
            documentation: old.documentation,
            tags: old.tags,
            icon: old.icon,
            variables: old.variables.into_iter().map(Into::into).collect(),
            endpoints: old.endpoints.into_iter().map(Into::into).collect(),
            least: old.least.into(),
            recommended: old.recommended.into(),
            collect_every_ms: old.collect_every_ms,
            commands: blueprints::CommandDoor::Console,
            protected_files: Vec::new(),
            extra: old.extra,
        }
    }
}

impl From<old::blueprints::EndpointNeed> for blueprints::EndpointNeed {
    fn from(old: old::blueprints::EndpointNeed) -> Self {
        Self {
            name: old.name,
            protocol: match old.protocol {
                words::Protocol::Tcp => types::Protocol::Tcp,
                words::Protocol::Udp => types::Protocol::Udp,
            },
            help: old.help,
            default_port: old.default_port,
            required: old.required,
            relative_to: None,
        }
    }
}

impl From<old::blueprints::Variable> for types::Variable {
    fn from(old: old::blueprints::Variable) -> Self {
        Self {
            key: old.key,
            label: old.label,
            help: old.help,
            group: old.group,
            kind: old.kind.into(),
            default_value: old.default_value,
            required: old.required,
            viewable: audience(old.viewable),
            editable: audience(old.editable),
            needs_reinstall: old.needs_reinstall,
            needs_restart: old.needs_restart,
            extra: old.extra,
        }
    }
}

fn audience(old: old::blueprints::Audience) -> types::Audience {
    match old {
        old::blueprints::Audience::Administrators => types::Audience::Administrators,
        old::blueprints::Audience::Owners => types::Audience::Owners,
        old::blueprints::Audience::Members => types::Audience::Members,
    }
}

impl From<old::blueprints::Kind> for types::Kind {
    fn from(old: old::blueprints::Kind) -> Self {
        match old {
            old::blueprints::Kind::Text(rule) => Self::Text(text_rule(rule)),
            old::blueprints::Kind::Multiline(rule) => Self::Multiline(text_rule(rule)),
            old::blueprints::Kind::Secret(rule) => Self::Secret(text_rule(rule)),
            old::blueprints::Kind::Number(rule) => Self::Number(types::NumberRule {
                minimum: rule.minimum,
                maximum: rule.maximum,
                step: rule.step,
                unit: rule.unit,
            }),
            old::blueprints::Kind::Boolean => Self::Boolean,
            old::blueprints::Kind::OneOf(choices) => Self::OneOf(choices.into_iter().map(choice).collect()),
        }
    }
}

fn text_rule(old: old::blueprints::TextRule) -> types::TextRule {
    types::TextRule {
        min_length: old.min_length,
        max_length: old.max_length,
        pattern: old.pattern,
        pattern_help: old.pattern_help,
    }
}

fn choice(old: old::blueprints::Choice) -> types::Choice {
    types::Choice { value: old.value, label: old.label, help: old.help }
}

impl From<old::plans::InstallPlan> for plans::InstallPlan {
    fn from(old: old::plans::InstallPlan) -> Self {
        let steps = old.steps.into_iter().map(Into::into).collect();
        Self { steps, installed_version: old.installed_version }
    }
}

impl From<old::plans::Step> for plans::Step {
    fn from(old: old::plans::Step) -> Self {
        Self { id: old.id, title: old.title, action: old.action.into(), weight: old.weight, may_fail: false }
    }
}

impl From<old::plans::Action> for plans::Action {
    fn from(old: old::plans::Action) -> Self {
        match old {
            old::plans::Action::Download(given) => Self::Download(plans::Download {
                url: given.url,
                path: given.path,
                expect: given.expect.map(digest),
                max_bytes: given.max_bytes,
            }),
            old::plans::Action::Extract(given) => Self::Extract(plans::Extract {
                archive: given.archive,
                format: match given.format {
                    old::plans::ArchiveFormat::Tar => plans::ArchiveFormat::Tar,
                    old::plans::ArchiveFormat::TarGz => plans::ArchiveFormat::TarGz,
                    old::plans::ArchiveFormat::Zip => plans::ArchiveFormat::Zip,
                },
                into: given.into,
                strip_components: given.strip_components,
                max_bytes: given.max_bytes,
            }),
            old::plans::Action::Write(given) => Self::Write(plans::Write {
                path: given.path,
                content: given.content,
                mode: given.mode,
                only_if_missing: given.only_if_missing,
            }),
            old::plans::Action::EditConfig(given) => Self::EditConfig(given.into()),
            old::plans::Action::BuildImage(given) => Self::BuildImage(given.into()),
            old::plans::Action::Run(given) => Self::Run(plans::ContainerRun {
                image: given.image.into(),
                command: given.command,
                environment: given.environment.into_iter().map(Into::into).collect(),
                network: given.network,
                working_directory: DIRECTORY.to_owned(),
                files: Vec::new(),
                user: plans::User::Server,
                timeout_ms: given.timeout_ms,
            }),
            old::plans::Action::MakeDirectory(path) => Self::MakeDirectory(path),
            old::plans::Action::Remove(path) => Self::Remove(path),
        }
    }
}

fn digest(old: old::plans::Digest) -> plans::Digest {
    let algorithm = match old.algorithm {
        old::plans::Algorithm::Sha256 => plans::Algorithm::Sha256,
        old::plans::Algorithm::Sha512 => plans::Algorithm::Sha512,
        old::plans::Algorithm::Sha1 => plans::Algorithm::Sha1,
    };
    plans::Digest { algorithm, hex: old.hex }
}

impl From<old::plans::ConfigEdit> for types::ConfigEdit {
    fn from(old: old::plans::ConfigEdit) -> Self {
        let format = match old.format {
            old::plans::Format::Properties => types::Format::Properties,
            old::plans::Format::Ini => types::Format::Ini,
            old::plans::Format::Json => types::Format::Json,
            old::plans::Format::Toml => types::Format::Toml,
            old::plans::Format::Lines => types::Format::Lines,
        };
        let edit = |old: old::plans::Edit| types::Edit {
            at: old.at,
            value: old.value,
            condition: types::Condition::Always,
            notation: types::Notation::LikeThere,
        };
        let edits = old.edits.into_iter().map(edit).collect();
        Self { path: old.path, format, edits, create: old.create }
    }
}

impl From<old::plans::Image> for plans::Image {
    fn from(old: old::plans::Image) -> Self {
        match old {
            old::plans::Image::Reference(reference) => Self::Reference(reference),
            old::plans::Image::Recipe(recipe) => {
                Self::Recipe(plans::Recipe { dockerfile: recipe.dockerfile, files: recipe.files })
            }
        }
    }
}

impl From<old::plans::RunSpec> for plans::RunSpec {
    fn from(old: old::plans::RunSpec) -> Self {
        Self {
            image: old.image.into(),
            command: old.command,
            environment: old.environment.into_iter().map(Into::into).collect(),
            working_directory: old.working_directory,
            edits: old.edits.into_iter().map(Into::into).collect(),
            ready: old.ready.into_iter().map(probe).collect(),
            ready_timeout_ms: old.ready_timeout_ms,
            stop: old.stop.into_iter().map(stop_step).collect(),
            terminal: old.terminal,
            read_only_root: old.read_only_root,
            extra: old.extra,
        }
    }
}

fn probe(old: old::plans::Probe) -> plans::Probe {
    match old {
        old::plans::Probe::Console(probe) => {
            plans::Probe::Console(plans::ConsoleProbe { pattern: probe.pattern })
        }
        old::plans::Probe::Tcp(endpoint) => plans::Probe::Tcp(endpoint),
        old::plans::Probe::Udp(probe) => {
            plans::Probe::Udp(plans::UdpProbe { endpoint: probe.endpoint, payload: probe.payload })
        }
        old::plans::Probe::Collector => plans::Probe::Collector,
    }
}

fn stop_step(old: old::plans::StopStep) -> plans::StopStep {
    match old {
        old::plans::StopStep::Console(command) => plans::StopStep::Console(command),
        old::plans::StopStep::Signal(signal) => plans::StopStep::Signal(signal),
        old::plans::StopStep::WaitMs(ms) => plans::StopStep::WaitMs(ms),
    }
}

impl From<old::collector::Sample> for collector::Sample {
    fn from(old: old::collector::Sample) -> Self {
        let player = |old: old::collector::Player| collector::Player {
            name: old.name,
            id: old.id,
            score: old.score,
            ping_ms: old.ping_ms,
            seconds_online: None,
        };
        let series = |old: old::collector::Series| collector::Series {
            name: old.name,
            unit: old.unit,
            value: old.value,
        };
        Self {
            name: old.name,
            map: old.map,
            version: old.version,
            players: old.players,
            max_players: old.max_players,
            lists_players: old.lists_players,
            player_list: old.player_list.into_iter().map(player).collect(),
            latency_ms: old.latency_ms,
            series: old.series.into_iter().map(series).collect(),
            bots: None,
        }
    }
}

impl From<old::console_events::Found> for console_events::Found {
    fn from(old: old::console_events::Found) -> Self {
        let event = match old.event {
            old::console_events::Event::Joined(player) => console_events::Event::Joined(player),
            old::console_events::Event::Left(player) => console_events::Event::Left(player),
            old::console_events::Event::Chat(said) => console_events::Event::Chat(said),
            old::console_events::Event::Warning(text) => console_events::Event::Warning(text),
            old::console_events::Event::CrashCause(cause) => {
                console_events::Event::CrashCause(console_events::CrashCause { cause, remedy: None })
            }
        };
        Self { line: old.line, event }
    }
}
