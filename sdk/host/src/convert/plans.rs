//! Install plans and run specs.

use gantry_types::plan::{
    Action, ArchiveFormat, Condition, ConfigEdit, ConfigFormat, ContainerRun, Digest, DigestAlgorithm,
    Download, Edit, Extract, Image, InstallPlan, Notation, Probe, RecipeFile, RunSpec, Step, StepUser,
    StopStep, Write,
};
use gantry_types::server::{ServerContext, Setting};

use super::{Checked, check};
use crate::bindings::{plans as wit, types};
use crate::component::{Part, Parts};

const STEPS: usize = 256;
const WEIGHT: u32 = 1_000_000;
const EDITS: usize = 1_024;
const ARGUMENTS: usize = 256;
const PROBES: usize = 16;
const STOP_STEPS: usize = 16;
const RECIPE_FILES: usize = 64;
const CONTENT_BYTES: usize = 1024 * 1024;
const VALUE_BYTES: usize = 64 * 1024;
const DATAGRAM_BYTES: usize = 1_400;
const HOUR_MS: u32 = 3_600_000;
const PERMISSION_BITS: u32 = 0o777;

/// Checks a plan. Errors name the step.
pub(crate) fn install_plan(given: wit::InstallPlan) -> Checked<InstallPlan> {
    let steps = check::count("the plan", given.steps, STEPS)?;
    check::unique("step", steps.iter().map(|step| step.id.as_str()))?;
    let version = given.installed_version.map(|text| check::title("the installed version", text, 1, 128));
    Ok(InstallPlan {
        steps: steps.into_iter().map(step).collect::<Checked<_>>()?,
        installed_version: version.transpose()?,
    })
}

fn step(given: wit::Step) -> Checked<Step> {
    let id = check::key("step", given.id)?;
    let place = format!("step {id}");
    if !(1..=WEIGHT).contains(&given.weight) {
        return Err(format!("{place}: the weight must be 1 to {WEIGHT}; it is {}", given.weight));
    }
    Ok(Step {
        title: check::title(&format!("{place}: title"), given.title, 1, 200)?,
        action: action(&place, given.action)?,
        weight: given.weight,
        may_fail: given.may_fail,
        id,
    })
}

fn action(place: &str, given: wit::Action) -> Checked<Action> {
    let path = |path: String| check::path(&format!("{place}: path"), path);
    Ok(match given {
        wit::Action::Download(given) => Action::Download(download(place, given)?),
        wit::Action::Extract(given) => Action::Extract(extract(place, given)?),
        wit::Action::Write(given) => Action::Write(Write {
            path: path(given.path)?,
            content: check::content(&format!("{place}: content"), given.content, CONTENT_BYTES)?,
            mode: given.mode & PERMISSION_BITS,
            only_if_missing: given.only_if_missing,
        }),
        wit::Action::EditConfig(given) => Action::EditConfig(config_edit(place, given)?),
        wit::Action::BuildImage(given) => Action::BuildImage { image: image(place, given)? },
        wit::Action::Run(given) => Action::Run(container_run(place, given)?),
        wit::Action::MakeDirectory(given) => Action::MakeDirectory { path: path(given)? },
        wit::Action::Remove(given) => Action::Remove { path: path(given)? },
        wit::Action::Copy((from, to)) => Action::Copy { from: path(from)?, to: path(to)? },
        wit::Action::Move((from, to)) => Action::Move { from: path(from)?, to: path(to)? },
        wit::Action::SetMode((given, mode)) => {
            Action::SetMode { path: path(given)?, mode: mode & PERMISSION_BITS }
        }
        wit::Action::Link((given, target)) => Action::Link { path: path(given)?, target: path(target)? },
    })
}

fn download(place: &str, given: wit::Download) -> Checked<Download> {
    let url = check::line(&format!("{place}: URL"), given.url, 1, 2_048)?;
    if !url.starts_with("https://") {
        return Err(format!("{place}: the URL {} must begin with https://", check::quote(&url)));
    }
    check::at_least_one(&format!("{place}: max-bytes"), given.max_bytes)?;
    Ok(Download {
        url,
        path: check::path(&format!("{place}: path"), given.path)?,
        expect: given.expect.map(|expected| digest(place, &expected)).transpose()?,
        max_bytes: given.max_bytes,
        hosts: Vec::new(),
    })
}

fn digest(place: &str, given: &wit::Digest) -> Checked<Digest> {
    let (algorithm, characters) = match given.algorithm {
        wit::Algorithm::Sha256 => (DigestAlgorithm::Sha256, 64),
        wit::Algorithm::Sha512 => (DigestAlgorithm::Sha512, 128),
        wit::Algorithm::Sha1 => (DigestAlgorithm::Sha1, 40),
    };
    if given.hex.len() != characters || !given.hex.bytes().all(|each| each.is_ascii_hexdigit()) {
        return Err(format!("{place}: the digest must be {characters} hexadecimal characters"));
    }
    Ok(Digest { algorithm, hex: given.hex.to_ascii_lowercase() })
}

fn extract(place: &str, given: wit::Extract) -> Checked<Extract> {
    check::at_least_one(&format!("{place}: max-bytes"), given.max_bytes)?;
    Ok(Extract {
        archive: check::path(&format!("{place}: archive"), given.archive)?,
        format: match given.format {
            wit::ArchiveFormat::Tar => ArchiveFormat::Tar,
            wit::ArchiveFormat::TarGz => ArchiveFormat::TarGz,
            wit::ArchiveFormat::TarXz => ArchiveFormat::TarXz,
            wit::ArchiveFormat::TarBz2 => ArchiveFormat::TarBz2,
            wit::ArchiveFormat::TarZst => ArchiveFormat::TarZst,
            wit::ArchiveFormat::Zip => ArchiveFormat::Zip,
        },
        into: check::path(&format!("{place}: into"), given.into)?,
        strip_components: given.strip_components,
        max_bytes: given.max_bytes,
    })
}

pub(super) fn config_edit(place: &str, given: types::ConfigEdit) -> Checked<ConfigEdit> {
    let place = format!("{place}: edit");
    let convert = |edit: types::Edit| {
        Ok(Edit {
            at: check::spot(&place, edit.at)?,
            value: check::content(&place, edit.value, VALUE_BYTES)?,
            condition: condition(&place, edit.condition)?,
            notation: notation(edit.notation),
        })
    };
    Ok(ConfigEdit {
        path: check::path(&place, given.path)?,
        format: format(given.format),
        edits: check::count(&place, given.edits, EDITS)?.into_iter().map(convert).collect::<Checked<_>>()?,
        create: given.create,
    })
}

pub(super) fn format(given: types::Format) -> ConfigFormat {
    match given {
        types::Format::Properties => ConfigFormat::Properties,
        types::Format::Ini => ConfigFormat::Ini,
        types::Format::Json => ConfigFormat::Json,
        types::Format::Yaml => ConfigFormat::Yaml,
        types::Format::Xml => ConfigFormat::Xml,
        types::Format::Toml => ConfigFormat::Toml,
        types::Format::Lines => ConfigFormat::Lines,
    }
}

fn condition(place: &str, given: types::Condition) -> Checked<Condition> {
    Ok(match given {
        types::Condition::Always => Condition::Always,
        types::Condition::Absent => Condition::Absent,
        types::Condition::Present => Condition::Present,
        types::Condition::Equals(value) => Condition::Equals(check::content(place, value, VALUE_BYTES)?),
        types::Condition::Matches(pattern) => Condition::Matches(check::line(place, pattern, 1, 1_024)?),
    })
}

pub(super) fn notation(given: types::Notation) -> Notation {
    match given {
        types::Notation::LikeThere => Notation::LikeThere,
        types::Notation::Text => Notation::Text,
        types::Notation::Number => Notation::Number,
        types::Notation::Boolean => Notation::Boolean,
        types::Notation::Document => Notation::Document,
    }
}

fn image(place: &str, given: wit::Image) -> Checked<Image> {
    match given {
        wit::Image::Reference(reference) => {
            let reference = check::line(&format!("{place}: image"), reference, 1, 512)?;
            // An image name is an argument to others; none of them takes these.
            if reference.starts_with('-') || reference.contains(char::is_whitespace) {
                return Err(format!("{place}: {} is no image reference", check::quote(&reference)));
            }
            Ok(Image::Reference { reference })
        }
        wit::Image::Recipe(recipe) => {
            let place = format!("{place}: recipe");
            let files = check::count(&place, recipe.files, RECIPE_FILES)?;
            check::unique(&format!("{place}: file"), files.iter().map(|(path, _)| path.as_str()))?;
            let convert = |(path, content): (String, String)| {
                Ok(RecipeFile {
                    path: check::path(&place, path)?,
                    content: check::content(&place, content, CONTENT_BYTES)?,
                })
            };
            let dockerfile = check::content(&place, recipe.dockerfile, VALUE_BYTES)?;
            if dockerfile.trim().is_empty() {
                return Err(format!("{place}: the Dockerfile is empty"));
            }
            Ok(Image::Recipe { dockerfile, files: files.into_iter().map(convert).collect::<Checked<_>>()? })
        }
    }
}

fn container_run(place: &str, given: wit::ContainerRun) -> Checked<ContainerRun> {
    check::at_least_one(&format!("{place}: timeout-ms"), given.timeout_ms.into())?;
    Ok(ContainerRun {
        image: image(place, given.image)?,
        command: command(place, given.command)?,
        environment: environment(place, given.environment)?,
        network: given.network,
        files: step_files(place, &given.working_directory, given.files)?,
        working_directory: absolute(&format!("{place}: the working directory"), given.working_directory)?,
        user: match given.user {
            wit::User::Server => StepUser::Server,
            wit::User::Root => StepUser::Root,
        },
        timeout_ms: given.timeout_ms,
    })
}

/// Files that a container finds outside the server's directory.
fn step_files(place: &str, directory: &str, given: Vec<(String, String)>) -> Checked<Vec<RecipeFile>> {
    let place = format!("{place}: file");
    let given = check::count(&place, given, RECIPE_FILES)?;
    let plain: Vec<String> = given.iter().map(|(path, _)| parts(path).join("/")).collect();
    check::unique(&place, plain.iter().map(String::as_str))?;
    let home = parts(directory);
    let inside = |path: &str| parts(path).starts_with(&home);
    let convert = |(path, content): (String, String)| {
        let path = absolute(&place, path)?;
        if path.ends_with('/') || inside(&path) {
            return Err(format!(
                "{place} {} must be a file outside {directory}; what belongs inside is a step `write`",
                check::quote(&path)
            ));
        }
        Ok(RecipeFile { path, content: check::content(&place, content, CONTENT_BYTES)? })
    };
    given.into_iter().map(convert).collect()
}

/// What a path names, however it is spelled: a slash too many names the same place.
fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !matches!(*part, "" | ".")).collect()
}

/// A path within a container.
fn absolute(place: &str, given: String) -> Checked<String> {
    let given = check::line(place, given, 1, 256)?;
    let sane = given.starts_with('/') && !parts(&given).is_empty();
    if !sane || given.split('/').any(|part| part == "..") || given.contains([':', ',']) {
        return Err(format!("{place} must be an absolute path, not / itself, without colon and comma"));
    }
    Ok(given)
}

fn command(place: &str, given: Vec<String>) -> Checked<Vec<String>> {
    let place = format!("{place}: command");
    let given = check::count(&place, given, ARGUMENTS)?;
    given.into_iter().map(|argument| check::content(&place, argument, VALUE_BYTES)).collect()
}

fn environment(place: &str, given: Vec<types::Setting>) -> Checked<Vec<Setting>> {
    let place = format!("{place}: environment");
    let given = check::count(&place, given, ARGUMENTS)?;
    check::unique(&place, given.iter().map(|setting| setting.key.as_str()))?;
    let convert = |setting: types::Setting| {
        let key = check::line(&place, setting.key, 1, 128)?;
        if key.contains(['=', ' ']) {
            return Err(format!("{place}: {} is no name of a variable", check::quote(&key)));
        }
        Ok(Setting { key, value: check::content(&place, setting.value, VALUE_BYTES)? })
    };
    given.into_iter().map(convert).collect()
}

/// Checks a run spec against the server that it was computed for.
pub(crate) fn run_spec(given: wit::RunSpec, server: &ServerContext, parts: Parts) -> Checked<RunSpec> {
    let place = "run spec";
    let ready = check::count("run spec: ready", given.ready, PROBES)?;
    let stop = check::count("run spec: stop", given.stop, STOP_STEPS)?;
    let edits = check::count("run spec: edits", given.edits, RECIPE_FILES)?;
    let working_directory = absolute("run spec: the working directory", given.working_directory)?;
    if given.ready_timeout_ms > HOUR_MS {
        return Err("run spec: ready-timeout-ms must be at most an hour".to_owned());
    }
    Ok(RunSpec {
        image: image(place, given.image)?,
        command: command(place, given.command)?,
        environment: environment(place, given.environment)?,
        working_directory,
        edits: edits.into_iter().map(|edit| config_edit(place, edit)).collect::<Checked<_>>()?,
        ready: ready.into_iter().map(|each| probe(each, server, parts)).collect::<Checked<_>>()?,
        ready_timeout_ms: given.ready_timeout_ms,
        stop: stop.into_iter().map(|each| stop_step(each, parts)).collect::<Checked<_>>()?,
        terminal: given.terminal,
        read_only_root: given.read_only_root,
    })
}

fn probe(given: wit::Probe, server: &ServerContext, parts: Parts) -> Checked<Probe> {
    let known = |endpoint: String| {
        if server.endpoints.iter().any(|each| each.name == endpoint) {
            return Ok(endpoint);
        }
        Err(format!(
            "run spec: a probe asks the endpoint {}, which this server has not",
            check::quote(&endpoint)
        ))
    };
    Ok(match given {
        wit::Probe::Console(given) => {
            Probe::Console { pattern: check::pattern("run spec: console probe", given.pattern, 1_024)? }
        }
        wit::Probe::Tcp(endpoint) => Probe::Tcp { endpoint: known(endpoint)? },
        wit::Probe::Udp(given) => {
            let payload = check::count("run spec: UDP probe", given.payload, DATAGRAM_BYTES)?;
            Probe::Udp { endpoint: known(given.endpoint)?, payload }
        }
        wit::Probe::Http(given) => {
            let path = check::line("run spec: HTTP probe", given.path, 1, 1_024)?;
            if !path.starts_with('/') || !path.is_ascii() || path.contains(' ') {
                return Err(
                    "run spec: the path of an HTTP probe begins with / and is written in ASCII".to_owned()
                );
            }
            Probe::Http { endpoint: known(given.endpoint)?, path }
        }
        wit::Probe::Collector if !parts.has(Part::Collector) => {
            return Err("run spec: a probe asks the collector, which the plugin does not export".to_owned());
        }
        wit::Probe::Collector => Probe::Collector,
    })
}

fn stop_step(given: wit::StopStep, parts: Parts) -> Checked<StopStep> {
    Ok(match given {
        wit::StopStep::Console(command) => {
            StopStep::Console { command: check::line("run spec: stop command", command, 1, 1_024)? }
        }
        wit::StopStep::Signal(signal) => {
            let name = signal.strip_prefix("SIG").unwrap_or_default();
            let credible = (1..=8).contains(&name.len())
                && name.bytes().all(|each| each.is_ascii_uppercase() || each.is_ascii_digit());
            if !credible {
                return Err(format!("run spec: {} is no signal such as SIGINT", check::quote(&signal)));
            }
            StopStep::Signal { signal }
        }
        wit::StopStep::Interrupt => StopStep::Interrupt,
        wit::StopStep::WaitMs(ms) if ms > HOUR_MS => {
            return Err("run spec: stopping may wait for at most an hour".to_owned());
        }
        wit::StopStep::WaitMs(ms) => StopStep::Wait { ms },
        wit::StopStep::Action(_) if !parts.has(Part::Actions) => {
            return Err("run spec: a stop step is an action, and the plugin exports none".to_owned());
        }
        wit::StopStep::Action(id) => StopStep::Action { id: check::key("run spec: stop action", id)? },
    })
}

#[cfg(test)]
#[path = "plans_tests.rs"]
mod tests;
