//! Plugins from a real registry and from package files, under the trust policy that administrators keep.

use crate::{
    kit::{Client, TestApp},
    uploads::sample,
};
use gantry_distribution::{
    Artifact, Credentials, Existing, Limits, Network, PrivateKey, Registry, Repository, Signature,
    Signatures, package,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    thread,
};
use tempfile::TempDir;

/// Who may enter a guarded registry.
pub(crate) const USER: &str = "acme";
pub(crate) const PASSWORD: &str = "let me in";
/// bcrypt of [`PASSWORD`], of the least cost.
const PASSWORD_HASH: &str = "$2b$04$4Zz3H4OM/JaANQ2ZtBlWheMl4.sO6Vw9JJ8TgWNgQ7p00hWwVYV5S";

/// A registry on loopback, for one test.
pub(crate) struct House {
    child: Child,
    pub(crate) host: String,
    key: PrivateKey,
    credentials: Credentials,
    _folder: TempDir,
}

impl House {
    /// One that everybody may write.
    pub(crate) fn open() -> Self {
        Self::start("", Credentials::Anonymous)
    }

    /// One that wants [`USER`] and [`PASSWORD`].
    pub(crate) fn guarded() -> Self {
        let credentials =
            Credentials::Basic { username: USER.to_owned(), password: PASSWORD.into(), token_service: None };
        Self::start("auth: {htpasswd: {realm: tests, path: FOLDER/htpasswd}}\n", credentials)
    }

    fn start(auth: &str, credentials: Credentials) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let auth = auth.replace("FOLDER", path);
        std::fs::write(folder.path().join("htpasswd"), format!("{USER}:{PASSWORD_HASH}\n")).unwrap();
        let settings = format!(
            "version: 0.1\nlog: {{level: info, accesslog: {{disabled: true}}}}\nhttp: {{addr: '127.0.0.1:0'}}\n\
             storage: {{filesystem: {{rootdirectory: {path}/data}}}}\n{auth}"
        );
        std::fs::write(folder.path().join("settings.yml"), settings).unwrap();
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(folder.path().join("settings.yml"));
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("these tests want Debian's docker-registry: type `apt-get install docker-registry`");
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let host = log.by_ref().map_while(Result::ok).find_map(|line| {
            let rest = line.split_once("listening on ")?.1.to_owned();
            rest.split(['"', ',']).next().map(str::to_owned)
        });
        // What nobody reads would stop it once the pipe is full.
        thread::spawn(move || log.for_each(drop));
        let host = host.expect("docker-registry did not start");
        Self { child, host, key: PrivateKey::generate().unwrap(), credentials, _folder: folder }
    }

    fn repository(&self) -> Repository {
        format!("{}/acme/sample", self.host).parse().unwrap()
    }

    fn client(&self) -> Registry {
        let host = self.host.parse().unwrap();
        Registry::open(&host, Network::Loopback, self.credentials.clone(), Limits::default()).unwrap()
    }

    pub(crate) async fn push(&self, artifact: &Artifact) {
        let tag = "stable".parse().unwrap();
        self.client().push(artifact, &self.repository(), &tag, Existing::Replace).await.unwrap();
    }

    fn signature(&self, artifact: &Artifact) -> Signature {
        Signature::make(&self.key, &self.repository(), artifact.digest())
    }

    pub(crate) async fn sign(&self, artifact: &Artifact) {
        let signature = self.signature(artifact);
        self.client().attach(&self.repository(), artifact.digest(), &signature).await.unwrap();
    }

    /// The registry is allowed, and the key counts there.
    pub(crate) fn rules(&self) -> Value {
        let prefix = format!("{}/acme", self.host);
        json!({
            "registries": [{ "prefix": prefix, "network": "loopback" }],
            "keys": [{ "name": "acme-2026", "public-key": self.key.public().to_pem(), "repositories": [prefix] }],
            "offline": { "packages": "signed", "components": "never" },
        })
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

pub(crate) fn artifact(version: &str) -> Artifact {
    Artifact::pack(sample(&json!({ "version": version }))).unwrap()
}

pub(crate) async fn install(admin: &Client, house: &House, more: Value) -> crate::kit::Answer {
    let mut body = json!({ "reference": format!("{}/acme/sample:stable", house.host) });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    admin.post("/api/plugins/install", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn plugin_is_pulled_from_an_allowed_registry_if_a_trusted_key_signed_it_and_updated_from_there() {
    let (app, house) = (TestApp::with_games_and_no_limits().await, House::open());
    let admin = app.admin().await;
    let first = artifact("1.0.0");
    house.push(&first).await;
    let refused = install(&admin, &house, json!({})).await.problem("plugin_untrusted");
    assert!(refused["detail"].as_str().unwrap().contains("allows no plugins from"), "{refused}");

    admin.put("/api/trust", json!({ "rules": house.rules() })).await.expect(200);
    let refused = install(&admin, &house, json!({})).await.problem("plugin_untrusted");
    assert!(refused["detail"].as_str().unwrap().contains("sign"), "{refused}");
    house.sign(&first).await;
    let made = install(&admin, &house, json!({ "capabilities": ["query"] })).await.expect(201);
    assert_eq!(
        (&made["version"], &made["origin"]["trust"]),
        (&json!("1.0.0"), &json!({ "by": "key", "name": "acme-2026" }))
    );

    let check = format!("/api/plugins/{}/check", made["id"].as_str().unwrap());
    let same = admin.post(&check, json!({})).await.expect(200);
    assert_eq!((&same["isInstalled"], &same["isLater"]), (&json!(true), &json!(false)));
    let second = artifact("1.1.0");
    house.push(&second).await;
    admin.post(&check, json!({})).await.problem("plugin_untrusted");
    house.sign(&second).await;
    let later = admin.post(&check, json!({})).await.expect(200);
    assert_eq!((&later["version"], &later["isLater"]), (&json!("1.1.0"), &json!(true)));
    let updated = install(&admin, &house, json!({})).await.expect(201);
    assert_eq!((&updated["version"], &updated["waiting"]), (&json!("1.1.0"), &Value::Null));
    assert_eq!(updated["capabilities"][0]["granted"], true, "as the release before it was granted");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_else_takes_a_plugins_id_has_to_be_meant_and_inherits_nothing() {
    let (app, house) = (TestApp::with_games_and_no_limits().await, House::open());
    let admin = app.admin().await;
    let stranger = PrivateKey::generate().unwrap();
    let mut rules = house.rules();
    let theirs = format!("{}/stranger", house.host);
    rules["registries"].as_array_mut().unwrap().push(json!({ "prefix": theirs, "network": "loopback" }));
    rules["keys"].as_array_mut().unwrap().push(json!({
        "name": "stranger", "public-key": stranger.public().to_pem(), "repositories": [theirs],
    }));
    admin.put("/api/trust", json!({ "rules": rules })).await.expect(200);
    let first = artifact("1.0.0");
    house.push(&first).await;
    house.sign(&first).await;
    let made = install(&admin, &house, json!({ "capabilities": ["query"] })).await.expect(201);

    let later = artifact("9.0.0");
    let place: Repository = format!("{theirs}/sample").parse().unwrap();
    let client = house.client();
    client.push(&later, &place, &"stable".parse().unwrap(), Existing::Replace).await.unwrap();
    let signature = Signature::make(&stranger, &place, later.digest());
    client.attach(&place, later.digest(), &signature).await.unwrap();
    let bring = async |more: Value| {
        let mut body = json!({ "reference": format!("{place}:stable") });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        admin.post("/api/plugins/install", body).await
    };
    for more in [json!({}), json!({ "capabilities": ["query"] })] {
        let refused = bring(more).await.problem("conflict");
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.contains("is signed by acme-2026, and this one is signed by stranger"), "{detail}");
    }
    let waits = bring(json!({ "replace": true })).await.expect(201);
    assert_eq!((&waits["id"], &waits["version"]), (&made["id"], &json!("1.0.0")));
    let waiting = &waits["waiting"];
    assert_eq!((&waiting["version"], &waiting["asks"][0]["granted"]), (&json!("9.0.0"), &json!(false)));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reference_that_leads_nowhere_says_so() {
    let (app, house) = (TestApp::start().await, House::open());
    let admin = app.admin().await;
    admin.put("/api/trust", json!({ "rules": house.rules() })).await.expect(200);
    let answer = install(&admin, &house, json!({})).await.problem("registry_failed");
    assert!(answer["detail"].as_str().unwrap().contains("is not there"), "{answer}");
    let wrong = admin.post("/api/plugins/install", json!({ "reference": "Nowhere" })).await;
    assert_eq!(wrong.problem("validation_failed")["fields"][0]["key"], "reference");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_in_as_the_policy_says() {
    let (app, house) = (TestApp::with_games_and_no_limits().await, House::open());
    let admin = app.admin().await;
    let package = |signed: bool| {
        let (artifact, mut signatures) = (artifact("1.0.0"), Signatures::default());
        if signed {
            signatures.add(house.signature(&artifact)).unwrap();
        }
        let mut file = Vec::new();
        package::write(&artifact, &signatures, &mut file).unwrap();
        file
    };
    let bring = async |media_type: &str, file: Vec<u8>| {
        let request = admin.request(Method::POST, "/api/plugins?grant=query");
        admin.send(request.header("content-type", media_type.to_owned()).body(file)).await
    };
    let taken = bring("application/x-tar", package(false)).await.expect(201);
    admin.delete(&format!("/api/plugins/{}", taken["id"].as_str().unwrap())).await.expect(204);
    admin.put("/api/trust", json!({ "rules": house.rules() })).await.expect(200);
    bring("application/wasm", sample(&json!({}))).await.problem("plugin_untrusted");
    bring("application/x-tar", package(false)).await.problem("plugin_untrusted");
    bring("application/x-tar", b"no package".to_vec()).await.problem("plugin_rejected");
    let made = bring("application/x-tar", package(true)).await.expect(201);
    assert_eq!(made["origin"]["trust"]["name"], "acme-2026");
    let place = format!("/api/plugins/{}/check", made["id"].as_str().unwrap());
    admin.post(&place, json!({})).await.problem("conflict");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trust_policy_is_kept_as_written_or_refused_whole_and_each_change_is_in_the_log() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let unwritten = admin.get("/api/trust").await.expect(200);
    assert_eq!((&unwritten["updatedAt"], &unwritten["rules"]["registries"]), (&Value::Null, &json!([])));
    assert_eq!(
        unwritten["rules"]["offline"],
        json!({ "components": "any", "packages": "any" }),
        "files are taken until somebody decides"
    );
    for (wrong, place) in [
        (json!({ "registrys": [] }), "rules.registrys"),
        (
            json!({ "registries": [{ "prefix": "ghcr.io", "network": "loopback" }] }),
            "rules.registries[0].network",
        ),
        (json!({ "registries": [{ "prefix": "Nowhere" }] }), "rules.registries[0].prefix"),
        (json!(7), "rules"),
    ] {
        let refused = admin.put("/api/trust", json!({ "rules": wrong })).await.problem("validation_failed");
        assert_eq!(refused["fields"][0]["key"], place, "{refused}");
    }
    let twice = r#"{"rules":{"require-signature":true,"require-signature":false}}"#;
    let request = admin.request(Method::PUT, "/api/trust").header("content-type", "application/json");
    let refused = admin.send(request.body(twice)).await.problem("invalid_request");
    assert!(refused["detail"].as_str().unwrap().contains("require-signature"), "{refused}");
    let rules = json!({ "registries": [{ "prefix": "ghcr.io/acme", "network": "public" }] });
    let kept = admin.put("/api/trust", json!({ "rules": rules })).await.expect(200);
    assert_eq!(kept["rules"]["registries"], rules["registries"]);
    assert_eq!(kept["rules"]["require-signature"], true, "what is left out is the default");
    let log = admin.get("/api/audit?limit=1").await.expect(200);
    assert_eq!(log["items"][0]["action"], "trust.update");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_somebody_else_changed_meanwhile_is_not_written_over() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let save = async |version: Value, prefix: &str| {
        let rules = json!({ "registries": [{ "prefix": prefix, "network": "public" }] });
        admin.put("/api/trust", json!({ "rules": rules, "version": version })).await
    };
    let read = admin.get("/api/trust").await.expect(200);
    assert_eq!(read["version"], 0, "nobody has written any");
    let first = save(read["version"].clone(), "ghcr.io/acme").await.expect(200);
    let late = save(read["version"].clone(), "ghcr.io/other").await.problem("conflict");
    assert!(late["detail"].as_str().unwrap().contains("Somebody else changed"), "{late}");
    let kept = admin.get("/api/trust").await.expect(200);
    assert_eq!((&kept["rules"], &kept["version"]), (&first["rules"], &first["version"]));
    save(kept["version"].clone(), "ghcr.io/other").await.expect(200);
    // Of those who save at once over the same, one does.
    let version = admin.get("/api/trust").await.expect(200)["version"].clone();
    let all = futures_util::future::join_all((0..6).map(|n| {
        let version = version.clone();
        let save = &save;
        async move { save(version, &format!("ghcr.io/n{n}")).await.status }
    }))
    .await;
    assert_eq!(all.iter().filter(|status| **status == 200).count(), 1, "{all:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_as_people_compare_it_before_and_after_it_is_trusted() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let key = PrivateKey::generate().unwrap();
    let read = async |text: &str| admin.post("/api/trust/key", json!({ "publicKey": text })).await;
    let pem = key.public().to_pem();
    let seen = read(&pem).await.expect(200);
    assert_eq!(seen["fingerprint"], key.public().id().short());
    assert_eq!(seen["publicKey"], pem);
    let rules = json!({ "keys": [{ "name": "acme", "public-key": pem, "plugins": ["acme-quake"] }] });
    let kept = admin.put("/api/trust", json!({ "rules": rules })).await.expect(200);
    assert_eq!(kept["keys"], json!([seen]));
    for (wrong, word) in [("nonsense", "not an Ed25519 key"), (&**key.to_pem(None).unwrap(), "private key")] {
        let refused = read(wrong).await.problem("validation_failed");
        assert_eq!(refused["fields"][0]["key"], "publicKey");
        assert!(refused["fields"][0]["message"].as_str().unwrap().contains(word), "{refused}");
    }
    app.stop().await;
}
