//! Registries that send whoever asks them somewhere else, and would like to have a password.

use crate::kit::{
    basic, game, repository,
    stage::{Asked, Reply, Stage, at, fails, honest},
};
use gantry_distribution::{Credentials, DistributionError, Existing, Limits, Network, Registry};
use gantry_outbound::{
    Manner,
    testing::{Asked as AskedThere, Said, Site, client},
};

/// A name on the internet, which is another origin than any registry here.
const THERE: &str = "there.example";

async fn there(answer: impl Fn(&AskedThere) -> Said + Send + Sync + 'static) -> Site {
    Site::serve(&[THERE], answer).await.unwrap()
}

/// For a registry of a test, which may send to that name.
fn client_near(stage: &Stage, site: &Site, credentials: Credentials) -> Registry {
    let Limits { connect, idle, .. } = Limits::default();
    let manner = Manner { agent: "gantry-test".to_owned(), connect, idle };
    let elsewhere = client(site.names(), &manner, site.root()).unwrap();
    Registry::open_with(&stage.host(), Network::Loopback, credentials, Limits::default(), elsewhere).unwrap()
}

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
        let password = basic("me", "secret");
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
    let password = basic("me", "secret");
    stage.client_with(password).pull(&at(&stage)).await.unwrap();
    let asked = stage.asked();
    let tokens: Vec<_> = asked.iter().filter(|asked| asked.line.contains("/token?")).collect();
    assert_eq!(tokens.len(), 1, "one token serves the whole pull");
    assert_eq!(tokens[0].line, "GET /token?service=a+%22b%22%2C+c&scope=repository%3Agame%3Apull");
    assert_eq!(tokens[0].authorization.as_deref(), Some("Basic bWU6c2VjcmV0"));
    let given = |asked: &&Asked| asked.authorization.as_deref() == Some("Basic bWU6c2VjcmV0");
    assert_eq!(asked.iter().filter(given).count(), 1, "the password went to the token service alone");
}

/// Hands out tokens to whoever asks, as a thief would.
async fn token_service() -> Stage {
    Stage::play(|_, _| Reply::ok(r#"{"token":"abc"}"#)).await
}

/// Wants a token that is handed out at this URL.
async fn registry_that_names(realm: String) -> Stage {
    let artifact = game();
    Stage::play(move |asked, _| match asked.authorization.as_deref() {
        Some("Bearer abc") => honest(&artifact, asked),
        _ => Reply::status(401).with("www-authenticate", format!("Bearer realm=\"{realm}\",service=\"x\"")),
    })
    .await
}

#[tokio::test]
async fn a_password_does_not_go_to_a_token_service_that_only_the_registry_names() {
    let thief = token_service().await;
    let stage = registry_that_names(format!("http://{}/token", thief.host())).await;
    let refused = stage.client_with(basic("me", "secret")).pull(&at(&stage)).await.unwrap_err();
    assert!(matches!(refused, DistributionError::TokenService { .. }), "{refused}");
    assert!(
        refused.to_string().contains(thief.host().as_str()),
        "whoever reads it learns where it was to go"
    );
    assert!(thief.asked().is_empty());
    // A name that begins or ends as the registry's does is another name.
    for realm in
        ["https://example.org/token", "https://127.0.0.1.example.org/", "https://127.0.0.1:443/token"]
    {
        let stage = registry_that_names(realm.to_owned()).await;
        let refused = stage.client_with(basic("me", "secret")).pull(&at(&stage)).await.unwrap_err();
        let is_refused =
            matches!(refused, DistributionError::TokenService { .. } | DistributionError::NotPublic { .. });
        assert!(is_refused, "{realm}: {refused}");
    }
}

#[tokio::test]
async fn whoever_has_no_password_may_ask_any_public_token_service() {
    let service = there(|_| Said::body(r#"{"token":"abc"}"#)).await;
    let stage = registry_that_names(format!("https://{THERE}/token")).await;
    client_near(&stage, &service, Credentials::Anonymous).pull(&at(&stage)).await.unwrap();
    let heard = service.heard();
    assert!(heard.len() == 1 && heard[0].header("authorization").is_none(), "{heard:?}");
}

#[tokio::test]
async fn nobody_asks_a_token_service_of_this_machine_that_only_the_registry_names() {
    let service = token_service().await;
    let stage = registry_that_names(format!("http://{}/token", service.host())).await;
    let refused = fails(&stage).await;
    assert!(matches!(refused, DistributionError::NotPublic { .. }), "{refused}");
    assert!(service.asked().is_empty());
}

#[tokio::test]
async fn a_password_goes_to_the_token_service_that_was_named_beside_it() {
    let service = token_service().await;
    let stage = registry_that_names(format!("http://{}/token", service.host())).await;
    let credentials = basic("me", "secret").with_token_service(Some(service.host()));
    stage.client_with(credentials).pull(&at(&stage)).await.unwrap();
    let asked = service.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].authorization.as_deref(), Some("Basic bWU6c2VjcmV0"));
    let to_registry = stage.asked().into_iter().filter_map(|asked| asked.authorization);
    assert!(to_registry.into_iter().all(|given| given == "Bearer abc"), "which gets the token alone");
}

/// A service that is trusted sends the question on.
#[tokio::test]
async fn a_password_does_not_follow_a_redirect_of_its_token_service() {
    let thief = token_service().await;
    let there = thief.host();
    let service =
        Stage::play(move |_, _| Reply::status(307).with("location", format!("http://{there}/token"))).await;
    let stage = registry_that_names(format!("http://{}/token", service.host())).await;
    let credentials = basic("me", "secret").with_token_service(Some(service.host()));
    let refused = stage.client_with(credentials).pull(&at(&stage)).await.unwrap_err();
    assert!(matches!(refused, DistributionError::Registry { .. }), "{refused}");
    assert!(thief.asked().is_empty());
}

/// Blobs often stand elsewhere. Whoever stores them may not ask for the registry's password.
#[tokio::test]
async fn a_challenge_from_behind_a_redirect_is_not_answered() {
    for challenge in ["Basic realm=x".to_owned(), format!("Bearer realm=\"https://{THERE}/token\"")] {
        let storage = there(move |_| Said::status(401).with("www-authenticate", &challenge)).await;
        let stage = Stage::play(|asked, _| {
            Reply::status(307).with("location", format!("https://{THERE}{}", &asked.line[4..]))
        })
        .await;
        let registry = client_near(&stage, &storage, basic("me", "secret"));
        let refused = registry.pull(&at(&stage)).await.unwrap_err();
        assert!(matches!(refused, DistributionError::Unauthorized { .. }), "{refused}");
        let heard = storage.heard();
        assert!(heard.len() == 1 && heard[0].header("authorization").is_none(), "{heard:?}");
        assert!(stage.asked().iter().all(|asked| asked.authorization.is_none()));
    }
}

#[tokio::test]
async fn credentials_do_not_follow_a_redirect_to_another_origin() {
    let artifact = game();
    let other = there(move |asked| {
        let asked = Asked { line: format!("GET {}", asked.path), authorization: None };
        match honest(&artifact, &asked) {
            Reply::Whole { status: 200, body, .. } => Said::body(body),
            _ => Said::status(404),
        }
    })
    .await;
    let stage = Stage::play(|asked, _| match asked.authorization {
        None => Reply::status(401).with("www-authenticate", "Basic realm=x"),
        Some(_) => Reply::status(307).with("location", format!("https://{THERE}{}", &asked.line[4..])),
    })
    .await;
    let registry = client_near(&stage, &other, basic("me", "secret"));
    assert_eq!(registry.pull(&at(&stage)).await.unwrap().digest(), game().digest());
    assert!(stage.asked().iter().any(|asked| asked.authorization.is_some()));
    let heard = other.heard();
    assert!(heard.len() == 3 && heard.iter().all(|asked| asked.header("authorization").is_none()));
}

/// A registry on this machine would have its other doors tried, and be told which of them are open.
#[tokio::test]
async fn another_port_of_the_registrys_own_host_is_another_place() {
    let open = Stage::play(|_, _| Reply::ok("what is not for everybody")).await;
    let port = |stage: &Stage| stage.host().port().unwrap();
    // Bound and not listened at: nobody answers there, and nobody else gets it meanwhile.
    let reserved = tokio::net::TcpSocket::new_v4().unwrap();
    reserved.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = reserved.local_addr().unwrap().port();
    let told = async |origin: &str, port: u16, password: Credentials| {
        let to = format!("{origin}:{port}/x");
        let location = to.clone();
        let stage = Stage::play(move |asked, _| match asked.line.split(' ').next() {
            Some("HEAD") => Reply::status(404),
            Some("POST") => Reply::status(202).with("location", location.clone()),
            _ => Reply::status(307).with("location", location.clone()),
        })
        .await;
        let client = stage.client_with(password);
        let pulled = client.pull(&at(&stage)).await.unwrap_err();
        let place = at(&stage).repository;
        let tag = "1".parse().unwrap();
        let pushed = client.push(&game(), &place, &tag, Existing::Replace).await.unwrap_err();
        for refused in [&pulled, &pushed] {
            let is_refused =
                matches!(refused, DistributionError::NotPublic { .. } | DistributionError::NotAllowed { .. });
            assert!(is_refused, "{to}: {refused}");
        }
        // As it is told of whatever port.
        (pulled.to_string() + &pushed.to_string()).replace(&port.to_string(), "PORT")
    };
    for host in ["127.0.0.1", "localhost", "127.0.0.2", "[::1]"] {
        for scheme in ["http", "https"] {
            for password in [Credentials::Anonymous, basic("me", "secret")] {
                let origin = format!("{scheme}://{host}");
                let of = |port| told(&origin, port, password.clone());
                assert_eq!(of(port(&open)).await, of(closed).await, "{origin}");
            }
        }
    }
    assert!(open.asked().is_empty(), "somebody knocked there");
}

#[tokio::test]
async fn a_registry_may_send_to_other_places_of_its_own_origin() {
    let artifact = game();
    let stage = Stage::play(move |asked, port| match asked.line.strip_prefix("GET /v2/") {
        Some(rest) => Reply::status(307).with("location", format!("http://127.0.0.1:{port}/stored/{rest}")),
        None => honest(&artifact, asked),
    })
    .await;
    assert_eq!(stage.client().pull(&at(&stage)).await.unwrap().digest(), game().digest());
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
