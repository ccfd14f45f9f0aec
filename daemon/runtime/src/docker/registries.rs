//! Which registries the engine may be sent to.
//!
//! A reference is a stranger's wish, and the engine stands where it can see the provider's own network: it would connect to
//! whatever stands before the first slash. So the registry is looked at before the engine hears of it. The engine's own
//! default is its administrator's choice and passes; a name passes if every address that it has is public; an address never
//! does. What an administrator of the node has allowed, as images spell it, passes unseen.
//!
//! The engine looks a name up again, and follows where a registry leads it. That much is out of this program's hands: what it
//! reaches so is asked for an image, without credentials, and nothing that it says is passed on ([`super::images`] tells kinds
//! of failures in its own words).

use crate::error::RuntimeError;
use gantry_types::address::is_public;
use std::{net::IpAddr, str::FromStr, time::Duration};

/// How long a name may take to be looked up.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longest name of a host.
const HOST: usize = 253;

/// A registry as references name it: `ghcr.io`, `registry.example.com:5000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    host: String,
    port: Option<u16>,
}

impl std::fmt::Display for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => f.write_str(&self.host),
        }
    }
}

impl FromStr for Registry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("{text:?} is no registry: write HOST or HOST:PORT, as images name it");
        let (host, port) = match text.split_once(':') {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if host.is_empty() || host.len() > HOST || !host.bytes().all(letter) || port == Some(0) {
            return Err(wrong());
        }
        Ok(Self { host: host.to_ascii_lowercase(), port })
    }
}

impl Registry {
    /// The registry of a reference, by the engine's own rule; none where it is the engine's default.
    fn of(reference: &str) -> Result<Option<Self>, RuntimeError> {
        let Some((first, _)) = reference.split_once('/') else { return Ok(None) };
        let names_one =
            first.contains(['.', ':']) || first == "localhost" || first.contains(|c: char| c.is_uppercase());
        if !names_one {
            return Ok(None);
        }
        let registry: Self = first.parse().map_err(RuntimeError::InvalidImage)?;
        let default =
            registry.port.is_none() && matches!(registry.host.as_str(), "docker.io" | "index.docker.io");
        Ok((!default).then_some(registry))
    }

    fn refused(&self, why: &'static str) -> RuntimeError {
        RuntimeError::Registry { registry: self.to_string(), why }
    }

    /// Whether all that it names is on the public internet.
    async fn is_outside(&self) -> Result<(), RuntimeError> {
        if self.host.parse::<IpAddr>().is_ok() {
            return Err(self.refused("it is an address, and no name"));
        }
        let lookup = tokio::net::lookup_host((self.host.as_str(), self.port.unwrap_or(443)));
        let found = tokio::time::timeout(PATIENCE, lookup).await.ok().and_then(Result::ok);
        let found: Vec<_> = found.into_iter().flatten().collect();
        if found.is_empty() {
            return Err(self.refused("this node finds no address for it"));
        }
        if found.iter().all(|address| is_public(address.ip())) {
            Ok(())
        } else {
            Err(self.refused("it is not on the public internet"))
        }
    }
}

/// Refuses a reference whose registry the engine must not be sent to.
pub(super) async fn check(reference: &str, allowed: &[Registry]) -> Result<(), RuntimeError> {
    match Registry::of(reference)? {
        Some(registry) if !allowed.contains(&registry) => registry.is_outside().await,
        Some(_) | None => Ok(()),
    }
}

/// The images that a recipe begins with or copies from, apart from its own stages.
pub(super) fn images_of(dockerfile: &str) -> Result<Vec<String>, RuntimeError> {
    let invalid = |why: &str| RuntimeError::InvalidImage(why.to_owned());
    let mut stages: Vec<String> = Vec::new();
    let mut images = Vec::new();
    for instruction in instructions(dockerfile)? {
        let mut words = instruction.split_whitespace();
        let mut verb = words.next().unwrap_or_default().to_ascii_uppercase();
        if verb == "ONBUILD" {
            verb = words.next().unwrap_or_default().to_ascii_uppercase();
        }
        let named = match verb.as_str() {
            "FROM" => {
                let mut rest = words.skip_while(|word| word.starts_with("--"));
                let image = rest.next().map(str::to_owned);
                let stage =
                    rest.next().filter(|word| word.eq_ignore_ascii_case("as")).and_then(|_| rest.next());
                let own = image.as_deref().is_some_and(|image| stages.contains(&image.to_ascii_lowercase()));
                stages.extend(stage.map(str::to_ascii_lowercase));
                image.filter(|image| !own && image != "scratch")
            }
            "COPY" => {
                let from = words
                    .take_while(|word| word.starts_with("--"))
                    .find_map(|word| word.strip_prefix("--from="));
                let own = |from: &str| {
                    stages.contains(&from.to_ascii_lowercase())
                        || from.bytes().all(|byte| byte.is_ascii_digit())
                };
                from.filter(|from| !own(from)).map(str::to_owned)
            }
            _ => None,
        };
        if named.as_deref().is_some_and(|image| image.contains(['$', '"', '\'', '\\'])) {
            return Err(invalid(
                "a recipe names the images that it begins with or copies from outright, without variables",
            ));
        }
        images.extend(named);
    }
    Ok(images)
}

/// Whole instructions, however many lines they take.
fn instructions(dockerfile: &str) -> Result<Vec<String>, RuntimeError> {
    let mut whole: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in dockerfile.trim_start_matches('\u{feff}').lines() {
        let line = line.trim();
        if let Some(comment) = line.strip_prefix('#') {
            if comment.trim_start().to_ascii_lowercase().starts_with("escape") {
                return Err(RuntimeError::InvalidImage("a recipe has no escape directive".to_owned()));
            }
            continue;
        }
        if line.is_empty() {
            continue;
        }
        let (text, more) = line.strip_suffix('\\').map_or((line, false), |text| (text, true));
        match whole.last_mut().filter(|_| goes_on) {
            Some(last) => last.push_str(text),
            None => whole.push(text.to_owned()),
        }
        goes_on = more;
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry(reference: &str) -> Option<String> {
        Registry::of(reference).unwrap().map(|registry| registry.to_string())
    }

    #[test]
    fn a_reference_names_its_registry_as_the_engine_reads_it() {
        for default in
            ["debian", "debian:bookworm-slim", "a/b:1", "docker.io/a/b", "2130706433/x", "localhost"]
        {
            assert_eq!(registry(default), None, "{default}");
        }
        let named = [
            ("ghcr.io/a/b@sha256:00", "ghcr.io"),
            ("localhost/x", "localhost"),
            ("x:5000/y", "x:5000"),
            ("Internal/x", "internal"),
            ("docker.io:444/x", "docker.io:444"),
            ("127.0.0.1:5000/x/y:1", "127.0.0.1:5000"),
        ];
        for (reference, expected) in named {
            assert_eq!(registry(reference).as_deref(), Some(expected), "{reference}");
        }
        for bad in ["a:b/x", "a:99999/x", "a:0/x", ":5/x", "a@b.c/x"] {
            assert!(Registry::of(bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn what_is_not_public_is_asked_only_where_it_is_allowed() {
        for inside in [
            "127.0.0.1:5000/x",
            "8.8.8.8/x",
            "localhost/x",
            "localhost:5000/x",
            "0x7f.1/x",
            "169.254.169.254/x",
        ] {
            let refused = check(inside, &[]).await;
            assert!(matches!(refused, Err(RuntimeError::Registry { .. })), "{inside}: {refused:?}");
        }
        let allowed: Vec<Registry> = ["localhost:5000", "127.0.0.1"].map(|one| one.parse().unwrap()).to_vec();
        for allowed_one in ["localhost:5000/x", "LOCALHOST:5000/x", "127.0.0.1/x", "debian"] {
            assert!(check(allowed_one, &allowed).await.is_ok(), "{allowed_one}");
        }
        assert!(check("localhost:5001/x", &allowed).await.is_err(), "another port is another registry");
        assert!(check("127.0.0.1:80/x", &allowed).await.is_err());
    }

    #[test]
    fn a_recipe_names_what_it_begins_with_however_it_is_written() {
        let images = |text: &str| images_of(text).unwrap();
        let two = "FROM --platform=linux/amd64 debian AS base\nfrom base\nFROM \\\n# why\n\n  10.0.0.1/x\nCOPY --from=0 a b\n\
                   COPY --chown=1 --from=10.0.0.2/y /a /b\nCOPY --from=Base a b\nONBUILD COPY --from=10.0.0.3/z a b\nRUN echo FROM x";
        assert_eq!(images(two), ["debian", "10.0.0.1/x", "10.0.0.2/y", "10.0.0.3/z"]);
        assert_eq!(images("FROM scratch\nCOPY a b"), [""; 0]);
        assert!(images_of("ARG X=10.0.0.1/x\nFROM $X").is_err());
        assert!(images_of("# escape=`\nFROM a`\nb").is_err());
    }
}
