//! `pack`, `key`, `sign`, `publish` and `inspect`, to a real registry and back.

use crate::kit::{Ran, example, folder, plugin, program};
use std::{
    fs,
    io::{BufRead, BufReader, ErrorKind, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A registry of Debian's package on a port of its own.
struct Registry {
    child: Child,
    host: String,
}

impl Registry {
    fn start(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let host = format!("127.0.0.1:{port}");
        let config = format!(
            "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: {host}\n",
            folder.join("registry").display()
        );
        fs::write(folder.join("registry.yml"), config).unwrap();
        let child = Command::new("docker-registry")
            .arg("serve")
            .arg(folder.join("registry.yml"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("docker-registry is in PATH: `cargo xtask test` installs it");
        let registry = Self { child, host };
        // It says nothing when it is ready but by answering.
        for _ in 0..500 {
            if TcpStream::connect(&registry.host).is_ok() {
                return registry;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the registry does not answer");
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn a_package_is_signed_and_says_by_whom() {
    let place = folder();
    let at = place.path();
    let component = example("hello-rust");
    plugin(at, ["pack", component.to_str().unwrap()]).expect();
    let package = "hello-1.0.0.gantry.tar";
    let made = plugin(at, ["key", "new", "a.key", "--json"]).json();
    plugin(at, ["key", "new", "b.key"]).expect();
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(at.join("a.key")).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(plugin(at, ["key", "new", "a.key", "--json"]).code(), "io", "a key is never written over");
    assert_eq!(plugin(at, ["key", "show", "a.key.pub", "--json"]).json()["id"], made["id"]);
    assert!(!plugin(at, ["inspect", package, "--key", "a.key.pub"]).good, "nobody signed it yet");
    plugin(at, ["sign", package, "--key", "a.key", "--repository", "ghcr.io/acme/hello"]).expect();
    let shown = plugin(at, ["inspect", package, "--key", "a.key.pub", "--json"]);
    assert!(shown.good);
    assert_eq!(shown.json()["signatures"][0]["repository"], "ghcr.io/acme/hello");
    assert!(!plugin(at, ["inspect", package, "--key", "b.key.pub"]).good, "another's key");
    let words = plugin(at, ["inspect", package, "--key", "b.key.pub", "--key", "a.key.pub"]).expect();
    assert!(words.contains("by a.key.pub (") && words.contains("for ghcr.io/acme/hello"), "{words}");
    assert_eq!(plugin(at, ["check", package, "--json"]).json()["ok"], true);
    let bare = component.to_str().unwrap();
    let refused =
        plugin(at, ["sign", bare, "--key", "a.key", "--repository", "ghcr.io/acme/hello", "--json"]);
    assert_eq!(refused.code(), "not-a-package");
}

#[test]
fn a_key_with_a_passphrase_opens_with_that_alone() {
    let place = folder();
    let at = place.path();
    fs::write(at.join("right"), "open sesame\n").unwrap();
    fs::write(at.join("wrong"), "close sesame\n").unwrap();
    plugin(at, ["key", "new", "a.key", "--passphrase-file", "right"]).expect();
    assert!(fs::read_to_string(at.join("a.key")).unwrap().contains("ENCRYPTED"));
    plugin(at, ["key", "show", "a.key", "--passphrase-file", "right"]).expect();
    assert_eq!(
        plugin(at, ["key", "show", "a.key", "--passphrase-file", "wrong", "--json"]).code(),
        "bad-key"
    );
    assert_eq!(plugin(at, ["key", "show", "a.key", "--json"]).code(), "bad-key");
}

#[test]
fn what_is_published_can_be_looked_at() {
    let place = folder();
    let at = place.path();
    let registry = Registry::start(at);
    let (hello, tees) = (example("hello-rust"), example("teeworlds-rust"));
    let repository = format!("{}/acme/hello", registry.host);
    plugin(at, ["key", "new", "a.key"]).expect();
    let sent = plugin(at, ["publish", hello.to_str().unwrap(), &repository, "--key", "a.key", "--json"]);
    assert!(sent.good, "{}{}", sent.out, sent.errors);
    assert!(sent.json()["reference"].as_str().unwrap().starts_with(&format!("{repository}:1.0.0@sha256:")));
    let shown = plugin(at, ["inspect", &format!("{repository}:1.0.0"), "--key", "a.key.pub", "--json"]);
    assert!(shown.good, "{}{}", shown.out, shown.errors);
    assert_eq!(shown.json()["digest"], sent.json()["digest"]);
    assert_eq!(shown.json()["signatures"][0]["repository"], repository.as_str());
    let tag = format!("{repository}:1.0.0");
    let other = plugin(at, ["publish", tees.to_str().unwrap(), &tag, "--json"]);
    assert_eq!(other.code(), "tag-exists");
    plugin(at, ["publish", tees.to_str().unwrap(), &tag, "--replace"]).expect();
    assert_eq!(plugin(at, ["inspect", &tag, "--json"]).json()["id"], "teeworlds-example");
    assert_eq!(plugin(at, ["inspect", &format!("{repository}:9.9.9"), "--json"]).code(), "not-found");
}

#[test]
fn what_check_refuses_does_not_leave_its_author_unless_told() {
    let place = folder();
    let at = place.path();
    let code = wat::parse_str("(component)").unwrap();
    let manifest = r#"{"id": "it", "name": "It", "version": "1.0.0", "author": "A", "contract": "0.2"}"#;
    fs::write(at.join("it.wasm"), gantry_pack::pack(&code, manifest.as_bytes(), &[]).unwrap()).unwrap();
    let refused = plugin(at, ["pack", "it.wasm", "--json"]);
    assert!(!refused.good);
    let problems = refused.json()["problems"].clone();
    let wrong = problems.as_array().unwrap().iter().find(|each| each["severity"] == "error").unwrap();
    assert!(wrong["message"].as_str().unwrap().contains("exports nothing"), "{problems}");
    assert!(!at.join("it-1.0.0.gantry.tar").exists());
    let checked = plugin(at, ["check", "it.wasm", "--json"]);
    assert_eq!(refused.json(), checked.json(), "the same words");
    // Nobody answers there: it does not come so far.
    let published = plugin(at, ["publish", "it.wasm", "127.0.0.1:9/acme/it", "--json"]);
    assert_eq!((published.good, published.json()), (false, checked.json()));
    plugin(at, ["pack", "it.wasm", "--unchecked"]).expect();
    assert!(at.join("it-1.0.0.gantry.tar").is_file());
}

/// Answers whoever comes with these lines, until the tests end.
fn answers(door: TcpListener, lines: String) {
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = door.accept() {
            let head = BufReader::new(stream.try_clone().unwrap()).lines();
            head.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
            let whole = format!("HTTP/1.1 {lines}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            // Whoever has seen enough goes away.
            stream.write_all(whole.as_bytes()).ok();
        }
    });
}

#[test]
fn a_password_goes_to_a_token_service_only_where_the_author_names_it() {
    let place = folder();
    let [registry, service] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [host, tokens] = [&registry, &service].map(|door| door.local_addr().unwrap().to_string());
    answers(registry, format!("401 x\r\nwww-authenticate: Bearer realm=\"http://{tokens}/token\""));
    service.set_nonblocking(true).unwrap();
    let config = serde_json::json!({ "auths": { &host: { "username": "acme", "password": "hunter2" } } });
    fs::write(place.path().join("config.json"), config.to_string()).unwrap();
    let publish = |more: &[&str]| {
        let mut command = program(place.path());
        command.args(["plugin", "publish", "--json"]).arg(example("hello-rust")).args(more);
        command.arg(format!("{host}/acme/hello")).env("DOCKER_CONFIG", place.path());
        Ran::of(command.output().unwrap())
    };
    let refused = publish(&[]);
    assert_eq!(refused.code(), "token-service-not-named");
    assert!(refused.out.contains(&format!("--token-service {tokens}")), "{}", refused.out);
    assert_eq!(service.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "nobody knocked there");
    service.set_nonblocking(false).unwrap();
    answers(service, "403 x".to_owned());
    assert_eq!(publish(&["--token-service", &tokens]).code(), "unauthorized", "it was asked, and refuses");
}
