//! What must be in clear nowhere: each world has secrets of every kind, and looks for them wherever something is written.
//!
//! Looked at are the files of both programs (logs, ledger, caches, sealed files), PostgreSQL's own log, a dump of the
//! database, what was said when something was refused, and command lines. A secret is met as it is, in hexadecimal digits
//! (as a dump shows bytes), or in Base64 at any offset. Left out is where a secret belongs: the file that holds a key, the
//! folder that a game reads, and the disks of PostgreSQL and Docker themselves.

use super::{wait::check, world::World};
use crate::shell::{Result, random_hex};
use aho_corasick::AhoCorasick;
use base64::{
    Engine,
    prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Files that are there to hold a key, and what each holds.
const KEYS: [(&str, &str); 3] = [
    ("control-plane/keys/master.key", "the master key"),
    ("node/node.key", "the node's key"),
    ("node/ssh_host.key", "the node's SSH host key"),
];
/// It tells the node's private key for the link among other things.
const IDENTITY: &str = "node/identity.json";
/// Kept by PostgreSQL and by Docker, who are not ours.
const FOREIGN: [&str; 2] = ["postgres", "docker"];

/// A text that nobody has seen before.
pub fn invented() -> Result<String> {
    random_hex(16)
}

/// All secrets of a world.
#[derive(Default)]
pub struct Secrets(Vec<(&'static str, Vec<u8>)>);

impl Secrets {
    /// Remembers one, and gives it back.
    pub fn keep(&mut self, what: &'static str, secret: String) -> String {
        self.keep_bytes(what, secret.as_bytes());
        secret
    }

    pub fn keep_bytes(&mut self, what: &'static str, secret: &[u8]) {
        self.0.push((what, secret.to_vec()));
    }

    fn search(&self) -> Result<Search> {
        let forms =
            self.0.iter().flat_map(|(what, secret)| forms(secret).into_iter().map(move |form| (*what, form)));
        let (names, forms): (Vec<_>, Vec<_>) = forms.unzip();
        Ok(Search { names, forms: AhoCorasick::new(forms)? })
    }
}

/// How a secret may be written.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let digits = hex::encode(secret);
    let mut forms = vec![secret.to_vec(), digits.to_uppercase().into_bytes(), digits.into_bytes()];
    for before in 0..3 {
        let shifted = [&vec![0; before], secret].concat();
        // Characters that other bytes have a part in are not the secret's own.
        let whole = shifted.len() / 3 * 4;
        let first = if before == 0 { 0 } else { 4 };
        for alphabet in [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD] {
            forms.push(alphabet.encode(&shifted).as_bytes()[first..whole].to_vec());
        }
    }
    forms
}

struct Search {
    names: Vec<&'static str>,
    forms: AhoCorasick,
}

impl Search {
    fn look(&self, place: &str, bytes: &[u8]) -> Result<()> {
        let found =
            self.forms.find(bytes).map(|found| (self.names[found.pattern().as_usize()], found.start()));
        check(found.is_none(), || {
            let (what, at) = found.unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes[at.saturating_sub(120)..at]).into_owned();
            format!("I9: {place} tells {what}, at byte {at}, after {text:?}")
        })
    }
}

impl World {
    /// Those that come from the world's own making.
    pub fn keep_its_secrets(&mut self) -> Result<()> {
        for (file, what) in KEYS {
            self.secrets.keep_bytes(what, &fs::read(self.folder.join(file))?);
        }
        let identity: serde_json::Value = serde_json::from_slice(&fs::read(self.folder.join(IDENTITY))?)?;
        self.secrets.keep("the node's key for the link", super::client::text(&identity, "/privateKey")?);
        self.secrets.keep("the database's password", self.cluster.password().to_owned());
        Ok(())
    }

    /// I9.
    pub fn tells_no_secret(&self) -> Result<()> {
        let search = self.secrets.search()?;
        for file in written(&self.folder)? {
            let place = file.strip_prefix(&self.folder)?.display().to_string();
            // Some end between being listed and being read.
            if let Ok(content) = fs::read(&file) {
                search.look(&place, &content)?;
            }
        }
        search.look("PostgreSQL's log", &self.cluster.log()?)?;
        search.look("a dump of the database", self.cluster.dump_as_text("gantry")?.as_bytes())?;
        for refusal in self.admin.refusals().into_iter().chain(self.stranger.refusals()) {
            search.look(&format!("the answer {refusal}"), refusal.as_bytes())?;
        }
        for program in [&self.control_plane, &self.daemon] {
            let Some(pid) = program.pid() else { continue };
            search.look("a command line", &fs::read(format!("/proc/{pid}/cmdline"))?)?;
        }
        Ok(())
    }
}

/// Files below a world's folder, without the places where secrets belong.
fn written(world: &Path) -> Result<Vec<PathBuf>> {
    let own: Vec<PathBuf> =
        KEYS.iter().map(|(file, _)| *file).chain([IDENTITY]).map(|file| world.join(file)).collect();
    let servers = world.join("node/servers");
    let mut open: Vec<PathBuf> = vec![world.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let (path, kind) = (entry.path(), entry.file_type()?);
            let of_a_game = path.ends_with("data") && path.starts_with(&servers);
            let foreign = folder == world && FOREIGN.iter().any(|name| path.ends_with(name));
            if kind.is_dir() && !of_a_game && !foreign {
                open.push(path);
            } else if kind.is_file() && !own.contains(&path) && path.extension() != Some("disk".as_ref()) {
                files.push(path);
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_each_form_wherever_it_stands() {
        let mut secrets = Secrets::default();
        secrets.keep("a password", "correct horse battery staple".to_owned());
        let search = secrets.search().expect("forms");
        assert!(search.look("a log", b"correct horse, battery staple").is_ok());
        for before in ["", "x", "xy", "xyz"] {
            let text = format!("{before}correct horse battery staple, and more");
            for written in [text.clone(), hex::encode(&text), BASE64_STANDARD_NO_PAD.encode(&text)] {
                let found = search.look("a log", written.as_bytes()).expect_err(&written).to_string();
                assert!(found.contains("a log tells a password"), "{found}");
            }
        }
    }
}
