//! What the first `up` makes in an empty Gantry: an administrator, a location, this machine as a node, a game server.
//!
//! A first run may be interrupted anywhere. The password is therefore on disk before the account exists, and every other
//! piece is looked for by its name before it is made, so that the next `up` goes on where this one ended.

use crate::{
    api::{Client, text},
    shell::{Result, free_port, output, random_hex, say},
    up::Up,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    fs,
    io::Write,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    ops::RangeInclusive,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::Command,
};

/// Where it is written down.
pub const FILE: &str = "seed.json";
/// What an enrolled daemon has.
pub const IDENTITY: &str = "identity.json";
const LOCATION: &str = "Here";
const NODE: &str = "this-machine";
const SERVER: &str = "Sample arena";
/// Where SFTP is offered if that is free.
const SFTP: u16 = 2022;
/// Where the ports of OpenArena and of Luanti begin, and how many addresses each game gets.
const PORTS: [u16; 2] = [27960, 30000];
const PORTS_EACH: u16 = 10;
/// No bound on what is promised together. Games idle most of the time and each has its own limit, so that two cores carry
/// more than two servers; memory and disk, once used, are gone.
const ANY: u64 = 0;

/// What a data directory knows of what was made.
pub struct Seed {
    file: PathBuf,
    record: Record,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    email: String,
    password: String,
    port: Option<u16>,
    #[serde(default)]
    sftp_port: Option<u16>,
    node_id: Option<String>,
    server_id: Option<String>,
    server_address: Option<String>,
}

impl Seed {
    /// The record of a data directory; in a fresh one, a new administrator's credentials, already on disk.
    pub fn open(data: &Path) -> Result<Self> {
        let file = data.join(FILE);
        if let Ok(bytes) = fs::read(&file) {
            return Ok(Self { file, record: serde_json::from_slice(&bytes)? });
        }
        let email = "admin@gantry.local".to_owned();
        let record = Record {
            email,
            password: random_hex(10)?,
            port: None,
            sftp_port: None,
            node_id: None,
            server_id: None,
            server_address: None,
        };
        let seed = Self { file, record };
        seed.save()?;
        Ok(seed)
    }

    /// The game server that was made.
    pub fn server_id(&self) -> Option<&str> {
        self.record.server_id.as_deref()
    }

    /// Where SFTP is offered: to this machine alone unless players come from elsewhere, at the port of the last time if it is
    /// free, so that what programs have noted goes on working.
    pub fn sftp(&mut self, address: &str) -> Result<SocketAddr> {
        let is_local = address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let interface = IpAddr::V4(if is_local { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED });
        let is_free = |port: &u16| TcpListener::bind((interface, *port)).is_ok();
        let port =
            self.record.sftp_port.into_iter().chain([SFTP]).find(is_free).map_or_else(free_port, Ok)?;
        self.record.sftp_port = Some(port);
        self.save()?;
        Ok(SocketAddr::new(interface, port))
    }

    /// The port that was asked for, the one of the last time, or a free one.
    pub fn port(&mut self, wanted: Option<u16>) -> Result<u16> {
        let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
        let port = match wanted {
            Some(port) if is_free(&port) => port,
            Some(port) => return Err(format!("port {port} is in use: choose another by --port").into()),
            None => {
                self.record.port.into_iter().chain(7080..7100).find(is_free).map_or_else(free_port, Ok)?
            }
        };
        self.record.port = Some(port);
        self.save()?;
        Ok(port)
    }

    /// Signs in as the administrator, who is made where nobody is yet. Answers whether that worked: people change the
    /// password in the panel, and what is complete needs nobody to sign in.
    pub fn account(&self, client: &mut Client, node_directory: &Path) -> Result<bool> {
        let Record { email, password, node_id, .. } = &self.record;
        let status = client.get("/api/setup")?;
        if status.pointer("/needed").and_then(Value::as_bool) == Some(true) {
            say("setting up", "an administrator, a location, and this machine as a node");
            let body = json!({ "name": "Administrator", "email": email, "password": password });
            client.post("/api/setup", &body)?;
        }
        if client.sign_in(email, password)? {
            return Ok(true);
        }
        if node_id.is_some() && node_directory.join(IDENTITY).is_file() {
            return Ok(false);
        }
        let file = self.file.display();
        Err(format!(
            "{email} does not sign in with the password of {file}, and the first set-up is not complete. Was it changed \
             in the panel? Write the password into that file, or take another --data-dir."
        )
        .into())
    }

    /// This machine as an enrolled node with addresses for players.
    pub fn node(
        &mut self,
        client: &mut Client,
        gantryd: &Path,
        folder: &Path,
        address: &str,
    ) -> Result<String> {
        let id = match &self.record.node_id {
            Some(id) => id.clone(),
            None => {
                let id = found_or_made_node(client, folder)?;
                self.record.node_id = Some(id.clone());
                self.save()?;
                id
            }
        };
        let addresses = format!("/api/nodes/{id}/allocations");
        let known = client.list(&addresses)?;
        let has = |ports: &RangeInclusive<u16>| {
            let port = |known: &Value| known.pointer("/port").and_then(Value::as_u64);
            known
                .iter()
                .filter_map(port)
                .any(|port| u16::try_from(port).is_ok_and(|port| ports.contains(&port)))
        };
        for ports in PORTS.map(candidates).into_iter().filter(|candidates| !has(candidates)) {
            let ports = free_range(address, &ports);
            let ports = format!("{}-{}", ports.start(), ports.end());
            client.post(&addresses, &json!({ "address": address, "ports": ports }))?;
        }
        if !folder.join(IDENTITY).is_file() {
            enroll(client, &id, gantryd, folder)?;
        }
        Ok(id)
    }

    /// A game server with bots in it, wanted to run.
    pub fn server(&mut self, client: &mut Client, node: &str) -> Result<()> {
        if self.record.server_id.is_some() {
            return Ok(());
        }
        let id = match named(client, "/api/servers", SERVER)? {
            Some(id) => id,
            None => {
                say("creating a game server", "OpenArena, from a WebAssembly plugin");
                let body = json!({
                    "name": SERVER, "description": "Made by cargo xtask up", "blueprintId": "openarena:openarena",
                    "nodeId": node, "start": true, "variables": { "hostname": SERVER, "bots": "3" },
                });
                text(&client.post("/api/servers", &body)?, "/server/id")?
            }
        };
        self.record.server_id = Some(id);
        self.save()
    }

    /// All that people and programs want to know.
    pub fn up(&mut self, client: &Client, url: String, node_id: String) -> Result<Up> {
        let Record { email, password, server_id, .. } = self.record.clone();
        let server = match &server_id {
            Some(id) => client.find(&format!("/api/servers/{id}"))?,
            None => None,
        };
        let server_address = match &server {
            Some(view) => {
                let port = view.pointer("/endpoints/0/port").and_then(Value::as_u64);
                Some(format!("{}:{}", text(view, "/endpoints/0/address")?, port.unwrap_or_default()))
            }
            None => None,
        };
        let server_id = server.and(server_id);
        self.record.server_address.clone_from(&server_address);
        self.save()?;
        Ok(Up { url, email, password: Some(password), node_id, server_id, server_address })
    }

    /// The same when only the person who changed the password could look closer.
    pub fn up_unseen(&self, url: String) -> Result<Up> {
        let Record { email, node_id, server_id, server_address, .. } = self.record.clone();
        let node_id = node_id.ok_or("no node was made")?;
        Ok(Up { url, email, password: None, node_id, server_id, server_address })
    }

    fn save(&self) -> Result<()> {
        write_private(&self.file, &serde_json::to_vec_pretty(&self.record)?)
    }
}

/// Replaces a file that only its owner may read: whole or not at all.
pub fn write_private(file: &Path, bytes: &[u8]) -> Result<()> {
    let part = file.with_extension("part");
    fs::remove_file(&part).ok();
    let mut written = fs::File::options().write(true).create_new(true).mode(0o600).open(&part)?;
    written.write_all(bytes)?;
    written.sync_all()?;
    Ok(fs::rename(part, file)?)
}

/// The ports among which a game's are chosen.
const fn candidates(first: u16) -> RangeInclusive<u16> {
    first..=first + 10 * PORTS_EACH - 1
}

/// Neighbouring ports on which nobody listens at this address; the first ones when there are none, or when the address is
/// not one of this machine's interfaces (behind NAT), for then it cannot be told.
fn free_range(address: &str, candidates: &RangeInclusive<u16>) -> RangeInclusive<u16> {
    let is_free =
        |port| TcpListener::bind((address, port)).is_ok() && UdpSocket::bind((address, port)).is_ok();
    let ranges = candidates.clone().step_by(PORTS_EACH.into()).map(|first| first..=first + PORTS_EACH - 1);
    let mut free = ranges.filter(|range| range.clone().all(is_free));
    free.next().unwrap_or(*candidates.start()..=candidates.start() + PORTS_EACH - 1)
}

fn named(client: &Client, path: &str, name: &str) -> Result<Option<String>> {
    let items = client.list(path)?;
    let found = items.iter().find(|item| item.pointer("/name").and_then(Value::as_str) == Some(name));
    found.map(|item| text(item, "/id")).transpose()
}

fn found_or_made_node(client: &mut Client, folder: &Path) -> Result<String> {
    if let Some(id) = named(client, "/api/nodes", NODE)? {
        return Ok(id);
    }
    let location = match named(client, "/api/locations", LOCATION)? {
        Some(id) => id,
        None => {
            let body = json!({ "name": LOCATION, "description": "This machine" });
            text(&client.post("/api/locations", &body)?, "/id")?
        }
    };
    let body = json!({
        "name": NODE, "description": "Runs beside the control plane", "locationId": location,
        "memoryMib": memory_mib()?, "cpuPercent": ANY, "diskMib": disk_mib(folder)?,
    });
    text(&client.post("/api/nodes", &body)?, "/id")
}

/// Buys the daemon its identity. The token passes through a file that only the owner may read.
fn enroll(client: &mut Client, node: &str, gantryd: &Path, folder: &Path) -> Result<()> {
    let enrollment = client.post(&format!("/api/nodes/{node}/enrollment"), &json!({}))?;
    fs::create_dir_all(folder)?;
    let token = folder.join("enrollment-token");
    write_private(&token, text(&enrollment, "/token")?.as_bytes())?;
    let enrolled = output(
        Command::new(gantryd)
            .args(["enroll", "--url", client.url(), "--data-dir"])
            .arg(folder)
            .arg("--token-file")
            .arg(&token),
    );
    fs::remove_file(&token)?;
    enrolled.map(drop)
}

fn memory_mib() -> Result<u64> {
    let text = fs::read_to_string("/proc/meminfo")?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .ok_or("/proc/meminfo has no MemTotal")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}

/// What servers may be promised of the disk below `folder`.
fn disk_mib(folder: &Path) -> Result<u64> {
    fs::create_dir_all(folder)?;
    let disk = rustix::fs::statvfs(folder)?;
    let mib = |blocks: u64| blocks * disk.f_frsize / (1024 * 1024);
    Ok(promisable(mib(disk.f_blocks), mib(disk.f_bavail)))
}

/// All that is free, but for a tenth of the disk or 20 GiB, and never more than half of what is free: images, logs and
/// updates of the system stand on it too. In whole gibibytes, for it is a bound that somebody sets and not a measurement of a moment.
const fn promisable(total_mib: u64, free_mib: u64) -> u64 {
    const GIB: u64 = 1_024;
    let tenth = total_mib / 10;
    let reserve = if tenth < 20 * GIB { tenth } else { 20 * GIB };
    let reserve = if free_mib / 2 < reserve { free_mib / 2 } else { reserve };
    let left = free_mib - reserve;
    // Zero would be no bound at all.
    if left < GIB { GIB } else { left / GIB * GIB }
}

#[cfg(test)]
mod tests {
    use super::promisable;

    #[test]
    fn servers_are_promised_whole_gibibytes_and_never_the_whole_disk() {
        assert_eq!(promisable(40 * 1_024, 30 * 1_024 + 700), 26 * 1_024);
        assert_eq!(promisable(1_000 * 1_024, 900 * 1_024), 880 * 1_024);
        // A large disk that is fuller than the reserve still has room for more than the first server.
        assert_eq!(promisable(252 * 1_024, 17 * 1_024), 8 * 1_024);
        // On a disk that is nearly full there is a bound all the same.
        assert_eq!(promisable(40 * 1_024, 2 * 1_024), 1_024);
    }
}
