//! A server's files over HTTP: there and back, who may, two editors, how much, and what browsers make of it.

use crate::{
    kit::{Answer, Client, PASSWORD, TestApp, TestNode},
    servers::{is_in_state, running},
};
use gantry_agent::data::DataDir;
use reqwest::{Body, Method};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

/// A server that runs, its files' address and where they lie.
pub(crate) struct World {
    pub(crate) app: TestApp,
    pub(crate) admin: Client,
    pub(crate) node: TestNode,
    pub(crate) id: String,
    page: crate::kit::Page,
    pub(crate) root: PathBuf,
}

impl World {
    pub(crate) async fn new() -> Self {
        let app = TestApp::with_games_and_files().await;
        let admin = app.admin().await;
        let node = TestNode::join(&admin).await;
        let (id, page) = running(&admin, &node).await;
        let root = DataDir::open(node.data()).unwrap().server_files(id.parse().unwrap());
        Self { app, admin, node, id, page, root }
    }

    pub(crate) fn url(&self, rest: &str) -> String {
        format!("/api/servers/{}/files{rest}", self.id)
    }

    pub(crate) async fn put(&self, rest: &str, body: impl Into<Body>) -> Answer {
        let request = self.admin.request(Method::PUT, &self.url(rest));
        self.admin.send(request.header("content-type", "application/octet-stream").body(body)).await
    }

    pub(crate) async fn post(&self, rest: &str, body: Value) -> Answer {
        self.admin.post(&self.url(rest), body).await
    }

    pub(crate) async fn names(&self, path: &str) -> Vec<String> {
        let listing = self.admin.get(&self.url(&format!("?path={path}"))).await.expect(200);
        let entries = listing["entries"].as_array().unwrap().clone();
        entries.iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Changes the server's disk limit and waits until the node has heard of it.
    async fn limit(&mut self, disk_mib: u32) {
        let limits =
            json!({ "memoryMib": 512, "swapMib": 0, "cpuPercent": 0, "diskMib": disk_mib, "pids": 0 });
        let path = format!("/api/servers/{}/limits", self.id);
        self.admin.patch(&path, limits).await.expect(200);
        // The node takes what it is told in order, and tells that it has stopped after it was told of the limit.
        let power = format!("/api/servers/{}/power", self.id);
        self.admin.post(&power, json!({ "action": "stop" })).await.expect(202);
        self.page.until(|frame| is_in_state(frame, "offline")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_brought_listed_read_copied_renamed_fetched_and_deleted() {
    let world = World::new().await;
    world.post("/directory", json!({ "path": "maps" })).await.expect(200);
    world.post("/directory", json!({ "path": "maps" })).await.problem("file_exists");
    let big: Vec<u8> = (0..5_000_000_u32).map(|number| number as u8).collect();
    let saved = world.put("/upload?path=maps/one.pk3", big.clone()).await.expect(200);
    assert_eq!((&saved["entry"]["name"], &saved["entry"]["bytes"]), (&json!("one.pk3"), &json!(big.len())));
    world.put("/upload?path=maps/one.pk3", "x").await.problem("file_exists");
    world.put("/upload?path=nowhere/one.pk3", "x").await.problem("not_found");

    world.post("/copy", json!({ "from": "maps", "to": "more" })).await.expect(200);
    world.post("/rename", json!({ "from": "more/one.pk3", "to": "more/two.pk3" })).await.expect(200);
    assert_eq!(
        (world.names("maps").await, world.names("more").await),
        (vec!["one.pk3".into()], vec!["two.pk3".into()])
    );
    assert_eq!(fs::read(world.root.join("more/two.pk3")).unwrap(), big);

    world.post("/delete", json!({ "paths": ["maps"] })).await.expect(200);
    world.post("/delete", json!({ "paths": ["maps"] })).await.problem("not_found");
    world.post("/delete", json!({ "paths": ["/"] })).await.problem("invalid_request");
    assert!(!world.names("").await.contains(&"maps".to_owned()));

    let activity = world.admin.get(&format!("/api/servers/{}/activity", world.id)).await.expect(200);
    let done: Vec<_> =
        activity["items"].as_array().unwrap().iter().map(|line| line["action"].clone()).collect();
    for action in ["file.directory", "file.upload", "file.copy", "file.rename", "file.delete"] {
        assert!(done.contains(&json!(action)), "{action} is missing in {done:?}");
    }
    world.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_that_are_deleted_each_goes_for_itself_and_the_answer_and_the_log_say_which() {
    let world = World::new().await;
    for name in ["first", "last", "tree/inner/leaf"] {
        fs::create_dir_all(world.root.join(name).parent().unwrap()).unwrap();
        fs::write(world.root.join(name), "x").unwrap();
    }
    let own = ".gantry-tmp-1";
    let paths = json!(["first", "missing", "tree", "tree/inner", "/", own, "last", "first"]);
    let answer = world.post("/delete", json!({ "paths": paths })).await.expect(200);
    assert_eq!(answer["deleted"], json!(["first", "tree", "tree/inner", "last", "first"]));
    let failed: Vec<_> = answer["failed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["path"].as_str().unwrap(), one["code"].as_str().unwrap()))
        .collect();
    assert_eq!(failed, [("missing", "not_found"), ("/", "invalid_request"), (own, "invalid_request")]);
    assert!(answer["failed"][0]["detail"].as_str().unwrap().contains("missing"), "{answer}");
    for name in ["first", "last", "tree"] {
        assert!(!world.root.join(name).exists(), "{name} is still there");
    }
    let activity = world.admin.get(&format!("/api/servers/{}/activity", world.id)).await.expect(200);
    let lines = activity["items"].as_array().unwrap();
    let line = |action: &str| &lines.iter().find(|line| line["action"] == action).unwrap()["after"];
    assert_eq!(line("file.delete")["paths"], paths);
    let refused = line("file.refused");
    assert_eq!(
        (&refused["paths"], &refused["refused"]),
        (&json!(["missing", "/", own]), &json!("file.delete"))
    );
    assert!(refused["reason"].as_str().unwrap().contains("missing"), "{refused}");
    // What nobody can delete is in no list either.
    fs::write(world.root.join(own), "half").unwrap();
    assert!(!world.names("").await.contains(&own.to_owned()));
    world.post("/delete", json!({ "paths": [own] })).await.problem("invalid_request");
    world.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_editors_the_second_is_told_of_the_first() {
    let world = World::new().await;
    world.put("/content?path=motd.txt", "one").await.expect(200);
    let read = world.admin.get(&world.url("/content?path=motd.txt")).await.expect(200);
    assert_eq!(read["text"], "one");
    let save = format!("/content?path=motd.txt&version={}", read["version"].as_str().unwrap());
    let saved = world.put(&save, "two").await.expect(200);
    world.put(&save, "three").await.problem("file_changed");
    world.put("/content?path=motd.txt", "four").await.problem("file_exists");
    let save = format!("/content?path=motd.txt&version={}", saved["version"].as_str().unwrap());
    world.put(&save, "five").await.expect(200);
    world.put("/content?path=motd.txt&version=*", "six").await.expect(200);
    assert_eq!(fs::read_to_string(world.root.join("motd.txt")).unwrap(), "six");
    world.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_text_or_too_long_is_not_for_the_editor() {
    let world = World::new().await;
    for (name, content) in
        [("binary", vec![0, 159, 146]), ("zero", b"a\0b".to_vec()), ("long", vec![b'x'; (1 << 20) + 1])]
    {
        fs::write(world.root.join(name), content).unwrap();
        world.admin.get(&world.url(&format!("/content?path={name}"))).await.problem("file_refused");
    }
    world.put("/content?path=new", vec![b'x'; (1 << 20) + 1]).await.problem("payload_too_large");
    world.put("/content?path=new", vec![b'x'; 1 << 20]).await.expect(200);
    world.admin.get(&world.url("/content?path=new")).await.expect(200);
    world.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_page_is_fetched_as_an_attachment_and_never_shown() {
    let world = World::new().await;
    fs::write(world.root.join("a\"b\r.html"), "<script>alert(1)</script>").unwrap();
    let fetched = world.admin.get(&world.url("/download?path=%25%25a%2522b%250D.html")).await;
    assert_eq!(fetched.status, 200, "{}", fetched.body);
    let disposition = fetched.header("content-disposition");
    assert!(
        disposition.starts_with("attachment; filename*=UTF-8''") && disposition.is_ascii(),
        "{disposition}"
    );
    assert_eq!(fetched.header("content-type"), "application/octet-stream");
    assert_eq!(fetched.header("x-content-type-options"), "nosniff");
    assert!(fetched.header("content-security-policy").contains("sandbox"));
    assert_eq!(fetched.body, "<script>alert(1)</script>");
    world.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_and_links_do_not_lead_out_of_the_servers_directory() {
    let world = World::new().await;
    symlink("/etc", world.root.join("etc")).unwrap();
    symlink("/etc/passwd", world.root.join("passwd")).unwrap();
    for path in ["passwd", "etc/passwd"] {
        world.admin.get(&world.url(&format!("/content?path={path}"))).await.problem("file_refused");
        world.admin.get(&world.url(&format!("/download?path={path}"))).await.problem("file_refused");
    }
    for path in ["../../ledger.redb", "a/../../x", "%25%25%252E%252E/x", "a%00b", "a%0Ab"] {
        world.admin.get(&world.url(&format!("/content?path={path}"))).await.problem("invalid_request");
        world.put(&format!("/upload?path={path}"), "x").await.problem("invalid_request");
    }
    world.admin.get(&world.url("/content?path=/etc/hosts")).await.problem("file_refused");
    world.post("/copy", json!({ "from": "etc/passwd", "to": "mine" })).await.problem("file_refused");
    let long = "x/".repeat(3_000);
    world.admin.get(&world.url(&format!("?path={long}"))).await.problem("invalid_request");
    world.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_node_refuses_is_told_as_refused_and_what_is_no_path_is_not_told() {
    let world = World::new().await;
    fs::write(world.root.join("plain"), "x").unwrap();
    let lines = async || world.admin.get("/api/audit").await.expect(200)["items"].as_array().unwrap().clone();
    let before = lines().await.len();
    for path in ["maps//plain", "./plain", "maps/../plain", "maps/.", "a/..", ".."] {
        world.put(&format!("/content?path={path}"), "x").await.problem("invalid_request");
        world.put(&format!("/upload?path={path}"), "x").await.problem("invalid_request");
        world.post("/directory", json!({ "path": path })).await.problem("invalid_request");
        world.post("/delete", json!({ "paths": ["plain", path] })).await.problem("invalid_request");
    }
    assert_eq!(lines().await.len(), before);
    world.post("/rename", json!({ "from": "plain", "to": "nodir/n" })).await.problem("not_found");
    world.put("/upload?path=plain", "y").await.problem("file_exists");
    let lines = lines().await;
    let told: Vec<_> = lines[..4].iter().map(|line| line["action"].as_str().unwrap()).collect();
    assert_eq!(told, ["file.refused", "file.upload", "file.refused", "file.rename"]);
    assert_eq!(
        (&lines[0]["after"]["refused"], &lines[0]["after"]["path"]),
        (&json!("file.upload"), &json!("plain"))
    );
    assert_eq!(
        (&lines[2]["after"]["refused"], &lines[2]["after"]["to"]),
        (&json!("file.rename"), &json!("nodir/n"))
    );
    assert!(!lines[2]["after"]["reason"].as_str().unwrap().is_empty());
    world.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_end_at_the_disk_limit_and_leave_nothing() {
    let mut world = World::new().await;
    fs::write(world.root.join("world"), vec![1; 120 << 20]).unwrap();
    world.limit(256).await;
    let before = world.names("").await;
    let never = futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>();
    let request =
        world.admin.request(Method::PUT, &world.url("/upload?path=big")).header("content-length", 150 << 20);
    let request = request.header("content-type", "application/octet-stream").body(Body::wrap_stream(never));
    world.admin.send(request).await.problem("quota_exceeded");
    world.post("/copy", json!({ "from": "world", "to": "copy" })).await.expect(200);
    world.post("/copy", json!({ "from": "world", "to": "copies" })).await.problem("quota_exceeded");
    world.post("/delete", json!({ "paths": ["copy"] })).await.expect(200);
    assert_eq!(world.names("").await, before);
    world.put("/upload?path=small", vec![0; 1 << 18]).await.expect(200);
    world.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let world = World::new().await;
    let before = world.names("").await;
    let pieces = futures_util::stream::iter([Ok(vec![b'x'; 600_000]), Err(std::io::Error::other("gone"))]);
    let request = world.admin.request(Method::PUT, &world.url("/upload?path=half"));
    let request =
        request.header("content-type", "application/octet-stream").header("origin", &world.admin.url);
    assert!(request.body(Body::wrap_stream(pieces)).send().await.is_err());
    // The node hears of it before it hears of anything that was asked later on the same link.
    world.post("/directory", json!({ "path": "later" })).await.expect(200);
    for _ in 0..200 {
        let now = world.names("").await;
        if now.iter().filter(|name| *name != "later").eq(before.iter()) {
            world.node.stop().await;
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("something stayed: {:?}", world.names("").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_over_the_limit_is_refused_before_it_is_sent() {
    let world = World::new().await;
    let request = world.admin.request(Method::PUT, &world.url("/upload?path=huge"));
    let request =
        request.header("content-type", "application/octet-stream").header("origin", &world.admin.url);
    let request = request.header("content-length", (1_u64 << 30) + 1);
    let never = futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>();
    world.admin.send(request.body(Body::wrap_stream(never))).await.problem("payload_too_large");
    world.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_gets_what_was_allowed_and_the_right_to_write_does_not_show_passwords() {
    let world = World::new().await;
    let friend = world.app.person(&world.admin, "grace", "limited").await;
    let form =
        json!({ "email": "grace@example.com", "permissions": ["server.read", "files.list", "files.write"] });
    world.admin.post(&format!("/api/servers/{}/members", world.id), form).await.expect(201);
    friend.get(&world.url("")).await.expect(200);
    for path in ["/content?path=baseoa/gantry.cfg", "/download?path=baseoa/gantry.cfg"] {
        let refused = friend.get(&world.url(path)).await.problem("forbidden");
        assert!(refused["detail"].as_str().unwrap().contains("files.read"), "{refused}");
    }
    friend.post(&world.url("/delete"), json!({ "paths": ["baseoa"] })).await.problem("forbidden");
    friend.post(&world.url("/directory"), json!({ "path": "mine" })).await.expect(200);
    let said = world.admin.get("/api/permissions").await.expect(200).to_string();
    assert!(said.contains("Configuration files show the passwords"), "{said}");
    world.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn to_put_one_file_in_the_place_of_another_takes_the_right_to_delete() {
    let world = World::new().await;
    let friend = world.app.person(&world.admin, "grace", "limited").await;
    let members = format!("/api/servers/{}/members", world.id);
    let form = json!({ "email": "grace@example.com", "permissions": ["server.read", "files.write"] });
    let member = world.admin.post(&members, form).await.expect(201);
    for name in ["mine", "theirs"] {
        fs::write(world.root.join(name), name).unwrap();
    }
    let replace = json!({ "from": "mine", "to": "theirs", "replace": true });
    let refused = friend.post(&world.url("/rename"), replace.clone()).await.problem("forbidden");
    assert!(refused["detail"].as_str().unwrap().contains("files.delete"), "{refused}");
    assert_eq!(fs::read_to_string(world.root.join("theirs")).unwrap(), "theirs");
    // Without replacing anything it takes the right to write alone.
    let keep = json!({ "from": "mine", "to": "theirs" });
    friend.post(&world.url("/rename"), keep).await.problem("file_exists");

    let rights = json!({ "permissions": ["server.read", "files.write", "files.delete"] });
    let member = format!("{members}/{}", member["userId"].as_str().unwrap());
    world.admin.patch(&member, rights).await.expect(200);
    friend.post(&world.url("/rename"), replace.clone()).await.expect(200);
    assert_eq!(fs::read_to_string(world.root.join("theirs")).unwrap(), "mine");
    assert!(!world.root.join("mine").exists());
    // And the right to delete alone does not do.
    let rights = json!({ "permissions": ["server.read", "files.delete"] });
    world.admin.patch(&member, rights).await.expect(200);
    let refused = friend.post(&world.url("/rename"), replace).await.problem("forbidden");
    assert!(refused["detail"].as_str().unwrap().contains("files.write"), "{refused}");
    world.node.stop().await;
}

/// Spelled as the panel spells what comes from elsewhere.
fn spelled(name: &str) -> String {
    name.bytes().fold("%%".to_owned(), |spelled, byte| format!("{spelled}%{byte:02X}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_is_made_under_a_name_that_hides_something() {
    let world = World::new().await;
    fs::write(world.root.join("plain"), "x").unwrap();
    fs::create_dir(world.root.join("maps")).unwrap();
    let piled = format!("a{}", "\u{30D}".repeat(9));
    for name in ["pl\u{200B}ain", "plain\u{3164}", "gnp\u{202E}.exe", "a\nb", &piled] {
        let name = spelled(name);
        let query = name.replace('%', "%25");
        world.put(&format!("/upload?path={query}"), "x").await.problem("invalid_request");
        world.put(&format!("/content?path=maps/{query}"), "x").await.problem("invalid_request");
        world.post("/directory", json!({ "path": name })).await.problem("invalid_request");
        for change in ["/rename", "/copy"] {
            world.post(change, json!({ "from": "plain", "to": name })).await.problem("invalid_request");
        }
    }
    world.put("/upload?path=%F0%9F%91%A9%E2%80%8D%F0%9F%9A%80.txt", "x").await.expect(200);
    assert!(world.root.join("👩\u{200D}🚀.txt").exists());
    world.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_game_s_file_with_such_a_name_is_read_written_renamed_and_deleted() {
    let world = World::new().await;
    let name = "pl\u{200B}ain";
    fs::write(world.root.join(name), "one").unwrap();
    assert!(world.names("").await.contains(&name.to_owned()));
    let read = world.admin.get(&world.url(&format!("/content?path={name}"))).await.expect(200);
    let save = format!("/content?path={name}&version={}", read["version"].as_str().unwrap());
    world.put(&save, "two").await.expect(200);
    world.put(&format!("/upload?path={name}&replace=true"), "three").await.expect(200);
    world.post("/copy", json!({ "from": name, "to": "copy" })).await.expect(200);
    world.post("/rename", json!({ "from": name, "to": "plain" })).await.expect(200);
    assert_eq!(fs::read_to_string(world.root.join("plain")).unwrap(), "three");
    fs::write(world.root.join(name), "again").unwrap();
    world.post("/delete", json!({ "paths": [name] })).await.expect(200);
    assert!(!world.root.join(name).exists());
    world.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_away_is_said_so() {
    let World { app, admin, node, id, .. } = World::new().await;
    node.stop().await;
    let mut answer = admin.get(&format!("/api/servers/{id}/files")).await;
    for _ in 0..200 {
        if answer.body["code"] == "node_unreachable" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        answer = admin.get(&format!("/api/servers/{id}/files")).await;
    }
    answer.problem("node_unreachable");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_ends_when_the_right_to_it_does() {
    let world = World::new().await;
    let size = 96 << 20;
    fs::write(world.root.join("world"), vec![7; size]).unwrap();
    let friend = world.app.person(&world.admin, "grace", "limited").await;
    let form = json!({ "email": "grace@example.com", "permissions": ["server.read", "files.read"] });
    let members = format!("/api/servers/{}/members", world.id);
    let member = world.admin.post(&members, form).await.expect(201);
    let mut response = friend.request(Method::GET, &world.url("/download?path=world")).send().await.unwrap();
    assert_eq!(response.headers()["content-length"], size.to_string().as_str());
    let mut got = response.chunk().await.unwrap().unwrap().len();
    world.admin.delete(&format!("{members}/{}", member["userId"].as_str().unwrap())).await.expect(204);
    friend.get(&world.url("/download?path=world")).await.problem("not_found");
    let ended = loop {
        match response.chunk().await {
            Ok(Some(piece)) => got += piece.len(),
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    assert!(!ended && got < size, "{got} of {size} bytes came");
    world.node.stop().await;
}

/// Whether anybody in this process, the daemon for one, has the file open.
fn is_open(path: &Path) -> bool {
    let files = fs::read_dir("/proc/self/fd").unwrap().flatten();
    files.filter_map(|file| fs::read_link(file.path()).ok()).any(|file| file == path)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_nobody_reads_is_given_up() {
    let world = World::new().await;
    let file = world.root.join("world");
    fs::File::create(&file).unwrap().set_len(256 << 20).unwrap();
    let signed_in = world.admin.sign_in("ada@example.com", PASSWORD).await;
    let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
    let mut stream = TcpStream::connect(world.app.url.strip_prefix("http://").unwrap()).await.unwrap();
    let path = world.url("/download?path=world");
    let request = format!("GET {path} HTTP/1.1\r\nhost: gantry\r\ncookie: {cookie}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
    assert!(is_open(&file));
    let patience = Instant::now() + Duration::from_secs(60);
    while is_open(&file) {
        assert!(Instant::now() < patience, "the file stays open for somebody who reads nothing");
        // The kernel tells nobody when a descriptor is closed.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    world.admin.get(&world.url("?path=")).await.expect(200);
    world.node.stop().await;
}
