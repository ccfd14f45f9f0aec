//! Credentials from what `docker login` leaves.

use crate::kit::repository;
use base64::{Engine, engine::general_purpose::STANDARD};
use gantry_distribution::{Credentials, DistributionError};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

fn read(config: &Value, place: &str) -> Result<Credentials, DistributionError> {
    Credentials::from_docker_config(config.to_string().as_bytes(), &repository(place))
}

fn user(config: &Value, place: &str) -> Option<(String, String)> {
    match read(config, place).unwrap() {
        Credentials::Basic { username, password, token_service } => {
            assert!(token_service.is_none(), "docker's file names none");
            Some((username, password.expose_secret().to_owned()))
        }
        Credentials::Anonymous => None,
        Credentials::Token(_) => panic!("a token came out of a name and a password"),
    }
}

fn entry(user: &str) -> Value {
    json!({ "auth": STANDARD.encode(format!("{user}:secret:{user}")) })
}

#[test]
fn the_entry_of_exactly_that_host_is_taken() {
    let config = json!({ "auths": {
        "ghcr.io": entry("ghcr"),
        "https://index.docker.io/v1/": entry("hub"),
        "registry.example:5000": entry("port"),
        "ghcr.io/acme": entry("acme"),
    } });
    let some = |user: &str| Some((user.to_owned(), format!("secret:{user}")));
    assert_eq!(user(&config, "ghcr.io/other/game"), some("ghcr"));
    assert_eq!(user(&config, "ghcr.io/acme/game"), some("acme"));
    assert_eq!(user(&config, "ghcr.io/acme-evil/game"), some("ghcr"));
    assert_eq!(user(&config, "index.docker.io/acme/game"), some("hub"));
    assert_eq!(user(&config, "registry.example:5000/game"), some("port"));
    for stranger in
        ["ghcr.io.evil.example/game", "registry.example/game", "registry.example:500/game", "xghcr.io/game"]
    {
        assert_eq!(user(&config, stranger), None, "{stranger}");
    }
}

#[test]
fn plain_fields_and_registry_tokens_are_taken() {
    let config = json!({ "auths": {
        "a.example": { "username": "me", "password": "secret" },
        "b.example": { "registrytoken": "token" },
        "c.example": {},
    } });
    assert_eq!(user(&config, "a.example/game"), Some(("me".to_owned(), "secret".to_owned())));
    assert!(
        matches!(read(&config, "b.example/game"), Ok(Credentials::Token(token)) if token.expose_secret() == "token")
    );
    assert_eq!(user(&config, "c.example/game"), None);
}

#[test]
fn what_cannot_be_read_from_here_is_said() {
    let why = |config: Value| match read(&config, "ghcr.io/acme/game") {
        Err(error @ DistributionError::Credentials { .. }) => error.to_string(),
        other => panic!("it was not refused: {other:?}"),
    };
    assert!(why(json!({ "credHelpers": { "ghcr.io": "pass" } })).contains("helper"));
    assert!(why(json!({ "auths": { "ghcr.io": {} }, "credsStore": "desktop" })).contains("helper"));
    assert!(why(json!({ "auths": { "ghcr.io": { "identitytoken": "x" } } })).contains("identity token"));
    assert!(why(json!({ "auths": { "ghcr.io": { "auth": "!" } } })).contains("name and a password"));
    let spoiled =
        Credentials::from_docker_config(b"{\"auths\": {\"x\": hunter2", &repository("ghcr.io/game"));
    assert!(!spoiled.unwrap_err().to_string().contains("hunter2"));
}
