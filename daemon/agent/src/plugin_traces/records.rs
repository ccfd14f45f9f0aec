//! Calls of plugins that were stopped: a folder with each record in a file of its own that is called by its content, and an
//! index that counts how often.
//!
//! Only the daemon reads them: they have what players and customers wrote, though no secrets.

use gantry_host::KeptRecord;
use gantry_types::{ServerId, conduct::PluginRecord};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

const FOLDER: &str = "plugin-records";
const INDEX: &str = "index";
/// Of what is written before it takes its place.
const FRESH: &str = ".fresh";
/// Of a file that is read: more than the host makes of a record, or of an index.
const FILE_BYTES: u64 = 4 << 20;

/// Makes the server's folder what it should be.
pub(super) fn write(server: &Path, records: &[KeptRecord]) -> io::Result<()> {
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
pub(super) fn read(server: &Path, id: ServerId) -> io::Result<Vec<KeptRecord>> {
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
