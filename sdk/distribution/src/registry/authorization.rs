//! How a registry is told who asks: it answers 401 with a challenge, and the next request carries what that asks for.
//!
//! `Basic` takes name and password; `Bearer` names a token service, which is asked for a token of this repository and this
//! action and nothing more. `docker` sends name and password to whatever service a registry names; here they go to the registry's
//! own origin, and to the one other host that whoever gave them named. Whoever stands behind a redirect asks for nothing.
//! The service's address is checked like every other, and is public unless it is the registry's own origin or was named.
//!
//! Source: <https://distribution.github.io/distribution/spec/auth/token/>.

use super::{
    Credentials,
    transport::{Ask, Transport, Word},
};
use crate::error::DistributionError;
use reqwest::{
    Method, Response,
    header::{HeaderValue, WWW_AUTHENTICATE},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

const TOKEN_BYTES: u64 = 64 * 1024;

/// What is to be done with which repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scope {
    pub(super) path: String,
    pub(super) action: Action,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    Pull,
    Push,
}

/// What a registry asks for.
#[derive(Debug, PartialEq, Eq)]
enum Challenge {
    Basic,
    Bearer { realm: String, service: Option<String> },
}

#[derive(Deserialize)]
struct Token {
    token: Option<SecretString>,
    access_token: Option<SecretString>,
}

/// The header that answers a 401; nothing if there is nothing with which to answer.
pub(super) async fn answer(
    transport: &Transport,
    credentials: &Credentials,
    scope: &Scope,
    refused: &Response,
) -> Result<Option<HeaderValue>, DistributionError> {
    if !transport.is_home(refused.url()) {
        return Ok(None);
    }
    let challenges = refused.headers().get_all(WWW_AUTHENTICATE);
    let found = challenges.iter().filter_map(|value| parse(value.to_str().ok()?)).next();
    match (found, credentials) {
        (_, Credentials::Token(token)) => header(transport, &bearer(token)).map(Some),
        (Some(Challenge::Basic), Credentials::Basic { username, password, .. }) => {
            header(transport, &Credentials::basic(username, password.expose_secret())).map(Some)
        }
        (Some(Challenge::Bearer { realm, service }), _) => {
            let token = token(transport, credentials, scope, &realm, service.as_deref()).await?;
            header(transport, &bearer(&token)).map(Some)
        }
        (None | Some(Challenge::Basic), _) => Ok(None),
    }
}

fn bearer(token: &SecretString) -> SecretString {
    format!("Bearer {}", token.expose_secret()).into()
}

fn header(transport: &Transport, value: &SecretString) -> Result<HeaderValue, DistributionError> {
    let header = HeaderValue::from_str(value.expose_secret());
    let mut header = header.map_err(|_| DistributionError::Credentials {
        host: transport.host().to_string(),
        why: "they have characters that no header may have".to_owned(),
    })?;
    header.set_sensitive(true);
    Ok(header)
}

async fn token(
    transport: &Transport,
    credentials: &Credentials,
    scope: &Scope,
    realm: &str,
    service: Option<&str>,
) -> Result<SecretString, DistributionError> {
    const WHAT: &str = "the question for a token";
    let mut url = transport.url("").and_then(|base| transport.join(&base, realm))?;
    let actions = match scope.action {
        Action::Pull => "pull",
        Action::Push => "pull,push",
    };
    // In a scope of its own: what writes the query cannot go to another thread, and whoever waits below may.
    {
        let mut query = url.query_pairs_mut();
        if let Some(service) = service {
            query.append_pair("service", service);
        }
        query.append_pair("scope", &format!("repository:{}:{actions}", scope.path));
    }
    let mut ask = Ask::new(Method::GET, url);
    let mut word = Word::Registry;
    if let Credentials::Basic { username, password, token_service } = credentials {
        if token_service.as_ref().is_some_and(|host| host.is_of(&ask.url)) {
            word = Word::Owner;
        } else if !transport.is_home(&ask.url) {
            // An address that nobody may ask, named or not, is the greater fault.
            transport.check(&ask.url, Word::Owner)?;
            return Err(DistributionError::TokenService {
                host: transport.host().to_string(),
                service: transport.said_of(&ask.url),
            });
        }
        let value = header(transport, &Credentials::basic(username, password.expose_secret()))?;
        ask.headers.push((reqwest::header::AUTHORIZATION, value));
    }
    let mut answer = transport.ask_once(&ask, word).await?;
    if !answer.status().is_success() {
        return Err(transport.refusal(answer, WHAT).await);
    }
    let body = transport.read(&mut answer, WHAT, TOKEN_BYTES).await?;
    let token: Option<Token> = serde_json::from_slice(&body).ok();
    let given = token.and_then(|Token { token, access_token }| some(token).or(some(access_token)));
    let token = given.ok_or_else(|| transport.fault(WHAT, "something that holds no token"))?;
    transport.hearsay.keep(&token);
    // That would end the header, or the request, and is nothing that whoever gave the credentials could mend.
    if !token.expose_secret().bytes().all(|each| each.is_ascii_graphic()) {
        return Err(transport.fault(WHAT, "a token with characters that no header may have"));
    }
    Ok(token)
}

fn some(token: Option<SecretString>) -> Option<SecretString> {
    token.filter(|token| !token.expose_secret().is_empty())
}

/// Reads one challenge. Of parameters those that are known are kept; text in quotes may have escapes.
fn parse(value: &str) -> Option<Challenge> {
    let (scheme, rest) = value.trim().split_once(' ').unwrap_or((value.trim(), ""));
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let (mut realm, mut service) = (None, None);
    let mut rest = rest.trim_start();
    while let Some((name, after)) = rest.split_once('=') {
        let (value, after) = quoted(after.trim_start())?;
        match name.trim() {
            "realm" => realm = Some(value),
            "service" => service = Some(value),
            _ => {}
        }
        rest = after.trim_start().strip_prefix(',').unwrap_or("").trim_start();
    }
    Some(Challenge::Bearer { realm: realm?, service })
}

/// A parameter's value, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find(',').unwrap_or(text.len());
        return Some((text[..end].trim().to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut characters = inner.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &inner[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            _ => value.push(character),
        }
    }
    None
}
