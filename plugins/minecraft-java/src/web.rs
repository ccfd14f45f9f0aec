//! Asking the publishers of server software, who all answer in JSON.

use gantry_plugin::prelude::*;
use gantry_wire::publishers;
use serde::de::DeserializeOwned;

/// The longest list there is, Mojang's of all versions, has some 300 KiB.
const MAX_BYTES: u32 = 4 * 1024 * 1024;
const AGENT: &str = concat!("Gantry/", env!("CARGO_PKG_VERSION"), " (plugin minecraft-java)");

/// What stands at an address.
pub(crate) fn get<T: DeserializeOwned>(url: &str) -> Result<T, Failure> {
    read(url, &publishers::get(AGENT, "application/json", url, MAX_BYTES)?)
}

fn read<T: DeserializeOwned>(url: &str, body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| publishers::strange(url, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_json_is_said() {
        let url = "https://api.example.org/v2/x";
        assert_eq!(read::<Vec<u8>>(url, b"[1]"), Ok(vec![1]));
        assert_eq!(read::<Vec<u8>>(url, b"<html>").expect_err("a failure").code, "bad_answer");
    }
}
