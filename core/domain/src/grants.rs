//! What an update inherits of the grants of what it takes the place of.
//!
//! An administrator granted a request as it stood: a name with a scope. The same request, or a narrower one, is granted
//! still; a wider one is another question. What was asked before and not granted stays so, and is no more than was asked.

use crate::plugins::{CapabilityRequest, Release};
use gantry_types::hosts;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// What a plugin may keep that names no quota, in KiB. As the plugin host has it.
const USUAL_QUOTA_KIB: u32 = 64;

/// How far a capability goes, as the manifest says it. What a capability has no such thing of is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Names of hosts, or `*.` and what they end with.
    pub hosts: Vec<String>,
    /// Names of secrets.
    pub names: Vec<String>,
    /// How much it may keep, in KiB.
    pub quota_kib: Option<u32>,
}

impl Scope {
    /// The scope under which a manifest asks for a capability.
    pub fn of(manifest: &Value, capability: &str) -> Self {
        let mut asked = manifest["capabilities"].as_array().into_iter().flatten();
        let Some(request) = asked.find(|request| request["name"] == capability) else {
            return Self::default();
        };
        let texts = |field: &str| {
            let list = request[field].as_array().into_iter().flatten();
            list.filter_map(|text| text.as_str().map(str::to_owned)).collect()
        };
        let quota_kib = request["quota_kib"].as_u64().and_then(|quota| quota.try_into().ok());
        Self { hosts: texts("hosts"), names: texts("names"), quota_kib }
    }

    /// Whether whoever has this needs nothing more for `wanted`.
    pub fn covers(&self, wanted: &Self) -> bool {
        let quota = |scope: &Self| scope.quota_kib.unwrap_or(USUAL_QUOTA_KIB);
        wanted.hosts.iter().all(|host| self.reaches(host))
            && wanted.names.iter().all(|name| self.names.contains(name))
            && quota(wanted) <= quota(self)
    }

    fn reaches(&self, host: &String) -> bool {
        // `*.a.example` is within `*.example` where some name of it is.
        self.hosts.contains(host)
            || match host.strip_prefix("*.") {
                Some(suffix) => {
                    let wide: Vec<String> =
                        self.hosts.iter().filter(|had| had.starts_with("*.")).cloned().collect();
                    hosts::allows(&wide, suffix)
                }
                None => hosts::allows(&self.hosts, host),
            }
    }
}

/// What becomes of an update's requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inheritance {
    /// Granted as before.
    pub granted: Vec<String>,
    /// Asked for as before, and not granted before either.
    pub declined: Vec<String>,
    /// Not asked for before, or not so far.
    pub more: Vec<String>,
}

/// What an update inherits of the release that is current.
pub fn inherit(present: &Release, requests: &[CapabilityRequest], manifest: &Value) -> Inheritance {
    let asked: BTreeSet<&str> = present.requested.iter().map(|request| request.name.as_str()).collect();
    let mut inheritance = Inheritance::default();
    for CapabilityRequest { name, .. } in requests {
        let same = asked.contains(name.as_str())
            && Scope::of(&present.manifest, name).covers(&Scope::of(manifest, name));
        let place = match (same, present.granted.contains(name)) {
            (true, true) => &mut inheritance.granted,
            (true, false) => &mut inheritance.declined,
            (false, _) => &mut inheritance.more,
        };
        place.push(name.clone());
    }
    // As a grant is stored.
    inheritance.granted.sort();
    inheritance
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use serde_json::json;

    fn requests(manifest: &Value) -> Vec<CapabilityRequest> {
        let all = manifest["capabilities"].as_array().unwrap().iter();
        all.map(|one| CapabilityRequest {
            name: one["name"].as_str().unwrap().to_owned(),
            reason: String::new(),
        })
        .collect()
    }

    fn release(manifest: Value, granted: &[&str]) -> Release {
        Release {
            digest: String::new(),
            name: String::new(),
            version: String::new(),
            requested: requests(&manifest),
            manifest,
            granted: granted.iter().map(|&name| name.to_owned()).collect(),
            size: 0,
            installed_at: DateTime::UNIX_EPOCH,
            origin: None,
            accepted_at: None,
            proved_at: None,
            failure: None,
            servers: 0,
            listening: None,
            has_games: true,
        }
    }

    fn inherited(had: Value, granted: &[&str], wants: &Value) -> (Vec<String>, Vec<String>, Vec<String>) {
        let Inheritance { granted, declined, more } =
            inherit(&release(had, granted), &requests(wants), wants);
        (granted, declined, more)
    }

    fn http(hosts: &[&str]) -> Value {
        json!({ "capabilities": [{ "name": "http", "hosts": hosts }] })
    }

    #[test]
    fn what_is_asked_for_as_before_is_granted_or_not_as_before() {
        let had = json!({ "capabilities": [{ "name": "query" }, { "name": "kv", "quota_kib": 100 }, { "name": "files" }] });
        let wants = json!({ "capabilities": [{ "name": "kv" }, { "name": "query" }, { "name": "files" }, { "name": "download" }] });
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(
            inherited(had, &["query", "kv"], &wants),
            (owned(&["kv", "query"]), owned(&["files"]), owned(&["download"]))
        );
    }

    #[test]
    fn wider_than_before_is_more() {
        let narrow =
            |had: &[&str], wants: &[&str]| inherited(http(had), &["http"], &http(wants)).2.is_empty();
        assert!(narrow(&["*.example.org"], &["api.example.org"]));
        assert!(narrow(&["*.example.org"], &["*.api.example.org"]));
        assert!(narrow(&["a.example.org", "b.example.org"], &["b.example.org"]));
        assert!(narrow(&["a.example.org"], &[]));
        assert!(!narrow(&["a.example.org"], &["*.example.org"]));
        assert!(!narrow(&["*.api.example.org"], &["*.example.org"]));
        assert!(!narrow(&["api.example.org"], &["*.api.example.org"]));
        assert!(!narrow(&["a.example.org"], &["a.example.org", "b.example.org"]));
    }

    #[test]
    fn a_quota_that_is_not_named_is_the_usual_one() {
        let kv = |quota: Option<u32>| json!({ "capabilities": [{ "name": "kv", "quota_kib": quota }] });
        assert_eq!(inherited(kv(None), &["kv"], &kv(Some(64))).0, ["kv"]);
        assert_eq!(inherited(kv(None), &["kv"], &kv(Some(65))).2, ["kv"]);
        assert_eq!(inherited(kv(Some(128)), &["kv"], &kv(None)).0, ["kv"]);
    }

    #[test]
    fn a_secret_of_another_name_is_more() {
        let secrets = |names: &[&str]| json!({ "capabilities": [{ "name": "secrets", "names": names }] });
        assert_eq!(inherited(secrets(&["a", "b"]), &["secrets"], &secrets(&["b"])).0, ["secrets"]);
        assert_eq!(inherited(secrets(&["a"]), &["secrets"], &secrets(&["a", "b"])).2, ["secrets"]);
    }
}
