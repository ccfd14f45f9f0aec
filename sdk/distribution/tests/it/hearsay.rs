//! Registries that repeat what they were told in confidence, to whoever reads what they say.

use crate::kit::{
    basic, edited, game,
    stage::{Reply, Stage, at, honest},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use gantry_distribution::{Credentials, DistributionError};
use serde_json::json;

const NAME: &str = "joe";
const PASSWORD: &str = "Super-Sec???~ret42";
const TOKEN: &str = "eyJhbGciOiJub25lIn0.e30-_Zm9v";
const LEFT_OUT: &str = "left out: it repeats a password or a token";

fn percents(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn escapes(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()
}

/// A secret as registries, what stands before them and what they are written in may spell it.
fn spelled(secret: &str) -> Vec<String> {
    let hidden: Vec<_> = secret.chars().map(String::from).collect();
    vec![
        secret.to_owned(),
        secret.to_lowercase(),
        secret.to_uppercase(),
        percents(secret),
        percents(secret).to_lowercase(),
        percents(&percents(secret)),
        escapes(secret),
        escapes(&percents(secret)),
        percents(&escapes(secret)),
        secret.replace('-', "\\-").replace('?', "\\x3f"),
        hidden.join("\u{200B}"),
        hidden.join("\r\n "),
    ]
}

/// What must not be read: the password, and all of name and password that a header has.
fn all_spellings() -> Vec<String> {
    let pair = format!("{NAME}:{PASSWORD}");
    let encoded = [
        STANDARD.encode(&pair),
        STANDARD_NO_PAD.encode(&pair),
        URL_SAFE.encode(&pair),
        URL_SAFE_NO_PAD.encode(&pair),
        STANDARD.encode(PASSWORD),
    ];
    assert!(encoded[0].contains('/') && encoded[0].ends_with("==") && encoded[2].contains('_'));
    let forms = [format!("Basic {}", encoded[0]), pair, PASSWORD.to_owned()];
    forms.iter().chain(&encoded).flat_map(|secret| spelled(secret)).collect()
}

/// That nothing of it stands in an error, in its message as in what a log has of it.
fn silent(error: &DistributionError, case: &str) {
    for text in [error.to_string(), format!("{error:?}")] {
        let bare: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        let bare = bare.to_lowercase();
        for told in ["ret42", "supersec", "am9lOlN1", "QyPz", "U3VwZXIt", "eyJhbGci", "e30zm9v", "5375706572"]
        {
            assert!(!bare.contains(&told.to_lowercase()), "{case} brought {text}");
        }
        assert!(!text.contains("%53%75") && !text.contains("u0053"), "{case} brought {text}");
    }
}

async fn pulled(stage: &Stage, credentials: Credentials) -> DistributionError {
    stage.client_with(credentials).pull(&at(stage)).await.expect_err("it was taken")
}

fn said(status: u16, words: &str) -> Reply {
    let body = json!({ "errors": [{ "code": "DENIED", "message": format!("you said {words}, joe") }] });
    Reply::Whole { status, headers: Vec::new(), body: body.to_string().into_bytes() }
}

#[tokio::test]
async fn a_refusal_that_repeats_the_password_is_told_without_its_words() {
    for (index, spelling) in all_spellings().into_iter().enumerate() {
        let status = [401, 403, 500, 429][index % 4];
        let words = spelling.clone();
        let stage = Stage::play(move |asked, _| match asked.authorization {
            None => Reply::status(401).with("www-authenticate", "Basic realm=x"),
            Some(_) => said(status, &words).with("www-authenticate", "Basic realm=x"),
        })
        .await;
        let refused = pulled(&stage, basic(NAME, PASSWORD)).await;
        silent(&refused, &spelling);
        let text = refused.to_string();
        assert!(text.contains(&status.to_string()) && text.contains(LEFT_OUT), "{text}");
    }
}

/// The header as it came, which is what a registry for finding faults answers.
#[tokio::test]
async fn a_registry_that_repeats_its_questions_is_told_without_their_headers() {
    let stage = Stage::play(|asked, _| match &asked.authorization {
        None => Reply::status(401).with("www-authenticate", "Basic realm=x"),
        Some(given) => said(403, given),
    })
    .await;
    let refused = pulled(&stage, basic(NAME, PASSWORD)).await;
    silent(&refused, "an echo");
    assert!(matches!(refused, DistributionError::Unauthorized { .. }), "{refused}");
}

/// Words past the limit of what is shown do not leave half a password before it.
#[tokio::test]
async fn words_are_looked_through_before_they_are_cut() {
    for before in 260..310 {
        let stage = Stage::play(move |_, _| said(403, &("x".repeat(before) + PASSWORD))).await;
        silent(&pulled(&stage, basic(NAME, PASSWORD)).await, "a cut");
    }
}

#[tokio::test]
async fn other_words_are_told() {
    let stage = Stage::play(|_, _| said(403, "100%, C:\\users and %zz + \\u12")).await;
    let refused = pulled(&stage, basic(NAME, PASSWORD)).await.to_string();
    assert!(refused.contains("403 (DENIED: you said 100%, C:\\users and %zz + \\u12, joe)"), "{refused}");
}

/// Whoever wraps words again and again has something to hide.
#[tokio::test]
async fn words_that_are_wrapped_too_often_are_left_out() {
    let wrapped = (0..200).fold(PASSWORD.to_owned(), |text, _| text.replace('%', "%25").replace('?', "%3F"));
    let stage = Stage::play(move |_, _| said(403, &wrapped)).await;
    let refused = pulled(&stage, basic(NAME, PASSWORD)).await.to_string();
    assert!(refused.contains(LEFT_OUT), "{refused}");
}

#[tokio::test]
async fn addresses_that_repeat_the_password_are_not_told() {
    let pair = STANDARD_NO_PAD.encode(format!("{NAME}:{PASSWORD}"));
    let host = PASSWORD.replace(['?', '~'], "");
    for place in [
        format!("http://example.org/{PASSWORD}"),
        format!("http://example.org/{pair}"),
        format!("http://example.org/{}", percents(&pair)),
        format!("http://{host}.example/"),
        format!("http://{PASSWORD}/"),
        format!("https://10.0.0.1/{PASSWORD}"),
        format!("http://{}.example/", host.to_uppercase()),
        format!("https://{}:{}@example.org/", NAME, percents(PASSWORD)),
        format!("https://{}@example.org/", percents(PASSWORD)),
        format!("https://[{PASSWORD}"),
        format!("https://10.0.0.1/{pair}"),
        format!("http://10.0.0.1/?{pair}"),
        format!("{pair}:{PASSWORD}"),
    ] {
        let to = place.clone();
        let redirects = Stage::play(move |_, _| Reply::status(307).with("location", to.clone())).await;
        silent(&pulled(&redirects, basic(NAME, PASSWORD)).await, &place);
        let realm = place.clone();
        let names = Stage::play(move |_, _| {
            Reply::status(401).with("www-authenticate", format!("Bearer realm=\"{realm}\",service=\"x\""))
        })
        .await;
        silent(&pulled(&names, basic(NAME, PASSWORD)).await, &place);
    }
    // This one could be asked, if anybody had named it.
    let realm = format!("https://{host}.example/");
    let stage = Stage::play(move |_, _| {
        Reply::status(401).with("www-authenticate", format!("Bearer realm=\"{realm}\",service=\"x\""))
    })
    .await;
    let refused = pulled(&stage, basic(NAME, PASSWORD)).await;
    assert!(matches!(refused, DistributionError::TokenService { .. }), "{refused}");
    silent(&refused, "a token service");
}

/// Plays a registry that hands out a token itself, and says this to whoever brings it.
async fn with_tokens(said: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Stage {
    Stage::play(move |asked, port| match asked.authorization.as_deref() {
        _ if asked.line.contains("/token?") => Reply::ok(json!({ "token": TOKEN }).to_string()),
        Some(given) => said(given),
        None => Reply::status(401)
            .with("www-authenticate", format!("Bearer realm=\"http://127.0.0.1:{port}/token\"")),
    })
    .await
}

#[tokio::test]
async fn a_token_that_was_handed_out_is_not_told() {
    for credentials in [Credentials::Anonymous, basic(NAME, PASSWORD), Credentials::Token(TOKEN.into())] {
        let stage = with_tokens(|given| said(403, given)).await;
        silent(&pulled(&stage, credentials.clone()).await, "the header");
        for spelling in spelled(TOKEN) {
            let words = spelling.clone();
            let stage = with_tokens(move |_| said(403, &words)).await;
            let refused = pulled(&stage, credentials.clone()).await;
            silent(&refused, &spelling);
            assert!(refused.to_string().contains(LEFT_OUT), "{refused}");
        }
    }
}

#[tokio::test]
async fn a_token_service_that_repeats_the_password_is_told_without_its_words() {
    for status in [400, 401, 403, 503] {
        let stage = Stage::play(move |asked, port| match &asked.authorization {
            Some(given) => said(status, given),
            None => Reply::status(401)
                .with("www-authenticate", format!("Bearer realm=\"http://127.0.0.1:{port}/token\"")),
        })
        .await;
        let refused = pulled(&stage, basic(NAME, PASSWORD)).await;
        silent(&refused, "a token service");
        assert!(refused.to_string().contains(LEFT_OUT), "{refused}");
    }
}

/// Parsers quote what they cannot read.
#[tokio::test]
async fn a_manifest_that_repeats_the_password_is_not_quoted() {
    for given in [format!("Basic {}", STANDARD.encode(format!("{NAME}:{PASSWORD}"))), PASSWORD.to_owned()] {
        for place in ["/schemaVersion", "/layers/0/digest", "/config/size"] {
            let manifest = edited(|manifest| *manifest.pointer_mut(place).unwrap() = json!(given));
            let stage = Stage::play(move |_, _| Reply::ok(manifest.clone())).await;
            let refused = pulled(&stage, basic(NAME, PASSWORD)).await;
            assert!(matches!(refused, DistributionError::NotAPlugin { .. }), "{refused}");
            silent(&refused, place);
        }
    }
}

/// It is the service that is at fault, whoever asked it.
#[tokio::test]
async fn a_token_that_no_header_may_have_is_its_services_fault() {
    for token in ["abc\r\nx-injected: 1", "abc\n", "ab\0c", "schlüssel", "a\u{7f}b"] {
        for credentials in [Credentials::Anonymous, basic(NAME, PASSWORD)] {
            let stage = Stage::play(move |asked, port| {
                if asked.line.contains("/token?") {
                    return Reply::ok(json!({ "token": token }).to_string());
                }
                Reply::status(401)
                    .with("www-authenticate", format!("Bearer realm=\"http://127.0.0.1:{port}/token\""))
            })
            .await;
            let refused = pulled(&stage, credentials).await;
            assert_eq!(refused.code(), "registry-fault", "{token:?}: {refused}");
            assert!(refused.to_string().contains("a token with characters that no header may have"));
            assert_eq!(stage.asked().len(), 2, "{token:?}: it was sent");
        }
    }
}

#[tokio::test]
async fn an_empty_token_is_none_and_the_other_name_for_one_counts() {
    for (answer, works) in [
        (json!({ "token": "", "access_token": "abc" }), true),
        (json!({ "access_token": "abc" }), true),
        (json!({ "token": "" }), false),
    ] {
        let artifact = game();
        let stage = Stage::play(move |asked, port| match asked.authorization.as_deref() {
            _ if asked.line.contains("/token?") => Reply::ok(answer.to_string()),
            Some("Bearer abc") => honest(&artifact, asked),
            _ => Reply::status(401)
                .with("www-authenticate", format!("Bearer realm=\"http://127.0.0.1:{port}/token\"")),
        })
        .await;
        let pulled = stage.client().pull(&at(&stage)).await;
        assert_eq!(pulled.is_ok(), works, "{:?}", pulled.err());
    }
}

/// What is not seen, ends lines, or turns text around is no part of anybody's words.
#[tokio::test]
async fn words_cannot_rearrange_what_stands_around_them() {
    let odd = "\u{202E}\u{202A}\u{2066}\u{2069}\u{200F}\u{61C}\u{2028}\u{2029}\u{200B}\u{FEFF}\u{AD}\u{E0041}\u{85}\u{1B}\n\0";
    let stage = Stage::play(move |_, _| said(403, &format!("a{odd}b{}", "\u{30D}".repeat(30)))).await;
    let refused = pulled(&stage, Credentials::Anonymous).await.to_string();
    assert!(refused.contains("403 (DENIED: you said ab, joe)"), "{refused:?}");
    let manifest = edited(|manifest| manifest["config"]["digest"] = json!(format!("a{odd}b")));
    let stage = Stage::play(move |_, _| Reply::ok(manifest.clone())).await;
    let refused = pulled(&stage, Credentials::Anonymous).await.to_string();
    assert!(!refused.contains(|letter| odd.contains(letter)), "{refused:?}");
}
