//! Eggs that are made to be refused: whatever stands in them, what comes out is what a host takes, or the egg is declined in
//! words. An answer that a host refuses counts against the importer, which everybody uses.

use gantry_document::{
    Document, Format,
    model::{Kind, Variable},
};
use gantry_plugin::prelude::{Failure, Imported, Importer as _};
use gantry_plugin_eggs::Eggs;
use gantry_types::names;
use serde_json::{Value, json};

fn egg() -> Value {
    json!({
        "meta": {"version": "PTDL_v2", "update_url": "https://example.com/a.json"},
        "exported_at": "2024-05-31T12:03:11+00:00",
        "uuid": "0190",
        "name": "Game",
        "author": "a@example.com",
        "description": "A game.\nOf two lines.",
        "tags": ["minecraft"],
        "features": ["eula", "weather"],
        "docker_images": {"Java 21": "example.com/java:21", "Java 17": "example.com/java:17"},
        "file_denylist": ["secret.txt"],
        "startup": "./run {{NAME}}",
        "startup_commands": {"Default": "./run {{NAME}}", "Other": "./other"},
        "config": {
            "files": {"server.properties": {"parser": "properties", "find": {"motd": "{{env.NAME}}", "a": {"b": "c"}}}},
            "startup": {"done": "Done"},
            "logs": {"location": "log.txt"},
            "stop": "stop",
        },
        "scripts": {"installation": {"script": "echo", "container": "debian", "entrypoint": "bash"}},
        "variables": [
            {
                "name": "Name", "description": "What it is called.", "env_variable": "NAME", "default_value": "me",
                "user_viewable": true, "user_editable": true, "rules": "required|string|starts_with:m|max:20",
                "field_type": "text",
            },
            {
                "name": "Mode", "description": "How.", "env_variable": "MODE", "default_value": "a",
                "user_viewable": true, "user_editable": true, "rules": ["required", "in:a,b"],
            },
            {
                "name": "Text", "description": "More.", "env_variable": "TEXT", "default_value": "a\nb",
                "user_viewable": true, "user_editable": false, "rules": "nullable|string|regex:/^[a-z\\s]+$/",
            },
            {"name": "Query", "description": "Port.", "env_variable": "QUERY_PORT", "default_value": "27015", "rules": "required"},
        ],
    })
}

/// Ways to all texts and all keys.
fn places(value: &Value, at: &str, texts: &mut Vec<String>, keys: &mut Vec<(String, String)>) {
    let way = |key: &str| format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                keys.push((at.to_owned(), key.clone()));
                places(value, &way(key), texts, keys);
            }
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(n, value)| places(value, &way(&n.to_string()), texts, keys));
        }
        Value::String(_) => texts.push(at.to_owned()),
        _ => {}
    }
}

const HOSTILE: [&str; 8] = [
    "\u{2028}",
    "\u{202E}",
    "\u{200B}",
    "\0",
    "\u{1b}[31m",
    "\r\n",
    "\u{FFF9}",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
];

/// A text with each of them in front, within and behind.
fn spoilt(text: &str) -> Vec<String> {
    let middle = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
    let (begin, end) = text.split_at(middle);
    HOSTILE.iter().map(|bad| format!("{bad}{begin}{bad}{end}{bad}")).collect()
}

/// Those, what is nothing else, and what is long.
fn all_spoilt(text: &str) -> Vec<String> {
    let alone = HOSTILE.into_iter().map(str::to_owned);
    let long = ["\u{202E}".repeat(30_000), text.repeat(100_000 / text.len().max(1)), String::new()];
    spoilt(text).into_iter().chain(alone).chain(long).collect()
}

/// What `sdk/host` asks of an import's answer, and of the plugin that the document becomes.
fn is_taken(imported: &Imported) -> Result<(), String> {
    title("name", &imported.name, 1, 128)?;
    fits("document", imported.document.len() <= 1 << 20 && !imported.document.contains('\0'))?;
    fits("losses", imported.losses.len() <= 1_024)?;
    let said = imported.losses.iter().map(|loss| loss.at.len() + loss.what.len() + loss.meaning.len());
    fits("what is said", imported.document.len() + said.sum::<usize>() < 3 << 20)?;
    let document = Document::read(Format::Json, &imported.document).map_err(|error| error.to_string())?;
    let manifest = document.manifest();
    fits("id", imported.id == manifest.id && manifest.id.len() <= 64)?;
    fits("version", manifest.version.len() <= 64)?;
    title("author", &manifest.author, 0, 128)?;
    title("description", &manifest.description, 0, 512)?;
    for capability in &manifest.capabilities {
        title("reason", &capability.reason, 1, 4_096)?;
    }
    let about = &document.blueprint;
    title("blueprint", &about.name, 1, 128)?;
    prose("documentation", &about.documentation, 0, 64 * 1024)?;
    fits("icon", about.icon.len() <= 64 * 1024 && !about.icon.contains('\0'))?;
    about.tags.iter().try_for_each(|tag| title("tag", tag, 1, 32))?;
    about.protected_files.iter().try_for_each(|glob| line("glob", glob, 1, 256))?;
    document.variables.iter().try_for_each(variable)?;
    for endpoint in &document.endpoints {
        prose("endpoint", &endpoint.help, 0, 4_096)?;
    }
    for check in &document.checks {
        prose("check", &check.message, 1, 1_024)?;
    }
    planned(&document)
}

fn variable(each: &Variable) -> Result<(), String> {
    title("label", &each.label, 1, 128)?;
    prose("help", &each.help, 0, 4_096)?;
    title("group", &each.group, 0, 64)?;
    for text in each.pattern.iter().chain(&each.pattern_help) {
        line("pattern", text, 1, 1_024)?;
    }
    for choice in &each.choices {
        line("choice", &choice.value, 0, 256)?;
        title("choice's label", choice.shown(), 1, 128)?;
        prose("choice's help", &choice.help, 0, 4_096)?;
    }
    let default = each.default.as_deref().unwrap_or_default();
    fits(
        "default",
        !default.contains('\0') && (each.kind == Kind::Multiline || !default.contains(names::leaves_line)),
    )
}

/// Plans as the host would get them for a server that has the defaults.
fn planned(document: &Document) -> Result<(), String> {
    let server = crate::Server::usual(document);
    let content = |what: &str, text: &str| fits(what, text.len() <= 64 * 1024 && !text.contains('\0'));
    let path = |text: &str| {
        fits("path", !text.is_empty() && text.len() <= 1_024 && !text.chars().any(char::is_control))
    };
    for step in &document.install.steps {
        title("step", &server.text(&step.title), 1, 200)?;
        if let Some(run) = &step.run {
            image(&server, &run.image)?;
            run.command.iter().try_for_each(|text| content("command", &server.text(text)))?;
            run.files.values().try_for_each(|text| fits("file", !server.text(text).contains('\0')))?;
        }
        if let Some(write) = &step.write {
            path(&server.text(&write.path))?;
        }
    }
    image(&server, &document.run.image)?;
    for (key, value) in &document.run.environment {
        line("variable of the environment", key, 1, 128)?;
        fits("variable of the environment", !key.contains(['=', ' ']))?;
        content("value of the environment", &server.text(value))?;
    }
    for edit in &document.run.edits {
        path(&server.text(&edit.path))?;
        for each in &edit.edits {
            line("place", &server.text(&each.at).replace('\t', " "), 1, 1_024)?;
            content("value", &server.text(&each.value))?;
            if let Some(pattern) = &each.if_matches {
                line("pattern of an edit", pattern, 1, 1_024)?;
            }
            if let Some(text) = &each.if_equals {
                content("value that is compared", &server.text(text))?;
            }
        }
    }
    for probe in &document.run.ready {
        line("probe", probe.console.as_deref().unwrap_or("x"), 1, 1_024)?;
    }
    document
        .run
        .stop
        .iter()
        .filter_map(|step| step.command.as_ref())
        .try_for_each(|text| line("command to stop", &server.text(text), 1, 1_024))
}

fn image(server: &crate::Server<'_>, image: &gantry_document::model::ImageText) -> Result<(), String> {
    let gantry_document::model::ImageText::Reference(text) = image else { return Err("a recipe".to_owned()) };
    let reference = server.text(text);
    line("image", &reference, 1, 512)?;
    fits("image", !reference.starts_with('-') && !reference.contains(char::is_whitespace))
}

fn fits(what: &str, fits: bool) -> Result<(), String> {
    if fits { Ok(()) } else { Err(format!("{what} does not fit")) }
}

fn prose(what: &str, text: &str, least: usize, most: usize) -> Result<(), String> {
    let plain =
        !text.replace("\r\n", "\n").chars().any(|each| each.is_control() && !matches!(each, '\n' | '\t'));
    let length = text.chars().count();
    if plain && (least..=most).contains(&length) {
        Ok(())
    } else {
        Err(format!("{what}: {length} characters, {:?}", &text.chars().take(80).collect::<String>()))
    }
}

fn line(what: &str, text: &str, least: usize, most: usize) -> Result<(), String> {
    prose(what, text, least, most)?;
    fits(what, !text.contains(names::leaves_line))
}

fn title(what: &str, text: &str, least: usize, most: usize) -> Result<(), String> {
    line(what, text, least, most)?;
    names::oddity(text).map_or(Ok(()), |oddity| Err(format!("{what} has {oddity}: {text:?}")))
}

fn asked(egg: &Value) -> Result<Imported, Failure> {
    Eggs::convert("egg.json", egg.to_string().as_bytes())
}

/// Converted into what is taken, or declined in words.
fn judged(egg: &Value, changed: &str) -> bool {
    match asked(egg) {
        Ok(imported) => {
            is_taken(&imported).unwrap_or_else(|why| panic!("{changed}: {why}"));
            true
        }
        Err(no) => {
            let length = no.message.chars().count();
            assert!(no.code == "no_egg" && (20..=1_000).contains(&length), "{changed}: {no:?}");
            false
        }
    }
}

#[test]
fn no_text_of_an_egg_makes_an_answer_that_is_refused() {
    let usual = egg();
    assert!(judged(&usual, "as it is"));
    let (mut texts, mut keys) = (Vec::new(), Vec::new());
    places(&usual, "", &mut texts, &mut keys);
    assert!(texts.len() > 40);
    let (mut kept, mut all) = (0, 0);
    for at in &texts {
        let text = usual.pointer(at).and_then(Value::as_str).unwrap();
        for bad in all_spoilt(text) {
            let mut changed = usual.clone();
            *changed.pointer_mut(at).unwrap() = bad.as_str().into();
            let is_kept =
                judged(&changed, &format!("{at} is {:?}", &bad.chars().take(60).collect::<String>()));
            kept += usize::from(is_kept);
            all += 1;
        }
    }
    assert!(kept * 10 > all * 9, "{kept} of {all} are converted");
    for (at, key) in &keys {
        for bad in spoilt(key).into_iter().chain(["k".repeat(100_000)]) {
            let mut changed = usual.clone();
            let Some(map) = changed.pointer_mut(at).and_then(Value::as_object_mut) else { unreachable!() };
            let value = map.remove(key).unwrap();
            map.insert(bad.clone(), value);
            judged(
                &changed,
                &format!("the key {key} in {at} is {:?}", &bad.chars().take(60).collect::<String>()),
            );
        }
    }
}

#[test]
fn what_cannot_be_seen_is_left_out_and_told() {
    let mut spoilt = egg();
    spoilt["name"] = "Game\u{2028}of \u{202E}doom".into();
    spoilt["author"] = "\u{200B}\u{202E}".into();
    spoilt["variables"][0]["name"] = "\u{2066}".into();
    spoilt["docker_images"] = json!({"\u{202E}12 avaJ": "example.com/java:21", "\0": "example.com/java:17"});
    let imported = asked(&spoilt).unwrap();
    assert_eq!(imported.name, "Game of doom");
    let document = Document::read(Format::Json, &imported.document).unwrap();
    assert_eq!((document.plugin.author.as_str(), document.variables[0].label.as_str()), ("", "NAME"));
    let image = document.variables.iter().find(|each| each.key == "gantry.image").unwrap();
    let labels: Vec<&str> = image.choices.iter().map(|choice| choice.shown()).collect();
    assert_eq!(labels, ["example.com/java:17", "12 avaJ"]);
    for at in ["name", "author", "variables/0/name"] {
        assert!(imported.losses.iter().any(|loss| loss.at == at && loss.what.contains("U+2")), "{at}");
    }
    spoilt["name"] = "\u{2028}\u{202E}".into();
    assert_eq!(asked(&spoilt).unwrap().name, "Unnamed egg");
}

#[test]
fn an_egg_that_says_too_much_is_declined_or_told_in_short() {
    let mut many = egg();
    many["strange"] = (0..15_000).map(|n| json!(format!("{n} {}", "x".repeat(20)))).collect();
    let told = asked(&many).unwrap();
    is_taken(&told).unwrap();
    assert!(told.losses.last().unwrap().what.contains("more; the first of them is at"));
    let deep = json!({"k".repeat(200_000): (0..100).collect::<Vec<u32>>()});
    many["strange"] = deep;
    assert!(asked(&many).unwrap_err().message.contains("too long names"));
    many["strange"] = (0..30_000).collect();
    assert!(asked(&many).unwrap_err().message.contains("too many values"));
    // Escaped, it is longer than what a host takes.
    let quotes = format!(
        "meta: {{version: PTDL_v2}}\nname: a\ndocker_images: {{a: b}}\nstartup: c\nscripts:\n  installation:\n    container: d\n    \
         script: '{}'\n",
        "\"".repeat(900_000)
    );
    assert!(Eggs::convert("egg.yaml", quotes.as_bytes()).unwrap_err().message.contains("too large"));
    for lone in [
        &b"{\"meta\": {\"version\": \"PTDL_v2\"}, \"name\": \"\\ud800\"}"[..],
        b"{\"name\": \"\xed\xa0\x80\"}",
    ] {
        assert_eq!(Eggs::convert("egg.json", lone).unwrap_err().code, "no_egg");
    }
}
