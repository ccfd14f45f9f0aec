//! Servers, images and containers to test with.

use futures_util::StreamExt;
use gantry_runtime::{
    Attachment, ContainerId, ContainerSpec, Exit, ImageProgress, Lines, PublishedPort, Purpose, Runtime,
};
use gantry_types::{
    NodeId, ServerId,
    plan::Image,
    server::{Setting, SystemUser},
    units::Limits,
};
use std::{future::Future, path::PathBuf, sync::Mutex, time::Duration};
use tokio::io::AsyncWriteExt;

pub(crate) const OWNER: SystemUser = SystemUser { uid: 20_077, gid: 20_077 };

/// No single wait of these tests takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The commands that a simulated server understands, as a shell script; `SIMULATED_*` as the simulation reads them.
pub(crate) const SERVER: &str = r#"
trap 'echo Stopping; exit 0' INT TERM
echo "Simulated server"; echo "Loading world"; echo "Ready for players"
while IFS= read -r line; do
  echo "$line"
  case "$line" in
    stop) echo Stopping; exit 0 ;;
    crash) exit 1 ;;
    hang) trap '' INT TERM; sleep 1000 ;;
    "flood "*) i=0; n=${line#flood }; while [ $i -lt $n ]; do i=$((i+1)); echo "flood $i"; done ;;
  esac
done"#;

/// What a simulated installer does.
pub(crate) const INSTALLER: &str = r#"
echo Installing; sleep "$(printf '%d.%03d' $((${SIMULATED_MS:-0}/1000)) $((${SIMULATED_MS:-0}%1000)))"
echo Installed; exit "${SIMULATED_EXIT:-0}""#;

/// What a test holds: a runtime, a server of its own, and a directory for it.
pub(crate) struct Fixture<R> {
    pub(crate) runtime: R,
    pub(crate) node: NodeId,
    pub(crate) server: ServerId,
    pub(crate) image: Image,
    pub(crate) data: tempfile::TempDir,
}

impl<R: Runtime + Clone> Fixture<R> {
    pub(crate) fn new(runtime: R, node: NodeId, image: Image) -> Self {
        let data = tempfile::tempdir().unwrap();
        std::os::unix::fs::chown(data.path(), Some(OWNER.uid), Some(OWNER.gid)).ok();
        Self { runtime, node, server: ServerId::new(uuid::Uuid::now_v7()), image, data }
    }

    pub(crate) async fn spec(&self, purpose: Purpose, script: &str) -> ContainerSpec {
        let image = self.runtime.ensure_image(&self.image, &|_: ImageProgress| {}).await.unwrap();
        ContainerSpec {
            node: self.node,
            server: self.server,
            purpose,
            generation: 7,
            digest: "digest".to_owned(),
            image,
            command: ["bash", "-c", script].map(str::to_owned).to_vec(),
            environment: Vec::new(),
            working_directory: "/server".to_owned(),
            data: PathBuf::from(self.data.path()),
            owner: OWNER,
            limits: Limits {
                memory_mib: 256,
                swap_mib: 0,
                cpu_percent: 100,
                disk_mib: 0,
                pids: 64,
                backups: 0,
            },
            ports: Vec::<PublishedPort>::new(),
            terminal: false,
            read_only_root: false,
            root: false,
            files: Vec::new(),
            network: false,
        }
    }

    /// Starts the server and opens its console.
    pub(crate) async fn start(&self) -> (ContainerId, Console) {
        let spec = self.spec(Purpose::Server, SERVER).await;
        let id = self.runtime.create_and_start(&spec).await.unwrap();
        let console = Console::open(&self.runtime, &id).await;
        (id, console)
    }

    /// Runs a script as an installer and gives its output and exit.
    pub(crate) async fn install(&self, script: &str, environment: &[(&str, &str)]) -> (Exit, Vec<String>) {
        let mut spec = self.spec(Purpose::Install, script).await;
        spec.environment = settings(environment);
        self.run(&spec).await
    }

    pub(crate) async fn run(&self, spec: &ContainerSpec) -> (Exit, Vec<String>) {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(8);
        let read = async {
            let (mut lines, mut all) = (Lines::new(4096), Vec::new());
            while let Some(chunk) = receiver.recv().await {
                all.extend(lines.push(&chunk).into_iter().map(|line| line.text));
            }
            all.extend(lines.finish().map(|line| line.text));
            all
        };
        let run = self.runtime.run_to_end(spec, PATIENCE, sender, Default::default());
        let (exit, output) = soon(async { tokio::join!(run, read) }).await;
        (exit.unwrap(), output)
    }

    /// Removes what a test leaves.
    pub(crate) async fn clear(&self) {
        self.runtime.remove_server(self.server).await.unwrap();
    }
}

pub(crate) fn settings(all: &[(&str, &str)]) -> Vec<Setting> {
    all.iter().map(|(key, value)| Setting { key: (*key).to_owned(), value: (*value).to_owned() }).collect()
}

/// Fails the test if something does not happen.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it did not happen in time")
}

/// A console that is read line by line.
pub(crate) struct Console {
    attachment: Attachment,
    lines: Lines,
    ready: std::collections::VecDeque<gantry_runtime::console::Line>,
}

impl Console {
    pub(crate) async fn open<R: Runtime>(runtime: &R, id: &ContainerId) -> Self {
        Self::wrap(runtime.attach(id, None).await.unwrap())
    }

    pub(crate) fn wrap(attachment: Attachment) -> Self {
        Self { attachment, lines: Lines::new(64 * 1024), ready: Default::default() }
    }

    pub(crate) async fn line(&mut self) -> Option<gantry_runtime::console::Line> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Some(line);
            }
            match soon(self.attachment.output.next()).await {
                Some(chunk) => self.ready.extend(self.lines.push(&chunk.unwrap())),
                None => return self.lines.finish(),
            }
        }
    }

    pub(crate) async fn until(&mut self, text: &str) -> gantry_runtime::console::Line {
        loop {
            let line = self.line().await.unwrap_or_else(|| panic!("the output ended before {text:?}"));
            if line.text == text {
                return line;
            }
        }
    }

    pub(crate) async fn rest(&mut self) -> Vec<String> {
        let mut rest = Vec::new();
        while let Some(line) = self.line().await {
            rest.push(line.text);
        }
        rest
    }

    pub(crate) async fn say(&mut self, command: &str) {
        let input = self.attachment.input.as_mut().expect("the process takes input");
        input.write_all(format!("{command}\n").as_bytes()).await.unwrap();
        input.flush().await.unwrap();
    }
}

/// Keeps what it is told.
#[derive(Default)]
pub(crate) struct Told(Mutex<Vec<ImageProgress>>);

impl Told {
    pub(crate) fn all(&self) -> Vec<ImageProgress> {
        self.0.lock().unwrap().clone()
    }
}

impl gantry_runtime::ProgressSink for Told {
    fn report(&self, progress: ImageProgress) {
        self.0.lock().unwrap().push(progress);
    }
}
