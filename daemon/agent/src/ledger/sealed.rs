//! What a secret may be part of is sealed before it is written.
//!
//! A server's settings, its run spec and its install plan hold passwords in clear, because the game needs them. In the
//! ledger they are sealed under the node's key and bound to their table and row, so that a copy of the ledger tells
//! nothing. The rest stays JSON for people in need.

use super::{LedgerError, Table, schedules::Pairs};
use gantry_seal::{SecretKey, blob};
use redb::TableHandle;
use serde::{Serialize, de::DeserializeOwned};

/// There is one key, and the node keeps it for life.
const KEY: u32 = 1;

/// The ledger's key.
#[derive(Clone)]
pub(super) struct Seal(SecretKey);

impl Seal {
    pub(super) fn new(node: &SecretKey) -> Self {
        Self(node.derive("gantry/ledger/1"))
    }

    pub(super) fn seal<T: Serialize>(
        &self,
        table: &Table,
        row: u128,
        value: &T,
    ) -> Result<Vec<u8>, LedgerError> {
        Ok(blob::seal(&self.0, KEY, &bound(table, row), &serde_json::to_vec(value)?)?)
    }

    pub(super) fn open<T: DeserializeOwned>(
        &self,
        table: &Table,
        row: u128,
        sealed: &[u8],
    ) -> Result<T, LedgerError> {
        Ok(serde_json::from_slice(&blob::open(&self.0, &bound(table, row), sealed)?)?)
    }
}

/// Rows of what there may be several of for a server, bound to their whole key.
impl Seal {
    pub(super) fn seal_pair<T: Serialize>(
        &self,
        table: &Pairs,
        key: (u128, u128),
        value: &T,
    ) -> Result<Vec<u8>, LedgerError> {
        Ok(blob::seal(&self.0, KEY, &bound_pair(table, key), &serde_json::to_vec(value)?)?)
    }

    pub(super) fn open_pair<T: DeserializeOwned>(
        &self,
        table: &Pairs,
        key: (u128, u128),
        sealed: &[u8],
    ) -> Result<T, LedgerError> {
        Ok(serde_json::from_slice(&blob::open(&self.0, &bound_pair(table, key), sealed)?)?)
    }
}

fn bound_pair(table: &Pairs, (server, schedule): (u128, u128)) -> Vec<u8> {
    let parts: [&[u8]; 4] =
        [b"gantry/ledger/pair", table.name().as_bytes(), &server.to_be_bytes(), &schedule.to_be_bytes()];
    blob::bind(&parts)
}

/// Bytes that a plugin keeps, bound to their whole key.
impl Seal {
    pub(super) fn seal_kept(&self, row: u128, key: &str, value: &[u8]) -> Result<Vec<u8>, LedgerError> {
        Ok(blob::seal(&self.0, KEY, &bound_kept(row, key), value)?)
    }

    pub(super) fn open_kept(&self, row: u128, key: &str, sealed: &[u8]) -> Result<Vec<u8>, LedgerError> {
        Ok(blob::open(&self.0, &bound_kept(row, key), sealed)?.to_vec())
    }
}

fn bound_kept(row: u128, key: &str) -> Vec<u8> {
    blob::bind(&[b"gantry/ledger/kept", &row.to_be_bytes(), key.as_bytes()])
}

fn bound(table: &Table, row: u128) -> Vec<u8> {
    blob::bind(&[b"gantry/ledger", table.name().as_bytes(), &row.to_be_bytes()])
}
