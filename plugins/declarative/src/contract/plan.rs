//! Filled installations and runs in the contract's words.

use super::failure;
use crate::fill::plain;
use gantry_document::model::{
    self as document, Archive, ConfigEdit, Existing, FileFormat, ImageText, Install, Notation, Run, Step,
    StopStep, Text, User,
};
use gantry_plugin::prelude as wit;
use std::collections::BTreeMap;

type Answer<T> = Result<T, wit::Failure>;

fn own(text: &Text) -> String {
    plain(text).to_owned()
}

fn list(texts: &[Text]) -> Vec<String> {
    texts.iter().map(own).collect()
}

fn pairs(texts: &BTreeMap<String, Text>) -> Vec<wit::Setting> {
    texts.iter().map(|(key, value)| wit::Setting { key: key.clone(), value: own(value) }).collect()
}

pub(super) fn install(given: Install) -> Answer<wit::InstallPlan> {
    let version = given.version.as_ref().map(own).filter(|version| !version.is_empty());
    let steps = given.steps.into_iter().map(step).collect::<Answer<_>>()?;
    Ok(wit::InstallPlan { steps, installed_version: version })
}

fn step(given: Step) -> Answer<wit::Step> {
    Ok(wit::Step {
        title: own(&given.title),
        action: action(&given)?,
        id: given.id.unwrap_or_default(),
        weight: given.weight,
        may_fail: given.may_fail,
    })
}

const fn bytes(mib: u32) -> u64 {
    (mib as u64) << 20
}

fn mode(text: Option<&str>) -> Answer<u32> {
    let text = text.unwrap_or("644");
    u32::from_str_radix(text, 8).map_err(|_| failure(&format!("{text:?} are no rights of a file")))
}

fn action(step: &Step) -> Answer<wit::Action> {
    Ok(match step {
        Step { download: Some(each), .. } => wit::Action::Download(wit::Download {
            url: own(&each.url),
            path: own(&each.path),
            expect: each.expect.as_ref().and_then(digest),
            max_bytes: bytes(each.max_mib),
        }),
        Step { extract: Some(each), .. } => wit::Action::Extract(wit::Extract {
            archive: own(&each.archive),
            format: archive(each.format),
            into: own(&each.into),
            strip_components: each.strip_components,
            max_bytes: bytes(each.max_mib),
        }),
        Step { write: Some(each), .. } => wit::Action::Write(wit::Write {
            path: own(&each.path),
            content: own(&each.content),
            mode: mode(each.mode.as_deref())?,
            only_if_missing: each.only_if_missing,
        }),
        Step { edit: Some(each), .. } => wit::Action::EditConfig(config_edit(each)),
        Step { image: Some(each), .. } => wit::Action::BuildImage(image(each)),
        Step { run: Some(each), .. } => wit::Action::Run(wit::ContainerRun {
            image: image(&each.image),
            command: list(&each.command),
            environment: pairs(&each.environment),
            network: each.network,
            working_directory: each.working_directory.clone(),
            files: each.files.iter().map(|(path, content)| (path.clone(), own(content))).collect(),
            user: match each.user {
                User::Server => wit::User::Server,
                User::Root => wit::User::Root,
            },
            timeout_ms: each.timeout_s.saturating_mul(1_000),
        }),
        Step { make_directory: Some(path), .. } => wit::Action::MakeDirectory(own(path)),
        Step { remove: Some(path), .. } => wit::Action::Remove(own(path)),
        Step { copy: Some(each), .. } => wit::Action::Copy((own(&each.from), own(&each.to))),
        Step { move_to: Some(each), .. } => wit::Action::Move((own(&each.from), own(&each.to))),
        Step { set_mode: Some(each), .. } => wit::Action::SetMode((own(&each.path), mode(Some(&each.mode))?)),
        Step { link: Some(each), .. } => wit::Action::Link((own(&each.path), own(&each.target))),
        Step { title, .. } => return Err(failure(&format!("the step {:?} does nothing", plain(title)))),
    })
}

fn digest(given: &document::Digest) -> Option<wit::Digest> {
    let (algorithm, hex) = match given {
        document::Digest { sha256: Some(hex), .. } => (wit::Algorithm::Sha256, hex),
        document::Digest { sha512: Some(hex), .. } => (wit::Algorithm::Sha512, hex),
        document::Digest { sha1: Some(hex), .. } => (wit::Algorithm::Sha1, hex),
        document::Digest { .. } => return None,
    };
    Some(wit::Digest { algorithm, hex: own(hex) })
}

const fn archive(given: Archive) -> wit::ArchiveFormat {
    match given {
        Archive::Tar => wit::ArchiveFormat::Tar,
        Archive::TarGz => wit::ArchiveFormat::TarGz,
        Archive::TarXz => wit::ArchiveFormat::TarXz,
        Archive::TarBz2 => wit::ArchiveFormat::TarBz2,
        Archive::TarZst => wit::ArchiveFormat::TarZst,
        Archive::Zip => wit::ArchiveFormat::Zip,
    }
}

fn image(given: &ImageText) -> wit::Image {
    match given {
        ImageText::Reference(text) => wit::Image::Reference(own(text)),
        ImageText::Recipe(recipe) => wit::Image::Recipe(wit::Recipe {
            dockerfile: recipe.dockerfile.clone(),
            files: recipe.files.iter().map(|(path, content)| (path.clone(), content.clone())).collect(),
        }),
    }
}

pub(super) const fn format(given: FileFormat) -> wit::Format {
    match given {
        FileFormat::Properties => wit::Format::Properties,
        FileFormat::Ini => wit::Format::Ini,
        FileFormat::Json => wit::Format::Json,
        FileFormat::Yaml => wit::Format::Yaml,
        FileFormat::Toml => wit::Format::Toml,
        FileFormat::Xml => wit::Format::Xml,
        FileFormat::Lines => wit::Format::Lines,
    }
}

pub(super) const fn notation(given: Notation) -> wit::Notation {
    match given {
        Notation::LikeThere => wit::Notation::LikeThere,
        Notation::Text => wit::Notation::Text,
        Notation::Number => wit::Notation::Number,
        Notation::Boolean => wit::Notation::Boolean,
        Notation::Document => wit::Notation::Document,
    }
}

pub(super) fn config_edit(given: &ConfigEdit) -> wit::ConfigEdit {
    let edit = |edit: &document::Edit| wit::Edit {
        at: own(&edit.at),
        value: own(&edit.value),
        condition: match (&edit.if_equals, &edit.if_matches, edit.only) {
            (Some(value), ..) => wit::Condition::Equals(own(value)),
            (_, Some(pattern), _) => wit::Condition::Matches(pattern.clone()),
            (_, _, Existing::Any) => wit::Condition::Always,
            (_, _, Existing::Absent) => wit::Condition::Absent,
            (_, _, Existing::Present) => wit::Condition::Present,
        },
        notation: notation(edit.notation),
    };
    wit::ConfigEdit {
        path: own(&given.path),
        format: format(given.format),
        edits: given.edits.iter().map(edit).collect(),
        create: given.create,
    }
}

pub(super) fn run(given: Run) -> Answer<wit::RunSpec> {
    let mut stop: Vec<wit::StopStep> = given.stop.iter().map(stop_step).collect();
    if stop.is_empty() {
        stop = vec![wit::StopStep::Signal("SIGTERM".to_owned()), wit::StopStep::WaitMs(10_000)];
    }
    Ok(wit::RunSpec {
        image: image(&given.image),
        command: list(&given.command),
        environment: pairs(&given.environment),
        edits: given.edits.iter().map(config_edit).collect(),
        ready: given.ready.iter().map(probe).collect::<Answer<_>>()?,
        ready_timeout_ms: given.ready_timeout_s.saturating_mul(1_000),
        stop,
        working_directory: given.working_directory,
        terminal: given.terminal,
        read_only_root: given.read_only_root,
        extra: Vec::new(),
    })
}

fn probe(given: &document::Probe) -> Answer<wit::Probe> {
    Ok(match given {
        document::Probe { console: Some(pattern), .. } => {
            wit::Probe::Console(wit::ConsoleProbe { pattern: pattern.clone() })
        }
        document::Probe { tcp: Some(endpoint), .. } => wit::Probe::Tcp(endpoint.clone()),
        document::Probe { udp: Some(udp), .. } => {
            let wrong = || failure(&format!("{:?} is no hexadecimal", udp.payload));
            let payload = document::bytes(&udp.payload).ok_or_else(wrong)?;
            wit::Probe::Udp(wit::UdpProbe { endpoint: udp.endpoint.clone(), payload })
        }
        document::Probe { http: Some(http), .. } => {
            wit::Probe::Http(wit::HttpProbe { endpoint: http.endpoint.clone(), path: own(&http.path) })
        }
        document::Probe { .. } => return Err(failure(&"a probe of `run.ready` asks nothing")),
    })
}

fn stop_step(given: &StopStep) -> wit::StopStep {
    match given {
        StopStep { command: Some(text), .. } => wit::StopStep::Console(own(text)),
        StopStep { signal: Some(name), .. } => wit::StopStep::Signal(name.clone()),
        StopStep { interrupt: true, .. } => wit::StopStep::Interrupt,
        StopStep { action: Some(id), .. } => wit::StopStep::Action(id.clone()),
        StopStep { wait_s, .. } => wit::StopStep::WaitMs(wait_s.unwrap_or(0).saturating_mul(1_000)),
    }
}
