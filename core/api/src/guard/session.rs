//! The session's cookie: where it is read and the only place where it is written.

use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use http::{HeaderMap, HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};

/// Seven days, as long as a session lives without use.
const MAX_AGE_SECONDS: u32 = 7 * 24 * 60 * 60;

/// What the cookie is called. The prefix binds it to this host and to https; browsers refuse it over http.
pub(crate) const fn name(https: bool) -> &'static str {
    if https { "__Host-gantry_session" } else { "gantry_session" }
}

/// The token in the request, if there is one of a length that a token can have.
pub(crate) fn read(headers: &HeaderMap, https: bool) -> Option<SecretString> {
    let jar = CookieJar::from_headers(headers);
    let value = jar.get(name(https))?.value();
    (!value.is_empty() && value.len() <= 256).then(|| SecretString::from(value))
}

/// Keeps the token in the browser.
pub(crate) fn keep(headers: &mut HeaderMap, https: bool, token: &SecretString) {
    write(headers, https, token.expose_secret(), MAX_AGE_SECONDS);
}

/// Takes the token from the browser.
pub(crate) fn forget(headers: &mut HeaderMap, https: bool) {
    write(headers, https, "", 0);
}

fn write(headers: &mut HeaderMap, https: bool, value: &str, seconds: u32) {
    let mut cookie =
        Cookie::build((name(https), value)).http_only(true).same_site(SameSite::Lax).path("/").build();
    cookie.set_secure(https);
    if let Ok(mut text) = HeaderValue::from_str(&format!("{cookie}; Max-Age={seconds}")) {
        text.set_sensitive(true);
        headers.append(header::SET_COOKIE, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_https_the_cookie_is_bound_to_the_host() {
        let mut headers = HeaderMap::new();
        keep(&mut headers, true, &SecretString::from("abc"));
        let text = headers[header::SET_COOKIE].to_str().unwrap();
        assert_eq!(text, "__Host-gantry_session=abc; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=604800");
    }

    #[test]
    fn the_cookie_for_http_is_not_believed_over_https() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("gantry_session=abc"));
        assert!(read(&headers, true).is_none());
        assert!(read(&headers, false).is_some());
    }
}
