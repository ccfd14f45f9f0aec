use super::*;
use crate::config::edits;
use gantry_types::plan::Condition;

fn set(text: &str, all: &[(&str, &str)]) -> Result<String, EditError> {
    let all = edits(all);
    let once = apply(text, &all)?;
    assert_eq!(apply(&once, &all).as_deref(), Ok(once.as_str()), "the second time changes nothing");
    Ok(once)
}

#[track_caller]
fn says(text: &str, all: &[(&str, &str)], expected: &str) {
    assert_eq!(set(text, all).as_deref(), Ok(expected));
}

#[test]
fn values_change_and_comments_order_and_spacing_stay() {
    says(
        "# mine\nport:   25565 # the port\nmotd: 'It''s'  # m\n\nlist:\n  - a: 1\n    b: \"x\"\nend: yes\n",
        &[("port", "30000"), ("motd", "That's"), ("list[0].b", "y\n"), ("list.0.a", "2"), ("end", "no")],
        "# mine\nport:   30000 # the port\nmotd: 'That''s'  # m\n\nlist:\n  - a: 2\n    b: \"y\\n\"\nend: no\n",
    );
}

#[test]
fn text_stays_text_and_words_are_not_mistaken() {
    says("a: \"x\\\" # y\" # z\nb: !!str 'x' # y\n", &[("a", "5")], "a: \"5\" # z\nb: !!str 'x' # y\n");
    says(
        "a: text\nb: 5\nc: ~\nd: \"1\"\n",
        &[("a", "5"), ("b", "yes"), ("c", "127.0.0.1:25565"), ("d", "true")],
        "a: \"5\"\nb: \"yes\"\nc: \"127.0.0.1:25565\"\nd: \"true\"\n",
    );
}

#[test]
fn missing_keys_stand_at_the_end_of_their_mapping() {
    says(
        "a:\n    b: 1 # one\n\n# about c\nc: 2",
        &[("a.d", "x"), ("a.e.f", "1"), ("g.h.i", "true")],
        "a:\n    b: 1 # one\n    d: x\n    e:\n      f: 1\n\n# about c\nc: 2\ng:\n  h:\n    i: true\n",
    );
    says("a: {b: 1}\nc: [1]\r\n", &[("a.c", "2"), ("c[1]", "x y")], "a: {b: 1, c: 2}\nc: [1, \"x y\"]\r\n");
    says("- a: 1\n- b\n", &[("[0].c", "2"), ("[2]", "d")], "- a: 1\n  c: 2\n- b\n- d\n");
    says(
        "a:\n- - 1\n-\n  2\nb: 3\n",
        &[("a[2]", "x"), ("a[0][1]", "y")],
        "a:\n- - 1\n  - \"y\"\n-\n  2\n- x\nb: 3\n",
    );
    says("a:\n- b: |\n    t\n\nz: 1\n", &[("a[0].c", "2")], "a:\n- b: |\n    t\n  c: 2\n\nz: 1\n");
}

#[test]
fn empty_files_become_mappings() {
    says("", &[("a.b", "1"), ("l[0].x", "y")], "a:\n  b: 1\nl: [{x: \"y\"}]\n");
    says("# only\n", &[("a", "b c")], "# only\na: b c\n");
    says("---", &[("25565", "é")], "---\n\"25565\": é\n");
}

#[test]
fn keys_without_value_get_one() {
    says(
        "a:\nb: # c\n  # d\ne: {f, g: }\n",
        &[("a", "1"), ("b.x", "2"), ("e.f", "3"), ("e.g", "4")],
        "a: 1\nb: # c\n  x: 2\n  # d\ne: {f: 3, g: 4 }\n",
    );
    says("a:\n  -\n  - \n  - b\n", &[("a[0]", "1"), ("a[1]", "2")], "a:\n  - 1\n  - 2 \n  - b\n");
}

#[test]
fn a_star_edits_each_and_creates_nothing() {
    let text = "servers:\n  a:\n    address: localhost:1\n  b: {address: 10.0.0.1:2}\n  c: 5\n";
    says(text, &[("servers.*.address", "x")], &text.replace("localhost:1", "x").replace("10.0.0.1:2", "x"));
    says(text, &[("servers.*.port", "x")], text);
    says("", &[("a.*", "x")], "");
}

#[test]
fn conditions_look_at_what_stands() {
    let edit = |condition, at: &str| [Edit { condition, ..Edit::new(at, "new") }];
    let text = "a: 'old'\nb:\n";
    for (condition, at, expected) in [
        (Condition::Absent, "a", text),
        (Condition::Absent, "c", "a: 'old'\nb:\nc: new\n"),
        (Condition::Present, "c", text),
        (Condition::Present, "b.d", text),
        (Condition::Present, "b", "a: 'old'\nb: new\n"),
        (Condition::Equals("old".to_owned()), "a", "a: 'new'\nb:\n"),
        (Condition::Equals("'old'".to_owned()), "a", text),
        (Condition::Matches("^ol".to_owned()), "a", "a: 'newd'\nb:\n"),
        (Condition::Matches("^ol".to_owned()), "c", text),
    ] {
        assert_eq!(apply(text, &edit(condition.clone(), at)).as_deref(), Ok(expected), "{at}");
    }
}

#[test]
fn trees_replace_and_are_replaced() {
    let tree = |at: &str, value: &str| [Edit { notation: Notation::Document, ..Edit::new(at, value) }];
    let text = "a:\n- 1\n- 2 # c\nb:\n  c: 1\n  d: |-\n    x\n    y\ne: >\n  z\n\nf: 1\n";
    assert_eq!(
        apply(text, &tree("a", "{\"x\":\n[1, \"y\"]}")).unwrap(),
        text.replace("a:\n- 1\n- 2 # c", "a: {x: [1, \"y\"]} # c")
    );
    assert_eq!(
        apply(text, &tree("b", "[]")).unwrap(),
        text.replace("b:\n  c: 1\n  d: |-\n    x\n    y", "b: []")
    );
    says(
        text,
        &[("e", "w"), ("b.d", "v")],
        &text.replace(">\n  z", "\"w\"").replace("|-\n    x\n    y", "\"v\""),
    );
    says("a:\n  - b: 1\n    c: 2\n  - d\n", &[("a[0]", "x")], "a:\n  - x\n  - d\n");
}

#[test]
fn anchors_aliases_tags_and_documents_are_right_or_told() {
    says("a: &x 1\nb: *x\n", &[("b", "2")], "a: &x 1\nb: 2\n");
    says(
        "a: &x 1\nb: &y\nc: &z {d: 1}\ne: &w 2\nf: *w\n",
        &[("a", "3"), ("b", "4"), ("c", "5")],
        "a: &x 3\nb: &y 4\nc: &z 5\ne: &w 2\nf: *w\n",
    );
    says("? a\n: b\n", &[("c", "d")], "? a\n: b\nc: d\n");
    says(
        "d: &d {p: 1}\ne:\n  <<: *d\n  q: 1\n",
        &[("e.p", "2")],
        "d: &d {p: 1}\ne:\n  <<: *d\n  q: 1\n  p: 2\n",
    );
    for (text, at) in [
        ("a: &x 1\nb: *x\n", "a"),
        ("a: &x {y: 1}\nb: *x\n", "b.y"),
        ("a: &x {y: 1}\nb: *x\n", "a.y"),
        ("a: !!int 1\n", "a"),
        ("a: 1\n", "a.b"),
        ("[a: 1]\n", "[0].b"),
        ("[1]\n", "[2]"),
        ("[1]\n", "a"),
        ("", "[0]"),
    ] {
        assert!(matches!(set(text, &[(at, "9")]), Err(EditError::NoPlace { .. })), "{text}");
    }
    let absent = [Edit { condition: Condition::Absent, ..Edit::new("e.p", "2") }];
    assert!(matches!(apply("d: &d {p: 1}\ne:\n  <<: *d\n", &absent), Err(EditError::NoPlace { .. })));
    for text in ["a: 1\n---\na: 1\n", "a: [", "a: b: c\n"] {
        assert!(matches!(set(text, &[("a", "9")]), Err(EditError::Malformed(_))), "{text}");
    }
    assert!(matches!(set("a: 1\n...\n", &[("b", "9")]).as_deref(), Ok("a: 1\nb: 9\n...\n")));
}

#[test]
fn hostile_files_end_soon() {
    let deep = ["[", "{a: ", "- ", "? "].map(|part| part.repeat(100_000));
    for text in deep {
        assert!(matches!(set(&text, &[("a", "1")]), Err(EditError::Malformed(_))));
    }
    let laughs: String =
        (1..40).map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(9))).collect();
    let laughs = format!("a0: &a0 ha\n{laughs}b: 1\n");
    assert_eq!(set(&laughs, &[("b", "2")]).unwrap(), laughs.replace("b: 1", "b: 2"));
    let huge = format!("a: \"{}\"\nb: 1\n", "x".repeat(3 << 20));
    assert_eq!(set(&huge, &[("b", "2")]).unwrap(), huge.replace("b: 1", "b: 2"));
    let many = "- \n".repeat(1 << 20);
    assert!(matches!(set(&many, &[("[0]", "1")]), Err(EditError::Malformed(_))));
}

#[test]
fn a_value_cannot_bring_a_key() {
    says("a: x\n", &[("a", "y\nadmin: me")], "a: \"y\\nadmin: me\"\n");
    says("a: 1\n", &[("a", "1\nadmin: 2"), ("b: 1\nc", "d")], "a: \"1\\nadmin: 2\"\n\"b: 1\\nc\": d\n");
}
