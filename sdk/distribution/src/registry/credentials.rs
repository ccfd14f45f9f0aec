//! With which words a registry is asked.
//!
//! Credentials belong to one registry and are given to [`Registry::open`](super::Registry::open) with its name. Name and password
//! are sent to that host, and to the one other host that whoever gave them named as its token service. From docker's configuration exactly the entry of that host is taken,
//! or of a path below it that covers the repository. Helpers are not run: a library starts no programs.

use crate::{
    error::DistributionError,
    host::RegistryHost,
    reference::{Prefix, Repository},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::SecretString;
use serde::Deserialize;
use std::{collections::BTreeMap, path::PathBuf};

/// Longest configuration of docker that is read.
const CONFIG_BYTES: u64 = 1024 * 1024;

/// Who asks.
#[derive(Clone, Debug, Default)]
pub enum Credentials {
    /// Nobody: for what everybody may have.
    #[default]
    Anonymous,
    /// A name with a password or an access token, as `docker login` takes it.
    Basic {
        username: String,
        password: SecretString,
        /// Where else they may go: the host that hands out tokens for the registry, if that is another one.
        token_service: Option<RegistryHost>,
    },
    /// A registry token, sent as it is.
    Token(SecretString),
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    auths: BTreeMap<String, Auth>,
    #[serde(default, rename = "credHelpers")]
    helpers: BTreeMap<String, String>,
    #[serde(default, rename = "credsStore")]
    store: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Auth {
    auth: Option<SecretString>,
    username: Option<String>,
    password: Option<SecretString>,
    identitytoken: Option<SecretString>,
    registrytoken: Option<SecretString>,
}

impl Credentials {
    /// What `docker login` left for a repository in the text of its `config.json`; anonymous if that is nothing.
    ///
    /// # Errors
    /// The text is no such configuration, or keeps what is needed where this cannot read it.
    pub fn from_docker_config(text: &[u8], repository: &Repository) -> Result<Self, DistributionError> {
        let host = repository.host();
        let fault =
            |why: &str| DistributionError::Credentials { host: host.to_string(), why: why.to_owned() };
        // Without the parser's words: they may quote a secret.
        let config: Config = serde_json::from_slice(text)
            .map_err(|_| fault("docker's configuration is not the JSON that docker writes"))?;
        let entries = config.auths.into_iter().filter_map(|(name, auth)| Some((prefix(&name)?, auth)));
        let covering = entries.filter(|(prefix, _)| prefix.covers(repository));
        let found = covering.max_by_key(|(prefix, _)| prefix.segments()).map(|(_, auth)| auth);
        if let Some(credentials) = found.map(|auth| auth.credentials(&fault)).transpose()?.flatten() {
            return Ok(credentials);
        }
        let helped = config.helpers.keys().any(|name| name == host.as_str());
        if helped || config.store.is_some_and(|store| !store.is_empty()) {
            return Err(fault("docker keeps them in a helper program, which is not run from here"));
        }
        Ok(Self::Anonymous)
    }

    /// The same, which may also go to this token service.
    #[must_use]
    pub fn with_token_service(self, host: Option<RegistryHost>) -> Self {
        match self {
            Self::Basic { username, password, .. } => Self::Basic { username, password, token_service: host },
            other @ (Self::Anonymous | Self::Token(_)) => other,
        }
    }

    /// The same from the place where docker has the file: `$DOCKER_CONFIG`, or `.docker` at home. Anonymous if there is none.
    ///
    /// # Errors
    /// As above, or the file cannot be read.
    pub fn from_docker(repository: &Repository) -> Result<Self, DistributionError> {
        let folder = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
        let folder = folder.or_else(|| Some(std::env::home_dir()?.join(".docker")));
        let Some(file) = folder.map(|folder| folder.join("config.json")) else { return Ok(Self::Anonymous) };
        let mut text = Vec::new();
        let read = std::fs::File::open(&file).and_then(|file| {
            std::io::Read::read_to_end(&mut std::io::Read::take(file, CONFIG_BYTES), &mut text)
        });
        match read {
            Ok(_) => Self::from_docker_config(&text, repository),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::Anonymous),
            Err(error) => Err(DistributionError::Read(error)),
        }
    }

    /// The value of a `Authorization` header that carries name and password.
    pub(super) fn basic(username: &str, password: &str) -> SecretString {
        format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))).into()
    }
}

/// What a key of `auths` covers. Docker writes its own registry as a URL, and others may be.
fn prefix(name: &str) -> Option<Prefix> {
    let name = name.strip_prefix("https://").or_else(|| name.strip_prefix("http://")).unwrap_or(name);
    let name = name.trim_end_matches('/');
    let name = name.strip_suffix("/v1").or_else(|| name.strip_suffix("/v2")).unwrap_or(name);
    name.parse().ok()
}

impl Auth {
    fn credentials(
        self,
        fault: &dyn Fn(&str) -> DistributionError,
    ) -> Result<Option<Credentials>, DistributionError> {
        use secrecy::ExposeSecret;
        let some = |secret: Option<SecretString>| secret.filter(|secret| !secret.expose_secret().is_empty());
        if let Some(token) = some(self.registrytoken) {
            return Ok(Some(Credentials::Token(token)));
        }
        if some(self.identitytoken).is_some() {
            return Err(fault("docker keeps an identity token for it, which is not supported"));
        }
        if let (Some(username), Some(password)) = (self.username, some(self.password)) {
            return Ok(Some(Credentials::Basic { username, password, token_service: None }));
        }
        let Some(auth) = some(self.auth) else { return Ok(None) };
        let unreadable = || fault("docker's entry for it is not a name and a password");
        let pair = STANDARD.decode(auth.expose_secret()).map_err(|_| unreadable())?;
        let pair = zeroize::Zeroizing::new(String::from_utf8(pair).map_err(|_| unreadable())?);
        let (username, password) = pair.split_once(':').ok_or_else(unreadable)?;
        Ok(Some(Credentials::Basic {
            username: username.to_owned(),
            password: password.trim_end_matches('\0').to_owned().into(),
            token_service: None,
        }))
    }
}
