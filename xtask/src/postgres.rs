//! A private PostgreSQL cluster, apart from any that the machine runs.
//!
//! The server's programs refuse to run as root, and Debian starts a cluster of its own that must not be touched: this
//! one has its own folder, a random password and a free port of the loopback address.

use crate::{
    environment,
    seed::write_private,
    shell::{Result, find, is_root, output, random_hex, say, succeeds},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

/// The unprivileged user that Debian's package makes.
const USER: &str = "postgres";

/// A cluster on disk.
#[derive(Serialize, Deserialize)]
pub struct Cluster {
    folder: PathBuf,
    port: u16,
    password: String,
    durable: bool,
}

impl Cluster {
    /// The cluster of a data directory, made where it is missing.
    pub fn open(data: &Path) -> Result<Self> {
        let record = data.join("postgres.json");
        let cluster = match fs::read(&record) {
            Ok(bytes) => {
                let mut cluster: Self = serde_json::from_slice(&bytes)?;
                if cluster.keeps_its_port()? {
                    return Ok(cluster);
                }
                cluster.port = crate::shell::free_port()?;
                cluster
            }
            Err(_) => Self::create(data, true)?,
        };
        write_private(&record, &serde_json::to_vec_pretty(&cluster)?)?;
        Ok(cluster)
    }

    /// Somebody else may have taken the port while this cluster did not run.
    fn keeps_its_port(&self) -> Result<bool> {
        let is_free = std::net::TcpListener::bind(("127.0.0.1", self.port)).is_ok();
        Ok(is_free || succeeds(self.control()?.arg("status")))
    }

    /// A cluster whose data may be lost, for tests.
    pub fn throw_away(data: &Path) -> Result<Self> {
        Self::create(data, false)
    }

    /// A cluster to be hurt: what it acknowledged must be there afterwards.
    pub fn durable(data: &Path) -> Result<Self> {
        Self::create(data, true)
    }

    fn create(data: &Path, durable: bool) -> Result<Self> {
        programs()?;
        let folder = place(data)?;
        let port = crate::shell::free_port()?;
        let cluster = Self { folder, port, password: random_hex(16)?, durable };
        say("making a private PostgreSQL cluster", &cluster.folder.display().to_string());
        let parent = cluster.folder.parent().ok_or("the cluster's folder has no parent")?;
        // Nothing has run in a cluster without a record: its making was interrupted.
        if cluster.folder.exists() {
            fs::remove_dir_all(&cluster.folder)?;
        }
        fs::create_dir_all(parent)?;
        if is_root() {
            output(Command::new("chown").arg(USER).arg(parent))?;
        }
        let password_file = parent.join("initial-password");
        fs::write(&password_file, &cluster.password)?;
        if is_root() {
            output(Command::new("chown").arg(USER).arg(&password_file))?;
        }
        let made = output(
            cluster
                .command("initdb")?
                .arg("--pgdata")
                .arg(&cluster.folder)
                .args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"])
                .arg("--pwfile")
                .arg(&password_file),
        );
        fs::remove_file(&password_file)?;
        made?;
        Ok(cluster)
    }

    /// The superuser's address of one database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// The superuser's.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Starts it if it does not run, and answers its process id.
    pub fn start(&self) -> Result<i32> {
        if !succeeds(self.control()?.arg("status")) {
            say("starting PostgreSQL", &format!("port {} of the loopback address", self.port));
            let durability = if self.durable { "on" } else { "off" };
            let options = format!(
                "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300 -c fsync={durability} \
                 -c synchronous_commit={durability} -c full_page_writes={durability}",
                self.port
            );
            // Output goes to the server's own log; a pipe held open by the server would never end.
            let log = self.folder.join("server.log");
            let started = succeeds(
                self.control()?.args(["-w", "-t", "60", "-o", &options, "-l"]).arg(&log).arg("start"),
            );
            if !started {
                let text = fs::read_to_string(&log).unwrap_or_default();
                return Err(format!("PostgreSQL did not start:\n{text}").into());
            }
        }
        let pid = fs::read_to_string(self.folder.join("postmaster.pid"))?;
        Ok(pid.lines().next().unwrap_or_default().trim().parse()?)
    }

    /// Stops it, letting transactions end.
    pub fn stop(&self) -> Result<()> {
        if succeeds(self.control()?.arg("status")) {
            output(self.control()?.args(["-w", "-m", "fast", "stop"]))?;
        }
        Ok(())
    }

    /// Ends it as a crash does: nothing is written out, and the next start recovers.
    pub fn crash(&self) -> Result<()> {
        output(self.control()?.args(["-w", "-m", "immediate", "stop"])).map(drop)
    }

    /// Removes its folder.
    pub fn remove(&self) -> Result<()> {
        self.stop()?;
        Ok(fs::remove_dir_all(self.folder.parent().ok_or("the cluster's folder has no parent")?)?)
    }

    /// Makes a database unless it is there.
    pub fn database(&self, name: &str) -> Result<String> {
        let known = self.query("postgres", &format!("select 1 from pg_database where datname = '{name}'"))?;
        if known.trim() != "1" {
            self.query("postgres", &format!("create database {name}"))?;
        }
        Ok(self.url(name))
    }

    /// What a query answers, as text.
    pub fn query(&self, database: &str, sql: &str) -> Result<String> {
        output(self.client("psql")?.args(["-d", database, "-tAc", sql]))
    }

    /// Writes all of a database into a file.
    pub fn dump(&self, database: &str, to: &Path) -> Result<()> {
        output(self.client("pg_dump")?.args(["-Fc", "-d", database, "-f"]).arg(to)).map(drop)
    }

    /// All of a database as text.
    pub fn dump_as_text(&self, database: &str) -> Result<String> {
        output(self.client("pg_dump")?.args(["-Fp", "-d", database]))
    }

    /// What the server itself wrote down.
    pub fn log(&self) -> Result<Vec<u8>> {
        Ok(fs::read(self.folder.join("server.log"))?)
    }

    /// Puts a database back as it was when the file was written, whoever is connected.
    pub fn restore(&self, database: &str, from: &Path) -> Result<()> {
        self.query("postgres", &format!("drop database {database} with (force)"))?;
        self.query("postgres", &format!("create database {database}"))?;
        output(self.client("pg_restore")?.args(["--exit-on-error", "-d", database]).arg(from)).map(drop)
    }

    /// One of its programs, as the superuser.
    fn client(&self, program: &str) -> Result<Command> {
        let mut command = Command::new(programs()?.join(program));
        command.env("PGPASSWORD", &self.password);
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "postgres"]);
        Ok(command)
    }

    fn control(&self) -> Result<Command> {
        let mut command = self.command("pg_ctl")?;
        command.arg("-D").arg(&self.folder);
        Ok(command)
    }

    fn command(&self, program: &str) -> Result<Command> {
        let program = programs()?.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", USER, "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/");
        Ok(command)
    }
}

/// The folder of the newest installed server programs.
fn programs() -> Result<PathBuf> {
    if let Some(folder) = installed() {
        return Ok(folder);
    }
    environment::apt(&["postgresql"], "Gantry keeps its state in PostgreSQL")?;
    installed().ok_or_else(|| "PostgreSQL was installed but its server programs were not found".into())
}

fn installed() -> Option<PathBuf> {
    let version = |folder: &Path| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path());
    let newest =
        versions.filter(|folder| folder.join("bin/initdb").is_file()).max_by_key(|folder| version(folder));
    newest
        .map(|folder| folder.join("bin"))
        .or_else(|| Some(find("initdb")?.canonicalize().ok()?.parent()?.to_owned()))
}

/// The unprivileged user must be able to reach the folder, which it cannot below a home directory such as root's.
fn place(data: &Path) -> Result<PathBuf> {
    fs::create_dir_all(data)?;
    let data = data.canonicalize()?;
    let open = |folder: &Path| fs::metadata(folder).is_ok_and(|meta| meta.permissions().mode() & 0o001 != 0);
    if !is_root() || data.ancestors().all(open) {
        return Ok(data.join("postgres/cluster"));
    }
    let name = hex::encode(&Sha256::digest(data.as_os_str().as_encoded_bytes())[..8]);
    Ok(Path::new("/var/lib/gantry-development").join(name).join("cluster"))
}
