//! Registries that send whoever asks them somewhere else, and would like to have a password.

use crate::kit::{
    game, repository,
    stage::{Asked, Reply, Stage, at, fails, honest},
};
use gantry_distribution::{Credentials, DistributionError, Existing, Limits, Network, Registry};

#[tokio::test]
async fn redirects_into_private_networks_are_not_followed() {
    for to in [
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/",
        "https://10.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://167772161/",
        "https://localhost/",
        "http://example.org/",
        "https://user:password@example.org/",
        "file:///etc/passwd",
    ] {
        let stage = Stage::play(move |_, _| Reply::status(307).with("location", to)).await;
        let refused = fails(&stage).await;
        let is_refused =
            matches!(refused, DistributionError::NotPublic { .. } | DistributionError::NotAllowed { .. });
        assert!(is_refused, "{to}: {refused}");
        assert_eq!(stage.asked().len(), 1, "{to}");
        assert!(!refused.to_string().contains("password"), "{refused}");
    }
}

#[tokio::test]
async fn redirects_come_to_an_end() {
    let stage =
        Stage::play(|asked, _| Reply::status(302).with("location", format!("{}x", &asked.line[4..]))).await;
    assert!(matches!(fails(&stage).await, DistributionError::Registry { .. }));
    assert_eq!(stage.asked().len(), 6);
}

#[tokio::test]
async fn uploads_go_only_where_they_may() {
    let stage = Stage::play(|asked, _| match asked.line.split(' ').next() {
        Some("POST") => Reply::status(202).with("location", "https://10.0.0.1/upload"),
        _ => Reply::status(404),
    })
    .await;
    let place = at(&stage).repository;
    let refused =
        stage.client().push(&game(), &place, &"1".parse().unwrap(), Existing::Keep).await.unwrap_err();
    assert!(matches!(refused, DistributionError::NotPublic { .. }), "{refused}");
}

#[tokio::test]
async fn token_services_stand_where_they_may() {
    for realm in
        ["http://169.254.169.254/token", "https://10.0.0.1/token", "http://example.org/token", "//10.0.0.1/"]
    {
        let stage = Stage::play(move |_, _| {
            Reply::status(401).with("www-authenticate", format!("Bearer realm=\"{realm}\",service=\"x\""))
        })
        .await;
        let password = Credentials::Basic { username: "me".to_owned(), password: "secret".into() };
        let refused = stage.client_with(password).pull(&at(&stage)).await.unwrap_err();
        let is_refused =
            matches!(refused, DistributionError::NotPublic { .. } | DistributionError::NotAllowed { .. });
        assert!(is_refused, "{realm}: {refused}");
    }
}

#[tokio::test]
async fn a_token_is_fetched_and_used_for_this_repository_alone() {
    let artifact = game();
    let stage = Stage::play(move |asked, port| {
        if asked.line.contains("/token?") {
            return Reply::ok(r#"{"token":"abc"}"#);
        }
        match asked.authorization.as_deref() {
            Some("Bearer abc") => honest(&artifact, asked),
            _ => Reply::status(401).with(
                "www-authenticate",
                format!(r#"Bearer realm="http://127.0.0.1:{port}/token",service="a \"b\", c",scope="repository:*:*""#),
            ),
        }
    })
    .await;
    let password = Credentials::Basic { username: "me".to_owned(), password: "secret".into() };
    stage.client_with(password).pull(&at(&stage)).await.unwrap();
    let asked = stage.asked();
    let tokens: Vec<_> = asked.iter().filter(|asked| asked.line.contains("/token?")).collect();
    assert_eq!(tokens.len(), 1, "one token serves the whole pull");
    assert_eq!(tokens[0].line, "GET /token?service=a+%22b%22%2C+c&scope=repository%3Agame%3Apull");
    assert_eq!(tokens[0].authorization.as_deref(), Some("Basic bWU6c2VjcmV0"));
    let given = |asked: &&Asked| asked.authorization.as_deref() == Some("Basic bWU6c2VjcmV0");
    assert_eq!(asked.iter().filter(given).count(), 1, "the password went to the token service alone");
}

#[tokio::test]
async fn credentials_do_not_follow_a_redirect_to_another_origin() {
    let artifact = game();
    let other = Stage::play(move |asked, _| honest(&artifact, asked)).await;
    let there = other.host();
    let stage = Stage::play(move |asked, _| match asked.authorization {
        None => Reply::status(401).with("www-authenticate", "Basic realm=x"),
        Some(_) => Reply::status(307).with("location", format!("http://{there}{}", &asked.line[4..])),
    })
    .await;
    let password = Credentials::Basic { username: "me".to_owned(), password: "secret".into() };
    let pulled = stage.client_with(password).pull(&at(&stage)).await.unwrap();
    assert_eq!(pulled.digest(), game().digest());
    assert!(stage.asked().iter().any(|asked| asked.authorization.is_some()));
    assert!(other.asked().len() == 3 && other.asked().iter().all(|asked| asked.authorization.is_none()));
}

/// The name of a public registry that leads into the machine.
#[tokio::test]
async fn a_name_that_leads_inside_is_not_asked() {
    let stage = Stage::play(|_, _| Reply::ok("")).await;
    let port = stage.host().as_str().rsplit(':').next().unwrap().to_owned();
    let place = repository(&format!("localhost:{port}/game"));
    let registry =
        Registry::open(place.host(), Network::Public, Credentials::Anonymous, Limits::default()).unwrap();
    let refused = registry.pull(&place.tagged("1".parse().unwrap())).await.unwrap_err();
    assert!(matches!(refused, DistributionError::NotPublic { .. }), "{refused}");
    assert!(stage.asked().is_empty());
}
