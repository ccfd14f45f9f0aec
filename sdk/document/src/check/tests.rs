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
        "run.command[0]: there is no variable `slot`; did you mean `slots`?\n\
         run.command[1]: there is no endpoint `gam`; did you mean `game`?\n\
         run.command[2]: `form.…` is there in the effects of actions alone"
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
        ("kind = \"boolean\"\ndefault = \"1\"\n", "\"1\" is not allowed"),
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
    assert_eq!(found, "endpoints[1].relative-to: two endpoints of one protocol cannot have one number");
}
