//! What is lent, asked as the host asks it: of a real database and of servers of the test's own.

use super::{
    beyond::{Borrower, write_down},
    discretion::Untold,
    internet::{Internet, Reached},
    shelf::{Kept, Scratch},
    vault::Stored,
};
use crate::{App, AppOptions, OpCtx, Origin, inputs::*};
use gantry_domain::audit::AuditEntry;
use gantry_host::{
    Beyond, Budgets, ChildProgram, Discretion, Host, HostConfig, Http, HttpRequest, HttpResponse, KeyValue,
    LentFailure, Manifest, Secrets, Wall,
};
use gantry_outbound::testing::{Asked, Names, Said, Site};
use gantry_store::{
    plugins::{NewRelease, Shelf},
    testing::TestDatabase,
};
use gantry_types::PluginId;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(20);

fn manifest() -> Manifest {
    let text = json!({
        "id": "sample", "name": "Sample", "version": "1.2.0", "contract": "0.2",
        "capabilities": [
            { "name": "http", "reason": "to ask", "hosts": ["api.example.org", "*.example.net"] },
            { "name": "kv", "reason": "to keep", "quota_kib": 1 },
            { "name": "secrets", "reason": "to be known", "names": ["token"] },
        ],
    });
    Manifest::parse(text.to_string().as_bytes()).unwrap()
}

struct World {
    app: App,
    admin: OpCtx,
    plugin: PluginId,
    site: Site,
    database: TestDatabase,
    _cache: tempfile::TempDir,
}

/// What the servers of the test answer.
fn answer(asked: &Asked) -> Said {
    match asked.path.as_str() {
        "/echo" => Said::body(asked.body.clone()),
        "/within" => Said::redirect(302, "https://mirror.example.net/echo"),
        "/away" => Said::redirect(302, "https://elsewhere.example.com/echo"),
        "/inside" => Said::redirect(302, "https://169.254.169.254/latest/meta-data"),
        "/plain" => Said::redirect(302, "http://api.example.org/echo"),
        "/port" => Said::redirect(302, "https://api.example.org:8443/echo"),
        "/round" => Said::redirect(302, "/round"),
        "/unchanged" => Said::status(304),
        "/large" => Said::body(vec![b'x'; 65]),
        "/chunked" => Said {
            body: b"41\r\n".iter().chain(&[b'x'; 65]).chain(b"\r\n0\r\n\r\n").copied().collect(),
            ..Said::status(200)
        }
        .with("transfer-encoding", "chunked"),
        "/headers" => (0..65).fold(Said::status(200), |said, number| said.with(&format!("x-{number}"), "y")),
        _ => Said::status(404),
    }
}

impl World {
    async fn new() -> Self {
        let hosts = ["api.example.org", "mirror.example.net", "rebound.example.net", "elsewhere.example.com"];
        let site = Site::serve(&hosts, answer).await.unwrap();
        let names = site
            .names()
            .leading("rebound.example.net", vec![site.at, "10.0.0.1:443".parse().unwrap()])
            .leading("inner.example.net", vec!["[fd00::1]:443".parse().unwrap()])
            .leading("lame.example.net", Vec::new());
        let database = TestDatabase::new().await;
        let cache = tempfile::tempdir().unwrap();
        let config = HostConfig {
            cache_dir: cache.path().to_owned(),
            cache_key: [7; 32],
            // Nothing is compiled here.
            compiler: ChildProgram { program: "/nonexistent".into(), args: Vec::new() },
            budgets: Budgets::default(),
            wall: Wall::None,
        };
        let app = App::new(AppOptions {
            db: database.db.clone(),
            host: Host::new(config).unwrap(),
            internet: internet(&names, &site),
            public_url: "http://localhost:7080/".to_owned(),
            hashing_threads: 1,
        })
        .unwrap();
        let local = Origin { request_id: None, ip: Some([127, 0, 0, 1].into()), user_agent: None };
        let ada = SetupInput {
            name: "Ada".to_owned(),
            email: "ada@example.org".to_owned(),
            password: "correct horse battery".into(),
            token: None,
        };
        let signed_in = app.setup(&local, ada).await.unwrap();
        let admin = app.authenticate(&signed_in.token, &local).await.unwrap().ctx;
        let mut tx = database.db.as_system().await.unwrap();
        let entry = AuditEntry::new("plugin.install", "plugin", "sample", Origin::default());
        let plugin = tx.install_bundled(&release(), entry).await.unwrap().plugin_id;
        tx.commit().await.unwrap();
        Self { app, admin, plugin, site, database, _cache: cache }
    }

    fn borrower(&self) -> Borrower {
        Borrower::new(self.app.denials(), &manifest(), None)
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, LentFailure> {
        let hosts = manifest().hosts("http");
        Reached::new(self.app.internet().clone(), self.borrower()).send(&hosts, request, PATIENCE).await
    }

    async fn get(&self, url: &str) -> Result<HttpResponse, LentFailure> {
        self.send(request("GET", url)).await
    }

    async fn refused(&self, url: &str) -> String {
        self.get(url).await.expect_err(url).code
    }

    /// What the audit log has of refusals, after the standing job has had its turn.
    async fn denials(&self) -> Vec<(Value, Value)> {
        let ended = CancellationToken::new();
        ended.cancel();
        write_down(&self.app, &ended).await;
        let log = self.app.audit(&self.admin, PageQuery::default()).await.unwrap();
        let mut told: Vec<_> = log
            .items
            .into_iter()
            .filter(|line| line.action == "plugin.denied")
            .map(|line| {
                assert!(line.actor.is_none(), "it was the plugin, and no person");
                assert_eq!((line.subject_kind.as_str(), line.subject_id.as_str()), ("plugin", "sample"));
                (line.after["capability"].clone(), line.after["target"].clone())
            })
            .collect();
        told.reverse();
        told
    }
}

fn internet(names: &Names, site: &Site) -> Internet {
    Internet::pretended(names, site.root(), Some("ada@example.org"))
}

fn request(method: &str, url: &str) -> HttpRequest {
    HttpRequest {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        max_bytes: 64,
    }
}

fn release() -> NewRelease {
    NewRelease {
        manifest_id: "sample".to_owned(),
        digest: "a".repeat(64),
        name: "Sample".to_owned(),
        version: "1.2.0".to_owned(),
        manifest: serde_json::to_value(manifest()).unwrap(),
        requested: Vec::new(),
        granted: Vec::new(),
        component: b"component".to_vec(),
        blueprints: Vec::new(),
        listening: None,
        bundled: true,
        origin: None,
    }
}

#[tokio::test]
async fn hosts_of_the_manifest_are_asked_and_redirects_among_them_are_followed() {
    let world = World::new().await;
    let echo = HttpRequest {
        headers: vec![
            ("authorization".to_owned(), "Bearer hush".to_owned()),
            ("accept".to_owned(), "x/y".to_owned()),
        ],
        body: b"hello".to_vec(),
        ..request("POST", "https://api.example.org/echo")
    };
    assert_eq!(world.send(echo.clone()).await.unwrap().body, b"hello");
    let within = HttpRequest { url: "https://api.example.org/within".to_owned(), ..echo };
    assert_eq!(world.send(within).await.unwrap().status, 200);
    let heard = world.site.heard();
    let first = &heard[0];
    assert_eq!(first.header("authorization"), Some("Bearer hush"));
    let last = heard.last().unwrap();
    assert_eq!((last.method.as_str(), last.host.as_str()), ("GET", "mirror.example.net"));
    assert_eq!(
        last.header("authorization"),
        None,
        "what proves who the plugin is was for the host that it named"
    );
    assert_eq!(last.header("accept"), Some("x/y"));
    assert_eq!(world.get("https://api.example.org/unchanged").await.unwrap().status, 304);
    assert_eq!(world.get("https://api.example.org/none").await.unwrap().status, 404);
    assert_eq!(world.denials().await, []);
}

#[tokio::test]
async fn who_asks_says_its_name_and_whom_to_write_to() {
    let world = World::new().await;
    world.get("https://api.example.org/echo").await.unwrap();
    let own = HttpRequest {
        headers: vec![("User-Agent".to_owned(), "Sample/1".to_owned())],
        ..request("GET", "https://api.example.org/echo")
    };
    world.send(own).await.unwrap();
    let heard = world.site.heard();
    let agents: Vec<_> = heard.iter().map(|asked| asked.header("user-agent").unwrap()).collect();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(agents[0], format!("Gantry/{version} (plugin sample/1.2.0) (+ada@example.org)"));
    assert_eq!(agents[1], "Sample/1 (+ada@example.org)");
    for name in ["cookie", "referer", "authorization", "x-forwarded-for"] {
        assert_eq!(heard[0].header(name), None, "{name}");
    }
}

#[tokio::test]
async fn a_host_that_the_manifest_does_not_name_is_denied_and_written_down() {
    let world = World::new().await;
    for (url, target) in [
        ("https://elsewhere.example.com/echo", "elsewhere.example.com"),
        ("https://example.net/echo", "example.net"),
        ("https://api.example.org:8443/echo", "api.example.org"),
    ] {
        assert_eq!(world.refused(url).await, "denied", "{url}");
        assert_eq!(world.denials().await.last().unwrap().1, target);
    }
    assert_eq!(world.site.heard(), [], "nobody was asked");
}

#[tokio::test]
async fn a_redirect_is_held_to_what_the_request_was() {
    let world = World::new().await;
    for (path, target) in
        [("away", "elsewhere.example.com"), ("inside", "169.254.169.254"), ("plain", "api.example.org")]
    {
        assert_eq!(world.refused(&format!("https://api.example.org/{path}")).await, "denied", "{path}");
        assert_eq!(world.denials().await.last().unwrap().1, target);
    }
    assert_eq!(world.refused("https://api.example.org/port").await, "denied");
    assert_eq!(world.refused("https://api.example.org/round").await, "refused");
    assert!(
        world.site.heard().iter().all(|asked| asked.path != "/echo"),
        "nobody was asked at the end of the way"
    );
}

#[tokio::test]
async fn a_name_that_leads_into_a_private_network_is_denied_and_written_down() {
    let world = World::new().await;
    for name in ["inner.example.net", "rebound.example.net", "lame.example.net"] {
        assert_eq!(world.refused(&format!("https://{name}/echo")).await, "denied", "{name}");
    }
    let told: Vec<Value> = world.denials().await.into_iter().map(|(_, target)| target).collect();
    assert_eq!(told, ["inner.example.net", "rebound.example.net", "lame.example.net"]);
    assert_eq!(world.refused("https://unknown.example.net/").await, "unreachable");
    assert_eq!(world.site.heard(), []);
}

#[tokio::test]
async fn answers_are_counted_while_they_come() {
    let world = World::new().await;
    for path in ["large", "chunked", "headers"] {
        assert_eq!(world.refused(&format!("https://api.example.org/{path}")).await, "too_large", "{path}");
    }
    let roomy = HttpRequest { max_bytes: 65, ..request("GET", "https://api.example.org/chunked") };
    assert_eq!(world.send(roomy).await.unwrap().body.len(), 65);
}

#[tokio::test]
async fn a_certificate_of_somebody_else_is_no_answer() {
    let world = World::new().await;
    let other = Site::serve(&["api.example.org"], answer).await.unwrap();
    let internet = Internet::pretended(&world.site.names(), other.root(), None);
    let reached = Reached::new(internet, world.borrower());
    let hosts = manifest().hosts("http");
    let answer = reached.send(&hosts, request("GET", "https://api.example.org/echo"), PATIENCE).await;
    assert_eq!(answer.unwrap_err().code, "unreachable");
    assert_eq!(world.site.heard(), []);
}

#[tokio::test]
async fn a_plugin_whose_servers_are_silent_leaves_room_for_others() {
    let world = World::new().await;
    let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let names = world.site.names().served("api.example.org", mute.local_addr().unwrap());
    let internet = internet(&names, &world.site);
    let asked = |internet: Internet, id: &str, url: &str, time| {
        let manifest = Manifest { id: id.to_owned(), ..manifest() };
        let reached = Reached::new(internet, Borrower::new(world.app.denials(), &manifest, None));
        let (hosts, request) = (manifest.hosts("http"), request("GET", url));
        async move { reached.send(&hosts, request, time).await }
    };
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..64 {
        waiting.spawn(asked(internet.clone(), "greedy", "https://api.example.org/echo", PATIENCE));
    }
    let mut held = Vec::new();
    while held.len() < 8 {
        held.push(mute.accept().await.unwrap());
    }
    let polite = asked(internet, "polite", "https://mirror.example.net/echo", Duration::from_secs(5));
    assert_eq!(polite.await.map(|answer| answer.status), Ok(200));
    waiting.abort_all();
}

#[tokio::test]
async fn silence_is_waited_for_no_longer_than_the_call_has() {
    let world = World::new().await;
    // It takes connections and says nothing.
    let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let names = Names::default().served("api.example.org", mute.local_addr().unwrap());
    let reached = Reached::new(internet(&names, &world.site), world.borrower());
    let hosts = manifest().hosts("http");
    let asked = request("GET", "https://api.example.org/echo");
    let answer = reached.send(&hosts, asked, Duration::from_millis(300)).await;
    assert_eq!(answer.unwrap_err().code, "timeout");
}

#[tokio::test]
async fn a_plugin_that_keeps_in_a_circle_has_few_of_the_connections() {
    let world = World::new().await;
    let shelf = Shelf { plugin: world.plugin, server: None };
    // Whoever keeps something there waits for this, and has a connection meanwhile.
    let mut first = world.app.db().as_system().await.unwrap();
    assert!(first.keep(shelf, "first", &[7; 8], u64::MAX).await.unwrap());
    let mut keeping = tokio::task::JoinSet::new();
    for number in 0..200 {
        let kept = Kept::new(world.app.db().clone(), shelf, u64::MAX, world.borrower());
        keeping.spawn(async move { kept.set(&number.to_string(), vec![7; 8]).await });
    }
    world.database.so_many_wait(2).await;
    world.app.db().ping().await.unwrap();
    first.commit().await.unwrap();
    assert!(keeping.join_all().await.into_iter().all(|kept| kept.is_ok()));
}

#[tokio::test]
async fn a_quota_that_is_used_up_is_denied_and_written_down() {
    let world = World::new().await;
    let shelf = Shelf { plugin: world.plugin, server: None };
    let quota = manifest().kept_bytes();
    let kept = Kept::new(world.app.db().clone(), shelf, quota, world.borrower());
    let scratch = Scratch::new(quota, world.borrower());
    let both: [&dyn KeyValue; 2] = [&kept, &scratch];
    for kept in both {
        kept.set("one", vec![7; 500]).await.unwrap();
        kept.set("one", vec![8; 600]).await.unwrap();
        assert_eq!(kept.set("two", vec![7; 500]).await.unwrap_err().code, "quota");
        assert_eq!(kept.get("two").await.unwrap(), None);
        assert_eq!(kept.get("one").await.unwrap(), Some(vec![8; 600]));
        assert_eq!(kept.keys("o").await.unwrap(), ["one"]);
        assert_eq!(kept.keys("t").await.unwrap(), Vec::<String>::new());
        kept.remove("one").await.unwrap();
        kept.remove("one").await.unwrap();
        assert_eq!(kept.get("one").await.unwrap(), None);
    }
    assert_eq!(world.denials().await, [(json!("kv"), json!("quota"))], "once for what is alike");
}

#[tokio::test]
async fn a_secret_is_read_once_it_is_stored_and_never_shown() {
    let world = World::new().await;
    let stored = Stored::new(world.app.db().clone(), world.plugin);
    assert_eq!(stored.get("token").await.unwrap_err().code, "absent");
    let hush = || SecretInput { value: "hush-42".into() };
    world.app.set_plugin_secret(&world.admin, world.plugin, "token", hush()).await.unwrap();
    assert_eq!(stored.get("token").await.unwrap(), "hush-42");
    let other = world.app.set_plugin_secret(&world.admin, world.plugin, "other", hush()).await;
    assert_eq!(other.unwrap_err().code().as_str(), "not_found", "the manifest does not ask for it");
    let listed = world.app.plugin_secrets(&world.admin, world.plugin).await.unwrap();
    let log = world.app.audit(&world.admin, PageQuery::default()).await.unwrap();
    let shown =
        format!("{}{}", serde_json::to_string(&listed).unwrap(), serde_json::to_string(&log).unwrap());
    assert!(shown.contains("plugin.secret.set") && !shown.contains("hush-42"), "{shown}");
    assert!(listed.items[0].is_asked_for && listed.items[0].updated_at.is_some());
    world.app.remove_plugin_secret(&world.admin, world.plugin, "token").await.unwrap();
    assert_eq!(stored.get("token").await.unwrap_err().code, "absent");
}

/// Whether a call was told them or an earlier one that kept them.
#[tokio::test]
async fn no_record_has_what_is_stored_for_a_plugin_or_given_to_the_call() {
    let world = World::new().await;
    let hush = SecretInput { value: "hush-42".into() };
    world.app.set_plugin_secret(&world.admin, world.plugin, "token", hush).await.unwrap();
    let untold = Untold::new(world.app.db().clone(), world.plugin, &manifest(), vec!["typed-7".to_owned()]);
    assert_eq!(untold.secrets().await.unwrap(), ["typed-7", "hush-42"]);
}

#[tokio::test]
async fn a_secret_that_cannot_be_one_is_refused() {
    let world = World::new().await;
    for value in [String::new(), "x".repeat(16 * 1024 + 1), "a\u{1b}[2J".to_owned()] {
        let input = SecretInput { value: value.clone().into() };
        let refused = world.app.set_plugin_secret(&world.admin, world.plugin, "token", input).await;
        assert_eq!(refused.unwrap_err().fields()[0].key, "value", "{value:?}");
    }
    let pem = SecretInput { value: "-----BEGIN KEY-----\r\nabc\n-----END KEY-----\n".into() };
    world.app.set_plugin_secret(&world.admin, world.plugin, "token", pem).await.unwrap();
}

#[tokio::test]
async fn what_the_host_refused_is_written_down_once() {
    let world = World::new().await;
    world.borrower().refused("secrets", "passwords");
    world.borrower().refused("secrets", "passwords");
    world.borrower().refused("http", "");
    let told = world.denials().await;
    assert_eq!(told, [(json!("secrets"), json!("passwords")), (json!("http"), Value::Null)]);
}
