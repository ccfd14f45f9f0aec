//! Installation, run spec, console, actions and files.

use super::{Checker, Local, variables};
use crate::{
    Document,
    manifest::host,
    model::{Action, ConsoleRule, Effect, Event, ImageText, Run, Step},
};
use std::collections::BTreeSet;

const NO: Local<'static> = Local::Nothing;

pub(super) fn check(checker: &mut Checker<'_>, document: &Document) {
    if let Some(version) = &document.install.version {
        checker.text("install.version", version, NO);
    }
    let steps = &document.install.steps;
    checker.unique("install.steps", "step", steps.iter().filter_map(|step| step.id.as_deref()));
    for (number, each) in steps.iter().enumerate() {
        step(checker, &format!("install.steps[{number}]"), each);
        let unnamed = each.download.as_ref().is_some_and(|download| host(&download.url).is_none());
        if unnamed && document.plugin.download_hosts.is_empty() {
            let message = "the address does not say `https://` and a host by itself; name the hosts in plugin.download-hosts";
            checker.say(&format!("install.steps[{number}].download.url"), message);
        }
    }
    run(checker, &document.run);
    for (number, rule) in document.console.iter().enumerate() {
        console(checker, &format!("console[{number}]"), rule);
    }
    effects(checker, "broadcast", &document.broadcast, Local::Text);
    effects(checker, "quiesce", &document.quiesce, NO);
    effects(checker, "resume", &document.resume, NO);
    checker.unique("actions", "action", document.actions.iter().map(|each| each.id.as_str()));
    for (number, each) in document.actions.iter().enumerate() {
        action(checker, &format!("actions[{number}]"), each);
    }
    checker.unique("config-files", "file", document.config_files.iter().map(|each| each.id.as_str()));
    for (number, file) in document.config_files.iter().enumerate() {
        let at = format!("config-files[{number}]");
        checker.id(&format!("{at}.id"), &file.id);
        checker.path(&format!("{at}.path"), &file.path, NO);
        for (number, field) in file.fields.iter().enumerate() {
            variables::variable(checker, &format!("{at}.fields[{number}].question"), &field.question);
        }
    }
}

fn image(checker: &mut Checker<'_>, at: &str, image: &ImageText) {
    match image {
        ImageText::Reference(text) if text.is_empty() => checker.say(at, "an image needs a name"),
        ImageText::Reference(text) => checker.text(at, text, NO),
        ImageText::Recipe(recipe) if recipe.dockerfile.trim().is_empty() => {
            checker.say(at, "the Dockerfile is empty");
        }
        ImageText::Recipe(_) => {}
    }
}

fn step(checker: &mut Checker<'_>, at: &str, step: &Step) {
    checker.text(&format!("{at}.title"), &step.title, NO);
    checker.one_of(
        at,
        &[
            ("download", step.download.is_some()),
            ("extract", step.extract.is_some()),
            ("write", step.write.is_some()),
            ("edit", step.edit.is_some()),
            ("image", step.image.is_some()),
            ("run", step.run.is_some()),
            ("make-directory", step.make_directory.is_some()),
            ("remove", step.remove.is_some()),
            ("copy", step.copy.is_some()),
            ("move", step.move_to.is_some()),
            ("set-mode", step.set_mode.is_some()),
            ("link", step.link.is_some()),
            ("script", step.script.is_some()),
        ],
    );
    if step.weight == 0 {
        checker.say(&format!("{at}.weight"), "a weight is at least 1");
    }
    if let Some(download) = &step.download {
        checker.text(&format!("{at}.download.url"), &download.url, NO);
        checker.path(&format!("{at}.download.path"), &download.path, NO);
        if let Some(digest) = &download.expect {
            let given = [&digest.sha256, &digest.sha512, &digest.sha1];
            let names = ["sha256", "sha512", "sha1"];
            let list: Vec<(&str, bool)> = names.into_iter().zip(given.map(Option::is_some)).collect();
            checker.one_of(&format!("{at}.download.expect"), &list);
        }
    }
    if let Some(extract) = &step.extract {
        checker.path(&format!("{at}.extract.archive"), &extract.archive, NO);
        checker.path(&format!("{at}.extract.into"), &extract.into, NO);
    }
    if let Some(write) = &step.write {
        checker.path(&format!("{at}.write.path"), &write.path, NO);
        checker.text(&format!("{at}.write.content"), &write.content, NO);
        mode(checker, &format!("{at}.write.mode"), write.mode.as_deref());
    }
    if let Some(edit) = &step.edit {
        checker.config_edit(&format!("{at}.edit"), edit, NO);
    }
    if let Some(given) = &step.image {
        image(checker, &format!("{at}.image"), given);
    }
    if let Some(run) = &step.run {
        image(checker, &format!("{at}.run.image"), &run.image);
        let texts = run.command.iter().chain(run.environment.values()).chain(run.files.values());
        for text in texts {
            checker.text(&format!("{at}.run"), text, NO);
        }
    }
    for (name, path) in [("make-directory", &step.make_directory), ("remove", &step.remove)] {
        if let Some(path) = path {
            checker.path(&format!("{at}.{name}"), path, NO);
        }
    }
    for (name, paths) in [("copy", &step.copy), ("move", &step.move_to)] {
        if let Some(paths) = paths {
            checker.path(&format!("{at}.{name}.from"), &paths.from, NO);
            checker.path(&format!("{at}.{name}.to"), &paths.to, NO);
        }
    }
    if let Some(given) = &step.set_mode {
        checker.path(&format!("{at}.set-mode.path"), &given.path, NO);
        mode(checker, &format!("{at}.set-mode.mode"), Some(&given.mode));
    }
    if let Some(link) = &step.link {
        checker.path(&format!("{at}.link.path"), &link.path, NO);
        checker.path(&format!("{at}.link.target"), &link.target, NO);
    }
}

fn mode(checker: &mut Checker<'_>, at: &str, mode: Option<&str>) {
    if mode.is_some_and(|mode| u32::from_str_radix(mode, 8).is_err() || mode.len() > 4) {
        checker.say(at, "rights are three octal digits, such as 755");
    }
}

fn run(checker: &mut Checker<'_>, run: &Run) {
    image(checker, "run.image", &run.image);
    for (number, argument) in run.command.iter().enumerate() {
        checker.text(&format!("run.command[{number}]"), argument, NO);
    }
    for (name, value) in &run.environment {
        checker.text(&format!("run.environment.{name}"), value, NO);
    }
    for (number, edit) in run.edits.iter().enumerate() {
        checker.config_edit(&format!("run.edits[{number}]"), edit, NO);
    }
    for (number, probe) in run.ready.iter().enumerate() {
        let at = format!("run.ready[{number}]");
        checker.one_of(
            &at,
            &[
                ("console", probe.console.is_some()),
                ("tcp", probe.tcp.is_some()),
                ("udp", probe.udp.is_some()),
                ("http", probe.http.is_some()),
            ],
        );
        if let Some(pattern) = &probe.console {
            checker.pattern(&format!("{at}.console"), pattern);
        }
        let endpoints = probe.tcp.iter().chain(probe.udp.iter().map(|probe| &probe.endpoint));
        for endpoint in endpoints.chain(probe.http.iter().map(|probe| &probe.endpoint)) {
            checker.endpoint(&at, endpoint);
        }
        if probe.udp.as_ref().is_some_and(|probe| crate::model::bytes(&probe.payload).is_none()) {
            checker.say(&format!("{at}.udp.payload"), "this is no hexadecimal");
        }
    }
    for (number, step) in run.stop.iter().enumerate() {
        let at = format!("run.stop[{number}]");
        checker.one_of(
            &at,
            &[
                ("command", step.command.is_some()),
                ("signal", step.signal.is_some()),
                ("interrupt", step.interrupt),
                ("wait-s", step.wait_s.is_some()),
                ("action", step.action.is_some()),
            ],
        );
        if let Some(text) = &step.command {
            checker.text(&format!("{at}.command"), text, NO);
        }
        if let Some(id) = &step.action
            && !checker.actions.contains(id.as_str())
        {
            checker.say(&format!("{at}.action"), format!("there is no action `{id}`"));
        }
    }
}

fn console(checker: &mut Checker<'_>, at: &str, rule: &ConsoleRule) {
    let groups = checker.pattern(&format!("{at}.pattern"), &rule.pattern);
    let fields = [
        ("player", &rule.player, matches!(rule.event, Event::Joined | Event::Left | Event::Chat)),
        ("text", &rule.text, matches!(rule.event, Event::Chat | Event::Warning)),
        ("cause", &rule.cause, rule.event == Event::CrashCause),
        ("remedy", &rule.remedy, rule.event == Event::CrashCause),
    ];
    for (name, text, belongs) in fields {
        match text {
            Some(_) if !belongs => checker.say(&format!("{at}.{name}"), "this event has none"),
            Some(text) => checker.text(&format!("{at}.{name}"), text, Local::Groups(&groups)),
            None if name == "player" && belongs && !groups.contains("player") => {
                checker.say(at, "who? Name a group `(?P<player>…)`, or say `player`");
            }
            None if name == "cause" && belongs => checker.say(at, "a crash has a `cause`"),
            None => {}
        }
    }
}

fn effects(checker: &mut Checker<'_>, at: &str, effects: &[Effect], local: Local<'_>) {
    for (number, effect) in effects.iter().enumerate() {
        let at = format!("{at}[{number}]");
        checker.one_of(
            &at,
            &[
                ("command", effect.command.is_some()),
                ("await-line", effect.await_line.is_some()),
                ("wait-ms", effect.wait_ms.is_some()),
                ("edit", effect.edit.is_some()),
                ("message", effect.message.is_some()),
            ],
        );
        for (name, text) in [("command", &effect.command), ("message", &effect.message)] {
            if let Some(text) = text {
                checker.text(&format!("{at}.{name}"), text, local);
            }
        }
        if let Some(line) = &effect.await_line {
            checker.pattern(&format!("{at}.await-line.pattern"), &line.pattern);
        }
        if let Some(edit) = &effect.edit {
            checker.config_edit(&format!("{at}.edit"), edit, local);
        }
    }
}

fn action(checker: &mut Checker<'_>, at: &str, action: &Action) {
    checker.id(&format!("{at}.id"), &action.id);
    variables::variables(checker, &format!("{at}.form"), &action.form);
    let keys: BTreeSet<&str> = action.form.iter().map(|each| each.key.as_str()).collect();
    effects(checker, &format!("{at}.effects"), &action.effects, Local::Form(&keys));
}
