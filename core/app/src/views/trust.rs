//! Whose plugins may come in, and with which words registries are asked, without the passwords.

use chrono::{DateTime, Utc};
use gantry_types::RegistryLoginId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whose plugins may come in.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrustView {
    /// As `sdk/distribution` describes them, in JSON: `require-signature`, `registries`, `keys`, `pins`, `offline`.
    #[schema(value_type = Object)]
    pub rules: serde_json::Value,
    /// Counts how often they were written; 0 while nobody has written any.
    pub version: i64,
    /// None while nobody has written any: files are taken, and nothing from a network.
    pub updated_at: Option<DateTime<Utc>>,
    /// By what people tell the keys of the rules, in their order.
    pub keys: Vec<KeyView>,
}

/// A public key, as people compare it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyView {
    /// SHA-256 of its `SubjectPublicKeyInfo`, as `gantry plugin key show` tells it.
    pub id: String,
    /// Its first 16 digits in fours.
    #[schema(example = "3b2c-90aa-71de-004f")]
    pub fingerprint: String,
    /// In PEM.
    pub public_key: String,
}

/// A user name for a registry. Its password is shown to nobody.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegistryLoginView {
    #[schema(value_type = uuid::Uuid)]
    pub id: RegistryLoginId,
    /// A registry, or what is below a path of one.
    #[schema(example = "ghcr.io/acme")]
    pub registry: String,
    pub username: String,
    /// The one other host that gets the password: who hands out the registry's tokens.
    pub token_service: Option<String>,
    pub updated_at: DateTime<Utc>,
}
