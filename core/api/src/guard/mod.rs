//! What stands in front of every handler, made from its route: limit, origin, session, role, repetition, time.
//!
//! The order matters. Cheap refusals come first; a limit is taken before anything that costs; a cookie is read only
//! where the route needs a session, and then only counts for what the panel itself sent.

pub(crate) mod client;
pub(crate) mod csrf;
mod idempotency;
mod rate;
pub(crate) mod session;

pub use rate::Preset;
pub(crate) use rate::{Key, Rates, Standing};

use crate::{
    edge::Edge,
    extract::BodyLimit,
    observe::Counted,
    problem::EdgeError,
    route::{Requirement, Route},
};
use axum::{
    extract::{RawPathParams, Request, State},
    http::header::HOST,
    middleware::Next,
    response::{IntoResponse, Response},
};
use gantry_app::{Authenticated, Network, OpCtx, Origin, views::CurrentSession};
use secrecy::{ExposeSecret, SecretString};
use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

/// How long a handler may take, unless its route is unhurried.
const HANDLER_TIME: Duration = Duration::from_secs(30);

/// What the guard knows of a route.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    id: &'static str,
    requirement: Requirement,
    preset: Preset,
    body: BodyLimit,
    idempotent: bool,
    unhurried: bool,
}

impl From<&Route> for Rule {
    fn from(route: &Route) -> Self {
        let Route { id, requirement, preset, idempotent, unhurried, .. } = *route;
        Self { id, requirement, preset, body: route.body_limit(), idempotent, unhurried }
    }
}

impl Rule {
    /// Whose bucket somebody takes from who is not known.
    fn stranger(&self, network: Network) -> Key {
        match (self.preset, self.requirement) {
            (Preset::Auth | Preset::Sensitive, _) | (_, Requirement::Daemon) => Key::Route(network, self.id),
            (Preset::Open | Preset::General | Preset::Power | Preset::Files | Preset::Addresses, _) => {
                Key::Network(network)
            }
        }
    }
}

/// A session that the guard has checked, for handlers that show it.
#[derive(Clone)]
pub(crate) struct Checked(pub(crate) CurrentSession);

/// A request whose body is to come. Whoever sends it slowly may have lost the right to it once it is there.
#[derive(Clone)]
pub(crate) struct Began {
    edge: Edge,
    token: SecretString,
    ctx: OpCtx,
}

impl Began {
    /// Asks again who this is.
    pub(crate) async fn confirm(&self) -> Result<(), EdgeError> {
        Ok(self.edge.app().confirm(&self.token, &self.ctx).await?)
    }
}

/// The layer.
pub(crate) async fn guard(
    State((edge, rule)): State<(Edge, Rule)>,
    params: RawPathParams,
    mut request: Request,
    next: Next,
) -> Response {
    request.extensions_mut().insert(rule.body);
    let thing = params.iter().next().map(|(_, value)| value.to_owned());
    let mut passed = match admit(&edge, &rule, thing, &mut request).await {
        Ok(passed) => passed,
        Err(refused) => return refused,
    };
    let run = async {
        let request = if rule.idempotent { idempotency::mark(request, rule.body).await } else { Ok(request) };
        match request {
            Ok(request) => next.run(request).await,
            Err(error) => error.into_response(),
        }
    };
    let mut response = if rule.unhurried {
        run.await
    } else {
        let timed = tokio::time::timeout(HANDLER_TIME, run).await;
        timed.unwrap_or_else(|_| EdgeError::TimedOut(HANDLER_TIME).into_response())
    };
    passed.write(&edge, &mut response);
    response
}

/// What the answer has to say beyond the handler's words.
struct Passed {
    standing: Option<Standing>,
    refreshed: Option<SecretString>,
}

impl Passed {
    fn write(&mut self, edge: &Edge, response: &mut Response) {
        // A further limit that the handler took is the one that was nearer to refusing.
        let standing = response.extensions().get::<Standing>().copied().or(self.standing);
        if let Some(standing) = standing {
            standing.write(response.headers_mut());
        }
        // A handler that ends the session writes the cookie itself.
        if let Some(token) = self.refreshed.take().filter(|_| !response.headers().contains_key("set-cookie"))
        {
            session::keep(response.headers_mut(), edge.https(), &token);
        }
    }
}

async fn admit(
    edge: &Edge,
    rule: &Rule,
    thing: Option<String>,
    request: &mut Request,
) -> Result<Passed, Response> {
    let origin = request.extensions().get::<Origin>().cloned().unwrap_or_default();
    let ip =
        request.extensions().get::<Counted>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |counted| counted.0);
    let network = Network::of(ip);
    if request.headers().get_all(HOST).iter().nth(1).is_some() {
        // RFC 9112, section 3.2: what stands in front may have gone by the other one.
        return Err(EdgeError::invalid("The request has more than one Host header.").into_response());
    }
    // A daemon is no browser and carries no cookie.
    if rule.requirement != Requirement::Daemon {
        csrf::check(request.method(), request.headers(), edge.origins())
            .map_err(IntoResponse::into_response)?;
    }
    if let Requirement::Ticket(_) = rule.requirement {
        csrf::check_socket(request.headers(), edge.origins()).map_err(IntoResponse::into_response)?;
    }
    if rule.requirement == Requirement::Scraper {
        edge.admit_scraper(request).map_err(IntoResponse::into_response)?;
    }
    if !rule.requirement.needs_session() {
        let standing = limit(edge, rule.preset, rule.stranger(network))?;
        return Ok(Passed { standing, refreshed: None });
    }

    let token = session::read(request.headers(), edge.https());
    let authenticated = match &token {
        Some(token) => edge.app().authenticate(token, &origin).await.map_err(EdgeError::from),
        None => Err(EdgeError::NotSignedIn),
    };
    let Authenticated { ctx, current, refreshed } = match authenticated {
        Ok(authenticated) => authenticated,
        Err(error) => {
            let standing = limit(edge, rule.preset, rule.stranger(network))?;
            let mut response = error.into_response();
            Passed { standing, refreshed: None }.write(edge, &mut response);
            return Err(response);
        }
    };
    let key = match rule.preset {
        Preset::Auth => Key::Route(network, rule.id),
        // However the id is spelled; what is none is refused by the handler.
        Preset::Power => {
            limit(edge, Preset::General, Key::User(ctx.actor.user_id))?;
            let thing = thing.and_then(|thing| thing.parse().ok()).unwrap_or_default();
            Key::Thing(ctx.actor.user_id, thing)
        }
        Preset::Open | Preset::Sensitive | Preset::General | Preset::Files | Preset::Addresses => {
            Key::User(ctx.actor.user_id)
        }
    };
    let standing = limit(edge, rule.preset, key)?;
    if let Some(token) = &token {
        request.extensions_mut().insert(Began { edge: edge.clone(), token: token.clone(), ctx: ctx.clone() });
    }
    let mut passed = Passed { standing, refreshed: token.filter(|_| refreshed) };
    if rule.requirement == Requirement::Administrator && !ctx.actor.is_administrator() {
        let mut response = EdgeError::Forbidden("Only administrators may do this.").into_response();
        passed.write(edge, &mut response);
        return Err(response);
    }
    request.extensions_mut().insert::<OpCtx>(ctx);
    request.extensions_mut().insert(Checked(current));
    Ok(passed)
}

/// Takes one from the bucket, or answers how long to wait.
#[expect(clippy::result_large_err, reason = "the refusal is the answer itself")]
fn limit(edge: &Edge, preset: Preset, key: Key) -> Result<Option<Standing>, Response> {
    let standing = edge.rates().take(preset, key);
    match standing.and_then(|standing| standing.wait) {
        None => Ok(standing),
        Some(wait) => {
            let mut response = EdgeError::RateLimited { wait }.into_response();
            if let Some(standing) = standing {
                response.extensions_mut().insert(standing);
            }
            Passed { standing, refreshed: None }.write(edge, &mut response);
            Err(response)
        }
    }
}

/// Runs what a further limit stands before, where only the body tells that it does. The answer's headers then speak of
/// this limit instead of the route's own.
pub(crate) async fn within<T: IntoResponse>(
    edge: &Edge,
    preset: Preset,
    key: Key,
    run: impl Future<Output = Result<T, EdgeError>>,
) -> Response {
    let standing = match limit(edge, preset, key) {
        Ok(standing) => standing,
        Err(refused) => return refused,
    };
    let mut response = run.await.into_response();
    if let Some(standing) = standing {
        response.extensions_mut().insert(standing);
    }
    response
}

/// Whether the request shows the metrics token.
pub(crate) fn bears(request: &Request, token: &SecretString) -> bool {
    let given = request.headers().get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or("");
    same(given.as_bytes(), token.expose_secret().as_bytes())
}

/// Compares in a time that depends on lengths alone.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}
