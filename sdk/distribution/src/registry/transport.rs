//! One request to a registry, with every address checked and every answer bounded.
//!
//! What a registry says is a stranger's word: where it redirects, where it wants uploads, which token service it names. So each
//! hop is checked by itself, before it is asked (`gantry_outbound`), and only the registry's own origin, and the token service that
//! was named beside its password, may be where its network allows: every other place is public. Authorization goes to the
//! registry's own origin alone.

use super::{Limits, hearsay::Hearsay, reach::FromHome};
use crate::{error::DistributionError, host::RegistryHost, policy::Network};
use bytes::Bytes;
use gantry_outbound::{Cause, Manner, NotAllowed, Public, Reach, cause};
use reqwest::{
    Client, Method, Response, Url,
    header::{AUTHORIZATION, HeaderName, HeaderValue, LOCATION},
};
use std::sync::Arc;
use url::Origin;

/// Bytes of an answer that is no success, from which its words are taken.
const FAULT_BYTES: u64 = 8 * 1024;

pub(super) struct Transport {
    home: Door,
    elsewhere: Door,
    host: RegistryHost,
    base: Url,
    pub(super) hearsay: Hearsay,
    pub(super) limits: Limits,
}

/// How far somebody's word leads, and what connects no further.
struct Door {
    client: Client,
    reach: Arc<dyn Reach>,
}

/// On whose word a URL is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Registry,
    /// Whoever gave the password named this host with it.
    Owner,
}

/// What is asked.
#[derive(Clone)]
pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
}

impl Ask {
    pub(super) fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: Vec::new(), body: Bytes::new() }
    }

    pub(super) fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.push((name, HeaderValue::from_static(value)));
        self
    }
}

impl Transport {
    pub(super) fn new(
        host: &RegistryHost,
        network: Network,
        limits: Limits,
        hearsay: Hearsay,
        elsewhere: Client,
    ) -> Result<Self, DistributionError> {
        let scheme = if network == Network::Loopback { "http" } else { "https" };
        let text = format!("{scheme}://{host}/");
        let refuse = |why| DistributionError::NotAllowed { url: text.clone(), why };
        let base = Url::parse(&text).map_err(|_| refuse("it is not a URL"))?;
        // 127.1, say, is a way to write an address that nobody reads as one.
        if base.host_str().map(|name| name.trim_matches(['[', ']'])) != Some(host.name()) {
            return Err(refuse("its host is not written as it is meant"));
        }
        if network == Network::Loopback && !host.is_loopback() {
            return Err(refuse("without https only this machine is asked"));
        }
        let reach: Arc<dyn Reach> = Arc::new(FromHome { home: host.name().to_owned(), network });
        let home = Door { client: Self::client(Arc::clone(&reach), limits)?, reach };
        let elsewhere = Door { client: elsewhere, reach: Arc::new(Public) };
        let transport = Self { home, elsewhere, host: host.clone(), base, hearsay, limits };
        transport.check(&transport.base, Word::Registry)?;
        Ok(transport)
    }

    pub(super) fn client(reach: Arc<dyn Reach>, limits: Limits) -> Result<Client, DistributionError> {
        let agent = concat!("gantry/", env!("CARGO_PKG_VERSION")).to_owned();
        let manner = Manner { agent, connect: limits.connect, idle: limits.idle };
        gantry_outbound::client(reach, &manner).map_err(|error| DistributionError::Setup(error.0))
    }

    pub(super) fn host(&self) -> &RegistryHost {
        &self.host
    }

    /// A URL below `/v2/`.
    pub(super) fn url(&self, path: &str) -> Result<Url, DistributionError> {
        self.join(&self.base, &format!("/v2/{path}"))
    }

    /// What the registry calls by a URL that may be relative.
    pub(super) fn join(&self, base: &Url, url: &str) -> Result<Url, DistributionError> {
        base.join(url).map_err(|_| DistributionError::NotAllowed {
            url: self.hearsay.heard(url),
            why: "it is not a URL",
        })
    }

    pub(super) fn is_home(&self, url: &Url) -> bool {
        let home: Origin = self.base.origin();
        url.origin() == home
    }

    /// How people write to where a URL leads.
    pub(super) fn said_of(&self, url: &Url) -> String {
        if self.is_home(url) {
            return self.host.to_string();
        }
        self.hearsay.heard_of(url.as_str(), &RegistryHost::said_of(url))
    }

    fn door(&self, url: &Url, word: Word) -> &Door {
        if word == Word::Owner || self.is_home(url) { &self.home } else { &self.elsewhere }
    }

    /// Whether this URL may be asked for.
    pub(super) fn check(&self, url: &Url, word: Word) -> Result<(), DistributionError> {
        gantry_outbound::check(url, &*self.door(url, word).reach).map_err(|no| match no {
            NotAllowed::Form(why) => {
                let url = self.hearsay.heard_of(url.as_str(), &without_secrets(url));
                DistributionError::NotAllowed { url, why }
            }
            NotAllowed::Address(_) => DistributionError::NotPublic { host: self.said_of(url) },
        })
    }

    /// The answer, whatever its status, after redirects where the method reads.
    pub(super) async fn send(
        &self,
        ask: &Ask,
        authorization: Option<&HeaderValue>,
    ) -> Result<Response, DistributionError> {
        let mut url = ask.url.clone();
        for _ in 0..=self.limits.redirects {
            self.check(&url, Word::Registry)?;
            let client = &self.door(&url, Word::Registry).client;
            let mut request = client.request(ask.method.clone(), url.clone()).body(ask.body.clone());
            for (name, value) in &ask.headers {
                request = request.header(name, value);
            }
            if let Some(value) = authorization.filter(|_| self.is_home(&url)) {
                request = request.header(AUTHORIZATION, value);
            }
            let answer = request.send().await.map_err(|error| self.unreachable(&url, &error))?;
            let reads = matches!(ask.method, Method::GET | Method::HEAD);
            if !answer.status().is_redirection() || !reads {
                return Ok(answer);
            }
            let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let to = to.ok_or_else(|| self.fault("a request", "a redirect to nowhere"))?;
            url = self.join(&url, to)?;
        }
        Err(self.fault("a request", "more redirects than are followed"))
    }

    /// One request without redirects and without the registry's authorization, for its token service.
    pub(super) async fn ask_once(&self, ask: &Ask, word: Word) -> Result<Response, DistributionError> {
        self.check(&ask.url, word)?;
        let mut request = self.door(&ask.url, word).client.request(ask.method.clone(), ask.url.clone());
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        request.send().await.map_err(|error| self.unreachable(&ask.url, &error))
    }

    /// The body of an answer, as far as the limit; an answer that is longer is an error at that byte.
    pub(super) async fn read(
        &self,
        answer: &mut Response,
        what: &str,
        limit: u64,
    ) -> Result<Bytes, DistributionError> {
        let too_large = || DistributionError::TooLarge { what: what.to_owned(), limit };
        if answer.content_length().is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let url = answer.url().clone();
        let mut bytes = Vec::new();
        while let Some(portion) = answer.chunk().await.map_err(|error| self.unreachable(&url, &error))? {
            if (bytes.len() + portion.len()) as u64 > limit {
                return Err(too_large());
            }
            bytes.extend_from_slice(&portion);
        }
        Ok(bytes.into())
    }

    /// An answer that is no success, as an error.
    pub(super) async fn refusal(&self, mut answer: Response, what: &str) -> DistributionError {
        let status = answer.status();
        let host = self.host.to_string();
        let what = what.to_owned();
        let mut start = Vec::new();
        while let Ok(Some(portion)) = answer.chunk().await {
            start.extend_from_slice(&portion);
            if start.len() as u64 >= FAULT_BYTES {
                break;
            }
        }
        let said = match words(&start) {
            Some(words) => format!("{} ({})", status.as_u16(), self.hearsay.heard(&words)),
            None => status.to_string(),
        };
        match status.as_u16() {
            404 => DistributionError::NotFound { what },
            401 | 403 => DistributionError::Unauthorized { host, what, said },
            _ => DistributionError::Registry { host, what, said },
        }
    }

    fn unreachable(&self, url: &Url, error: &reqwest::Error) -> DistributionError {
        let host = self.said_of(url);
        match cause(error) {
            Cause::LeadsAstray(_) => DistributionError::NotPublic { host },
            Cause::Other(message) => {
                DistributionError::Unreachable { host, message: self.hearsay.heard(&message) }
            }
        }
    }

    /// The registry does what it should not.
    pub(super) fn fault(&self, what: &str, said: &str) -> DistributionError {
        DistributionError::Registry {
            host: self.host.to_string(),
            what: what.to_owned(),
            said: said.to_owned(),
        }
    }
}

/// What a registry says of its refusal, in its own words.
fn words(body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Envelope {
        errors: Vec<Fault>,
    }
    #[derive(serde::Deserialize)]
    struct Fault {
        code: Option<String>,
        message: Option<String>,
    }
    let envelope: Envelope = serde_json::from_slice(body).ok()?;
    let Fault { code, message } = envelope.errors.into_iter().next()?;
    let said: Vec<_> = [code, message].into_iter().flatten().collect();
    let said = said.join(": ");
    (!said.is_empty()).then_some(said)
}

/// Queries of registries may hold signatures that let anybody in, and what stands before a host is a name and a password.
fn without_secrets(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // A URL that can have neither has none.
    url.set_username("").ok();
    url.set_password(None).ok();
    url.to_string()
}
