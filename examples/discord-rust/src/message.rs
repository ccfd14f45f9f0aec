//! An event as a message of a webhook: one embed, which mentions nobody.
//!
//! Source: Discord's documentation, "Execute Webhook", "Embed Object" and "Allowed Mentions Object".

use crate::text::{plain, short};
use gantry_plugin::prelude::*;
use serde_json::{Map, Value, json};

const RED: u32 = 0x00d6_4545;
const GREEN: u32 = 0x0035_a46b;
const AMBER: u32 = 0x00e0_a030;
const GREY: u32 = 0x0080_8a99;

/// Characters of a sentence and of a field, before what is escaped grows.
const SENTENCE: usize = 1_000;
const FIELD: usize = 400;
/// Fields that an embed may have are 25; two are ours.
const DETAILS: usize = 20;

pub(crate) fn of(event: &HookEvent, name: &str) -> Value {
    let mut fields = Vec::new();
    if let Some(server) = &event.server {
        fields.push(field("Server", &format!("{} ({})", server.name, server.blueprint)));
        fields.push(field("Node", &server.node));
    }
    if let Some(actor) = &event.actor {
        fields.push(field("By", actor));
    }
    let details = event.details.iter().filter(|detail| !detail.value.is_empty()).take(DETAILS);
    fields.extend(details.map(|detail| field(&title(&detail.key), &detail.value)));
    let seconds = event.at_ms / 1_000;
    let mut message = Map::new();
    if !name.is_empty() {
        message.insert("username".to_owned(), json!(name));
    }
    message.insert("allowed_mentions".to_owned(), json!({ "parse": [] }));
    let embed = json!({
        // Discord shows the time in its reader's own zone.
        "description": format!("{}\n<t:{seconds}:f>", plain(&short(&event.summary, SENTENCE))),
        "color": color(&event.kind),
        "fields": fields,
        // No markup is read here.
        "footer": { "text": format!("{} \u{b7} {}", event.kind, event.id) },
    });
    message.insert("embeds".to_owned(), json!([embed]));
    Value::Object(message)
}

fn field(name: &str, value: &str) -> Value {
    json!({ "name": plain(name), "value": plain(&short(value, FIELD)), "inline": true })
}

fn title(key: &str) -> String {
    let mut letters = key.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn color(kind: &str) -> u32 {
    match kind {
        "server.crashed" | "operation.failed" | "backup.failed" | "plugin.given_up" => RED,
        "server.started" | "server.installed" | "server.created" | "backup.ready" | "player.joined" => GREEN,
        "server.suspended" | "plugin.waiting" | "node.draining" => AMBER,
        _ => GREY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> HookEvent {
        HookEvent {
            id: "0192".to_owned(),
            kind: "server.crashed".to_owned(),
            at_ms: 1_700_000_000_000,
            server: Some(About {
                id: "7".to_owned(),
                name: "@everyone **free**".to_owned(),
                blueprint: "Luanti".to_owned(),
                node: "anvil".to_owned(),
            }),
            actor: None,
            summary: "@everyone **free** crashed: exit code 1.".to_owned(),
            details: vec![Setting { key: "crashes".to_owned(), value: "2".to_owned() }],
        }
    }

    #[test]
    fn a_message_names_its_event_and_mentions_nobody() {
        let message = of(&event(), "");
        assert_eq!(message["allowed_mentions"], json!({ "parse": [] }));
        assert_eq!(message.get("username"), None, "the webhook's own name");
        let embed = &message["embeds"][0];
        assert_eq!(
            embed["description"],
            "\\@everyone \\*\\*free\\*\\* crashed\\: exit code 1\\.\n<t:1700000000:f>"
        );
        assert_eq!(embed["footer"]["text"], "server.crashed \u{b7} 0192");
        assert_eq!(embed["fields"][0]["value"], r"\@everyone \*\*free\*\* \(Luanti\)");
        assert_eq!(embed["fields"][2], json!({ "name": "Crashes", "value": "2", "inline": true }));
        assert_eq!(of(&event(), "Gantry")["username"], "Gantry");
    }

    #[test]
    fn a_message_stays_within_what_discord_takes() {
        let detail = |number: usize| Setting { key: format!("k{number}"), value: "_".repeat(5_000) };
        let long =
            HookEvent { summary: "_".repeat(9_000), details: (0..40).map(detail).collect(), ..event() };
        let message = of(&long, "");
        let embed = &message["embeds"][0];
        assert!(embed["description"].as_str().unwrap().chars().count() <= 4_096);
        let fields = embed["fields"].as_array().unwrap();
        assert!(fields.len() <= 25);
        assert!(fields.iter().all(|field| field["value"].as_str().unwrap().chars().count() <= 1_024));
    }
}
