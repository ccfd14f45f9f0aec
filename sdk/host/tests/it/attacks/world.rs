//! Against what is lent: the game's endpoints, hosts on the internet, the server's directory.

use gantry_host::StopReason::WallTime;

use super::Attack::{DnsTrick, Flood, PathEscape, SlowRead};
use super::words::{GAME, OPEN, OPENS, WRITE, acts};
use super::{Asked, Must, Row, row};
use crate::components::{Guest, Import};
use crate::lends::asks;

const FILE: Import = ("files", "read", "read_file", "(param i32 i32 i32 i32)");
const PUT: Import = ("files", "write", "write_file", "(param i32 i32 i32 i32 i32)");
const HTTP: Import = ("http", "send", "send", "(param i32 i32 i32)");

pub(super) fn rows() -> Vec<Row> {
    let mut rows = slow();
    rows.extend(hosts());
    rows.extend(paths());
    rows
}

fn slow() -> Vec<Row> {
    let late = |asked| (asked, Must::Stop(&[WallTime]));
    vec![
        row(
            SlowRead,
            "waits for a game that says nothing",
            late(Asked::Collect),
            Guest::querying().prelude(GAME).with(
                "collect",
                "(call $exchange (i32.const 1024) (i32.const 4) (i32.const 2048) (i32.const 1) (i32.const 64)
                   (i32.const -1) (i32.const 512)) (i32.const 16)",
            ),
        ),
        row(
            SlowRead,
            "writes to a game that takes nothing",
            late(Asked::Perform),
            acts(
                "query",
                &[OPEN, WRITE],
                GAME,
                &format!(
                    "{OPENS} (call $write (i32.load (i32.const 516)) (i32.const 2048) (i32.const 60000) (i32.const 768))
                     (i32.const 16)"
                ),
            ),
        ),
        row(SlowRead, "waits for a web server that never answers", late(Asked::Resolve), asking(ALLOWED, "", 1)),
        row(
            SlowRead,
            "reads a file that never ends",
            late(Asked::Perform),
            acts(
                "files",
                &[FILE],
                GAME,
                "(call $read_file (i32.const 1024) (i32.const 4) (i32.const -1) (i32.const 512)) (i32.const 16)",
            ),
        ),
    ]
}

const ALLOWED: &str = "https://api.example.org/";

/// Sends one request so often at once and answers the failure of the first.
fn asking(url: &str, header: &str, times: u32) -> Guest {
    // A request: method, url, headers, body, and at most how many bytes of an answer.
    let store = |offset: u32, value: usize| {
        format!("(i32.store offset={offset} (local.get $at) (i32.const {value}))")
    };
    let (name, value) = header.split_once(": ").unwrap_or_default();
    let headers = usize::from(!header.is_empty());
    let fields = [
        store(0, 512),
        store(4, 3),
        store(8, 520),
        store(12, url.len()),
        store(16, 1_000),
        store(20, headers),
        store(24, 0),
        store(28, 0),
        store(32, 64),
    ]
    .concat();
    let (name_at, value_at) = (900, 900 + name.len());
    let text = |at: usize, text: &str| {
        let bytes: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        format!("(data (i32.const {at}) \"{bytes}\")")
    };
    let prelude = [text(512, "GET"), text(520, url), text(name_at, name), text(value_at, value)].concat();
    let call = format!(
        "(local $at i32) (local $left i32)
         (i32.store (i32.const 1000) (i32.const {name_at})) (i32.store (i32.const 1004) (i32.const {}))
         (i32.store (i32.const 1008) (i32.const {value_at})) (i32.store (i32.const 1012) (i32.const {}))
         (local.set $at (i32.const 4096)) (local.set $left (i32.const {times}))
         (loop $next {fields} (local.set $at (i32.add (local.get $at) (i32.const 36)))
           (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
         (call $send (i32.const 4096) (i32.const {times}) (i32.const 2048))
         (memory.copy (i32.const 1024) (i32.load (i32.const 2048)) (i32.const 32))",
        name.len(),
        value.len()
    );
    let manifest = serde_json::json!({
        "id": "sample", "name": "Sample", "version": "1.0.0", "contract": "0.2",
        "capabilities": [{ "name": "http", "reason": "to look things up", "hosts": ["api.example.org"] }],
    });
    Guest::of(&["looks-up", "acts"])
        .importing(&[HTTP])
        .prelude(prelude)
        .with("resolve", asks(&call))
        .manifest(Some(manifest.to_string()))
}

fn hosts() -> Vec<Row> {
    let denied = (Asked::Resolve, Must::BeRefused("denied"));
    let invalid = (Asked::Resolve, Must::BeRefused("invalid"));
    let tries = |does, url| row(DnsTrick, does, denied, asking(url, "", 1));
    vec![
        tries("asks this machine by its number", "https://127.0.0.1/"),
        tries("asks this machine by one number", "https://2130706433/"),
        tries("asks this machine in octal", "https://0177.0.0.1/"),
        tries("asks this machine by its longer number", "https://[::1]/"),
        tries("asks this machine behind a mapped number", "https://[::ffff:127.0.0.1]/"),
        tries("asks the cloud for its keys", "https://169.254.169.254/latest/meta-data/"),
        tries("asks a host that begins like an allowed one", "https://api.example.org.evil.example/"),
        tries("asks a host that ends like an allowed one", "https://evilapi.example.org/"),
        tries("asks a host in letters that look alike", "https://аpi.example.org/"),
        tries("asks the name above an allowed one", "https://example.org/"),
        tries("asks an allowed host at another port", "https://api.example.org:8443/"),
        row(
            DnsTrick,
            "hides a host behind an allowed name",
            invalid,
            asking("https://api.example.org@evil.example/", "", 1),
        ),
        row(DnsTrick, "asks without a lock", invalid, asking("http://api.example.org/", "", 1)),
        row(
            DnsTrick,
            "asks an allowed address for another host",
            invalid,
            asking(ALLOWED, "Host: evil.example", 1),
        ),
        row(
            DnsTrick,
            "writes a second request into a header",
            invalid,
            asking(ALLOWED, "x: y\r\n\r\nGET /admin", 1),
        ),
        row(
            Flood,
            "sends seventeen requests at once",
            (Asked::Resolve, Must::BeRefused("too_many")),
            asking(ALLOWED, "", 17),
        ),
        row(
            DnsTrick,
            "asks an address in the place of an endpoint",
            (Asked::Perform, Must::BeRefused("unknown_endpoint")),
            acts(
                "query",
                &[OPEN],
                r#"(data (i32.const 512) "127.0.0.1:5432")"#,
                &asks("(call $open (i32.const 512) (i32.const 14) (i32.const 500) (i32.const 1024))"),
            ),
        ),
    ]
}

fn paths() -> Vec<Row> {
    let invalid = (Asked::Perform, Must::BeRefused("invalid"));
    let reads = |does, path: &str, bytes: u32| {
        let read =
            format!("(call $read_file (i32.const 512) (i32.const {bytes}) (i32.const 64) (i32.const 1024))");
        let prelude = format!(r#"(data (i32.const 512) "{path}")"#);
        row(PathEscape, does, invalid, acts("files", &[FILE], &prelude, &asks(&read)))
    };
    vec![
        reads("reads from the root", "/etc/passwd", 11),
        reads("climbs out of the directory", "../../etc/passwd", 16),
        reads("climbs out of a directory within", "a/b/../../../x", 14),
        reads("ends a path early", r"a\00/../../x", 11),
        reads("asks for what is above", "..", 2),
        reads("asks for nothing", "", 0),
        row(
            PathEscape,
            "writes above the directory",
            invalid,
            acts(
                "files",
                &[PUT],
                r#"(data (i32.const 512) "../.ssh/authorized_keys")"#,
                &asks(
                    "(call $write_file (i32.const 512) (i32.const 23) (i32.const 0) (i32.const 8) (i32.const 1024))",
                ),
            ),
        ),
    ]
}
