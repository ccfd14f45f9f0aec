//! Servers of a world: making them, waiting for them, and reading their consoles to the last line.

use super::{
    client::text,
    wait::{check, until},
    world::{SOON, World},
};
use crate::shell::Result;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

/// Numbers that one process of the game has counted, and how often a process was met.
#[derive(Debug, Default)]
pub struct Counted {
    /// By process, in the order in which they began.
    pub runs: Vec<(String, u64)>,
}

impl World {
    /// A form for a counting server.
    pub fn form(&self, name: &str, start: bool, variables: &Value) -> Value {
        json!({ "name": name, "blueprintId": "counter:counter", "nodeId": self.node, "start": start, "variables": variables })
    }

    /// A server that counts this often a second.
    pub fn counting(&self, name: &str, per_second: u32) -> Result<String> {
        let id = self.about_to_count(name, per_second)?;
        self.wait_for_state(&id, "running", SOON)?;
        Ok(id)
    }

    /// The same, which is not waited for.
    pub fn about_to_count(&self, name: &str, per_second: u32) -> Result<String> {
        let pause = (1_000 / per_second).to_string();
        self.admin.create(&self.form(name, true, &json!({ "pause_ms": pause })), None)
    }

    /// A server that is installed and stopped.
    pub fn installed(&self, name: &str, variables: &Value) -> Result<String> {
        let id = self.admin.create(&self.form(name, false, variables), None)?;
        self.wait_for_state(&id, "offline", Duration::from_secs(120))?;
        Ok(id)
    }

    pub fn view(&self, server: &str) -> Result<Value> {
        self.admin.get(&format!("/api/servers/{server}"))
    }

    /// Until the control plane shows a state and no operation at work.
    pub fn wait_for_state(&self, server: &str, state: &str, patience: Duration) -> Result<()> {
        until(&format!("the server is {state}"), patience, || {
            let view = self.view(server).map_err(|error| error.to_string())?;
            let (observed, operation) = (&view["observed"], &view["operation"]);
            if observed["state"] == state && operation.is_null() {
                return Ok(());
            }
            Err(format!("{observed}, at work: {operation}"))
        })
    }

    /// Until an operation has ended; answers it.
    pub fn wait_for_end(&self, operation: &str, patience: Duration) -> Result<Value> {
        let path = format!("/api/operations/{operation}");
        until("the operation ends", patience, || {
            let view = self.admin.get(&path).map_err(|error| error.to_string())?;
            let is_over = !matches!(view["state"].as_str(), Some("pending" | "running"));
            if is_over { Ok(view) } else { Err(view.to_string()) }
        })
    }

    /// The latest operation of a server.
    pub fn latest_operation(&self, server: &str) -> Result<String> {
        text(&self.admin.get(&format!("/api/servers/{server}/operations?limit=1"))?, "/items/0/id")
    }

    /// Does something with a server and waits until that has succeeded.
    pub fn done(&self, server: &str, action: &str) -> Result<()> {
        let operation = self.admin.act(server, action)?;
        let ended = self.wait_for_end(&operation, SOON)?;
        check(ended["state"] == "succeeded", || format!("{action} ended as {ended}"))
    }

    /// Until a server is gone from the API.
    pub fn wait_until_gone(&self, server: &str) -> Result<()> {
        let path = format!("/api/servers/{server}");
        until("the server is gone", SOON, || match self.admin.ask("GET", &path, None, None) {
            Ok((404, _)) => Ok(()),
            Ok((status, view)) => Err(format!("{status} {}", view["observed"])),
            Err(error) => Err(error.to_string()),
        })
    }

    /// All lines that the console has, through the control plane, checked for numbers that are missing or twice there.
    pub fn console(&self, server: &str) -> Result<Vec<Value>> {
        let mut lines: Vec<Value> = Vec::new();
        let mut before = String::new();
        loop {
            let page = self.admin.get(&format!("/api/servers/{server}/console?limit=1000{before}"))?;
            let Some(Value::Array(mut some)) = page.get("lines").cloned() else { break };
            let Some(first) = some.first().and_then(|line| line["seq"].as_u64()) else { break };
            some.append(&mut lines);
            lines = some;
            if Some(first) <= page["firstSeq"].as_u64() {
                break;
            }
            before = format!("&before={first}");
        }
        follow_each_other(lines.iter().filter_map(|line| line["seq"].as_u64()))?;
        Ok(lines)
    }

    /// What the game counted, as its console has it.
    pub fn counted(&self, server: &str) -> Result<Counted> {
        let lines = self.console(server)?;
        let game = lines.iter().filter(|line| line["source"] == "game");
        Counted::of(game.filter_map(|line| line["text"].as_str()))
    }

    /// Until the console shows this many more numbers of its latest process; then all of it, nothing missing.
    pub fn counts_on(&self, server: &str, more: u64) -> Result<Counted> {
        let (run, before) = self.latest(server)?;
        until("the game's lines arrive", SOON, || {
            let (now, number) = self.latest(server).map_err(|error| error.to_string())?;
            let since = if now == run { number.saturating_sub(before) } else { number };
            if since >= more { Ok(()) } else { Err(format!("process {now:?} counted {since}")) }
        })?;
        self.counted(server)
    }

    /// The process that counted last, and the number it said.
    fn latest(&self, server: &str) -> Result<(Option<String>, u64)> {
        let page = self.admin.get(&format!("/api/servers/{server}/console?limit=100"))?;
        let newest_first = page["lines"].as_array().into_iter().flatten().rev();
        let said =
            newest_first.filter(|line| line["source"] == "game").filter_map(|line| line["text"].as_str());
        let numbers: Result<Vec<_>> = said.filter_map(|text| number_of(text).transpose()).take(1).collect();
        Ok(numbers?.pop().map_or((None, 0), |(run, number)| (Some(run.to_owned()), number)))
    }

    /// Whether the files of an installation are as its steps leave them, and nothing else.
    pub fn check_installed(&self, server: &str, steps: u32) -> Result<()> {
        let mut names: Vec<String> = Vec::new();
        for entry in fs::read_dir(self.files(server))? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        let mut wanted: Vec<String> = (1..=steps).map(|step| format!("step-{step}")).collect();
        wanted.sort();
        check(names == wanted, || format!("the installation left {names:?}"))?;
        for step in 1..=steps {
            let content = fs::read_to_string(self.files(server).join(format!("step-{step}")))?;
            check(content == format!("step {step}\n"), || format!("step {step} left {content:?}"))?;
        }
        Ok(())
    }
}

impl Counted {
    /// An error if a process left a number out or said one twice.
    fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Self> {
        let mut counted = Self::default();
        for said in texts {
            let Some((run, number)) = number_of(said)? else { continue };
            if counted.runs.last().is_none_or(|(last, _)| last != run) {
                counted.runs.push((run.to_owned(), 0));
            }
            let Some((_, last)) = counted.runs.last_mut() else { continue };
            check(number == *last + 1, || {
                format!("{number} follows {last} in the console of process {run}")
            })?;
            *last = number;
        }
        Ok(counted)
    }
}

/// The process and the number of a line that counts.
fn number_of(said: &str) -> Result<Option<(&str, u64)>> {
    let mut words = said.split(' ');
    let (Some("count"), Some(run), Some(number)) = (words.next(), words.next(), words.next()) else {
        return Ok(None);
    };
    Ok(Some((run, number.trim().parse().map_err(|_| format!("the console has {said:?}"))?)))
}

fn follow_each_other(numbers: impl Iterator<Item = u64>) -> Result<()> {
    let numbers: Vec<u64> = numbers.collect();
    let gap = numbers.windows(2).find(|two| two[1] != two[0] + 1);
    check(gap.is_none(), || format!("console lines {gap:?} do not follow each other"))
}

/// One digest over names, rights and contents of a tree.
pub fn tree(folder: &Path) -> Result<String> {
    let mut entries = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let meta = fs::symlink_metadata(&path)?;
            let content = if meta.is_file() { fs::read(&path)? } else { Vec::new() };
            if meta.is_dir() {
                open.push(path.clone());
            }
            entries.insert(path, (meta.permissions().mode(), content));
        }
    }
    let mut hash = Sha256::new();
    for (path, (mode, content)) in entries {
        hash.update(path.as_os_str().as_encoded_bytes());
        hash.update(mode.to_be_bytes());
        hash.update(content);
    }
    Ok(hex::encode(hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_missing_or_said_twice_is_found() {
        for texts in [["count a 1", "count a 3"], ["count a 1", "count a 1"], ["count a 1", "count b 2"]] {
            assert!(Counted::of(texts.into_iter()).is_err(), "{texts:?}");
        }
        assert!(follow_each_other([7, 8, 10].into_iter()).is_err());
    }

    #[test]
    fn each_process_counts_for_itself() {
        let texts = ["count a 1", "bye a", "count a 2", "count b 1"];
        let counted = Counted::of(texts.into_iter()).expect("whole");
        assert_eq!(counted.runs, [("a".to_owned(), 2), ("b".to_owned(), 1)]);
        assert!(follow_each_other([7, 8, 9].into_iter()).is_ok());
    }
}
