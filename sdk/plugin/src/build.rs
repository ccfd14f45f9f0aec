//! Builders: the shortest true way to write a blueprint, a plan and a run spec.
//!
//! They set what is common and leave every field public, so that nothing is out of reach.

use crate::prelude::{
    Action, Blueprint, CommandDoor, Condition, ConfigEdit, ConsoleProbe, ContainerRun, Edit, EndpointNeed,
    Failure, FieldProblem, Format, HttpProbe, Image, InstallPlan, Limits, Notation, Probe, Protocol, Recipe,
    RunSpec, Server, Setting, Step, StopStep, UdpProbe, User, Write,
};

impl Limits {
    /// Memory in MiB and CPU in hundredths of a core; no swap, 256 processes, disk in MiB.
    pub const fn new(memory: u32, cpu: u32, disk: u32) -> Self {
        Self { memory, swap: 0, cpu, disk, pids: 256 }
    }
}

impl Blueprint {
    /// A blueprint without variables or endpoints, for a small game.
    pub fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            summary: String::new(),
            documentation: String::new(),
            tags: Vec::new(),
            icon: String::new(),
            variables: Vec::new(),
            endpoints: Vec::new(),
            least: Limits::new(128, 10, 256),
            recommended: Limits::new(512, 100, 1024),
            collect_every_ms: None,
            commands: CommandDoor::Console,
            protected_files: Vec::new(),
            extra: Vec::new(),
        }
    }
}

impl EndpointNeed {
    /// A port that the game cannot do without.
    pub fn required(name: &str, protocol: Protocol, default_port: u16, help: &str) -> Self {
        Self {
            name: name.to_owned(),
            protocol,
            help: help.to_owned(),
            default_port: Some(default_port),
            required: true,
            relative_to: None,
        }
    }

    /// A port at a fixed distance from another endpoint's; zero is the same number with the other protocol.
    #[must_use]
    pub fn relative_to(mut self, endpoint: &str, offset: i32) -> Self {
        self.relative_to = Some((endpoint.to_owned(), offset));
        self
    }
}

impl FieldProblem {
    /// What is wrong with the variable `key`.
    pub fn new(key: &str, message: &str) -> Self {
        Self { key: key.to_owned(), message: message.to_owned(), remedy: None }
    }
    /// What to do about it.
    #[must_use]
    pub fn remedy(mut self, remedy: &str) -> Self {
        self.remedy = Some(remedy.to_owned());
        self
    }
}

impl Server {
    /// What was looked up under this key, or the empty text where nothing was.
    pub fn fact(&self, key: &str) -> &str {
        self.facts.iter().find(|fact| fact.key == key).map_or("", |fact| &fact.value)
    }
    /// A variable's value, or the empty text where it has none.
    pub fn setting(&self, key: &str) -> &str {
        self.settings.iter().find(|setting| setting.key == key).map_or("", |setting| &setting.value)
    }
    /// A variable's value between double quotes, for configuration files where nothing else ends a value.
    ///
    /// # Errors
    /// A [`Failure`] that names the variable, if its value has a double quote or a control character, which would let it
    /// set what it was not meant to set. A pattern of the variable that forbids both tells people so while they type.
    pub fn quoted(&self, key: &str) -> Result<String, Failure> {
        let value = self.setting(key);
        if value.contains(|character: char| character == '"' || character.is_control()) {
            let message = format!("The variable {key} has a double quote or a control character.");
            return Err(Failure::new("unquotable_setting", message));
        }
        Ok(format!("\"{value}\""))
    }
    /// Whether a boolean variable is true.
    pub fn flag(&self, key: &str) -> bool {
        self.setting(key) == "true"
    }
    /// The port of a named endpoint.
    ///
    /// # Errors
    /// A [`Failure`] that names the endpoint, if the server has no allocation for it.
    pub fn port(&self, name: &str) -> Result<u16, Failure> {
        self.endpoints.iter().find(|endpoint| endpoint.name == name).map(|endpoint| endpoint.port).ok_or_else(
            || Failure::new("no_endpoint", format!("The server has no allocation for its {name} port.")),
        )
    }
}

impl Image {
    /// An image of a registry.
    pub fn reference(reference: &str) -> Self {
        Self::Reference(reference.to_owned())
    }
    /// An image that the node builds from this Dockerfile.
    pub fn dockerfile(dockerfile: &str) -> Self {
        Self::Recipe(Recipe { dockerfile: dockerfile.to_owned(), files: Vec::new() })
    }
}

impl InstallPlan {
    /// A plan without steps.
    pub const fn new() -> Self {
        Self { steps: Vec::new(), installed_version: None }
    }
    /// Adds a step of the given weight; its id is made from its place.
    #[must_use]
    pub fn step(mut self, title: &str, weight: u32, action: Action) -> Self {
        let id = format!("step-{}", self.steps.len() + 1);
        self.steps.push(Step { id, title: title.to_owned(), action, weight, may_fail: false });
        self
    }
}

impl Default for InstallPlan {
    fn default() -> Self {
        Self::new()
    }
}

impl Write {
    /// A file with ordinary rights, written each time.
    pub fn file(path: &str, content: impl Into<String>) -> Self {
        Self { path: path.to_owned(), content: content.into(), mode: 0o644, only_if_missing: false }
    }
    /// A file that is left alone once it exists.
    pub fn once(path: &str, content: impl Into<String>) -> Self {
        Self { only_if_missing: true, ..Self::file(path, content) }
    }
}

impl Edit {
    /// An edit that is made whatever stands there; its value is written like what stands there.
    pub fn new(at: &str, value: impl Into<String>) -> Self {
        Self {
            at: at.to_owned(),
            value: value.into(),
            condition: Condition::Always,
            notation: Notation::LikeThere,
        }
    }
}

impl ContainerRun {
    /// A command that runs as the server's own user in the server's directory, `/data`, without network, for at most an
    /// hour.
    pub fn new<S: Into<String>>(image: Image, command: impl IntoIterator<Item = S>) -> Self {
        Self {
            image,
            command: command.into_iter().map(Into::into).collect(),
            environment: Vec::new(),
            network: false,
            working_directory: "/data".to_owned(),
            files: Vec::new(),
            user: User::Server,
            timeout_ms: 3_600_000,
        }
    }
}

impl ConfigEdit {
    /// Edits to a file that is made where it is missing.
    pub fn new<'a>(path: &str, format: Format, edits: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let edits = edits.into_iter().map(|(at, value)| Edit::new(at, value)).collect();
        Self { path: path.to_owned(), format, edits, create: true }
    }
}

impl RunSpec {
    /// The server's directory is mounted at `/data`, where the command starts; the root file system is read-only; the
    /// process gets SIGTERM and ten seconds to stop.
    pub fn new<S: Into<String>>(image: Image, command: impl IntoIterator<Item = S>) -> Self {
        Self {
            image,
            command: command.into_iter().map(Into::into).collect(),
            environment: Vec::new(),
            working_directory: "/data".to_owned(),
            edits: Vec::new(),
            ready: Vec::new(),
            ready_timeout_ms: 60_000,
            stop: vec![StopStep::Signal("SIGTERM".to_owned()), StopStep::WaitMs(10_000)],
            terminal: true,
            read_only_root: true,
            extra: Vec::new(),
        }
    }
    /// Adds an environment variable.
    #[must_use]
    pub fn environment(mut self, key: &str, value: impl Into<String>) -> Self {
        self.environment.push(Setting { key: key.to_owned(), value: value.into() });
        self
    }
    /// Adds edits of a configuration file, made before each start.
    #[must_use]
    pub fn edit(mut self, edit: ConfigEdit) -> Self {
        self.edits.push(edit);
        self
    }
    /// Ready only once this pattern stood on a console line.
    #[must_use]
    pub fn ready_when_console_says(mut self, pattern: &str) -> Self {
        self.ready.push(Probe::Console(ConsoleProbe { pattern: pattern.to_owned() }));
        self
    }
    /// Ready only once the endpoint answered this datagram.
    #[must_use]
    pub fn ready_when_answering(mut self, endpoint: &str, payload: &[u8]) -> Self {
        self.ready.push(Probe::Udp(UdpProbe { endpoint: endpoint.to_owned(), payload: payload.to_vec() }));
        self
    }
    /// Ready only once the endpoint answered an HTTP request for this path.
    #[must_use]
    pub fn ready_when_serving(mut self, endpoint: &str, path: &str) -> Self {
        self.ready.push(Probe::Http(HttpProbe { endpoint: endpoint.to_owned(), path: path.to_owned() }));
        self
    }
    /// Ready only once the endpoint accepts connections.
    #[must_use]
    pub fn ready_when_accepting(mut self, endpoint: &str) -> Self {
        self.ready.push(Probe::Tcp(endpoint.to_owned()));
        self
    }
    /// Ready only once the collector has answered.
    #[must_use]
    pub fn ready_when_collected(mut self) -> Self {
        self.ready.push(Probe::Collector);
        self
    }
    /// Replaces the way it is stopped.
    #[must_use]
    pub fn stop(mut self, steps: impl IntoIterator<Item = StopStep>) -> Self {
        self.stop = steps.into_iter().collect();
        self
    }
}

#[cfg(feature = "collector")]
mod samples {
    use crate::prelude::{Player, Sample};

    impl Sample {
        /// A sample that says nothing yet.
        pub const fn empty() -> Self {
            Self {
                name: None,
                map: None,
                version: None,
                players: None,
                max_players: None,
                lists_players: false,
                player_list: Vec::new(),
                latency_ms: None,
                series: Vec::new(),
                bots: None,
            }
        }
    }
    impl Player {
        /// A player of whom only the name is known.
        pub fn named(name: impl Into<String>) -> Self {
            Self { name: name.into(), id: None, score: None, ping_ms: None, seconds_online: None }
        }
    }
}
