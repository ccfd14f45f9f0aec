//! What a worker is told to do.

use crate::{
    archive::{ArchiveLimits, PackLimits},
    form::Form,
    worker::WorkerError,
};
use gantry_types::plan::{ConfigEdit, Extract};
use serde::{Deserialize, Serialize};

/// The largest order: a plan's or a run spec's edits, however JSON spells them.
pub(super) const MAX_BYTES: usize = 32 << 20;
/// The order's length stands before it.
pub(super) const LENGTH_BYTES: usize = 4;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    /// How the names of its temporary files begin.
    pub(super) temporary: String,
    pub(super) job: Job,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Job {
    Extract {
        extract: Extract,
        limits: ArchiveLimits,
    },
    Edit {
        edits: Vec<ConfigEdit>,
    },
    Form {
        form: Form,
    },
    /// Everything into the file that came with the directory.
    Pack {
        limits: PackLimits,
    },
    /// That file's content into the directory.
    Unpack {
        extract: Extract,
        limits: ArchiveLimits,
    },
}

impl Order {
    /// Its length, and itself.
    pub(super) fn encode(&self) -> Result<Vec<u8>, WorkerError> {
        let too_large = || WorkerError::OrderTooLarge { limit: MAX_BYTES };
        let body = serde_json::to_vec(self).map_err(|error| WorkerError::Pipe(error.into()))?;
        let length = u32::try_from(body.len()).map_err(|_| too_large())?;
        if body.len() > MAX_BYTES {
            return Err(too_large());
        }
        Ok([&length.to_le_bytes()[..], &body].concat())
    }
}
