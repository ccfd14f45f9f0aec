//! Documents for servers: golden plans, scripts and their limits, rules, and the meaning of lines.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use gantry_document::{
    Document, Format,
    model::{Limits, Protocol},
};
use gantry_plugin_declarative::{
    check,
    console::{self, Meaning},
    fill::{Filler, plain},
    server::{Endpoint, Local, Server},
};
use std::collections::BTreeMap;

const LUANTI: &str = include_str!("../../../../examples/luanti-declarative/blueprint.toml");

fn document(text: &str) -> Document {
    Document::read(Format::Toml, text).unwrap()
}

/// A document with these parts behind what each needs.
fn small(rest: &str) -> Document {
    document(&format!(
        "[plugin]\nid = \"a\"\nversion = \"1.0.0\"\n[blueprint]\nid = \"a\"\nname = \"A\"\n{rest}"
    ))
}

/// Every variable at its default, and some.
fn server(document: &Document, settings: &[(&str, &str)]) -> Server {
    let defaults =
        document.variables.iter().filter_map(|each| Some((each.key.clone(), each.default.clone()?)));
    let own = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Server {
        id: "0190c0de".to_owned(),
        name: "Friday night".to_owned(),
        blueprint: document.blueprint.id.clone(),
        time_zone: "Europe/Berlin".to_owned(),
        settings: defaults.chain(own).collect(),
        facts: BTreeMap::from([("build".to_owned(), "42".to_owned())]),
        endpoints: vec![Endpoint {
            name: "game".to_owned(),
            protocol: Protocol::Udp,
            address: "192.0.2.1".to_owned(),
            port: 30_001,
        }],
        limits: Limits { memory: 1_024, swap: 0, cpu: 100, disk: 2_048, pids: 256 },
    }
}

/// Compares with what is kept; `GANTRY_GOLDEN=write` keeps it anew.
fn golden(name: &str, value: &impl serde::Serialize) {
    let text = serde_json::to_string_pretty(value).unwrap() + "\n";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden").join(name);
    if std::env::var_os("GANTRY_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), text, "{}", path.display());
}

#[test]
fn the_example_is_planned_and_run() {
    let document = document(LUANTI);
    assert_eq!(check::scripts(&document), []);
    let server = server(&document, &[("name", "{{settings.motd}} \"x\""), ("admin", "alice")]);
    let filler = Filler::new(&document, &server, Local::Nothing);
    golden("luanti-install.json", &filler.install().unwrap());
    golden("luanti-run.json", &filler.run().unwrap());
}

#[test]
fn a_value_of_somebody_is_never_a_template() {
    let document = document(LUANTI);
    let server = server(&document, &[("name", "{{settings.admin}}")]);
    let run = Filler::new(&document, &server, Local::Nothing).run().unwrap();
    let value = run.edits[0].edits.iter().find(|edit| plain(&edit.at) == "server_name").unwrap();
    assert_eq!(plain(&value.value), "{{settings.admin}}");
}

#[test]
fn every_step_condition_and_choice_is_settled() {
    let document = small(
        r#"
        [[variables]]
        key = "mode"
        label = "Mode"
        kind = "one-of"
        choices = ["a", "b"]
        default = "a"
        [[variables]]
        key = "mods"
        label = "Mods"
        kind = "number"
        default = 2
        [[endpoints]]
        name = "game"
        protocol = "udp"
        [install]
        version = "{{facts.build}}"
        [[install.steps]]
        title = "Only for b"
        when = 'settings.mode == "b"'
        remove = "a"
        [[install.steps]]
        title = "Fetch {{settings.mode}}"
        download = { url = "https://example.com/{{settings.mode | url}}.zip", path = "a.zip", max-mib = 5, expect = { sha256 = "{{facts.build}}" } }
        [[install.steps]]
        title = "Mods"
        script = '''
            let steps = [];
            for number in 0..settings.mods {
                steps.push(#{ title: `Mod ${number} {{settings.mode}}`, "make-directory": `mods/${number}` });
            }
            steps
        '''
        [run]
        image = { reference = { choose = "{{settings.mode}}", from = { a = "debian", b = "alpine" } } }
        command = [{ script = "`-Xmx${limits.memory - 128}M`" }, "{{limits.memory | times(0.5)}}", { literal = "{{x}}" }]
        environment = { A = "{{endpoints.game.address}}:{{endpoints.game.port | plus(1)}}", B = { script = "if endpoints.rcon == () { \"none\" } else { \"some\" }" } }
        stop = [{ command = "stop {{server.name}}" }]
        [[run.edits]]
        path = "{{settings.mode}}.json"
        format = "json"
        set = { a = 1 }
        edits = [{ at = "b", value = "x", when = "settings.mods > 5" }, { at = "c", value = true, as = "boolean", if-equals = "{{settings.mode}}" }]
        script = '[#{ at: "d", value: settings.mods * 2, only: "absent" }]'
        "#,
    );
    assert_eq!(check::scripts(&document), []);
    let server = server(&document, &[]);
    let filler = Filler::new(&document, &server, Local::Nothing);
    golden("settled-install.json", &filler.install().unwrap());
    golden("settled-run.json", &filler.run().unwrap());
}

#[test]
fn scripts_end_and_are_told_with_their_place() {
    let large = format!("#{{{}}}", (0..=4_096).map(|number| format!("a{number}: 1,")).collect::<String>());
    for (script, says) in [
        (
            "loop {}",
            "line 1, column 6 of the script: it takes more than 200000 operations, which is the limit",
        ),
        (
            "let a = \"x\";\nloop {\n  a += a\n}",
            "line 3, column 5 of the script: it makes a text of more than 262144 bytes, which is the limit",
        ),
        ("let a = []; loop { a.push(1) }", "a list of more than 4096 items, which is the limit"),
        (&large, "it makes a map of more than 4096 entries, which is the limit"),
        ("fn f(x) { f(x + 1) } f(0)", "its functions call each other more than 16 deep, which is the limit"),
        ("eval(\"1\")", ""),
        ("import \"x\" as y;", ""),
        ("secret", "line 1, column 1 of the script: there is no variable `secret`"),
        ("seting.motd", "there is no variable `seting`; did you mean `settings`?"),
        ("1 +", "of the script: it cannot be read: Script is incomplete"),
        ("let a = 1;\na / 0", "line 2, column 3 of the script: Division by zero: 1 / 0"),
        ("#{}", "where text is wanted"),
    ] {
        let document = small(&format!("[run]\nimage = \"x\"\ncommand = [{{ script = '''{script}''' }}]\n"));
        let server = server(&document, &[]);
        let fault = Filler::new(&document, &server, Local::Nothing).run().unwrap_err();
        assert_eq!(fault.at, "run.command[0].script", "{script}");
        assert!(fault.message.contains(says), "{script}: {}", fault.message);
    }
}

#[test]
fn a_function_that_is_not_there_is_told_with_the_one_that_was_meant() {
    for (script, says) in [
        (
            "let a = \"x\";\na.to_uper()",
            "line 2, column 3 of the script: there is no function `to_uper`; did you mean `to_upper`?",
        ),
        ("parse_integer(\"5\")", "there is no function `parse_integer`; did you mean `parse_int`?"),
        (
            "fn square(x) { x * x }\nsqare(3)",
            "line 2, column 1 of the script: there is no function `sqare`; did you mean `square`?",
        ),
        (
            "fn square(x) { sqrrt(x) }\nsquare(3.0)",
            "line 1, column 16 of the script: there is no function `sqrrt`; did you mean `sqrt`?",
        ),
        ("zzz(1)", "there is no function `zzz`"),
        ("\"x\" - 5", "`-` takes other values than it is given here, which is string, i64"),
        ("len(5)", "`len` takes other values than it is given here, which is i64"),
        ("fn f(x) { x }\nf()", "`f` takes other values than it is given here, which is nothing"),
    ] {
        let document =
            small(&format!("[run]\nimage = \"x\"\n[run.environment]\nA = {{ script = '''{script}''' }}\n"));
        let server = server(&document, &[]);
        let fault = Filler::new(&document, &server, Local::Nothing).run().unwrap_err();
        assert_eq!(fault.at, "run.environment.A.script", "{script}");
        assert!(fault.message.ends_with(says), "{script}: {}", fault.message);
    }
}

#[test]
fn scripts_that_cannot_be_read_are_found_beforehand() {
    let document = small(
        "[run]\nimage = \"x\"\ncommand = [{ script = \"1 +\" }]\nready = [{ console = \"a\", when = \"nobody\" }]\n",
    );
    let places: Vec<String> = check::scripts(&document).into_iter().map(|fault| fault.at).collect();
    assert_eq!(places, ["run.command[0].script", "run.ready[0].when"]);
}

#[test]
fn rules_look_at_one_variable_or_at_several() {
    let document = document(LUANTI);
    let wrong = |settings: &[(&str, &str)]| check::settings(&document, &server(&document, settings)).unwrap();
    assert_eq!(wrong(&[]), []);
    let found = wrong(&[("damage", "false")]);
    assert_eq!((found.len(), found[0].key.as_str()), (1, "pvp"));
    let document = small(
        "[[variables]]\nkey = \"a\"\nlabel = \"A\"\n[[checks]]\nkey = \"a\"\nmatches-not = \"^\\\\d+$\"\nmessage = \"No number.\"\n\
         [[checks]]\nkey = \"a\"\nmatches = \"x\"\nmessage = \"An x.\"\n[run]\nimage = \"x\"\n",
    );
    let messages = |value: &str| -> Vec<String> {
        check::settings(&document, &server(&document, &[("a", value)]))
            .unwrap()
            .into_iter()
            .map(|each| each.message)
            .collect()
    };
    assert_eq!(messages("12"), ["No number.", "An x."]);
    assert_eq!(messages("1x"), Vec::<String>::new());
    assert_eq!(messages(""), Vec::<String>::new(), "nothing is nothing wrong");
}

#[test]
fn lines_have_the_meaning_of_the_first_rule_that_matches() {
    let document = document(LUANTI);
    let lines = [
        "2026-11-21 02:09:52: ACTION[Server]: Alice [192.0.2.7] joins game. List of players: Alice",
        "2026-11-21 02:10:52: ACTION[Server]: CHAT: <Eve> Bob [::1] joins game.",
        "nothing",
        "2026-11-21 02:10:52: ACTION[Server]: Alice times out.",
        "2026-11-21 02:10:52: ERROR[Main]: out of memory",
    ];
    let lines: Vec<String> = lines.into_iter().map(str::to_owned).collect();
    let found = console::parse(&document, &server(&document, &[]), &lines).unwrap();
    let name = |name: &str| name.to_owned();
    let expected = [
        (0, Meaning::Joined(name("Alice"))),
        (1, Meaning::Chat { player: name("Eve"), text: name("Bob [::1] joins game.") }),
        (3, Meaning::Left(name("Alice"))),
        (4, Meaning::Warning(name("out of memory"))),
    ];
    assert_eq!(found, expected);
}

#[test]
fn effects_have_the_form_or_the_text() {
    let document = small(
        "broadcast = [{ command = \"say {{text}}\" }]\n[run]\nimage = \"x\"\n[[actions]]\nid = \"kick\"\ntitle = \"Kick\"\n\
         form = [{ key = \"who\", label = \"Who\" }]\neffects = [{ command = \"kick {{form.who | line}}\" }, { message = \"Done.\", when = 'form.who != \"\"' }]\n"
            .replace("broadcast", "#")
            .as_str(),
    );
    let server = server(&document, &[]);
    let form = |who: &str| Local::Form(BTreeMap::from([("who".to_owned(), who.to_owned())]));
    let effects = |who: &str| {
        Filler::new(&document, &server, form(who)).effects("actions[0].effects", &document.actions[0].effects)
    };
    let done = effects("Eve").unwrap();
    assert_eq!((plain(done[0].command.as_ref().unwrap()), done.len()), ("kick Eve", 2));
    assert_eq!(effects("").unwrap().len(), 1);
    let fault = effects("Eve\nstop").unwrap_err();
    assert_eq!(fault.at, "actions[0].effects[0].command", "a second command");
}
