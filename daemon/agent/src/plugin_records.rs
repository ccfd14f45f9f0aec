//! Calls of plugins that were stopped, kept over a restart: files in a folder beside each server's console, which go with the
//! server.
//!
//! The host decides what is kept, and how much; what it keeps of a server is what stands in its folder, each record in a file of
//! its own that is called by its content, and an index that counts how often. Only the daemon reads them: they have what players
//! and customers wrote, though no secrets. What was kept within the last second before a daemon was killed is lost.

use crate::{data::DataDir, failure::chain, node::Shared};
use gantry_host::{Host, KeptRecord};
use gantry_types::{ServerId, conduct::PluginRecord};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    sync::Arc,
    time::Duration,
};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

const FOLDER: &str = "plugin-records";
const INDEX: &str = "index";
/// Of what is written before it takes its place.
const FRESH: &str = ".fresh";
/// Of a file that is read: more than the host makes of a record, or of an index.
const FILE_BYTES: u64 = 4 << 20;
/// What happens in this time is written out together.
const GATHERING: Duration = Duration::from_secs(1);

/// Held by whoever writes files, so that a directory does not go meanwhile.
#[derive(Default)]
pub(crate) struct PluginRecords(Mutex<()>);

impl PluginRecords {
    /// Writes out whatever is new, until the node stops.
    pub(crate) async fn keep(shared: Arc<Shared>, stopping: CancellationToken) {
        while stopping.run_until_cancelled(shared.plugins.host().record_kept()).await.is_some() {
            let gathered = tokio::time::sleep(GATHERING);
            stopping.run_until_cancelled(gathered).await;
            shared.plugin_records.save(&shared).await;
        }
    }

    /// Writes out what is new.
    pub(crate) async fn save(&self, shared: &Shared) {
        let _alone = self.0.lock().await;
        let all = shared.plugins.host().unsaved_records();
        if all.is_empty() {
            return;
        }
        let data = shared.data.clone();
        let written = tokio::task::spawn_blocking(move || {
            for (server, records) in all {
                // Tests and authors call servers what they like; those of a node have ids.
                let Ok(id) = server.parse::<ServerId>() else { continue };
                match write(&data.server(id), &records) {
                    Ok(()) => {}
                    // The server is gone.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => {
                        tracing::warn!(server.id = %id, error = chain(&error), "calls that were stopped were not kept");
                    }
                }
            }
        });
        if let Err(error) = written.await {
            tracing::error!(%error, "calls that were stopped were not kept");
        }
    }

    /// Nothing more is written about the server, of which the host knows nothing any more.
    pub(crate) async fn forget(&self) {
        drop(self.0.lock().await);
    }
}

/// Takes up what was kept of these servers. Blocks.
pub(crate) fn restore(host: &Host, data: &DataDir, servers: &[ServerId]) {
    for id in servers {
        match read(&data.server(*id), *id) {
            Ok(records) => host.restore_records(records),
            Err(error) => {
                tracing::warn!(server.id = %id, error = chain(&error), "calls that were stopped cannot be read");
            }
        }
    }
}

/// Makes the server's folder what it should be.
fn write(server: &Path, records: &[KeptRecord]) -> io::Result<()> {
    let folder = server.join(FOLDER);
    match DirBuilder::new().mode(0o700).create(&folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut index = Vec::new();
    for KeptRecord { about, text } in records {
        if !folder.join(&about.id).try_exists()? {
            place(&folder, &about.id, text.as_bytes())?;
        }
        serde_json::to_writer(&mut index, about)?;
        index.push(b'\n');
    }
    place(&folder, INDEX, &index)?;
    for entry in fs::read_dir(&folder)? {
        let name = entry?.file_name();
        let is_kept = name == INDEX || records.iter().any(|kept| name == kept.about.id.as_str());
        if !is_kept {
            fs::remove_file(folder.join(name))?;
        }
    }
    Ok(())
}

fn place(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let fresh = folder.join(FRESH);
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(bytes)?;
    fs::rename(fresh, folder.join(name))
}

/// What is about somebody else, is not there or is not what it was is left out.
fn read(server: &Path, id: ServerId) -> io::Result<Vec<KeptRecord>> {
    let folder = server.join(FOLDER);
    let index = match File::open(folder.join(INDEX)) {
        Ok(index) => index,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let (mut records, id) = (Vec::new(), id.to_string());
    for line in BufReader::new(index.take(FILE_BYTES)).split(b'\n') {
        let Ok(about) = serde_json::from_slice::<PluginRecord>(&line?) else { continue };
        let is_name = about.id.bytes().all(|letter| letter.is_ascii_hexdigit());
        if !is_name || about.server_id.as_deref() != Some(&id) {
            continue;
        }
        let mut text = String::new();
        let whole = File::open(folder.join(&about.id))
            .and_then(|file| file.take(FILE_BYTES).read_to_string(&mut text));
        if whole.is_ok() && KeptRecord::id(&text) == about.id {
            records.push(KeptRecord { about, text: text.into() });
        }
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn kept(id: ServerId, text: &str) -> KeptRecord {
        let about = PluginRecord {
            id: KeptRecord::id(text),
            plugin: "game".to_owned(),
            version: "1.0.0".to_owned(),
            digest: "d".to_owned(),
            call: "collector.collect".to_owned(),
            server_id: Some(id.to_string()),
            reason: "trap".to_owned(),
            message: "it crashed".to_owned(),
            symbol: None,
            first_at: chrono::DateTime::UNIX_EPOCH,
            at: chrono::DateTime::UNIX_EPOCH,
            times: 3,
            bytes: text.len() as u64,
            is_whole: true,
        };
        KeptRecord { about, text: text.into() }
    }

    #[test]
    fn the_folder_is_what_is_kept_and_nobody_elses() {
        let place = tempfile::tempdir().unwrap();
        let (id, other) = (ServerId::new(uuid::Uuid::from_u128(1)), ServerId::new(uuid::Uuid::from_u128(2)));
        assert_eq!(
            write(&place.path().join("gone"), &[kept(id, "x")]).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
        assert_eq!(read(place.path(), id).unwrap(), []);
        let (one, two) = (kept(id, "one\n"), kept(id, "two\n"));
        write(place.path(), &[one.clone(), two.clone()]).unwrap();
        assert_eq!(read(place.path(), id).unwrap(), [one, two.clone()]);
        assert_eq!(read(place.path(), other).unwrap(), []);
        write(place.path(), std::slice::from_ref(&two)).unwrap();
        let folder = place.path().join(FOLDER);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "the index and one record");
        for entry in fs::read_dir(&folder).unwrap() {
            assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(folder.join(&two.about.id), "tw").unwrap();
        assert_eq!(read(place.path(), id).unwrap(), [], "one that was cut off is none");
    }
}
