//! Against whoever takes what a guest hands over: answers, arguments, handles, lines of the log.

use gantry_host::StopReason::{Answer, HostCalls, LogBytes, Output, Trap};

use super::Attack::{Flood, ForgedHandle, GiantString, LogInjection, ReEntrancy};
use super::{Asked, Must, Row, row};
use crate::components::{Guest, Import, manifest};

type Want = (Asked, Must);

const fn stopped(reasons: &'static [gantry_host::StopReason]) -> Want {
    (Asked::Install, Must::Stop(reasons))
}

fn installs(prelude: &str, body: &str) -> Guest {
    Guest::least().prelude(prelude).with("install", body)
}

/// A guest that acts, with what it imports and asks for.
pub(super) fn acts(capability: &str, imports: &[Import], prelude: &str, body: &str) -> Guest {
    Guest::of(&["acts", "looks-up"])
        .importing(imports)
        .prelude(prelude)
        .with("perform", body)
        .manifest(Some(manifest("sample", &[capability])))
}

/// Answers `err` with a code that stands at `at` and is so long.
fn says(at: u32, length: u32) -> String {
    format!(
        "(i32.store8 (i32.const 16) (i32.const 1)) (i32.store (i32.const 20) (i32.const {at}))
         (i32.store (i32.const 24) (i32.const {length})) (i32.const 16)"
    )
}

/// Answers `ok` with a list that stands at `at` and has so many members.
fn lists(at: u32, count: u32) -> String {
    format!(
        "(i32.store (i32.const 20) (i32.const {at})) (i32.store (i32.const 24) (i32.const {count})) (i32.const 16)"
    )
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = strings();
    rows.extend(shapes());
    rows.extend(floods());
    rows.extend(handles());
    rows.extend(entrances());
    rows.extend(lines());
    rows
}

fn strings() -> Vec<Row> {
    let much = stopped(&[Output]);
    let much_or_wrong = stopped(&[Answer, Output, Trap]);
    vec![
        row(GiantString, "claims to answer a gigabyte", much_or_wrong, installs("", &lists(0, 0x100_0000))),
        row(
            GiantString,
            "answers a text of eight mebibytes",
            much,
            installs("", &format!("(drop (memory.grow (i32.const 150))) {}", says(65_536, 8 << 20))),
        ),
        row(
            GiantString,
            "answers one text two thousand times",
            (Asked::Validate, Must::Stop(&[Output])),
            Guest::least().with("validate", TWO_THOUSAND),
        ),
        row(
            GiantString,
            "writes a line of eight mebibytes",
            stopped(&[Output, LogBytes]),
            installs(
                "",
                "(drop (memory.grow (i32.const 150)))
                 (call $log (i32.const 1) (i32.const 65536) (i32.const 8388608)) (i32.const 16)",
            ),
        ),
        row(
            GiantString,
            "keeps something under a name of a mebibyte",
            (Asked::Perform, Must::BeRefused("too_large")),
            acts(
                "kv",
                &[("kv", "get", "kv_get", "(param i32 i32 i32)")],
                "",
                "(drop (memory.grow (i32.const 20)))
                 (memory.fill (i32.const 65536) (i32.const 65) (i32.const 1000000))
                 (call $kv_get (i32.const 65536) (i32.const 1000000) (i32.const 1024)) (i32.const 1024)",
            ),
        ),
        row(
            GiantString,
            "tells of a million events in one line",
            (Asked::Parse, Must::Stop(&[Output, Answer])),
            Guest::new().pages(400).with(
                "parse",
                "(i32.store (i32.const 16) (i32.const 65536)) (i32.store (i32.const 20) (i32.const 1000000)) (i32.const 16)",
            ),
        ),
    ]
}

/// Each problem is 28 bytes, of which two words say where a text of 16 KiB is: the same one in all.
const TWO_THOUSAND: &str = "(local $at i32) (local $left i32)
    (local.set $at (i32.const 65536)) (local.set $left (i32.const 2000))
    (drop (memory.grow (i32.const 20)))
    (loop $next
      (i32.store (local.get $at) (i32.const 1024))
      (i32.store offset=4 (local.get $at) (i32.const 16384))
      (local.set $at (i32.add (local.get $at) (i32.const 28)))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (i32.store (i32.const 16) (i32.const 65536)) (i32.store (i32.const 20) (i32.const 2000)) (i32.const 16)";

/// Answers that are none.
fn shapes() -> Vec<Row> {
    let wrong = stopped(&[Answer, Trap]);
    vec![
        row(
            GiantString,
            "answers a text that wraps round its memory",
            wrong,
            installs("", &says(0xffff_fff0, 0x20)),
        ),
        row(GiantString, "answers a text beyond its memory", wrong, installs("", &says(65_530, 100))),
        row(GiantString, "answers a list at a crooked address", wrong, installs("", &lists(1, 1))),
        row(
            GiantString,
            "answers a text that is no text",
            wrong,
            installs(r#"(data (i32.const 1024) "\ed\a0\80")"#, &says(1_024, 3)),
        ),
        row(
            GiantString,
            "answers neither yes nor no",
            wrong,
            installs("", "(i32.store8 (i32.const 16) (i32.const 7)) (i32.const 16)"),
        ),
        row(GiantString, "answers at the end of the world", wrong, installs("", "(i32.const -4)")),
    ]
}

fn floods() -> Vec<Row> {
    let again = |call: &str| format!("(loop $again {call} (br $again)) (unreachable)");
    let many = stopped(&[HostCalls]);
    let acting = (Asked::Perform, Must::Stop(&[HostCalls]));
    let line = again("(call $log (i32.const 1) (i32.const 1024) (i32.const 1024))");
    vec![
        row(
            Flood,
            "writes empty lines for ever",
            many,
            installs("", &again("(call $log (i32.const 1) (i32.const 0) (i32.const 0))")),
        ),
        row(Flood, "writes full lines for ever", stopped(&[LogBytes]), installs("", &line)),
        row(
            Flood,
            "asks for its files for ever",
            many,
            installs("", &again("(call $names (i32.const 1024))")).importing(&[(
                "bundle",
                "names",
                "names",
                "(param i32)",
            )]),
        ),
        row(
            Flood,
            "sends datagrams for ever",
            (Asked::Collect, Must::Stop(&[HostCalls])),
            Guest::querying().prelude(r#"(data (i32.const 1024) "game")"#).with(
                "collect",
                again(
                    "(call $datagram (i32.const 1024) (i32.const 4) (i32.const 2048) (i32.const 1) (i32.const 0)
                       (i32.const 1) (i32.const 512))",
                ),
            ),
        ),
        row(
            Flood,
            "keeps things for ever",
            acting,
            acts(
                "kv",
                &[("kv", "set", "kv_set", "(param i32 i32 i32 i32 i32)")],
                "",
                &again(
                    "(call $kv_set (i32.const 1024) (i32.const 1) (i32.const 2048) (i32.const 8) (i32.const 512))",
                ),
            ),
        ),
        row(
            Flood,
            "reads bytes one by one for ever",
            acting,
            acts(
                "query",
                &[OPEN, READ],
                GAME,
                &format!(
                    "{OPENS} {}",
                    again(
                        "(global.set $heap (i32.const 32768))
                         (call $read (i32.load (i32.const 516)) (i32.const 1) (i32.const 60000) (i32.const 768))"
                    )
                ),
            ),
        ),
    ]
}

pub(super) const OPEN: Import = ("query", "[static]connection.open", "open", "(param i32 i32 i32 i32)");
pub(super) const READ: Import = ("query", "[method]connection.read", "read", "(param i32 i32 i32 i32)");
pub(super) const WRITE: Import = ("query", "[method]connection.write", "write", "(param i32 i32 i32 i32)");
const CLOSE: Import = ("query", "[resource-drop]connection", "close", "(param i32)");
pub(super) const GAME: &str = r#"(data (i32.const 1024) "game")"#;
/// Leaves the handle at 516.
pub(super) const OPENS: &str = "(call $open (i32.const 1024) (i32.const 4) (i32.const 500) (i32.const 512))";

fn handles() -> Vec<Row> {
    let want = (Asked::Perform, Must::Stop(&[Trap, Answer]));
    let reads = |handle: &str| {
        format!("(call $read {handle} (i32.const 1) (i32.const 1) (i32.const 768)) (i32.const 16)")
    };
    let given = "(i32.load (i32.const 516))";
    vec![
        row(
            ForgedHandle,
            "reads from a connection that it was never given",
            want,
            acts("query", &[READ], GAME, &reads("(i32.const 7)")),
        ),
        row(
            ForgedHandle,
            "reads from the last of all connections",
            want,
            acts("query", &[READ], GAME, &reads("(i32.const -1)")),
        ),
        row(
            ForgedHandle,
            "guesses the handle after its own",
            want,
            acts(
                "query",
                &[OPEN, READ],
                GAME,
                &format!("{OPENS} {}", reads(&format!("(i32.add {given} (i32.const 1))"))),
            ),
        ),
        row(
            ForgedHandle,
            "ends a connection twice",
            want,
            acts(
                "query",
                &[OPEN, CLOSE],
                GAME,
                &format!("{OPENS} (call $close {given}) (call $close {given}) (i32.const 16)"),
            ),
        ),
        row(
            ForgedHandle,
            "reads from a connection that it has ended",
            want,
            acts(
                "query",
                &[OPEN, CLOSE, READ],
                GAME,
                &format!("{OPENS} (call $close {given}) {}", reads(given)),
            ),
        ),
    ]
}

/// Calling out of functions that the host calls in the middle of something.
fn entrances() -> Vec<Row> {
    let trap = stopped(&[Trap, Answer]);
    let writes = "(call $log (i32.const 1) (i32.const 1024) (i32.const 4))";
    vec![
        row(
            ReEntrancy,
            "calls the host while the host has it allocate",
            trap,
            Guest::least().allocator(&format!("{writes} (i32.const 4096)")),
        ),
        row(
            ReEntrancy,
            "calls the host after its answer was taken",
            trap,
            installs(
                &format!(
                    r#"(func (export "cabi_post_gantry:plugin/plans@0.2.0#install") (param i32) {writes})"#
                ),
                "(i32.const 16)",
            ),
        ),
        row(
            ReEntrancy,
            "asks again while it is being answered",
            (Asked::Perform, Must::Stop(&[Trap, Answer])),
            acts(
                "kv",
                &[("kv", "get", "kv_get", "(param i32 i32 i32)")],
                "(global $asking (mut i32) (i32.const 0))",
                "(global.set $asking (i32.const 1))
                 (call $kv_get (i32.const 1024) (i32.const 1) (i32.const 512)) (i32.const 16)",
            )
            .allocator(
                "(if (global.get $asking) (then (call $kv_get (i32.const 1024) (i32.const 1) (i32.const 512))))
                 (i32.const 4096)",
            ),
        ),
        row(
            ReEntrancy,
            "calls the host before it is whole",
            (Asked::Install, Must::Stop(&[Trap, Answer, HostCalls])),
            installs(
                &format!("(start $begin) (func $begin (loop $again {writes} (br $again)))"),
                "(i32.const 16)",
            ),
        ),
    ]
}

fn lines() -> Vec<Row> {
    let writes = |line: &'static str| (Asked::Install, Must::Write(line));
    let line = |data: &str, length: u32| {
        installs(
            &format!(r#"(data (i32.const 1024) "{data}")"#),
            &format!("(call $log (i32.const 2) (i32.const 1024) (i32.const {length})) (i32.const 16)"),
        )
    };
    vec![
        row(
            LogInjection,
            "writes a second line into its line",
            writes(r"ok\n2026-01-01 ERROR root logged in"),
            line(r"ok\0a2026-01-01 ERROR root logged in", 34),
        ),
        row(
            LogInjection,
            "clears the screen of whoever reads its log",
            writes(r"\u{1b}[2J\u{1b}[Hgone\r"),
            line(r"\1b[2J\1b[Hgone\0d", 12),
        ),
        row(
            LogInjection,
            "writes from right to left",
            writes(r"\u{202e}nimda\u{2066}\u{2028}x"),
            line(r"\e2\80\aenimda\e2\81\a6\e2\80\a8x", 15),
        ),
        row(
            LogInjection,
            "writes at a level that there is not",
            stopped(&[Trap, Answer]),
            installs("", "(call $log (i32.const 9) (i32.const 1024) (i32.const 1)) (i32.const 16)"),
        ),
        row(
            LogInjection,
            "writes what stands beyond its memory",
            stopped(&[Trap, Answer]),
            installs("", "(call $log (i32.const 1) (i32.const 65530) (i32.const 4096)) (i32.const 16)"),
        ),
    ]
}
