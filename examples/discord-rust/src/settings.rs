//! What an administrator sets: where messages go, under which name, and about what.

use gantry_plugin::prelude::*;

pub(crate) const WEBHOOK: &str = "webhook";
pub(crate) const NAME: &str = "name";

/// What can be heard of: the setting, its label, the kinds of events, and whether it is on at first.
const SUBJECTS: [(&str, &str, &[&str], bool); 8] = [
    (
        "crashes",
        "Crashes and what fails",
        &["server.crashed", "operation.failed", "backup.failed", "plugin.given_up"],
        true,
    ),
    ("power", "Servers that start and stop", &["server.started", "server.stopped"], true),
    (
        "servers",
        "Servers that come, go and change",
        &[
            "server.created",
            "server.installed",
            "server.suspended",
            "server.released",
            "server.moved",
            "server.restored",
            "server.deleted",
        ],
        true,
    ),
    ("nodes", "Nodes that are drained", &["node.draining", "node.drain_ended"], true),
    ("backups", "Backups that are ready", &["backup.ready"], false),
    ("players", "Players who join and leave", &["player.joined", "player.left"], false),
    ("accounts", "Accounts", &["user.created", "user.deleted"], false),
    (
        "plugins",
        "Plugins",
        &[
            "plugin.installed",
            "plugin.waiting",
            "plugin.granted",
            "plugin.rolled_back",
            "plugin.disabled",
            "plugin.enabled",
            "plugin.removed",
        ],
        false,
    ),
];

/// A webhook's address is all that it takes to write into the channel, so it is a secret.
pub(crate) fn all() -> Vec<Variable> {
    let webhook = Variable::secret(WEBHOOK, "Webhook URL", 1, 300)
        .required()
        .help("In Discord: the channel's settings, Integrations, Webhooks, New webhook, Copy webhook URL.")
        .pattern(
            r"https://((ptb|canary)\.)?discord(app)?\.com/api/webhooks/[0-9]+/[A-Za-z0-9_-]+",
            "It begins with https://discord.com/api/webhooks/.",
        );
    let name = Variable::text(NAME, "Name", "", 80)
        .help("Under which messages appear; the webhook's own where this is empty.")
        .pattern("[^@#:`]*", "Discord takes no @, #, : and ` in it.");
    let subject = |(key, label, _, on): &(&str, &str, &[&str], bool)| Variable::boolean(key, label, *on);
    [webhook, name].into_iter().chain(SUBJECTS.iter().map(subject)).collect()
}

/// Whether the channel is to hear of such an event. A test is always heard.
pub(crate) fn wanted(kind: &str, settings: &[Setting]) -> bool {
    let subject = SUBJECTS.iter().find(|(_, _, kinds, _)| kinds.contains(&kind));
    match subject {
        Some((key, ..)) => value(settings, key) == "true",
        None => kind == "gantry.test",
    }
}

pub(crate) fn value<'a>(settings: &'a [Setting], key: &str) -> &'a str {
    settings.iter().find(|setting| setting.key == key).map_or("", |setting| setting.value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_switched_off_is_not_heard_and_a_test_always() {
        let settings = |on: &str| vec![Setting { key: "players".to_owned(), value: on.to_owned() }];
        assert!(wanted("player.joined", &settings("true")));
        assert!(!wanted("player.joined", &settings("false")));
        assert!(wanted("gantry.test", &[]));
        assert!(!wanted("server.exploded", &settings("true")), "a kind that this version does not know");
    }
}
