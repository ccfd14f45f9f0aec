//! Which policies mean something, and can be read by people as they are meant.

use super::{Network, PolicyError, Rules, TrustPolicy, TrustedKey};
use crate::component::is_plugin_id;
use gantry_types::names::oddity;

/// Registries, keys, and pinned plugins in one policy.
const ENTRIES: usize = 256;
/// Scopes of a key, and digests of a pin.
const SCOPES: usize = 64;
const NAME_CHARACTERS: usize = 128;

/// Whether keys are called something that people see as it is written.
pub(super) fn names(policy: &TrustPolicy) -> Result<(), PolicyError> {
    for (index, TrustedKey { name, .. }) in policy.rules().keys.iter().enumerate() {
        let at = format!("keys[{index}].name");
        if let Some(oddity) = oddity(name) {
            return fault(at, format!("a key's name must not have {oddity}"));
        }
        if name.trim().is_empty() {
            return fault(at, "a key's name must have something that can be seen");
        }
    }
    Ok(())
}

fn fault<T>(at: impl Into<String>, why: impl Into<String>) -> Result<T, PolicyError> {
    Err(PolicyError::Senseless { at: at.into(), why: why.into() })
}

/// Whether a policy means something.
pub(super) fn meaning(rules: &Rules) -> Result<(), PolicyError> {
    let Rules { registries, keys, pins, .. } = rules;
    if registries.len() > ENTRIES || keys.len() > ENTRIES || pins.len() > ENTRIES {
        return fault("", format!("it has more than {ENTRIES} registries, keys or pins"));
    }
    for (index, rule) in registries.iter().enumerate() {
        let at = format!("registries[{index}]");
        if registries[..index].iter().any(|earlier| earlier.prefix == rule.prefix) {
            return fault(format!("{at}.prefix"), format!("it lists {} twice", rule.prefix));
        }
        if rule.network == Network::Loopback && !rule.prefix.host().is_loopback() {
            let why = format!("{} is not this machine, so its network is not loopback", rule.prefix);
            return fault(format!("{at}.network"), why);
        }
    }
    let faulty_pin =
        pins.iter().find(|(id, digests)| !is_plugin_id(id) || digests.is_empty() || digests.len() > SCOPES);
    if let Some((id, _)) = faulty_pin {
        let why = format!("the pin {id:?} is not a plugin's id with 1 to {SCOPES} digests");
        return fault(format!("pins.{id}"), why);
    }
    keys.iter().enumerate().try_for_each(|(index, key)| check_key(key, index, &keys[..index]))
}

fn check_key(key: &TrustedKey, index: usize, earlier: &[TrustedKey]) -> Result<(), PolicyError> {
    let name = &key.name;
    let at = |field: &str| format!("keys[{index}].{field}");
    if name.is_empty() || name.chars().count() > NAME_CHARACTERS || name.chars().any(char::is_control) {
        return fault(
            at("name"),
            format!("a key's name must have 1 to {NAME_CHARACTERS} visible characters"),
        );
    }
    if earlier.iter().any(|other| &other.name == name) {
        return fault(at("name"), format!("it has two keys with the name {name:?}"));
    }
    if let Some(other) = earlier.iter().find(|other| other.public_key == key.public_key) {
        return fault(at("public-key"), format!("the keys {:?} and {name:?} are the same", other.name));
    }
    if key.repositories.is_empty() && key.plugins.is_empty() {
        let why = format!("the key {name:?} counts for nothing; give it repositories or plugins");
        return fault(at("repositories"), why);
    }
    if key.repositories.len() + key.plugins.len() > SCOPES {
        let why = format!("the key {name:?} has more than {SCOPES} repositories and plugins");
        return fault(at("repositories"), why);
    }
    match key.plugins.iter().position(|id| !is_plugin_id(id)) {
        None => Ok(()),
        Some(place) => {
            let why =
                format!("{:?}, for which the key {name:?} counts, is not a plugin's id", key.plugins[place]);
            fault(at(&format!("plugins[{place}]")), why)
        }
    }
}
