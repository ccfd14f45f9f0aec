//! Against processor, memory, stack and compiler.

use std::sync::Arc;

use gantry_host::StopReason::{CpuTime, HostCalls, Memory, Stack, Trap};

use super::Attack::{Bomb, Crash, HugeTable, Loop, Recursion, StackExhaustion};
use super::{Asked, Must, Row, raw, row};
use crate::components::{Guest, ZEROS, component, manifest, with_section};

const FOR_EVER: &str = "(loop $again (br $again)) (unreachable)";

type Want = (Asked, Must);

const fn stopped(reasons: &'static [gantry_host::StopReason]) -> Want {
    (Asked::Install, Must::Stop(reasons))
}

fn refused(words: &'static str) -> Want {
    (Asked::Load, Must::NotLoad(words))
}

fn installs(prelude: &str, body: &str) -> Guest {
    Guest::least().prelude(prelude).with("install", body)
}

/// A table of one entry, which is the function `$deeper`.
const SELF: &str = "(table 1 funcref) (elem (i32.const 0) $deeper) (type $void (func))";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = loops();
    rows.extend(bombs());
    rows.extend(compiler());
    rows.extend(stack());
    rows.extend(tables());
    rows.extend(crashes());
    rows
}

fn loops() -> Vec<Row> {
    let late = stopped(&[CpuTime]);
    vec![
        row(Loop, "loops for ever", late, installs("", FOR_EVER)),
        row(
            Loop,
            "loops while it starts",
            late,
            installs(&format!("(start $begin) (func $begin {FOR_EVER})"), ZEROS),
        ),
        row(Loop, "loops where the host has it allocate", late, Guest::least().allocator(FOR_EVER)),
        row(
            Loop,
            "calls itself in tail position for ever",
            late,
            installs("(func $deeper (return_call $deeper))", "(call $deeper) (unreachable)"),
        ),
        row(
            Loop,
            "goes round through a table",
            late,
            installs(
                &format!("{SELF} (func $deeper)"),
                "(loop $again (call_indirect (type $void) (i32.const 0)) (br $again)) (unreachable)",
            ),
        ),
        row(
            Loop,
            "fills its memory over and over, which no tick can interrupt",
            late,
            installs(
                "",
                "(drop (memory.grow (i32.const 200)))
                 (loop $again (memory.fill (i32.const 65536) (i32.const 1) (i32.const 13000000)) (br $again))
                 (unreachable)",
            ),
        ),
        row(
            Loop,
            "counts to two to the sixty-fourth",
            late,
            installs(
                "",
                "(local $n i64)
                 (loop $again (br_if $again (i64.ne (local.tee $n (i64.add (local.get $n) (i64.const 1))) (i64.const 0))))
                 (i32.const 16)",
            ),
        ),
    ]
}

fn bombs() -> Vec<Row> {
    let full = stopped(&[Memory]);
    let grows = |pages: u32| {
        format!("(loop $more (br_if $more (i32.ne (memory.grow (i32.const {pages})) (i32.const -1))))")
    };
    let (by_one, by_many) = (grows(1), grows(16));
    vec![
        row(Bomb, "grows its memory for ever", full, installs("", &format!("{by_many} (unreachable)"))),
        row(Bomb, "grows its memory page by page", full, installs("", &format!("{by_one} (unreachable)"))),
        row(
            Bomb,
            "grows its memory while it starts",
            full,
            installs(&format!("(start $begin) (func $begin {by_many} (unreachable))"), ZEROS),
        ),
        row(Bomb, "has more memory than a call may", full, Guest::least().pages(500)),
        row(
            Bomb,
            "has two memories of which each would fit",
            full,
            Guest::least().pages(150).prelude("(memory $second 150)"),
        ),
        row(Bomb, "has more memory than any call may", refused("memory has a minimum byte size"), Guest::least().pages(2_000)),
        row(
            Bomb,
            "allocates what the host asks for sixteen times over",
            full,
            Guest::least().allocator(
                "(drop (memory.grow (i32.const 16))) (drop (memory.grow (i32.const 16))) (drop (memory.grow (i32.const 256)))
                 (unreachable)",
            ),
        ),
    ]
}

/// Against whoever reads, checks and compiles components.
fn compiler() -> Vec<Row> {
    let nested = format!("{}{}", "(component ".repeat(90), ")".repeat(90));
    let doubled: String =
        (1..30).map(|n| format!("(type $t{n} (tuple $t{0} $t{0}))", n - 1)).collect::<String>();
    let instances = "(core instance (instantiate $m))".repeat(60);
    let with_exports = |text: &str| {
        format!(
            r#"(component {text}
                (import "gantry:plugin/types@0.2.0" (instance $i))
                (export "gantry:plugin/blueprints@0.2.0" (instance $i))
                (export "gantry:plugin/plans@0.2.0" (instance $i)))"#
        )
    };
    let sample = manifest("sample", &[]);
    let deep = format!("{{\"id\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000));
    let files = || {
        let whole = (0..300).fold(Guest::least().build().to_vec(), |wasm, n| {
            with_section(wasm, &format!("gantry:file/{n}"), b"x")
        });
        Arc::from(whole)
    };
    let locals = (0..60_000).map(|_| "(local i32)").collect::<String>();
    vec![
        row(
            Bomb,
            "has functions that take gigabytes to compile",
            refused("compiling took more than"),
            installs("", &nested_loops()),
        ),
        raw(Bomb, "has thousands of local variables", refused("locals"), too_many_locals(&locals)),
        raw(Bomb, "is a component in a component, ninety deep", refused(""), component(&nested, &sample)),
        raw(
            Bomb,
            "has a type that doubles with each line",
            refused("type size"),
            component(&with_exports(&format!("(type $t0 u32) {doubled}")), &sample),
        ),
        raw(
            Bomb,
            "is made of more instances than a component may be",
            refused("core module instances"),
            component(&with_exports(&format!("(core module $m) {instances}")), &sample),
        ),
        row(
            Bomb,
            "has a manifest that is nested without end",
            refused("its manifest cannot be read"),
            Guest::least().manifest(Some(deep)),
        ),
        row(
            Bomb,
            "has a manifest of a mebibyte",
            refused("the limit is 65536"),
            Guest::least().manifest(Some(" ".repeat(1 << 20))),
        ),
        raw(Bomb, "brings three hundred files", refused("more than 256"), files()),
    ]
}

/// 2,000 nested loops that carry 2,000 locals: about 20 KiB that Cranelift needs gigabytes for.
fn nested_loops() -> String {
    let mut body = (0..2_000).map(|index| format!("(local $l{index} i32)")).collect::<String>();
    body.push_str(&"(loop ".repeat(2_000));
    for index in 0..2_000 {
        body.push_str(&format!("(local.set $l{index} (i32.add (local.get $l{index}) (i32.const 1)))"));
    }
    body.push_str(&"(br_if 0 (local.get $l0)))".repeat(2_000));
    body + ZEROS
}

/// Nothing checks the module before the host does: the tools of this test would refuse it too.
fn too_many_locals(locals: &str) -> Arc<[u8]> {
    let sample = manifest("sample", &[]);
    let text = format!(
        r#"(component (core module (func {locals}))
            (import "gantry:plugin/types@0.2.0" (instance $i))
            (export "gantry:plugin/blueprints@0.2.0" (instance $i))
            (export "gantry:plugin/plans@0.2.0" (instance $i)))"#
    );
    component(&text, &sample)
}

fn stack() -> Vec<Row> {
    let deep = stopped(&[Stack]);
    let wide: String = (0..64).map(|n| format!("(local $l{n} i64)")).collect();
    let live: String = (0..64)
        .map(|n| format!("(local.set $l{n} (i64.add (local.get $n) (i64.const {n})))"))
        .collect::<String>();
    let sum: String = (0..64).map(|n| format!("(local.get $l{n}) (i64.add)")).collect::<String>();
    vec![
        row(
            Recursion,
            "calls itself for ever",
            deep,
            installs(
                "(func $deeper (param i64) (call $deeper (local.get 0)) (call $deeper (local.get 0)))",
                "(call $deeper (i64.const 1)) (i32.const 16)",
            ),
        ),
        row(
            Recursion,
            "calls itself through a table for ever",
            deep,
            installs(
                &format!(
                    "{SELF} (func $deeper (call_indirect (type $void) (i32.const 0))
                                         (call_indirect (type $void) (i32.const 0)))"
                ),
                "(call $deeper) (i32.const 16)",
            ),
        ),
        row(
            Recursion,
            "is two functions that call each other for ever",
            deep,
            installs(
                "(func $a (call $b) (call $b)) (func $b (call $a) (call $a))",
                "(call $a) (i32.const 16)",
            ),
        ),
        row(
            StackExhaustion,
            "has frames of half a kibibyte without end",
            deep,
            installs(
                &format!(
                    "(func $deeper (param $n i64) (result i64) {wide} {live}
                        (call $deeper (local.get $l63)) {sum})"
                ),
                "(drop (call $deeper (i64.const 1))) (i32.const 16)",
            ),
        ),
        row(
            StackExhaustion,
            "recurses where the host has it allocate",
            deep,
            Guest::least()
                .prelude("(func $deeper (call $deeper) (call $deeper))")
                .allocator("(call $deeper) (unreachable)"),
        ),
        row(
            StackExhaustion,
            "calls the host from ever deeper",
            stopped(&[Stack, HostCalls]),
            installs(
                &format!(
                    "(func $deeper (param $n i64) (result i64) {wide} {live}
                        (call $log (i32.const 0) (i32.const 0) (i32.const 0))
                        (call $deeper (local.get $l63)) {sum})"
                ),
                "(drop (call $deeper (i64.const 1))) (i32.const 16)",
            ),
        ),
    ]
}

fn tables() -> Vec<Row> {
    let many: String = (0..20).map(|_| "(table 10 funcref)").collect();
    vec![
        row(
            HugeTable,
            "grows a table for ever",
            stopped(&[Memory]),
            installs(
                "(table $t 1 funcref)",
                "(loop $more (br_if $more
                    (i32.ne (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1)))) (unreachable)",
            ),
        ),
        row(
            HugeTable,
            "grows a table to two to the thirty-first at once",
            stopped(&[Memory]),
            installs(
                "(table $t 1 funcref)",
                "(if (i32.eq (table.grow $t (ref.null func) (i32.const 0x7fffffff)) (i32.const -1))
                    (then (unreachable))) (i32.const 16)",
            ),
        ),
        row(
            HugeTable,
            "has a table of nine million entries",
            refused("table index 0"),
            installs("(table 9000000 funcref)", ZEROS),
        ),
        row(HugeTable, "has twenty tables", refused("tables count of 20"), installs(&many, ZEROS)),
    ]
}

fn crashes() -> Vec<Row> {
    let trap = stopped(&[Trap]);
    vec![
        row(Crash, "panics", trap, installs("", "(unreachable)")),
        row(
            Crash,
            "reads beyond its memory",
            trap,
            installs("", "(drop (i32.load (i32.const 0x7fffffff))) (i32.const 16)"),
        ),
        row(
            Crash,
            "divides by nothing",
            trap,
            installs("", "(drop (i32.div_u (i32.const 1) (i32.load (i32.const 8)))) (i32.const 16)"),
        ),
        row(
            Crash,
            "calls a function by another type",
            trap,
            installs(
                &format!("{SELF} (type $takes (func (param i32))) (func $deeper)"),
                "(call_indirect (type $takes) (i32.const 1) (i32.const 0)) (i32.const 16)",
            ),
        ),
        row(
            Crash,
            "crashes while it starts",
            trap,
            installs("(start $begin) (func $begin (unreachable))", ZEROS),
        ),
    ]
}
