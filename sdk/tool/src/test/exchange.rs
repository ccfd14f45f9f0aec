//! What a plugin asked of a game and was answered: kept in a file, and said again.
//!
//! With `--record ADDRESS` the game that runs there is asked, by the very sockets that the daemon uses, and the file is
//! written; else the file answers, and whatever was recorded and is not asked, or asked and was not recorded, is a fault.

use super::Outcome;
use crate::{cli::TestArgs, embedded::put, fault::Fault, memory::Memory};
use gantry_host::{Endpoints, Lent, Plugin, Told, record};
use gantry_types::server::ServerContext;
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

/// One call's questions.
pub(super) struct Talk {
    file: PathBuf,
    /// Its endpoints lead to where the recorded game is.
    pub(super) server: ServerContext,
    side: Side,
}

/// How the call ended that asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With the plugin's own words.
    Answered,
    /// The host stopped it.
    Stopped,
}

enum Side {
    Live(record::Recorder),
    Recorded(record::Player),
}

impl Talk {
    /// A call that asks nothing needs no record.
    pub(super) fn open(asked: &TestArgs, file: &Path, server: &ServerContext) -> Result<Self, Fault> {
        let mut server = server.clone();
        let side = match asked.record {
            Some(address) => {
                point(&mut server, address);
                Side::Live(record::Recorder::new(Vec::new()))
            }
            None => Side::Recorded(record::Player::new(read(file)?)),
        };
        Ok(Self { file: file.to_owned(), server, side })
    }

    /// What the call is lent.
    pub(super) fn lent(&self, plugin: &Plugin) -> Lent {
        match &self.side {
            Side::Recorded(player) => player.lent(),
            Side::Live(recorder) => {
                let query = Arc::new(Endpoints::new(self.server.endpoints.clone()));
                let kept = Memory::new(plugin.manifest().kept_bytes());
                recorder.lend(&Lent { query: Some(query), kv: Some(Arc::new(kept)), ..Lent::default() })
            }
        }
    }

    /// Writes what was heard, or says what was not asked as it was recorded: of a call that was stopped beside why it was.
    pub(super) fn close(self, verdict: Result<Outcome, Fault>, end: End) -> Result<Outcome, Fault> {
        match self.side {
            Side::Live(recorder) => {
                let heard = recorder.heard();
                if heard.is_empty() {
                    return verdict;
                }
                let text = serde_json::to_string_pretty(&heard)
                    .map_err(|error| Fault::new("exchange", error.to_string(), "Report this."))?;
                put(&self.file, (text + "\n").as_bytes())?;
                verdict
            }
            Side::Recorded(player) => {
                let remedy =
                    "Start the game and record it by `--record ADDRESS:PORT --bless`, or correct the plugin.";
                let strange = player.strange().first().map(|strange| {
                    ("strange-question", format!("the plugin asks what was not recorded: {}", brief(strange)))
                });
                let left = player.rest().first().map(|left| {
                    let what = format!("{} {}", left.call, left.given);
                    ("unasked", format!("the plugin does not ask what was recorded: {}", brief(&what)))
                });
                match (end, strange, left) {
                    (End::Stopped, Some((_, strange)), _) => verdict.map_err(|fault| Fault {
                        message: format!("{} (before that, {strange})", fault.message),
                        ..fault
                    }),
                    // It had no time to ask the rest.
                    (End::Stopped, None, _) | (_, None, None) => verdict,
                    // What it made of an answer that it should not have had says less than the question.
                    (End::Answered, Some((code, what)), _) | (End::Answered, None, Some((code, what))) => {
                        Err(Fault::new(code, what, remedy).at(self.file.display()))
                    }
                }
            }
        }
    }
}

/// A question, whose bytes may be many.
fn brief(question: &str) -> String {
    let mut shown: String = question.chars().take(200).collect();
    if shown.len() < question.len() {
        shown.push('…');
    }
    shown
}

/// Every endpoint there; the first at the port that was said, the others as far from it as before.
fn point(server: &mut ServerContext, address: SocketAddr) {
    let first = server.endpoints.first().map_or(0, |endpoint| endpoint.port);
    for endpoint in &mut server.endpoints {
        endpoint.address = address.ip().to_string();
        endpoint.port = address.port().wrapping_add(endpoint.port.wrapping_sub(first));
    }
}

fn read(file: &Path) -> Result<Vec<Told>, Fault> {
    let remedy = "Record it anew by `--record ADDRESS:PORT`.";
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Fault::io(format!("{} cannot be read", file.display()), &error)),
    };
    serde_json::from_str(&text)
        .map_err(|error| Fault::new("exchange", error.to_string(), remedy).at(file.display()))
}
