//! A plugin that stands ready: loaded with all that it asks for, with a log that is kept, and with servers to ask it about.

use crate::{
    desk::Desk,
    fault::{Fault, remedy_of},
    origin::Origin,
};
use gantry_build::Language;
use gantry_host::{CallContext, CallError, Grants, Host, Lent, LogLevel, Manifest, Plugin, PluginLog};
use gantry_types::{
    blueprint::{Blueprint, EndpointNeed, Variable},
    server::{Endpoint, ServerContext, Setting},
    units::Limits,
};
use std::sync::{Arc, Mutex, PoisonError};

/// The code of what a document cannot be filled for.
const DOCUMENT: &str = "document";

/// The port that an endpoint gets where its blueprint names none.
const PORT: u16 = 30_000;

/// A plugin with what it was granted.
pub(crate) struct Standing {
    /// It must outlive the plugin.
    _host: Host,
    pub(crate) plugin: Plugin,
    pub(crate) origin: Origin,
    pub(crate) log: Arc<Lines>,
}

impl Standing {
    /// Loads a component with everything that its manifest asks for: at an author's desk the author is the administrator.
    pub(crate) async fn load(desk: &Desk, component: Arc<[u8]>, origin: Origin) -> Result<Self, Fault> {
        let host = desk.host()?;
        let grants = grants(&component)?;
        let plugin = host.load(component, &grants).await?;
        Ok(Self { _host: host, plugin, origin, log: Arc::default() })
    }

    /// A call with this lent to it. The log begins anew.
    pub(crate) fn call(&self, lent: Lent) -> CallContext {
        self.log.take();
        let grants = self.plugin.grants().clone();
        CallContext { log: self.log.clone(), lent, ..CallContext::traced(grants) }
    }

    /// A fault of a call, with what the plugin wrote to its log meanwhile.
    pub(crate) fn fault(&self, error: CallError) -> Fault {
        let manifest = self.plugin.manifest();
        let log = self.log.take().iter().map(|line| self.origin.placed(line)).collect();
        let error = match error {
            CallError::Failed(no)
                if no.code == DOCUMENT && self.origin.language == Some(Language::Declarative) =>
            {
                return self.document(&no.message).with_log(log);
            }
            error => error,
        };
        let stopped = match &error {
            CallError::Stopped(stop) => Some(stop.reason.as_str()),
            CallError::Failed(_) | CallError::Refused(_) | CallError::Host(_) => None,
        };
        let mut fault = Fault::from(error).with_log(log);
        if let Some(reason) = stopped {
            remedy_of(reason, &self.origin).clone_into(&mut fault.remedy);
        }
        if let Some(rest) = fault.message.strip_prefix(&format!("the plugin {} was", manifest.id)) {
            fault.message = format!("the plugin {} {} was{rest}", manifest.id, manifest.version);
        }
        fault
    }

    /// A fault in the document that a plugin is made of.
    fn document(&self, message: &str) -> Fault {
        let message = format!("the document says no: {}", self.origin.placed(message));
        Fault::new(DOCUMENT, message, "Correct the document at the place that is named.")
    }
}

/// What a component's manifest asks for.
pub(crate) fn grants(component: &[u8]) -> Result<Grants, Fault> {
    let manifest = manifest(component)?;
    Ok(manifest.capabilities.into_iter().map(|request| request.name).collect())
}

/// What a component says of itself, read and checked by the host.
pub(crate) fn manifest(component: &[u8]) -> Result<Manifest, Fault> {
    let wrong = |message: String| {
        Fault::new(
            "manifest",
            message,
            "Correct plugin.toml (of a document its [plugin]), or the manifest of the component, and build again.",
        )
    };
    let bytes = gantry_pack::manifest(component).map_err(|error| wrong(error.to_string()))?;
    let bytes = bytes.ok_or_else(|| wrong("it has no manifest".to_owned()))?;
    Manifest::parse(bytes).map_err(wrong)
}

/// A plugin's log, kept.
#[derive(Default)]
pub(crate) struct Lines(Mutex<Vec<String>>);

impl Lines {
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl PluginLog for Lines {
    fn write(&self, _plugin: &str, level: LogLevel, text: &str) {
        let level = match level {
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{level}: {text}"));
    }
}

/// A server of a blueprint as a form that nobody changed would make it.
pub(crate) fn server_of(blueprint: &Blueprint) -> ServerContext {
    let value = |variable: &Variable| Setting {
        key: variable.key.clone(),
        value: variable.default_value.clone().unwrap_or_default(),
    };
    ServerContext {
        id: "01890000-0000-7000-8000-000000000001".to_owned(),
        name: blueprint.name.clone(),
        blueprint: blueprint.id.clone(),
        settings: blueprint.variables.iter().map(value).collect(),
        facts: Vec::new(),
        endpoints: endpoints(blueprint),
        limits: blueprint.recommended,
        time_zone: "UTC".to_owned(),
    }
}

/// The server of a plugin that has none.
pub(crate) fn nothing() -> ServerContext {
    ServerContext {
        id: String::new(),
        name: String::new(),
        blueprint: String::new(),
        settings: Vec::new(),
        facts: Vec::new(),
        endpoints: Vec::new(),
        limits: Limits::default(),
        time_zone: "UTC".to_owned(),
    }
}

/// A port for each endpoint: the usual one, or the next that no other has.
fn endpoints(blueprint: &Blueprint) -> Vec<Endpoint> {
    let mut given: Vec<Endpoint> = Vec::new();
    for EndpointNeed { name, protocol, default_port, relative_to, .. } in &blueprint.endpoints {
        let follows = relative_to.as_ref().and_then(|relative| {
            let other = given.iter().find(|each| each.name == relative.endpoint)?;
            u16::try_from(i32::from(other.port) + relative.offset).ok()
        });
        let mut port = follows.or(*default_port).unwrap_or(PORT);
        while given.iter().any(|each| each.port == port && each.protocol == *protocol) {
            port = port.wrapping_add(1).max(1_024);
        }
        let endpoint =
            Endpoint { name: name.clone(), protocol: *protocol, address: "127.0.0.1".to_owned(), port };
        given.push(endpoint);
    }
    given
}

/// The blueprint of this id, or the first where none is named.
pub(crate) fn blueprint<'a>(all: &'a [Blueprint], id: Option<&str>) -> Result<&'a Blueprint, Fault> {
    let found = match id {
        Some(id) => all.iter().find(|each| each.id == id),
        None => all.first(),
    };
    found.ok_or_else(|| {
        let there: Vec<&str> = all.iter().map(|each| each.id.as_str()).collect();
        let what = id.map_or_else(
            || "the plugin has no blueprint".to_owned(),
            |id| format!("the plugin has no blueprint {id:?}"),
        );
        Fault::new(
            "blueprint",
            what,
            format!("It has: {}.", if there.is_empty() { "none".to_owned() } else { there.join(", ") }),
        )
    })
}
