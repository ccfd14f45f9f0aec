//! The data keys, unwrapped in memory, and the sealing with them.

use super::{MasterKey, SecretError};
use crate::StoreError;
use gantry_seal::{SealError, SecretKey, blob};
use secrecy::SecretString;
use sqlx::{PgConnection, PgPool};
use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// What a data key seals; each kind has keys of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecretKind {
    /// A secret variable of a server.
    ServerVariable,
    /// A secret setting of a plugin as a whole.
    PluginSetting,
    /// Our private key for a node.
    NodeKey,
    /// What an administrator stored for a plugin.
    PluginSecret,
    /// The steps of a schedule.
    ScheduleSteps,
    /// What a plugin keeps.
    PluginKept,
    /// The password for a registry, with what it is for.
    RegistryLogin,
    /// The known text that tells whether the master key is right.
    Sentinel,
}

impl SecretKind {
    pub(crate) const ALL: [Self; 8] = [
        Self::ServerVariable,
        Self::ScheduleSteps,
        Self::PluginSetting,
        Self::NodeKey,
        Self::PluginSecret,
        Self::PluginKept,
        Self::RegistryLogin,
        Self::Sentinel,
    ];

    pub(crate) const fn purpose(self) -> &'static str {
        match self {
            Self::ServerVariable => "server_variable",
            Self::ScheduleSteps => "schedule_steps",
            Self::PluginSetting => "plugin_setting",
            Self::NodeKey => "node_key",
            Self::PluginSecret => "plugin_secret",
            Self::PluginKept => "plugin_kept",
            Self::RegistryLogin => "registry_login",
            Self::Sentinel => "sentinel",
        }
    }

    /// Table and column.
    const fn place(self) -> (&'static str, &'static str) {
        match self {
            Self::ServerVariable => ("server_variables", "sealed"),
            Self::ScheduleSteps => ("schedules", "sealed"),
            Self::PluginSetting => ("plugin_settings", "sealed"),
            Self::NodeKey => ("node_keys", "private_key"),
            Self::PluginSecret => ("plugin_secrets", "sealed"),
            Self::PluginKept => ("plugin_kept", "sealed"),
            Self::RegistryLogin => ("registry_logins", "sealed"),
            Self::Sentinel => ("key_sentinel", "sealed"),
        }
    }
}

/// Where a secret stands. It opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub kind: SecretKind,
    pub row: Uuid,
    /// The server, node, person or plugin that it belongs to.
    pub tenant: Uuid,
}

impl Place {
    fn bound(self, key_id: u32) -> Vec<u8> {
        let (table, column) = self.kind.place();
        let parts: [&[u8]; 7] = [
            b"gantry/1",
            table.as_bytes(),
            column.as_bytes(),
            self.row.as_bytes(),
            self.tenant.as_bytes(),
            &key_id.to_be_bytes(),
            self.kind.purpose().as_bytes(),
        ];
        blob::bind(&parts)
    }
}

const SENTINEL: &[u8] = b"gantry sentinel";

/// Seals and opens. Keys that another instance made are read when a blob names them.
pub struct Vault {
    master: RwLock<MasterKey>,
    keys: RwLock<Keys>,
}

#[derive(Default)]
struct Keys {
    all: HashMap<u32, Arc<SecretKey>>,
    active: HashMap<&'static str, u32>,
}

impl Vault {
    /// Reads the keys, makes those that are missing, and checks the sentinel.
    pub(crate) async fn open(pool: &PgPool, master: MasterKey) -> Result<Self, StoreError> {
        let vault = Self { master: RwLock::new(master), keys: RwLock::default() };
        let mut tx = pool.begin().await?;
        // Two instances that start together would make two keys each.
        sqlx::query!(r#"SELECT pg_advisory_xact_lock(7219850443) AS "locked: ()""#)
            .fetch_one(&mut *tx)
            .await?;
        vault.load(&mut tx).await?;
        for kind in SecretKind::ALL {
            if vault.active(kind).is_none() {
                vault.make_key(&mut tx, kind).await?;
            }
        }
        vault.check_sentinel(&mut tx).await?;
        tx.commit().await?;
        Ok(vault)
    }

    /// Reads all keys again.
    pub(crate) async fn load(&self, db: &mut PgConnection) -> Result<(), StoreError> {
        let rows = sqlx::query!(
            "SELECT id, purpose, state, wrapped FROM data_keys WHERE state <> 'retired' ORDER BY id"
        )
        .fetch_all(db)
        .await?;
        let master = self.master();
        let mut keys = Keys::default();
        for row in rows {
            let id = crate::codec::to_u32(row.id.into());
            let Some(kind) = SecretKind::ALL.into_iter().find(|kind| kind.purpose() == row.purpose) else {
                continue;
            };
            let key =
                master.unwrap(id, &row.purpose, &row.wrapped).map_err(|_| SecretError::WrongMasterKey)?;
            keys.all.insert(id, Arc::new(key));
            if row.state == "active" {
                keys.active.insert(kind.purpose(), id);
            }
        }
        *self.keys.write().unwrap_or_else(std::sync::PoisonError::into_inner) = keys;
        Ok(())
    }

    /// Makes the key that seals `kind` from here on. What older keys sealed stays readable.
    pub(crate) async fn make_key(&self, db: &mut PgConnection, kind: SecretKind) -> Result<u32, StoreError> {
        let key = SecretKey::generate().map_err(SecretError::from)?;
        let purpose = kind.purpose();
        let next =
            sqlx::query_scalar!(r#"SELECT nextval(pg_get_serial_sequence('data_keys', 'id')) AS "id!""#)
                .fetch_one(&mut *db)
                .await?;
        let id = crate::codec::to_u32(next);
        let master = self.master();
        let wrapped = master.wrap(id, purpose, &key)?;
        sqlx::query!(
            "UPDATE data_keys SET state = 'decrypt_only' WHERE purpose = $1 AND state = 'active'",
            purpose
        )
        .execute(&mut *db)
        .await?;
        sqlx::query!(
            "INSERT INTO data_keys (id, purpose, state, kek_id, wrapped) OVERRIDING SYSTEM VALUE
             VALUES ($1, $2, 'active', $3, $4)",
            crate::codec::to_i32(id),
            purpose,
            master.fingerprint(),
            wrapped
        )
        .execute(&mut *db)
        .await?;
        let mut keys = self.keys.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        keys.all.insert(id, Arc::new(key));
        keys.active.insert(purpose, id);
        Ok(id)
    }

    async fn check_sentinel(&self, db: &mut PgConnection) -> Result<(), StoreError> {
        let row = sqlx::query!("SELECT id, sealed FROM key_sentinel").fetch_optional(&mut *db).await?;
        let Some(row) = row else {
            let id = crate::new_uuid();
            let sealed = self.seal(Place { kind: SecretKind::Sentinel, row: id, tenant: id }, SENTINEL)?;
            sqlx::query!("INSERT INTO key_sentinel (id, sealed) VALUES ($1, $2)", id, sealed)
                .execute(db)
                .await?;
            return Ok(());
        };
        let place = Place { kind: SecretKind::Sentinel, row: row.id, tenant: row.id };
        let opened = self.open_known(place, &row.sealed).map_err(|_| SecretError::WrongMasterKey)?;
        if opened.as_slice() == SENTINEL { Ok(()) } else { Err(SecretError::WrongMasterKey.into()) }
    }

    pub(crate) fn seal(&self, place: Place, plain: &[u8]) -> Result<Vec<u8>, SecretError> {
        let id = self.active(place.kind).ok_or(SecretError::UnknownKey(0))?;
        let key = self.key(id)?;
        Ok(blob::seal(&key, id, &place.bound(id), plain)?)
    }

    /// Opens a blob, reading the keys again where it names one that is not known here.
    pub(crate) async fn unseal(
        &self,
        db: &mut PgConnection,
        place: Place,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        match self.open_known(place, sealed) {
            Err(SecretError::UnknownKey(_)) => {
                self.load(db).await?;
                Ok(self.open_known(place, sealed)?)
            }
            other => Ok(other?),
        }
    }

    /// Opens a blob that holds text.
    pub(crate) async fn unseal_text(
        &self,
        db: &mut PgConnection,
        place: Place,
        sealed: &[u8],
    ) -> Result<SecretString, StoreError> {
        let plain = self.unseal(db, place, sealed).await?;
        let text = std::str::from_utf8(&plain).map_err(|_| SecretError::from(SealError::UnknownForm))?;
        Ok(SecretString::from(text))
    }

    fn open_known(&self, place: Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        let id = blob::key_id(sealed)?;
        let key = self.key(id)?;
        Ok(blob::open(&key, &place.bound(id), sealed)?)
    }

    pub(crate) fn active(&self, kind: SecretKind) -> Option<u32> {
        let keys = self.keys.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        keys.active.get(kind.purpose()).copied()
    }

    fn key(&self, id: u32) -> Result<Arc<SecretKey>, SecretError> {
        let keys = self.keys.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        keys.all.get(&id).cloned().ok_or(SecretError::UnknownKey(id))
    }

    pub(crate) fn master(&self) -> MasterKey {
        self.master.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    pub(crate) fn set_master(&self, master: MasterKey) {
        *self.master.write().unwrap_or_else(std::sync::PoisonError::into_inner) = master;
    }
}
