//! A whole Gantry for measuring: its own database, the control plane and a daemon as processes of their own.

use crate::row::Result;
use futures_util::{TryStreamExt, stream, stream::StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long anything that is awaited may take; an image may have to be made.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_millis(1);
/// Servers that are made at once.
const AT_ONCE: usize = 4;
const EMAIL: &str = "bench@example.com";
const PASSWORD: &str = "correct horse battery";

/// What a stack is made of.
pub(crate) struct Parts {
    pub(crate) gantry: PathBuf,
    pub(crate) gantryd: PathBuf,
    pub(crate) plugins: PathBuf,
    /// A superuser's address of the cluster.
    pub(crate) database: String,
}

/// A process that ends with its owner.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let log = std::fs::File::options().create(true).append(true).open(log)?;
        Ok(Self(command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?))
    }

    /// With the first line that it prints.
    pub(crate) fn that_tells(command: &mut Command) -> Result<(Self, String)> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let said = child.stdout.take();
        let running = Self(child);
        let mut line = String::new();
        BufReader::new(said.ok_or("a process has no output")?).read_line(&mut line)?;
        Ok((running, line.trim().to_owned()))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// An error if it ended by itself.
    fn alive(&mut self) -> Result<()> {
        match self.0.try_wait()? {
            Some(status) => Err(format!("a process ended with {status}").into()),
            None => Ok(()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Who runs the containers.
#[derive(Clone, Copy)]
pub(crate) enum Engine {
    Docker,
    Simulated,
}

impl Engine {
    const fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Simulated => "simulated",
        }
    }
}

/// Everything that runs, stopped when dropped.
pub(crate) struct Stack {
    pub(crate) address: SocketAddr,
    pub(crate) url: String,
    pub(crate) node: String,
    pub(crate) database: String,
    pub(crate) folder: TempDir,
    pub(crate) daemon: Running,
    pub(crate) control_plane: Running,
    client: reqwest::Client,
    cookie: String,
}

impl Stack {
    /// Sets up an administrator and an enrolled, connected node with that many addresses.
    pub(crate) async fn start(parts: &Parts, engine: Engine, addresses: u16) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let database = create_database(&parts.database).await?;
        let port = free_port()?;
        let address: SocketAddr = ([127, 0, 0, 1], port).into();
        let url = format!("http://{address}");
        let control_plane = control_plane(parts, &database, address, folder.path())?;
        let client = reqwest::Client::builder().no_proxy().build()?;
        let daemon = Running::start(&mut Command::new("true"), &folder.path().join("log"))?;
        let node = String::new();
        let cookie = String::new();
        let mut stack = Self { address, url, node, database, folder, daemon, control_plane, client, cookie };
        stack.wait_for("/ready").await?;
        stack.set_up(parts, engine, addresses).await?;
        Ok(stack)
    }

    async fn set_up(&mut self, parts: &Parts, engine: Engine, addresses: u16) -> Result<()> {
        let form = json!({ "name": "Bench", "email": EMAIL, "password": PASSWORD });
        self.post("/api/setup", form).await?;
        self.sign_in().await?;
        let location = self.post("/api/locations", json!({ "name": "Here" })).await?;
        let node = self.post("/api/nodes", json!({ "name": "bench", "locationId": location["id"] })).await?;
        self.node = text(&node, "/id")?;
        let ports = json!({ "address": "127.0.0.1", "ports": format!("40000-{}", 39_999 + addresses) });
        self.post(&format!("/api/nodes/{}/allocations", self.node), ports).await?;
        let enrollment = self.post(&format!("/api/nodes/{}/enrollment", self.node), json!({})).await?;
        let data = self.folder.path().join("node");
        std::fs::create_dir_all(&data)?;
        let token = self.folder.path().join("token");
        std::fs::write(&token, text(&enrollment, "/token")?)?;
        let mut enroll = Command::new(&parts.gantryd);
        enroll.args(["enroll", "--url", &self.url, "--data-dir"]).arg(&data).arg("--token-file").arg(&token);
        let enrolled = enroll.output()?;
        if !enrolled.status.success() {
            return Err(String::from_utf8_lossy(&enrolled.stderr).into_owned().into());
        }
        self.daemon = daemon(parts, engine, self.folder.path())?;
        let path = format!("/api/nodes/{}", self.node);
        self.until(&path, |node| node["state"] == "connected").await.map(drop)
    }

    /// Makes a server and waits until it is in a state.
    pub(crate) async fn server(&self, blueprint: &str, name: &str, start: Start) -> Result<String> {
        let start = matches!(start, Start::Running);
        let form = json!({ "name": name, "blueprintId": blueprint, "nodeId": self.node, "start": start });
        let made = self.post("/api/servers", form).await?;
        let id = text(&made, "/server/id")?;
        let wanted = if start { "running" } else { "offline" };
        self.until(&format!("/api/servers/{id}"), |server| server["observed"]["state"] == wanted).await?;
        Ok(id)
    }

    /// Makes that many servers, some at a time, and waits until they run.
    pub(crate) async fn servers(&self, blueprint: &str, count: usize) -> Result<Vec<String>> {
        let names: Vec<String> = (0..count).map(|number| format!("Server {number:03}")).collect();
        let made = names.iter().map(|name| self.server(blueprint, name, Start::Running));
        stream::iter(made).buffered(AT_ONCE).try_collect().await
    }

    /// Deletes a server and waits until it is gone.
    pub(crate) async fn delete(&self, server: &str) -> Result<()> {
        let path = format!("/api/servers/{server}");
        self.call(Method::DELETE, &path, None).await?;
        let deadline = Instant::now() + PATIENCE;
        while self.get(&path).await.is_ok() {
            if Instant::now() > deadline {
                return Err("the server was not deleted".into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Uploads a plugin, granting what it asks for.
    pub(crate) async fn upload(&self, component: &Path) -> Result<()> {
        self.send_plugin("/api/plugins", std::fs::read(component)?).await.map(drop)
    }

    /// Puts a component in the place of a plugin, with what it is granted; answers what it is from then on.
    pub(crate) async fn replace(&self, component: Vec<u8>, grants: &[String]) -> Result<Value> {
        let path = format!("/api/plugins?replace=true&grant={}", grants.join(","));
        self.send_plugin(&path, component).await
    }

    async fn send_plugin(&self, path: &str, component: Vec<u8>) -> Result<Value> {
        let request = self.client.post(format!("{}{path}", self.url)).header("cookie", &self.cookie);
        let answer = request.header("content-type", "application/wasm").body(component).send().await?;
        let status = answer.status();
        if !status.is_success() {
            return Err(format!("the plugin was refused: {status} {}", answer.text().await?).into());
        }
        Ok(answer.json().await?)
    }

    /// Deletes what is gone at once.
    pub(crate) async fn remove(&self, path: &str) -> Result<()> {
        self.call(Method::DELETE, path, None).await.map(drop)
    }

    async fn sign_in(&mut self) -> Result<()> {
        let form = json!({ "email": EMAIL, "password": PASSWORD });
        let answer =
            self.client.post(format!("{}/api/auth/sign-in/email", self.url)).json(&form).send().await?;
        let cookie = answer.headers().get("set-cookie").and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|value| value.split(';').next()).ok_or("signing in gave no cookie")?;
        self.cookie = cookie.to_owned();
        Ok(())
    }

    /// The session.
    pub(crate) fn cookie(&self) -> String {
        self.cookie.clone()
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Result<Value> {
        self.call(Method::PATCH, path, Some(body)).await
    }

    /// The status is for the caller to judge.
    pub(crate) async fn try_post(&self, path: &str, body: Value) -> Result<(u16, Value)> {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// What is not JSON.
    pub(crate) async fn text(&self, path: &str) -> Result<String> {
        let answer = self.client.get(format!("{}{path}", self.url)).send().await?.error_for_status()?;
        Ok(answer.text().await?)
    }

    /// Asks the daemon itself, over its socket.
    pub(crate) async fn ask_daemon(&self, path: &str) -> Result<Value> {
        let stream = tokio::net::UnixStream::connect(self.folder.path().join("node/gantryd.sock")).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let request = hyper::Request::get(path).header("host", "node");
        let answer = sender.send_request(request.body(http_body_util::Empty::<bytes::Bytes>::new())?).await?;
        let body = http_body_util::BodyExt::collect(answer.into_body()).await?.to_bytes();
        connection.abort();
        Ok(serde_json::from_slice(&body)?)
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let (status, answer) = self.ask(method, path, body).await?;
        if !(200..300).contains(&status) {
            return Err(format!("{path} answered {status}: {answer}").into());
        }
        Ok(answer)
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<(u16, Value)> {
        let mut request =
            self.client.request(method, format!("{}{path}", self.url)).header("cookie", &self.cookie);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let text = answer.text().await?;
        Ok((status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? }))
    }

    pub(crate) async fn until(&self, path: &str, is: impl Fn(&Value) -> bool) -> Result<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let view = self.get(path).await?;
            if is(&view) {
                return Ok(view);
            }
            let failure = &view["operation"]["failure"];
            if Instant::now() > deadline || !failure.is_null() {
                return Err(format!("{path} did not become what was awaited: {view}").into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn wait_for(&mut self, path: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !answers(&self.client, &format!("{}{path}", self.url)).await {
            self.control_plane.alive()?;
            if Instant::now() > deadline {
                return Err("the control plane did not become ready".into());
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }
}

/// Whether a server is to run.
#[derive(Clone, Copy)]
pub(crate) enum Start {
    Running,
    Stopped,
}

/// The control plane on a database, with its data below a folder.
pub(crate) fn control_plane(
    parts: &Parts,
    database: &str,
    address: SocketAddr,
    folder: &Path,
) -> Result<Running> {
    let mut command = Command::new(&parts.gantry);
    command
        .env("DATABASE_URL", database)
        .env("GANTRY_LOG", "warn")
        .args(["serve", "--listen", &address.to_string(), "--public-url", &format!("http://{address}")])
        .args(["--rate-limit-general", "1000000000", "--data-dir"])
        .arg(folder.join("control-plane"))
        .arg("--plugins-dir")
        .arg(&parts.plugins);
    Running::start(&mut command, &folder.join("gantry.log"))
}

/// The daemon with its data below a folder.
pub(crate) fn daemon(parts: &Parts, engine: Engine, folder: &Path) -> Result<Running> {
    let data = folder.join("node");
    let mut command = Command::new(&parts.gantryd);
    command.env("GANTRY_LOG", "warn").args(["run", "--runtime", engine.name(), "--data-dir"]).arg(&data);
    command.arg("--socket").arg(data.join("gantryd.sock")).args(["--sftp", "127.0.0.1:0"]);
    Running::start(&mut command, &folder.join("gantryd.log"))
}

/// Whether a GET is answered with 200.
pub(crate) async fn answers(client: &reqwest::Client, url: &str) -> bool {
    client.get(url).send().await.is_ok_and(|answer| answer.status() == 200)
}

/// A database of its own; the cluster goes with the run.
async fn create_database(cluster: &str) -> Result<String> {
    use sqlx::{Connection, Executor};
    let name = format!("bench_{}", uuid::Uuid::now_v7().simple());
    let mut connection = sqlx::PgConnection::connect(cluster).await?;
    connection.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
    connection.close().await?;
    let (server, _) = cluster.rsplit_once('/').ok_or("the database's address has no database")?;
    Ok(format!("{server}/{name}"))
}

/// A TCP port of the loopback address that nobody listens on.
pub(crate) fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// A text of a JSON answer.
pub(crate) fn text(value: &Value, pointer: &str) -> Result<String> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| format!("an answer has no {pointer}: {value}").into())
}
