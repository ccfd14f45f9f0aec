use crate::{Document, Format};

const LEAST: &str = "[plugin]\nid = \"a\"\nversion = \"1.0.0\"\n[blueprint]\nid = \"a\"\nname = \"A\"\n";

fn problems(rest: &str) -> String {
    match Document::read(Format::Toml, &format!("{LEAST}{rest}")) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn names_that_are_not_there_are_told_with_what_was_meant() {
    let found = problems(
        "[[variables]]\nkey = \"slots\"\nlabel = \"Slots\"\n[[endpoints]]\nname = \"game\"\nprotocol = \"udp\"\n\
         [run]\nimage = \"x\"\ncommand = [\"{{settings.slot}}\", \"{{endpoints.gam.port}}\", \"{{form.a}}\"]\n",
    );
    assert_eq!(
        found,
        "line 15, column 12, at run.command[0]: there is no variable `slot`; did you mean `slots`?\n\
         line 15, column 33, at run.command[1]: there is no endpoint `gam`; did you mean `game`?\n\
         line 15, column 59, at run.command[2]: `form.…` is there in the effects of actions alone"
    );
}

#[test]
fn exactly_one_thing_is_done_by_a_step() {
    let run = "[run]\nimage = \"x\"\n";
    let found = problems(&format!("{run}[[install.steps]]\ntitle = \"t\"\n"));
    assert!(found.contains("install.steps[0]: exactly one of"), "{found}");
    let both = "remove = \"a\"\nmake-directory = \"b\"\n";
    let found = problems(&format!("{run}[[install.steps]]\ntitle = \"t\"\n{both}"));
    assert!(found.ends_with("there is make-directory and remove"), "{found}");
    assert_eq!(problems(&format!("{run}[[install.steps]]\ntitle = \"t\"\nremove = \"a\"\n")), "");
}

#[test]
fn a_rule_belongs_to_its_kind_and_a_default_keeps_to_it() {
    let variable = |rest: &str| {
        problems(&format!("[[variables]]\nkey = \"a\"\nlabel = \"A\"\n{rest}[run]\nimage = \"x\"\n"))
    };
    assert_eq!(variable("kind = \"number\"\nminimum = 1\nmaximum = 5\ndefault = 3\n"), "");
    for (rest, says) in [
        ("kind = \"number\"\nmaximum = 5\ndefault = 7\n", "\"7\" is not allowed"),
        ("kind = \"number\"\nminimum = 0\nstep = 5\ndefault = 7\n", "\"7\" is not allowed"),
        ("pattern = \"[a-z]+\"\ndefault = \"A\"\n", "\"A\" is not allowed"),
        (
            "kind = \"boolean\"\ndefault = \"1\"\n",
            "\"1\" is neither true nor false; write one of them, without quotes",
        ),
        (
            "kind = \"boolean\"\npattern = \"1\"\n",
            "variables[0].pattern: a variable of the kind Boolean has none",
        ),
        ("kind = \"one-of\"\n", "`one-of` needs `choices`"),
        ("pattern = \"(\"\n", "cannot be read"),
    ] {
        let found = variable(rest);
        assert!(found.contains(says), "{rest}: {found}");
    }
}

#[test]
fn a_default_is_written_as_what_its_kind_is() {
    let variable = |rest: &str| {
        problems(&format!("[[variables]]\nkey = \"a\"\nlabel = \"A\"\n{rest}\n[run]\nimage = \"x\"\n"))
    };
    let choices = "kind = \"one-of\"; choices = [\"easy\", \"2\"]";
    for (kind, default, says) in [
        ("", "5", "a default of the kind `text` is text; write it in quotes: \"5\""),
        (
            "kind = \"multiline\"",
            "true",
            "a default of the kind `multiline` is text; write it in quotes: \"true\"",
        ),
        ("kind = \"secret\"", "1.5", "a default of the kind `secret` is text; write it in quotes: \"1.5\""),
        (
            "kind = \"number\"",
            "\"5\"",
            "a default of the kind `number` is a number; write it without quotes: 5",
        ),
        (
            "kind = \"number\"",
            "\"five\"",
            "\"five\" is no number; write one without quotes, or leave `default` out",
        ),
        (
            "kind = \"number\"",
            "true",
            "\"true\" is no number; write one without quotes, or leave `default` out",
        ),
        (
            "kind = \"boolean\"",
            "\"true\"",
            "a default of the kind `boolean` is true or false; write it without quotes: true",
        ),
        ("kind = \"boolean\"", "1", "\"1\" is neither true nor false; write one of them, without quotes"),
        (choices, "2", "a default of the kind `one-of` is text; write it in quotes: \"2\""),
        (choices, "3", "\"3\" is none of its choices; write one of \"easy\", \"2\""),
        (choices, "\"esy\"", "\"esy\" is none of its choices; did you mean `easy`?"),
    ] {
        let lines = format!("{}\ndefault = {default}", kind.replace("; ", "\n"));
        let line = 10 + lines.matches('\n').count();
        let place = format!("line {line}, column 11, at variables[0].default: ");
        assert_eq!(variable(&lines), place + says, "{kind} {default}");
    }
    for right in [
        "default = \"5\"",
        "kind = \"number\"\ndefault = -1.5\nstep = 0",
        "kind = \"boolean\"\ndefault = true",
    ] {
        assert_eq!(variable(right), "", "{right}");
    }
}

#[test]
fn a_forms_default_and_one_in_json_are_looked_at_too() {
    let action =
        "[run]\nimage = \"x\"\n[[actions]]\nid = \"a\"\ntitle = \"A\"\neffects = [{ message = \"x\" }]\n";
    let found = problems(&format!("{action}[[actions.form]]\nkey = \"a\"\nlabel = \"A\"\ndefault = 5\n"));
    assert!(found.starts_with("line 16, column 11, at actions[0].form[0].default: a default"), "{found}");
    let json = |default: &str| {
        let variable = format!(r#"{{"key": "a", "label": "A", "kind": "number", "default": {default}}}"#);
        let rest = r#""plugin": {"id": "a", "version": "1.0.0"}, "blueprint": {"id": "a", "name": "A"}, "run": {"image": "x"}"#;
        Document::read(Format::Json, &format!("{{{rest}, \"variables\": [{variable}]}}"))
    };
    let error = json("true").unwrap_err().to_string();
    assert!(error.starts_with("variables[0].default: \"true\" is no number"), "{error}");
    assert_eq!(json("5").unwrap(), json("\"5\"").unwrap(), "as documents are handed on");
}

#[test]
fn console_rules_have_the_groups_that_they_use() {
    let rule = |rest: &str| problems(&format!("[run]\nimage = \"x\"\n[[console]]\n{rest}"));
    assert_eq!(rule("pattern = '(?P<player>\\S+) joined'\nevent = \"joined\"\n"), "");
    assert!(rule("pattern = 'joined'\nevent = \"joined\"\n").contains("Name a group"));
    assert!(rule("pattern = 'x'\nevent = \"warning\"\ntext = \"{{match.y}}\"\n").contains("no group `y`"));
    assert!(rule("pattern = 'x'\nevent = \"crash-cause\"\n").contains("a crash has a `cause`"));
}

#[test]
fn endpoints_of_one_number_differ_in_protocol() {
    let found = problems(
        "[[endpoints]]\nname = \"a\"\nprotocol = \"tcp\"\n[[endpoints]]\nname = \"b\"\nprotocol = \"tcp\"\n\
         relative-to = { endpoint = \"a\" }\n[run]\nimage = \"x\"\n",
    );
    assert_eq!(
        found,
        "line 13, column 15, at endpoints[1].relative-to: two endpoints of one protocol cannot have one number"
    );
}
