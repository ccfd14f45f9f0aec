//! Who may come in, and what they may do, as the control plane said last.
//!
//! A [`Book`] is checked as a whole when it comes and never changed afterwards; whoever works by it holds a watch on the
//! present one. Nobody's account password is in it, so none can open this door.

use gantry_protocol::{
    MAX_SFTP_CREDENTIALS, MAX_SFTP_LEASE, MAX_SFTP_PEOPLE, MAX_SFTP_SERVERS, SftpGrants, SftpKey,
    SftpPassword, SftpPerson, SftpServer,
};
use gantry_types::{ServerId, UserId, permission::Permission};
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// Longest name before or behind the dot.
const MAX_HANDLE: usize = 64;
/// Longest key, as text.
const MAX_KEY: usize = 4_096;

/// Why grants were not taken. Nothing of them holds then, and what held before goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidGrants(pub &'static str);

/// What somebody may do with the files of one server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rights {
    pub(crate) list: bool,
    pub(crate) read: bool,
    pub(crate) write: bool,
    pub(crate) delete: bool,
}

/// Somebody who proved who they are, and where they want to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admitted {
    pub(crate) user: UserId,
    pub(crate) credential: Uuid,
    pub(crate) server: ServerId,
}

struct Key {
    id: Uuid,
    /// As it stands on the wire.
    blob: Vec<u8>,
}

struct Password {
    id: Uuid,
    digest: [u8; 32],
}

#[derive(Default)]
struct Person {
    user: Option<UserId>,
    keys: Vec<Key>,
    passwords: Vec<Password>,
    servers: HashMap<String, ServerId>,
    rights: HashMap<ServerId, Rights>,
}

/// Everybody.
#[derive(Default)]
pub(crate) struct Book {
    people: HashMap<String, Person>,
    handles: HashMap<UserId, String>,
    /// Stands in for people whom nobody knows, so that they take as long.
    nobody: Person,
}

impl std::fmt::Debug for Book {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Book").field("people", &self.people.len()).finish_non_exhaustive()
    }
}

impl Book {
    /// The book of these grants, and how long it holds.
    pub(crate) fn of(grants: &SftpGrants) -> Result<(Self, Duration), InvalidGrants> {
        if grants.lease_seconds == 0 || grants.lease_seconds > MAX_SFTP_LEASE {
            return Err(InvalidGrants("a lease is of 1 to 3600 seconds"));
        }
        if grants.people.len() > MAX_SFTP_PEOPLE {
            return Err(InvalidGrants("there are more than 10000 people"));
        }
        let mut book = Self::default();
        let mut servers = HashMap::new();
        for person in &grants.people {
            let taken = book.handles.insert(person.user, person.handle.clone()).is_some();
            let entry = Person::of(person, &mut servers)?;
            if taken || book.people.insert(person.handle.clone(), entry).is_some() {
                return Err(InvalidGrants("a person or a person's handle is there twice"));
            }
        }
        Ok((book, Duration::from_secs(u64::from(grants.lease_seconds))))
    }

    /// Splits `user.server` at the last dot and looks both up. Whoever is not known is nobody.
    fn named(&self, name: &str) -> (&Person, Option<ServerId>) {
        let (person, server) = name.rsplit_once('.').unwrap_or((name, ""));
        let person = self.people.get(person).unwrap_or(&self.nobody);
        (person, person.servers.get(server).copied())
    }

    /// Who comes in with an app password. Every name and every password costs the same.
    pub(crate) fn by_password(&self, name: &str, password: &str) -> Option<Admitted> {
        let (person, server) = self.named(name);
        let given: [u8; 32] = Sha256::digest(password.as_bytes()).into();
        let mut found = None;
        for slot in 0..MAX_SFTP_CREDENTIALS {
            let stored = person.passwords.get(slot);
            let same = stored.map_or(&[0; 32], |password| &password.digest).ct_eq(&given);
            if let (true, Some(password)) = (bool::from(same), stored) {
                found = Some(password.id);
            }
        }
        Some(Admitted { user: person.user?, credential: found?, server: server? })
    }

    /// Who comes in with a key, as it stands on the wire.
    pub(crate) fn by_key(&self, name: &str, blob: &[u8]) -> Option<Admitted> {
        let (person, server) = self.named(name);
        let key = person.keys.iter().find(|key| key.blob == blob);
        Some(Admitted { user: person.user?, credential: key?.id, server: server? })
    }

    /// What somebody who came in may do now; none if they may not be here at all.
    pub(crate) fn rights(&self, admitted: &Admitted) -> Option<Rights> {
        let person = self.people.get(self.handles.get(&admitted.user)?)?;
        let known = person.keys.iter().map(|key| key.id);
        let known = known.chain(person.passwords.iter().map(|password| password.id));
        known.into_iter().find(|id| *id == admitted.credential)?;
        person.rights.get(&admitted.server).copied()
    }
}

impl Person {
    fn of(person: &SftpPerson, servers: &mut HashMap<String, ServerId>) -> Result<Self, InvalidGrants> {
        if !is_handle(&person.handle) {
            return Err(InvalidGrants("a person's handle is of 1 to 64 letters a to z, digits, - and _"));
        }
        if person.keys.len() > MAX_SFTP_CREDENTIALS || person.passwords.len() > MAX_SFTP_CREDENTIALS {
            return Err(InvalidGrants("a person has more than 20 keys or passwords"));
        }
        if person.servers.len() > MAX_SFTP_SERVERS {
            return Err(InvalidGrants("a person has more than 2000 servers"));
        }
        let (mut own, mut held) = (HashMap::new(), HashMap::new());
        for server in &person.servers {
            if !is_handle(&server.handle) {
                return Err(InvalidGrants("a server's handle is of 1 to 64 letters a to z, digits, - and _"));
            }
            if *servers.entry(server.handle.clone()).or_insert(server.server) != server.server {
                return Err(InvalidGrants("two servers have the same handle"));
            }
            let twice = held.insert(server.server, rights(server)?).is_some();
            if twice || own.insert(server.handle.clone(), server.server).is_some() {
                return Err(InvalidGrants("a person has a server twice"));
            }
        }
        Ok(Self {
            user: Some(person.user),
            keys: person.keys.iter().map(Key::of).collect::<Result<_, _>>()?,
            passwords: person.passwords.iter().map(Password::of).collect::<Result<_, _>>()?,
            servers: own,
            rights: held,
        })
    }
}

fn is_handle(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    !text.is_empty() && text.len() <= MAX_HANDLE && text.bytes().all(plain)
}

fn rights(server: &SftpServer) -> Result<Rights, InvalidGrants> {
    let held: HashSet<Permission> = server.permissions.iter().copied().collect();
    let files =
        [Permission::FilesList, Permission::FilesRead, Permission::FilesWrite, Permission::FilesDelete];
    if held.iter().any(|permission| !files.contains(permission)) {
        return Err(InvalidGrants("permissions other than those of files mean nothing here"));
    }
    Ok(Rights {
        list: held.contains(&Permission::FilesList),
        read: held.contains(&Permission::FilesRead),
        write: held.contains(&Permission::FilesWrite),
        delete: held.contains(&Permission::FilesDelete),
    })
}

impl Key {
    fn of(key: &SftpKey) -> Result<Self, InvalidGrants> {
        let invalid = InvalidGrants("a key is a type and base64, with one space between them");
        let (kind, encoded) = key.public_key.split_once(' ').ok_or(invalid)?;
        if key.public_key.len() > MAX_KEY {
            return Err(invalid);
        }
        let engine = base64::engine::general_purpose::STANDARD;
        let blob = base64::Engine::decode(&engine, encoded).map_err(|_| invalid)?;
        // On the wire a key begins with its type.
        let length = u32::try_from(kind.len()).map_err(|_| invalid)?;
        let head = [&length.to_be_bytes(), kind.as_bytes()].concat();
        if kind.is_empty() || !blob.starts_with(&head) {
            return Err(invalid);
        }
        Ok(Self { id: key.id, blob })
    }
}

impl Password {
    fn of(password: &SftpPassword) -> Result<Self, InvalidGrants> {
        let invalid = InvalidGrants("a password's digest is of 64 lower-case hex digits");
        if password.digest.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(invalid);
        }
        let mut digest = [0; 32];
        hex::decode_to_slice(&password.digest, &mut digest).map_err(|_| invalid)?;
        Ok(Self { id: password.id, digest })
    }
}
