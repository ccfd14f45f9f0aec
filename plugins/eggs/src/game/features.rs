//! The helpers that watch the console: each becomes a cause of a crash in words, with what helps; the licence of Minecraft a
//! variable, too.

use super::{images, variables::Variables};
use crate::source::{Node, Tree};
use gantry_document::model::{ConfigEdit, ConsoleRule, Event, FileFormat, Kind, Variable};
use std::collections::BTreeMap;

const EULA: &str = "gantry.eula";
const EULA_FILE: &str = "eula.txt";

#[derive(Default)]
pub(super) struct Features {
    pub(super) console: Vec<ConsoleRule>,
    pub(super) variable: Option<Variable>,
    pub(super) edit: Option<ConfigEdit>,
}

/// How lines begin in which no player's words have come yet: with nothing, or with the time, thread, level and logger in the
/// spellings of Minecraft's servers and proxies.
const HEAD: &str = r"^(?:[0-9]{2}:[0-9]{2}:[0-9]{2} \[[A-Z]+\] |(?:\[[0-9A-Za-z .-]*[0-9]{2}:[0-9]{2}:[0-9]{2}[0-9.]*\] ?)?\[[^\[\]<>/]+/[A-Z]+\](?:: | \[[^\[\]<>]*\]: | \([^()<>]*\):? )|\[[0-9:.]+ [A-Z]+\]: )?";

/// What each helper waits for behind the head, why the game ends then, and what helps.
///
/// Elsewhere a line counts wherever it has such words, also those that a player says. So they are looked for where the program
/// itself puts them.
const KNOWN: [(&str, &str, &str, &str); 5] = [
    (
        "eula",
        r"you need to agree to the eula in order to run the server",
        "Nobody has agreed to the licence of Minecraft.",
        "Read it at https://aka.ms/MinecraftEULA; who agrees switches on the variable about it, and starts again.",
    ),
    (
        "java_version",
        // The class of the exception, with what introduces it; and what Paper says.
        " *(?:(?:exception in thread \"[^\"]*\" |caused by: |error: )?(?:java\\.lang\\.UnsupportedClassVersionError|\
         [a-z0-9_$]+(?:[./][a-z0-9_$]+)+ has been compiled by a more recent version of the java runtime)|\
         minecraft 1\\.1[789] requires running the server with java 1[67] or above)",
        "The game needs another version of Java.",
        "Choose an image with the version of Java that the line names.",
    ),
    (
        "pid_limit",
        r#" *(?:(?:\[[0-9.]+s\]\[warning\]\[os,thread *\] )?(?:failed to start (?:the native )?thread .*)?pthread_create failed|failed to create thread|(?:exception in thread "[^"]*" |caused by: )?java\.lang\.OutOfMemoryError: ?unable to create (?:new )?(?:native )?thread|unable to create (?:new )?(?:native )?thread|exception in thread "craft async scheduler management thread")"#,
        "The game may have no more processes and threads.",
        "Let an administrator raise the server's limit of processes.",
    ),
    (
        "steam_disk_space",
        r"(?:error! |\[[0-9 :%-]*\] )*(?:steamcmd needs 250mb of free disk space to update|app '[0-9]+' state is 0x202 after update job)",
        "There is not enough room on the disk to update the game.",
        "Delete what is not needed, or let an administrator raise the server's disk limit.",
    ),
    (
        "gsl_token",
        r"(?:(?:could not establish connection|connection) to steam servers.*)?\((?:gsl token expired|account not found)\)\.? *$",
        "The token that announces the server to Steam is not valid.",
        "Make a new one at https://steamcommunity.com/dev/managegameservers, set it, and start again.",
    ),
];

pub(super) fn read(egg: &Node<'_>, variables: &Variables) -> Features {
    let mut features = Features::default();
    let Some(list) = egg.get("features") else { return features };
    for (name, node) in list.texts() {
        let Some((name, sign, cause, remedy)) = KNOWN.iter().find(|(known, ..)| *known == name) else {
            let what = format!("Nothing here knows the helper {name:?}.");
            egg.log.lost("feature", &node.at, what, "It does not watch the console.");
            continue;
        };
        features.console.push(ConsoleRule {
            pattern: format!("{HEAD}(?i:{sign})"),
            event: Event::CrashCause,
            player: None,
            text: None,
            cause: Some((*cause).into()),
            remedy: Some((*remedy).into()),
        });
        if *name == "eula" {
            eula(egg, variables, &mut features);
        }
        if *name == "java_version" && one_image(egg) {
            let meaning =
                "Elsewhere an administrator types another image; here another egg must be imported.";
            egg.log.different("feature", &node.at, "There is one image alone to choose from.", meaning);
        }
    }
    features
}

fn one_image(egg: &Node<'_>) -> bool {
    images::read(&Node { log: &crate::source::Log::default(), ..egg.clone() })
        .is_ok_and(|images| images.variable.is_none())
}

/// Elsewhere somebody is asked when the line has come, and the file is written then.
fn eula(egg: &Node<'_>, variables: &Variables, features: &mut Features) {
    let files = egg.get("config").and_then(|config| config.get("files"));
    let own = files.is_some_and(
        |files| matches!(files.tree, Tree::Map(map) if map.iter().any(|(path, _)| path.ends_with(EULA_FILE))),
    );
    if own || variables.has("EULA") {
        return;
    }
    features.variable = Some(Variable {
        key: EULA.to_owned(),
        label: "I agree to the licence of Minecraft".to_owned(),
        kind: Kind::Boolean,
        default: Some("false".to_owned()),
        help: "https://aka.ms/MinecraftEULA. Without it the server does not start.".to_owned(),
        group: "Startup".to_owned(),
        needs_restart: true,
        ..Variable::default()
    });
    features.edit = Some(ConfigEdit {
        path: EULA_FILE.into(),
        format: FileFormat::Properties,
        create: true,
        set: BTreeMap::from([("eula".to_owned(), "true".into())]),
        edits: Vec::new(),
        script: None,
        when: Some(format!("settings[{EULA:?}] == true")),
    });
}
