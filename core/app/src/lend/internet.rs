//! Capability `http`: https to the hosts that a manifest names, at public addresses, looked up and checked here.
//!
//! The host has checked the request itself. What a server answers is a stranger's word: each redirect is checked as the request
//! was, and bytes, headers and time are counted while they come. Requests carry nothing of ours but a name to call us by; what a
//! plugin sends as its own credentials goes to no other host than it named itself.

use super::beyond::Borrower;
use async_trait::async_trait;
use gantry_host::{Beyond, HTTP, Http, HttpRequest, HttpResponse, LentFailure};
use gantry_outbound::{Cause, Manner, NotAllowed, Public, Reach, cause, check, client, is_redirect};
use gantry_types::hosts;
use reqwest::{
    Client, Method, Response, Url,
    header::{HeaderMap, LOCATION, USER_AGENT},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout_at},
};

/// Hops after the first request.
const REDIRECTS: u32 = 5;
/// Requests of all plugins together that are under way at a time; further ones wait for their place.
const AT_ONCE: usize = 32;
/// Of one plugin, whatever waits: the servers that it asks may be slow on purpose.
const OF_ONE: usize = 8;
/// Headers of an answer, and their bytes together.
const HEADERS: usize = 64;
const HEADER_BYTES: usize = 16 * 1024;
const CONNECT: Duration = Duration::from_secs(10);
/// Longest silence within an answer.
const IDLE: Duration = Duration::from_secs(15);
/// Longest contact, in characters.
const CONTACT: usize = 200;
/// Headers that go to another host as well, where a redirect leads there. Any other may be what proves who somebody is, which is
/// for the host that it was meant for.
const HARMLESS: [&str; 7] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "content-type",
    "if-modified-since",
    "if-none-match",
    "range",
];

/// The way out of the control plane. Clones share connections.
#[derive(Clone)]
pub struct Internet {
    /// None where this machine has no root certificates.
    client: Option<Client>,
    reach: Arc<dyn Reach>,
    places: Arc<Semaphore>,
    /// By plugin, for those that ask at the moment.
    shares: Arc<Mutex<HashMap<String, Weak<Semaphore>>>>,
    contact: Option<Arc<str>>,
}

impl Internet {
    /// The public internet. `contact`, an address or a URL of whoever runs this Gantry, is told to those who are asked: some
    /// publishers want to know whom to write to.
    pub fn open(contact: Option<&str>) -> Self {
        let client = client(Arc::new(Public), &manner());
        let client = client.inspect_err(|error| tracing::warn!(%error, "plugins can look nothing up"));
        Self::of(client.ok(), Arc::new(Public), contact)
    }

    /// An internet of a test.
    #[cfg(any(test, feature = "testing"))]
    pub fn pretended(names: &gantry_outbound::testing::Names, root: &[u8], contact: Option<&str>) -> Self {
        let client = gantry_outbound::testing::client(names.clone(), &manner(), root);
        Self::of(client.ok(), Arc::new(names.clone()), contact)
    }

    fn of(client: Option<Client>, reach: Arc<dyn Reach>, contact: Option<&str>) -> Self {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        Self { client, reach, places, shares: Arc::default(), contact: contact.map(Into::into) }
    }

    /// Whether something can stand in a header as a contact: visible ASCII without what ends a comment.
    #[must_use]
    pub fn is_contact(text: &str) -> bool {
        let fits = |each: u8| each.is_ascii_graphic() && !b"()\\".contains(&each);
        (1..=CONTACT).contains(&text.len()) && text.bytes().all(fits)
    }

    /// The places that a plugin has.
    fn share(&self, plugin: &str) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get(plugin).and_then(Weak::upgrade) {
            return share;
        }
        shares.retain(|_, share| share.strong_count() > 0);
        let share = Arc::new(Semaphore::new(OF_ONE));
        shares.insert(plugin.to_owned(), Arc::downgrade(&share));
        share
    }

    /// What a request is called by: the plugin's own words where it has any, and whom to write to.
    fn agent(&self, own: Option<&str>, plugin: &str) -> String {
        let name = match own {
            Some(own) => own.to_owned(),
            None => format!("{} (plugin {plugin})", concat!("Gantry/", env!("CARGO_PKG_VERSION"))),
        };
        match &self.contact {
            Some(contact) => format!("{name} (+{contact})"),
            None => name,
        }
    }
}

fn manner() -> Manner {
    let agent = concat!("Gantry/", env!("CARGO_PKG_VERSION")).to_owned();
    Manner { agent, connect: CONNECT, idle: IDLE }
}

/// The internet, for one call of one plugin.
pub(super) struct Reached {
    internet: Internet,
    borrower: Borrower,
}

impl Reached {
    pub(super) fn new(internet: Internet, borrower: Borrower) -> Self {
        Self { internet, borrower }
    }

    /// A hop, if the plugin may go there.
    fn allowed(&self, hosts: &[String], url: &Url) -> Result<(), LentFailure> {
        let host = url.host_str().unwrap_or_default();
        let beyond = |why: String| {
            self.borrower.refused(HTTP, host);
            LentFailure::new("denied", why)
        };
        check(url, &*self.internet.reach).map_err(|no| match no {
            NotAllowed::Form(why) => beyond(format!("{host} may not be asked for this: {why}")),
            NotAllowed::Address(address) => beyond(format!("{address} is not on the public internet")),
        })?;
        if url.port().is_none() && hosts::allows(hosts, host) {
            return Ok(());
        }
        Err(beyond(format!("the manifest does not name the host {host:?} under the capability `http`")))
    }

    async fn exchange(&self, hosts: &[String], request: &HttpRequest) -> Result<HttpResponse, LentFailure> {
        let mut hop = Hop::first(request)?;
        for _ in 0..=REDIRECTS {
            self.allowed(hosts, &hop.url)?;
            let answer = self.ask(&hop, request).await?;
            let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            match to.filter(|_| is_redirect(answer.status().as_u16())) {
                Some(to) => hop = hop.next(answer.status().as_u16(), to)?,
                None => return whole(answer, request.max_bytes).await,
            }
        }
        Err(LentFailure::new("refused", format!("there were more than {REDIRECTS} redirects")))
    }

    async fn ask(&self, hop: &Hop, request: &HttpRequest) -> Result<Response, LentFailure> {
        let Some(client) = &self.internet.client else {
            return Err(LentFailure::new(
                "unavailable",
                "this Gantry cannot open connections to the internet",
            ));
        };
        let mut asked = client.request(hop.method.clone(), hop.url.clone());
        let mut agent = None;
        for (name, value) in &request.headers {
            let name = name.to_ascii_lowercase();
            if name == USER_AGENT.as_str() {
                agent = Some(value.as_str());
            } else if !hop.is_elsewhere || HARMLESS.contains(&name.as_str()) {
                asked = asked.header(name, value);
            }
        }
        asked = asked.header(USER_AGENT, self.internet.agent(agent, &self.borrower.name()));
        if hop.has_body && !request.body.is_empty() {
            asked = asked.body(request.body.clone());
        }
        asked.send().await.map_err(|error| self.failed(&hop.url, &error))
    }

    fn failed(&self, url: &Url, error: &reqwest::Error) -> LentFailure {
        let host = url.host_str().unwrap_or_default();
        match cause(error) {
            Cause::LeadsAstray(name) => {
                self.borrower.refused(HTTP, &name);
                LentFailure::new("denied", format!("{name} is not on the public internet"))
            }
            Cause::Other(_) if error.is_timeout() => {
                LentFailure::new("timeout", format!("{host} did not answer in time"))
            }
            Cause::Other(why) => LentFailure::new("unreachable", format!("{host} was not reached: {why}")),
        }
    }
}

#[async_trait]
impl Http for Reached {
    async fn send(
        &self,
        hosts: &[String],
        request: HttpRequest,
        timeout: Duration,
    ) -> Result<HttpResponse, LentFailure> {
        let until = Instant::now() + timeout;
        let exchanged = timeout_at(until, async {
            let ending = |_| LentFailure::new("unavailable", "Gantry is ending");
            let share = self.internet.share(self.borrower.plugin());
            let _share = share.acquire().await.map_err(ending)?;
            let _place = self.internet.places.acquire().await.map_err(ending)?;
            self.exchange(hosts, &request).await
        });
        exchanged.await.unwrap_or_else(|_| Err(LentFailure::new("timeout", "there was no answer in time")))
    }
}

/// One request on its way through redirects.
struct Hop {
    method: Method,
    url: Url,
    has_body: bool,
    /// Whether somebody else than the first host is asked.
    is_elsewhere: bool,
}

impl Hop {
    fn first(request: &HttpRequest) -> Result<Self, LentFailure> {
        let wrong = |what: &str| LentFailure::new("invalid", format!("the {what} cannot be sent"));
        let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| wrong("method"))?;
        let url = Url::parse(&request.url).map_err(|_| wrong("URL"))?;
        Ok(Self { method, url, has_body: true, is_elsewhere: false })
    }

    /// As the Fetch Standard has it: 303 asks for something else, and so do 301 and 302 after a POST.
    fn next(self, status: u16, to: &str) -> Result<Self, LentFailure> {
        let lost = || LentFailure::new("refused", "a redirect leads to something that is no URL");
        let url = self.url.join(to).map_err(|_| lost())?;
        let reads = matches!(self.method, Method::GET | Method::HEAD);
        let turns = match status {
            303 => !reads,
            301 | 302 => self.method == Method::POST,
            _ => false,
        };
        let is_elsewhere = self.is_elsewhere || url.origin() != self.url.origin();
        let (method, has_body) = if turns { (Method::GET, false) } else { (self.method, self.has_body) };
        Ok(Self { method, url, has_body, is_elsewhere })
    }
}

/// The answer with its body, as far as the limits; one that is longer is a failure at that byte.
async fn whole(mut answer: Response, most: u32) -> Result<HttpResponse, LentFailure> {
    let too_large = |what: &str| LentFailure::new("too_large", format!("the answer has more than {what}"));
    let limit = u64::from(most);
    let bytes = format!("{most} bytes");
    if answer.content_length().is_some_and(|length| length > limit) {
        return Err(too_large(&bytes));
    }
    let headers = headers(answer.headers())
        .ok_or_else(|| too_large(&format!("{HEADERS} headers of {HEADER_BYTES} bytes together")))?;
    let mut body = Vec::new();
    let broke = |error: reqwest::Error| {
        let code = if error.is_timeout() { "timeout" } else { "unreachable" };
        LentFailure::new(code, "the answer broke off")
    };
    while let Some(portion) = answer.chunk().await.map_err(broke)? {
        if (body.len() + portion.len()) as u64 > limit {
            return Err(too_large(&bytes));
        }
        body.extend_from_slice(&portion);
    }
    Ok(HttpResponse { status: answer.status().as_u16(), headers, body })
}

/// Names and values that are text, if they are not too many.
fn headers(given: &HeaderMap) -> Option<Vec<(String, String)>> {
    let text = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let bytes: usize = given.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    (given.len() <= HEADERS && bytes <= HEADER_BYTES).then(|| given.iter().filter_map(text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(method: Method) -> Hop {
        Hop { method, url: "https://a.example/x".parse().unwrap(), has_body: true, is_elsewhere: false }
    }

    #[test]
    fn redirects_change_what_is_sent_as_browsers_do() {
        for (method, status, then, has_body) in [
            (Method::GET, 301, Method::GET, true),
            (Method::POST, 302, Method::GET, false),
            (Method::PUT, 302, Method::PUT, true),
            (Method::DELETE, 303, Method::GET, false),
            (Method::HEAD, 303, Method::HEAD, true),
            (Method::POST, 307, Method::POST, true),
            (Method::POST, 308, Method::POST, true),
        ] {
            let next = hop(method.clone()).next(status, "/y").unwrap();
            assert_eq!((next.method, next.has_body), (then, has_body), "{method} {status}");
            assert!(!next.is_elsewhere);
        }
        let there = hop(Method::GET).next(307, "https://b.example/").unwrap();
        assert!(there.is_elsewhere);
        let back = there.next(307, "https://a.example/").unwrap();
        assert!(back.is_elsewhere, "who sent us back may have written the path");
    }

    #[test]
    fn a_contact_can_stand_in_a_header() {
        for good in ["ada@example.org", "https://example.org/contact"] {
            assert!(Internet::is_contact(good), "{good}");
        }
        for bad in ["", "a b", "x)", "(x", "a\r\nb: c", "ä@example.org", &"x".repeat(201)] {
            assert!(!Internet::is_contact(bad), "{bad}");
        }
    }
}
