use super::*;
use gantry_types::plan::Notation;
use proptest::prelude::*;

const ALL: [ConfigFormat; 7] = [
    ConfigFormat::Properties,
    ConfigFormat::Ini,
    ConfigFormat::Json,
    ConfigFormat::Yaml,
    ConfigFormat::Toml,
    ConfigFormat::Xml,
    ConfigFormat::Lines,
];

/// A kind and a text: conditions may hold secrets and are never printed, but what fails here must be.
fn conditions() -> impl Strategy<Value = (u8, String)> {
    (prop_oneof![3 => Just(0_u8), 5 => 1..5_u8], "[ -~]{0,2}|[a-c0-9.*+?()^$|]{0,4}")
}

fn condition(kind: u8, text: &str) -> Condition {
    match kind {
        0 => Condition::Always,
        1 => Condition::Absent,
        2 => Condition::Present,
        3 => Condition::Equals(text.to_owned()),
        _ => Condition::Matches(text.to_owned()),
    }
}

fn notations() -> impl Strategy<Value = Notation> {
    prop_oneof![
        3 => Just(Notation::LikeThere),
        1 => Just(Notation::Text),
        1 => Just(Notation::Number),
        1 => Just(Notation::Boolean),
        1 => Just(Notation::Document),
    ]
}

/// Some keys with what can stand behind one. No comment is inside of a value.
fn yaml() -> impl Strategy<Value = String> {
    let values = [
        " 1 # note\n",
        " 'x'  # note\n",
        " \"x\\\" # y\"\t# note\n",
        " plain\n  more\n# note\n",
        "\n",
        " # note\n",
        " ~\n",
        " |\n  t\n\n# note\n",
        " >-\n  t\n  u\n",
        " {a: 1, b: [x, y,], c, } # note\n",
        " []\n",
        " [a: 1, b]\n",
        "\n  a: 1\n  b:\n    c: é\n\n# note\n",
        "\n- 1\n- a: 2\n  b: x\n-\n",
        "\n    - - 1\n      - b\n    # note\n",
        "\n  - \n  - a:\n    b: 'x'\n",
        " &a x\n",
        " &b\n  a: 1\n",
        " !!str 5\n",
        " !t {a: b}\n",
    ];
    let key = ("[a-c]", proptest::sample::select(values.to_vec()))
        .prop_map(|(key, value)| format!("{key}:{value}"));
    let rest =
        proptest::sample::select(&["", "# note", "? a\n: b\n", "a: &z 1\nb: *z\n", "...\n", "c: 1"][..]);
    (proptest::collection::vec(key, 0..5), rest, any::<bool>()).prop_map(|(keys, rest, is_windows)| {
        let text = format!("{}{rest}", keys.concat());
        if is_windows { text.replace('\n', "\r\n") } else { text }
    })
}

/// What was set is set: an edit that could be made has nothing left to do.
fn settles(format: ConfigFormat, text: &str, edit: &Edit) -> Result<(), TestCaseError> {
    if let Ok(once) = apply(format, text, std::slice::from_ref(edit)) {
        let twice = apply(format, &once, std::slice::from_ref(edit));
        prop_assert_eq!(twice.as_deref(), Ok(once.as_str()), "{:?}", format);
    }
    Ok(())
}

#[test]
fn too_large_a_file_is_refused() {
    let text = "#".repeat(usize::try_from(MAX_BYTES).unwrap() + 1);
    assert_eq!(apply(ConfigFormat::Lines, &text, &[]), Err(EditError::TooLarge));
}

#[test]
fn a_byte_order_mark_stays_in_front() {
    let edited = apply(ConfigFormat::Properties, "\u{feff}a=1\n", &edits(&[("a", "2")])).unwrap();
    assert_eq!(edited, "\u{feff}a=2\n");
}

#[test]
fn what_would_be_read_as_a_byte_order_mark_is_refused() {
    for (at, value) in [("\u{feff}", ""), ("\u{feff}a", "1")] {
        let refused = Err(EditError::Unrepresentable { at: at.to_owned() });
        assert_eq!(apply(ConfigFormat::Ini, "", &edits(&[(at, value)])), refused);
    }
    let lines = apply(ConfigFormat::Lines, "", &edits(&[("a", "\u{feff}a")]));
    assert_eq!(lines, Err(EditError::Unrepresentable { at: "a".to_owned() }));
    assert!(apply(ConfigFormat::Ini, "b = 1\n", &edits(&[("\u{feff}a", "1")])).is_ok());
}

#[test]
fn quotes_are_text_the_first_time_and_later() {
    for format in [ConfigFormat::Json, ConfigFormat::Toml] {
        let edit = edits(&[("name", "\"Ours\"")]);
        let once = apply(format, "", &edit).unwrap();
        assert_eq!(apply(format, &once, &edit).unwrap(), once);
        assert!(once.contains("Ours\\\"\"") || once.contains("'\"Ours\"'"), "{once}");
    }
}

#[test]
fn half_a_line_end_at_the_end_is_made_whole() {
    let edit = edits(&[("b", "2")]);
    let once = apply(ConfigFormat::Properties, "a=1\r", &edit).unwrap();
    assert_eq!(once, "a=1\nb=2\n");
    assert_eq!(apply(ConfigFormat::Properties, &once, &edit).unwrap(), once);
}

#[test]
fn numbers_and_booleans_are_checked_where_all_is_text() {
    for format in [ConfigFormat::Properties, ConfigFormat::Ini, ConfigFormat::Lines] {
        let set = |notation, value: &str| apply(format, "", &[Edit { notation, ..Edit::new("a", value) }]);
        for (notation, value) in
            [(Notation::Number, "x"), (Notation::Boolean, "yes"), (Notation::Document, "{}")]
        {
            assert_eq!(set(notation, value), Err(EditError::Unrepresentable { at: "a".to_owned() }));
        }
        assert!(set(Notation::Number, "5").is_ok() && set(Notation::Boolean, "1").is_ok());
    }
}

#[test]
fn conditions_look_at_the_value_of_a_key_and_at_a_whole_line() {
    let cases = [
        (ConfigFormat::Properties, "k\\u0065y = \\u006fld\n", "key", "old", "k\\u0065y = new\n", "key=new\n"),
        (ConfigFormat::Ini, "[s]\nk =  old \n", "s.k", "old", "[s]\nk =  new\n", "[s]\nk = new\n"),
        (ConfigFormat::Lines, "key old\n", "key", "key old", "new\n", "new\n"),
        (ConfigFormat::Json, "{\"k\": \"old\"}", "k", "old", "{\"k\": \"new\"}", "{\n  \"k\": \"new\"\n}\n"),
        (ConfigFormat::Toml, "k = 'old'\n", "k", "old", "k = \"new\"\n", "k = \"new\"\n"),
    ];
    for (format, text, at, there, changed, made) in cases {
        let set =
            |condition, text| apply(format, text, &[Edit { condition, ..Edit::new(at, "new") }]).unwrap();
        let nothing = set(Condition::Present, "");
        assert_eq!(set(Condition::Absent, text), text, "{format:?}");
        assert_eq!(set(Condition::Absent, ""), made);
        assert_eq!(set(Condition::Present, text), changed);
        assert_eq!(set(Condition::Equals(there.to_owned()), text), changed);
        assert_eq!(set(Condition::Equals("ol".to_owned()), text), text);
        assert_eq!(set(Condition::Equals(there.to_owned()), ""), nothing);
        assert_eq!(set(Condition::Matches("x".to_owned()), text), text);
        let part = set(Condition::Matches("l.$".to_owned()), text);
        assert!(part.contains("onew") && !part.contains("old"), "{part}");
    }
}

#[test]
fn a_pattern_that_matches_what_it_writes_is_refused() {
    let cases =
        [(ConfigFormat::Json, "{\"a\": 15}"), (ConfigFormat::Yaml, "a: 15\n"), (ConfigFormat::Ini, "a=15\n")];
    for (format, text) in cases {
        // What is written of the last one is read without its space.
        for (pattern, value) in [("1", "11"), ("", "x"), ("^[0-9]", " ")] {
            let condition = Condition::Matches(pattern.to_owned());
            let refused = apply(format, text, &[Edit { condition, ..Edit::new("a", value) }]);
            assert!(matches!(refused, Err(EditError::Condition { .. })), "{format:?} {pattern}: {refused:?}");
        }
    }
}

proptest! {
    #[test]
    fn no_text_and_no_edit_makes_an_editor_panic(
        text in "[ -~\\n\\r\\té]{0,120}", at in "[ -~.\\n]{0,20}", value in "[ -~\\né\"]{0,20}",
        (kind, there) in conditions(), notation in notations(),
    ) {
        for format in ALL {
            let edit = Edit { condition: condition(kind, &there), notation, ..Edit::new(&at, &value) };
            settles(format, &text, &edit)?;
        }
    }

    #[test]
    fn an_edit_that_was_applied_changes_nothing_when_applied_again(
        text in "([a-c] ?= ?[0-9]\\n|# x\\n|\\[s\\]\\n){0,8}", at in "(s\\.)?[a-d]", value in "[0-9a-z]{1,5}",
        (kind, there) in conditions(),
    ) {
        for format in [ConfigFormat::Properties, ConfigFormat::Ini] {
            let always = [Edit::new(&at, &value)];
            let once = apply(format, &text, &always).unwrap();
            prop_assert_eq!(&apply(format, &once, &always).unwrap(), &once);
            settles(format, &text, &Edit { condition: condition(kind, &there), ..Edit::new(&at, &value) })?;
        }
    }

    #[test]
    fn yaml_is_edited_once_and_keeps_its_comments(
        text in yaml(), at in "[a-c*](\\[[0-2]\\])?(\\.[a-c*0]){0,2}",
        value in "[ -~\\né]{0,6}|[0-9.]{1,3}|\\[1\\]|yes",
        (kind, there) in conditions(), notation in notations(),
    ) {
        let edit = Edit { condition: condition(kind, &there), notation, ..Edit::new(&at, &value) };
        settles(ConfigFormat::Yaml, &text, &edit)?;
        if let Ok(edited) = apply(ConfigFormat::Yaml, &text, &[edit]) {
            prop_assert_eq!(edited.matches("# note").count(), text.matches("# note").count(), "{}", edited);
        }
    }

    #[test]
    fn what_looks_like_yaml_is_edited_once(
        text in "(( |  |    |- ){0,3}([a-c]:|- |\\? |: |#|[a-c]: (&a |\\*a|!!str |\\||>-?|\\{|\\[|')?)[ a-c0-9,:'\"}\\]é]{0,6}\\r?\\n){0,8}",
        at in "[a-c*](\\[[0-2]\\])?(\\.[a-c*0]){0,2}", value in "[ -~\\né]{0,6}|[0-9.]{1,3}|\\[1\\]|yes",
        (kind, there) in conditions(), notation in notations(),
    ) {
        settles(ConfigFormat::Yaml, &text, &Edit { condition: condition(kind, &there), notation, ..Edit::new(&at, &value) })?;
    }

    #[test]
    fn what_looks_like_xml_is_edited_once(
        text in "(</?[a-c]( x='[a&;]{0,2}')? ?/?>|[ \\n]{0,2}|t|&lt;|<!-- c -->|<!\\[CDATA\\[c\\]\\]>){0,10}",
        at in "a(\\[[01]\\])?(\\.[a-c*](\\[[01]\\])?){0,2}(@x|\\.@y)?", value in "[ -~\\n\\ré]{0,6}",
        (kind, there) in conditions(), notation in notations(),
    ) {
        let edit = Edit { condition: condition(kind, &there), notation, ..Edit::new(&at, &value) };
        settles(ConfigFormat::Xml, &format!("<a>{text}</a>"), &edit)?;
    }

    #[test]
    fn what_looks_like_toml_or_json_is_edited_once(
        at in "[a-c*](\\[[0-2]\\])?(\\.[a-c*0]){0,2}", value in "[ -~\\n]{0,6}|[0-9.]{1,3}|\\[1\\]",
        key in "[a-c](\\.[a-c])?", inner in "\\[1, \\{a = 1\\}\\]|\\{b = 'x'\\}|1|\\[\\]",
        (kind, there) in conditions(), notation in notations(),
    ) {
        let edit = Edit { condition: condition(kind, &there), notation, ..Edit::new(&at, &value) };
        let toml = format!("{key} = {inner}\n[b] # c\nx = 1\n[b.c]\n[[t]]\na = 2\n");
        settles(ConfigFormat::Toml, &toml, &edit)?;
        let json = inner.replace(" = ", "\": ").replace('{', "{\"").replace('\'', "\"");
        settles(ConfigFormat::Json, &format!("{{\"{key}\": {json}, \"a\": [{json}]}}"), &edit)?;
    }
}
