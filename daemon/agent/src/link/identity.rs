//! Who this node is: made once at enrollment, kept in `identity.json`.
//!
//! The file holds the node's private key, so only its owner may read it, and a looser file is refused: somebody else may
//! have the key already. It is written whole or not at all.

use gantry_protocol::tunnel::{Caller, KeyError, SigningKey, keys};
use gantry_types::NodeId;
use serde::{Deserialize, Serialize};
use std::{
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tokio::{fs, io::AsyncWriteExt};
use url::Url;

const FILE: &str = "identity.json";
const VERSION: u32 = 1;

#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("{} does not exist: this node is not enrolled; run `gantryd enroll` with the command that the panel shows", .0.display())]
    Missing(PathBuf),
    #[error("{} exists already: this node is enrolled; to enroll it anew, move that file away first", .0.display())]
    Exists(PathBuf),
    #[error("{} may be read by other users (mode {mode:03o}): run `chmod 600` on it, and enroll anew if others use this machine", path.display())]
    Exposed { path: PathBuf, mode: u32 },
    #[error("{} cannot be read or written", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is not an identity: restore it from a copy, or move it away and enroll anew", path.display())]
    Content {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("{} is of version {version}, which this daemon does not know: install the version that wrote it", path.display())]
    Version { path: PathBuf, version: u32 },
    #[error("{} holds a key that cannot be used: move it away and enroll anew", path.display())]
    Key {
        path: PathBuf,
        #[source]
        source: KeyError,
    },
}

/// This node, as the control plane enrolled it.
#[derive(Clone)]
pub struct Identity {
    pub node_id: NodeId,
    /// What people call the node; for messages.
    pub name: String,
    /// The control plane's address, without `/api`.
    pub url: Url,
    pub signing_key: SigningKey,
    pub control_plane_public_key: [u8; 32],
}

/// The key is never printed.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("node_id", &self.node_id)
            .field("url", &self.url.as_str())
            .finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    version: u32,
    node_id: NodeId,
    name: String,
    url: String,
    private_key: String,
    control_plane_public_key: String,
}

impl Identity {
    /// Reads the identity of a data directory.
    pub async fn load(data_dir: &Path) -> Result<Self, IdentityError> {
        let path = data_dir.join(FILE);
        let metadata = match fs::metadata(&path).await {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(IdentityError::Missing(path));
            }
            Err(source) => return Err(IdentityError::File { path, source }),
        };
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(IdentityError::Exposed { path, mode });
        }
        match fs::read(&path).await {
            Ok(bytes) => Self::parse(path, &bytes),
            Err(source) => Err(IdentityError::File { path, source }),
        }
    }

    /// What the handshake needs of it.
    pub fn caller(&self, agent_version: String) -> Caller {
        Caller {
            node_id: self.node_id,
            signing_key: self.signing_key.clone(),
            control_plane_public_key: self.control_plane_public_key,
            agent_version,
        }
    }

    fn parse(path: PathBuf, bytes: &[u8]) -> Result<Self, IdentityError> {
        let stored: Stored = match serde_json::from_slice(bytes) {
            Ok(stored) => stored,
            Err(source) => return Err(IdentityError::Content { path, source }),
        };
        if stored.version != VERSION {
            return Err(IdentityError::Version { path, version: stored.version });
        }
        let url = match stored.url.parse() {
            Ok(url) => url,
            Err(error) => {
                return Err(IdentityError::Content {
                    path,
                    source: serde::de::Error::custom::<url::ParseError>(error),
                });
            }
        };
        let halves = keys::decode_secret(&stored.private_key)
            .and_then(|ours| Ok((ours, keys::decode_public(&stored.control_plane_public_key)?)));
        match halves {
            Ok((signing_key, control_plane_public_key)) => Ok(Self {
                node_id: stored.node_id,
                name: stored.name,
                url,
                signing_key,
                control_plane_public_key,
            }),
            Err(source) => Err(IdentityError::Key { path, source }),
        }
    }

    fn json(&self, control_plane_public_key: &str) -> Result<Vec<u8>, serde_json::Error> {
        let stored = Stored {
            version: VERSION,
            node_id: self.node_id,
            name: self.name.clone(),
            url: self.url.to_string(),
            private_key: keys::encode_secret(&self.signing_key).to_string(),
            control_plane_public_key: control_plane_public_key.to_owned(),
        };
        serde_json::to_vec_pretty(&stored)
    }
}

/// The place of an identity that is still to be made. Taking it first means that a one-time token is not spent on a node
/// that cannot write its identity down. Dropping it leaves nothing but an empty file that the next attempt replaces.
#[derive(Debug)]
pub(crate) struct Place {
    path: PathBuf,
    draft: PathBuf,
    file: fs::File,
}

impl Place {
    /// Makes the data directory if need be, and refuses if the node has an identity.
    pub(crate) async fn take(data_dir: &Path) -> Result<Self, IdentityError> {
        let (path, draft) = (data_dir.join(FILE), data_dir.join(".identity.json.draft"));
        let failed = |source| IdentityError::File { path: path.clone(), source };
        fs::create_dir_all(data_dir).await.map_err(failed)?;
        if fs::try_exists(&path).await.map_err(failed)? {
            return Err(IdentityError::Exists(path));
        }
        match fs::remove_file(&draft).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            Ok(()) | Err(_) => {}
        }
        let file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)
            .await
            .map_err(failed)?;
        Ok(Self { path, draft, file })
    }

    /// Writes the identity: on disk whole before it has its name.
    pub(crate) async fn write(
        mut self,
        identity: &Identity,
        control_plane_public_key: &str,
    ) -> Result<(), IdentityError> {
        let json = identity
            .json(control_plane_public_key)
            .map_err(|source| IdentityError::Content { path: self.path.clone(), source })?;
        self.commit(&json).await.map_err(|source| IdentityError::File { path: self.path.clone(), source })
    }

    async fn commit(&mut self, json: &[u8]) -> io::Result<()> {
        self.file.write_all(json).await?;
        self.file.sync_all().await?;
        fs::rename(&self.draft, &self.path).await?;
        match self.path.parent() {
            Some(directory) => fs::File::open(directory).await?.sync_all().await,
            None => Ok(()),
        }
    }
}
