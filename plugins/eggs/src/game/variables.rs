//! An egg's variables: settings of the blueprint, or endpoints where they are ports.

use super::{
    names::{free, key},
    ports::{self, Meaning, Ports},
    startup::Startup,
};
use crate::{
    rules::{self, Spelling, kind},
    source::Node,
    words::{self, leaves_line, line, prose},
};
use gantry_document::model::{Audience, Check, Variable};
use std::collections::{BTreeMap, BTreeSet};

/// What panels set themselves, so that no variable can.
pub(super) const RESERVED: [&str; 9] =
    ["SERVER_MEMORY", "SERVER_IP", "SERVER_PORT", "ENV", "HOME", "USER", "STARTUP", "SERVER_UUID", "UUID"];
/// Most variables of an environment, with room for those that this import adds.
const MOST: usize = 240;

pub(super) struct Variables {
    pub(super) variables: Vec<Variable>,
    pub(super) checks: Vec<Check>,
    pub(super) ports: Ports,
    /// The environment's names, each with the template of its value.
    pub(super) values: BTreeMap<String, String>,
}

impl Variables {
    pub(super) fn has(&self, environment: &str) -> bool {
        self.values.contains_key(environment)
    }
}

pub(super) fn read(egg: &Node<'_>, startup: &Startup) -> Variables {
    let mut read =
        Variables { variables: Vec::new(), checks: Vec::new(), ports: Ports::new(), values: BTreeMap::new() };
    let mut keys = BTreeSet::new();
    let uses = Uses::of(egg, startup);
    let nodes: Vec<Node<'_>> = egg
        .get("variables")
        .map(|list| list.entries().into_iter().map(|(_, node)| node).collect())
        .unwrap_or_default();
    // One alone is not compared with anything, and its place would stay unread.
    let mut places: Vec<(i64, Node<'_>)> = nodes.into_iter().map(|node| (place(&node), node)).collect();
    places.sort_by_key(|(place, _)| *place);
    for (_, node) in places {
        variable(&node, &uses, &mut keys, &mut read);
    }
    read
}

/// Where it stands among the others, if that is said; those without stay behind, in their order.
fn place(node: &Node<'_>) -> i64 {
    node.get("sort").and_then(|node| node.text()).and_then(|text| text.parse().ok()).unwrap_or(i64::MAX)
}

fn variable(node: &Node<'_>, uses: &Uses, keys: &mut BTreeSet<String>, read: &mut Variables) {
    let environment = node.text_of("env_variable");
    if environment.is_empty()
        || environment.contains(['=', ' '])
        || environment.contains(leaves_line)
        || environment.len() > 128
    {
        node.log.lost(
            "variable",
            &node.at,
            format!("{environment:?} is no name of a variable."),
            "Nobody can set it.",
        );
        return node.read();
    }
    if RESERVED.contains(&environment.as_str()) || read.has(&environment) {
        let what = format!("The name {environment} is taken.");
        node.log.lost(
            "variable",
            &node.at,
            what,
            "The game gets what Gantry, or the first of them, says under it.",
        );
        return node.read();
    }
    if read.values.len() == MOST {
        node.log.lost(
            "variable",
            &node.at,
            format!("There are more than {MOST} variables."),
            "Nobody can set it.",
        );
        return node.read();
    }
    let field = node.text_of("field_type");
    if !matches!(field.as_str(), "" | "text") {
        let what = format!("The field is drawn as {field:?} elsewhere.");
        node.log.different(
            "field",
            &format!("{}/field_type", node.at),
            what,
            "It is drawn by its rules here.",
        );
    }
    let default = node.text_of("default_value");
    let rules_at = format!("{}/rules", node.at);
    let all = node
        .get("rules")
        .map(|rules| {
            rules.read();
            rules::parse(&rules)
        })
        .unwrap_or_default();
    let label = shortened(node, "name", 128, line);
    let help = shortened(node, "description", 4_000, prose);
    let (viewable, editable) = (flag(node, "user_viewable"), flag(node, "user_editable"));
    if editable && !viewable {
        let what = format!("{environment} may be edited by who cannot see it.");
        node.log.different("rights", &node.at, what, "Nobody but administrators edits it, as elsewhere.");
    }
    let meaning = ports::meaning(&environment);
    let number = default.parse::<u16>().ok();
    if meaning == Meaning::Port && (default.is_empty() || number.is_some()) && !is_choice(&all) {
        let required = all.iter().any(|rule| rule.name == "required");
        let port = number.filter(|port| *port > 0);
        let help = [label.as_str(), help.as_str()].join(": ").trim_matches([':', ' ']).to_owned();
        if let Some(name) = read.ports.add(&environment, port, &help, required) {
            let what = format!("{environment} is a port and became the endpoint {name}.");
            let meaning = "Its number is that of an allocation, so that it is free and open; its own rules are not asked.";
            node.log.different("port", &node.at, what, meaning);
            read.values.insert(environment, format!("{{{{endpoints.{name}.port}}}}"));
            return;
        }
    }
    if meaning == Meaning::Range {
        let what = format!("{environment} is the end of a range of ports.");
        node.log.different(
            "range",
            &node.at,
            what,
            "Ports of the range are opened by allocations of the server alone.",
        );
    }
    if read.variables.len() == MOST {
        node.log.lost(
            "variable",
            &node.at,
            format!("There are more than {MOST} variables."),
            "Nobody can set it.",
        );
        return;
    }
    let own = free(&key(&environment), keys);
    let mut made = Variable {
        label: if label.is_empty() { named(&environment, &own) } else { label },
        help,
        group: "Startup".to_owned(),
        viewable: audience(viewable),
        editable: audience(viewable && editable),
        needs_reinstall: uses.installation_alone(&environment),
        needs_restart: true,
        key: own,
        ..Variable::default()
    };
    let ruled = kind::rule(&mut made, all, &default, &rules_at, node.log);
    let filter = if ruled.spelling == Spelling::Digits { " | either(\"1\", \"0\")" } else { "" };
    read.values.insert(environment, format!("{{{{settings.{}{filter}}}}}", made.key));
    read.checks.extend(ruled.checks);
    read.variables.push(made);
}

fn is_choice(rules: &[rules::Rule]) -> bool {
    rules.iter().any(|rule| matches!(rule.name.as_str(), "in" | "boolean"))
}

fn shortened(node: &Node<'_>, field: &str, most: usize, cut: fn(&str, usize) -> words::Fitted) -> String {
    cut(&node.text_of(field), most).told(node.log, &format!("{}/{field}", node.at))
}

/// What a variable is called that has no label: by its name, as far as that can be seen.
fn named(environment: &str, key: &str) -> String {
    let seen = line(environment, 128).text;
    if seen.is_empty() { key.to_owned() } else { seen }
}

fn flag(node: &Node<'_>, field: &str) -> bool {
    matches!(node.text_of(field).as_str(), "true" | "1")
}

const fn audience(everybody: bool) -> Audience {
    if everybody { Audience::Members } else { Audience::Administrators }
}

/// Where variables are named: one that the installation alone looks at takes effect with the next one.
struct Uses {
    script: String,
    elsewhere: String,
}

impl Uses {
    fn of(egg: &Node<'_>, startup: &Startup) -> Self {
        let script = egg
            .get("scripts")
            .and_then(|node| node.get("installation"))
            .and_then(|node| node.get("script"))
            .and_then(|node| node.tree.text());
        let files = egg.get("config").and_then(|node| node.get("files"));
        let files = files.map(|node| format!("{:?}", node.tree)).unwrap_or_default();
        Self { script: script.unwrap_or_default(), elsewhere: format!("{} {files}", startup.all()) }
    }
    fn installation_alone(&self, name: &str) -> bool {
        names(&self.script, name) && !names(&self.elsewhere, name)
    }
}

/// Whether the word stands in the text.
pub(super) fn names(text: &str, word: &str) -> bool {
    let inside = |character: char| character.is_ascii_alphanumeric() || character == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(inside) && !text[at + word.len()..].starts_with(inside))
}
