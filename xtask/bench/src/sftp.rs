//! Files by SFTP, with OpenSSH's client on the same machine: one large file and many small ones, there and back, at the
//! daemon and at the bare baseline in turns. What the client takes to connect is not counted.

pub(crate) mod bare;

use crate::{
    row::{Result, cpu_seconds, median, row},
    stack::{Engine, Parts, Running, Stack, Start, text},
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Instant,
};

const ROUNDS: usize = 5;
const LARGE: usize = 512 << 20;
const SMALL: usize = 4 << 10;
const SMALL_FILES: usize = 500;

/// A server and how to reach it.
struct Door {
    name: &'static str,
    pid: u32,
    port: u64,
    user: String,
    password: String,
}

/// One way of moving files.
struct Move {
    name: &'static str,
    /// Commands that are not counted, and those that are.
    before: &'static str,
    counted: &'static str,
    /// What one run amounts to, and in which unit a second.
    amount: f64,
    unit: &'static str,
}

#[expect(clippy::cast_precision_loss, reason = "sizes of files")]
const MOVES: [Move; 4] = [
    Move {
        name: "sftp_up",
        before: "-rm large",
        counted: "put large",
        amount: (LARGE >> 20) as f64,
        unit: "MiB/s",
    },
    Move {
        name: "sftp_down",
        before: "",
        counted: "get large back",
        amount: (LARGE >> 20) as f64,
        unit: "MiB/s",
    },
    Move {
        name: "sftp_small_up",
        before: "-rm small/*\n-rmdir small",
        counted: "put -r small",
        amount: SMALL_FILES as f64,
        unit: "files/s",
    },
    Move {
        name: "sftp_small_down",
        before: "",
        counted: "get -r small again",
        amount: SMALL_FILES as f64,
        unit: "files/s",
    },
];

pub(crate) async fn measure(parts: &Parts, hello: &Path) -> Result<()> {
    let stack = Stack::start(parts, Engine::Simulated, 4).await?;
    stack.upload(hello).await?;
    let server = stack.server("hello:hello", "Files", Start::Stopped).await?;
    let limits = json!({ "memoryMib": 512, "swapMib": 0, "cpuPercent": 0, "diskMib": 8192, "pids": 0 });
    stack.patch(&format!("/api/servers/{server}/limits"), limits).await?;
    let folder = stack.folder.path().join("sftp");
    prepare(&folder)?;
    let made = stack.post("/api/account/app-passwords", json!({ "name": "Bench" })).await?;
    let view: Value =
        stack.until(&format!("/api/servers/{server}/sftp"), |view| view["door"].is_object()).await?;
    let port = view["door"]["port"].as_u64().ok_or("the node's door has no port")?;
    let ours = Door {
        name: "",
        pid: stack.daemon.pid(),
        port,
        user: text(&view, "/user")?,
        password: text(&made, "/password")?,
    };
    let mut command = Command::new(std::env::current_exe()?);
    let (program, port) = Running::that_tells(command.arg("bare-sftp").arg(folder.join("served")))?;
    let pid = program.pid();
    let bare = Door { name: "_bare", pid, port: port.parse()?, user: "any".into(), password: "any".into() };
    tokio::task::spawn_blocking(move || compare(&folder, &ours, &bare)).await?
}

fn compare(folder: &Path, ours: &Door, bare: &Door) -> Result<()> {
    for each in &MOVES {
        let (mut speeds, mut costs) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
        for _ in 0..ROUNDS {
            for (number, door) in [ours, bare].into_iter().enumerate() {
                let (seconds, cpu) = each.run(folder, door)?;
                speeds[number].push(each.amount / seconds);
                costs[number].push(cpu * 1024.0 / each.amount);
            }
        }
        let [speed, bare_speed] = speeds.map(median);
        row(each.name, speed, each.unit);
        row(&format!("{}{}", each.name, bare.name), bare_speed, each.unit);
        row(&format!("{}_ratio", each.name), speed / bare_speed, "x");
        if each.unit == "MiB/s" {
            let [cost, bare_cost] = costs.map(median);
            row(&format!("{}_cpu", each.name), cost, "s/GiB");
            row(&format!("{}_cpu{}", each.name, bare.name), bare_cost, "s/GiB");
        }
    }
    Ok(())
}

impl Move {
    /// Seconds that the counted commands took, and the server's processor time for them.
    fn run(&self, folder: &Path, door: &Door) -> Result<(f64, f64)> {
        fs::remove_dir_all(folder.join("again")).ok();
        fs::remove_file(folder.join("back")).ok();
        let mut client = Client::connect(folder, door)?;
        client.does(self.before)?;
        let (began, before) = (Instant::now(), cpu_seconds(door.pid)?);
        client.does(self.counted)?;
        let took = (began.elapsed().as_secs_f64(), cpu_seconds(door.pid)? - before);
        client.ends()?;
        self.check(folder)?;
        Ok(took)
    }

    /// What came back is what went there.
    fn check(&self, folder: &Path) -> Result<()> {
        let is_right = match self.name {
            "sftp_down" => fs::read(folder.join("back"))? == fs::read(folder.join("large"))?,
            "sftp_small_down" => {
                let mut names = fs::read_dir(folder.join("again"))?.flatten().map(|entry| entry.file_name());
                names.try_fold(0, |count, name| {
                    let same = fs::read(folder.join("again").join(&name))?
                        == fs::read(folder.join("small").join(&name))?;
                    Ok::<_, std::io::Error>(count + usize::from(same))
                })? == SMALL_FILES
            }
            _ => true,
        };
        if is_right { Ok(()) } else { Err(format!("{}: something else came back", self.name).into()) }
    }
}

/// OpenSSH's client, which is told one command after another.
struct Client {
    child: Child,
    said: BufReader<std::process::ChildStdout>,
    complaints: PathBuf,
}

impl Client {
    fn connect(folder: &Path, door: &Door) -> Result<Self> {
        let mut command = Command::new("sftp");
        command.current_dir(folder).env("SSH_ASKPASS", folder.join("ask"));
        command.env("SSH_ASKPASS_REQUIRE", "force").env("ANSWER", &door.password);
        command.args(["-q", "-F", "none", "-o", "BatchMode=no", "-o", "StrictHostKeyChecking=no"]);
        command.args(["-o", "UserKnownHostsFile=/dev/null", "-o", "PreferredAuthentications=password"]);
        command.args(["-o", "Ciphers=aes256-gcm@openssh.com", "-b", "-", "-P", &door.port.to_string()]);
        command.arg(format!("{}@127.0.0.1", door.user));
        // At first there is nothing to remove, which is said there.
        let complaints = folder.join("log");
        let log = fs::File::create(&complaints)?;
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).spawn()?;
        let said = BufReader::new(child.stdout.take().ok_or("sftp has no output")?);
        let mut client = Self { child, said, complaints };
        client.does("")?;
        Ok(client)
    }

    /// Until the commands are done.
    fn does(&mut self, commands: &str) -> Result<()> {
        const DONE: &str = "that is done";
        let input = self.child.stdin.as_mut().ok_or("sftp has no input")?;
        writeln!(input, "{commands}\n!echo {DONE}")?;
        let mut line = String::new();
        while self.said.read_line(&mut line)? > 0 {
            // What was typed is said again behind a prompt.
            if line.trim() == DONE {
                return Ok(());
            }
            line.clear();
        }
        let why = fs::read_to_string(&self.complaints)?;
        Err(format!("sftp ended in {commands:?}: {}", why.trim()).into())
    }

    fn ends(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(format!("sftp ended with {status}").into()) }
    }
}

fn prepare(folder: &Path) -> Result<()> {
    for part in ["small", "served"] {
        fs::create_dir_all(folder.join(part))?;
    }
    let ask = folder.join("ask");
    fs::write(&ask, "#!/bin/sh\necho \"$ANSWER\"\n")?;
    fs::set_permissions(&ask, PermissionsExt::from_mode(0o700))?;
    // Nothing between here and there may find it easy to pack.
    let noise: Vec<u8> = (0_u64..)
        .flat_map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes())
        .take(LARGE)
        .collect();
    fs::write(folder.join("large"), &noise)?;
    for (number, content) in noise.chunks(SMALL).take(SMALL_FILES).enumerate() {
        fs::write(folder.join("small").join(format!("file-{number:03}")), content)?;
    }
    Ok(())
}
