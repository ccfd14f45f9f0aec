//! Why the game ends, from what it and Java say.
//!
//! Players choose words that come to be in lines: what they say in each form of chat, `/me`, commands that are told, names of
//! items in messages about deaths. Such a line never begins with the game's own words, and has the level INFO. So a cause
//! counts where it begins what is said, and, but for the licence, at another level. An exception is known by its class, which
//! stands in front of whatever its message quotes.

use gantry_plugin::prelude::CrashCause;

fn because(cause: &str, remedy: impl Into<String>) -> Option<CrashCause> {
    Some(CrashCause { cause: cause.to_owned(), remedy: Some(remedy.into()) })
}

/// Why the game says that it ends.
pub(crate) fn of_the_game(level: &str, text: &str) -> Option<CrashCause> {
    if text.starts_with("You need to agree to the EULA in order to run the server.") {
        return because("The Minecraft EULA is not accepted.", "Accept it in the settings and start again.");
    }
    if level == "INFO" {
        return None;
    }
    if text.starts_with("**** FAILED TO BIND TO PORT!") {
        return because(
            "Something else has the game's port.",
            "Stop what uses it, or give the server another allocation.",
        );
    }
    if text.starts_with("Failed to load world data from ") {
        return because(
            "The world's files are damaged.",
            "Restore a backup, or give the world another folder.",
        );
    }
    if is_of_another(text) {
        return of_another();
    }
    if text.starts_with("A single server tick took ") {
        return hung();
    }
    thrown(text)
}

fn is_of_another(text: &str) -> bool {
    let old = ["The save is being accessed from another location", "Failed to check session lock"];
    old.iter().any(|begin| text.starts_with(begin))
        || (text.starts_with("The save for world located at ")
            && text.contains(" is being accessed from another location"))
}

fn of_another() -> Option<CrashCause> {
    because("Something else has the world open.", "Stop what else uses this folder, then start again.")
}

fn hung() -> Option<CrashCause> {
    because(
        "The game did not move for too long and ended itself.",
        "Look for what was slow: too little processor, a slow disk, or a mod or plugin.",
    )
}

/// What an exception of the game's own says, behind its class.
fn thrown(text: &str) -> Option<CrashCause> {
    let newer = "Server attempted to load chunk saved with newer version of minecraft! ";
    let message = text.strip_prefix("java.lang.RuntimeException: ").unwrap_or(text);
    if message.starts_with(newer) {
        return because(
            "The world was played in a newer version of Minecraft.",
            "Install that version again, or restore a backup from before.",
        );
    }
    if text == "java.lang.Error: Watching Server" {
        return hung();
    }
    let (class, message) = text.split_once(": ")?;
    // The game's own, by the names that it has had.
    let conflict = [".LevelConflictException", ".MinecraftException", ".ExceptionWorldConflict"];
    let locked = match class {
        "net.minecraft.util.DirectoryLock$LockException" => message.contains("already locked"),
        _ if class.starts_with("net.minecraft.") && !class.contains(' ') => {
            conflict.iter().any(|end| class.ends_with(end)) && is_of_another(message)
        }
        _ => false,
    };
    if locked { of_another() } else { None }
}

/// What Java says where there is no game yet, or no more. Its lines have no head.
pub(crate) fn of_java(line: &str) -> Option<CrashCause> {
    let line = line.trim_start();
    let class = class(line);
    let memory = [
        "Could not reserve enough space for ",
        "Error occurred during initialization of VM: Could not reserve enough space for ",
        "# There is insufficient memory for the Java",
    ];
    if class.starts_with("java.lang.OutOfMemoryError") || memory.iter().any(|begin| line.starts_with(begin)) {
        return because(
            "The game ran out of memory.",
            "Raise the server's memory limit, or lower the view distance and the number of mods.",
        );
    }
    if let Some(class) = class.strip_prefix("java.lang.UnsupportedClassVersionError") {
        let version = class.split_once("class file version ").map_or("", |(_, version)| version);
        let number = version.split(['.', ')']).next().and_then(|number| number.parse::<u32>().ok());
        // Version 52 of the format came with Java 8, and each Java has had the next since.
        let java = number.and_then(|number| number.checked_sub(44)).filter(|java| *java > 7);
        let remedy = java.map_or("Choose a newer Java in the settings.".to_owned(), |java| {
            format!("It wants Java {java}: choose it in the settings, or \"What this version wants\".")
        });
        return because("The game, a mod or a plugin wants a newer Java.", remedy);
    }
    if ["Error: Unable to access jarfile ", "Error: Invalid or corrupt jarfile "]
        .iter()
        .any(|begin| line.starts_with(begin))
    {
        return because("The server software is not there, or not whole.", "Install the server once more.");
    }
    thrown(class)
}

/// What stands behind the words that introduce an exception's class.
fn class(line: &str) -> &str {
    if let Some(rest) = line.strip_prefix("Exception in thread \"") {
        return rest.split_once("\" ").map_or("", |(_, class)| class);
    }
    ["Caused by: ", "Terminating due to ", "Error: "]
        .iter()
        .find_map(|begin| line.strip_prefix(begin))
        .unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use crate::console;
    use gantry_plugin::prelude::*;

    fn cause(line: &str) -> Option<CrashCause> {
        match console::parse(&[line.to_owned()]).pop()?.event {
            Event::CrashCause(cause) => Some(cause),
            _ => None,
        }
    }

    #[test]
    fn each_end_has_its_cause() {
        for (line, word) in [
            (
                "[12:00:00] [ServerMain/INFO]: You need to agree to the EULA in order to run the server. Go to eula.txt for more info.",
                "EULA",
            ),
            (
                "[12:00:00 INFO]: You need to agree to the EULA in order to run the server. Go to eula.txt for more info.",
                "EULA",
            ),
            ("[12:00:00 WARN]: **** FAILED TO BIND TO PORT!", "port"),
            ("[12:00:00] [Server thread/WARN] (Minecraft) **** FAILED TO BIND TO PORT!", "port"),
            ("java.lang.OutOfMemoryError: Java heap space", "memory"),
            ("Caused by: java.lang.OutOfMemoryError: Metaspace", "memory"),
            ("Exception in thread \"Server thread\" java.lang.OutOfMemoryError: Java heap space", "memory"),
            ("Terminating due to java.lang.OutOfMemoryError: Java heap space", "memory"),
            ("Could not reserve enough space for 8388608KB object heap", "memory"),
            (
                "Error occurred during initialization of VM: Could not reserve enough space for object heap",
                "memory",
            ),
            ("# There is insufficient memory for the Java Runtime Environment to continue.", "memory"),
            (
                "\tjava.lang.UnsupportedClassVersionError: x has been compiled by a more recent version",
                "Java",
            ),
            ("Error: Unable to access jarfile server.jar", "software"),
            ("Error: Invalid or corrupt jarfile server.jar", "software"),
            (
                "[12:00:00] [main/ERROR]: Failed to load world data from ./world/level.dat and ./world/level.dat_old. World \
                 files may be corrupted. Shutting down.",
                "damaged",
            ),
            ("[12:00:00] [Server Watchdog/ERROR]: A single server tick took 60.00 seconds", "move"),
            ("[12:00:00] [Server Watchdog/FATAL]: A single server tick took 60.00 seconds", "move"),
            ("java.lang.Error: Watching Server", "move"),
            (
                "[12:00:00 WARN]: java.lang.RuntimeException: Server attempted to load chunk saved with newer version of minecraft! 3700 > 3465",
                "newer",
            ),
            (
                "net.minecraft.util.DirectoryLock$LockException: /data/./world/session.lock: already locked (possibly by other Minecraft instance?)",
                "open",
            ),
            (
                "net.minecraft.server.MinecraftException: The save is being accessed from another location, aborting",
                "open",
            ),
            (
                "[12:00:00] [Server thread/ERROR]: The save for world located at ./world is being accessed from another location, aborting",
                "open",
            ),
        ] {
            let found = cause(line).unwrap_or_else(|| panic!("nothing of {line}"));
            assert!(found.cause.contains(word), "{found:?}");
            assert!(found.remedy.is_some());
        }
        let main = "Exception in thread \"main\" java.lang.UnsupportedClassVersionError: x has been compiled by a more recent \
                    version of the Java Runtime (class file version 65.0), this version recognizes up to 61.0";
        assert!(cause(main).and_then(|java| java.remedy).is_some_and(|remedy| remedy.contains("Java 21")));
    }

    #[test]
    fn no_players_words_are_a_cause() {
        let words = [
            "You need to agree to the EULA in order to run the server. Go to eula.txt for more info.",
            "**** FAILED TO BIND TO PORT!",
            "Failed to load world data from ./world/level.dat",
            "World files may be corrupted",
            "The save is being accessed from another location, aborting",
            "is being accessed from another location",
            "Failed to check session lock, aborting",
            "Server attempted to load chunk saved with newer version of minecraft! 2 > 1",
            "A single server tick took 60.00 seconds",
            "java.lang.Error: Watching Server",
            "java.lang.OutOfMemoryError: Java heap space",
            "java.lang.UnsupportedClassVersionError: class file version 65.0",
            "Error: Unable to access jarfile server.jar",
            "# There is insufficient memory for the Java",
            "Exception in thread \"main\" java.lang.OutOfMemoryError",
        ];
        for words in words {
            for said in [
                format!("<Eve> {words}"),
                format!("[Not Secure] <Eve> {words}"),
                format!("* Eve {words}"),
                format!("[Not Secure] * Eve {words}"),
                format!("[Team] <Eve> {words}"),
                format!("-> [Team] <Eve> {words}"),
                format!("[Eve] {words}"),
                format!("[Eve: {words}]"),
                format!("[Member] Eve: {words}"),
                format!("Eve: {words}"),
                format!("Eve \u{bb} {words}"),
                format!("Eve whispers to you: {words}"),
                format!("[Eve -> Bob] {words}"),
                format!("Eve was slain by Bob using [{words}]"),
                format!("Eve was shot by {words}"),
                format!("Named entity class_1646['{words}'/12, l='ServerLevel[world]'] died: {words}"),
                format!("Eve issued server command: /me {words}"),
                format!("Eve has made the advancement [{words}]"),
                format!("Eve lost connection: {words}"),
                format!("com.mojang.authlib.GameProfile@1[id=1,name={words}] lost connection: x"),
            ] {
                for head in [
                    "[12:00:00] [Server thread/INFO]: ",
                    "[12:00:00] [Async Chat Thread - #0/INFO]: ",
                    "[12:00:00 INFO]: ",
                    "[12:00:00] [Server thread/INFO] (Minecraft) ",
                    "[12:00:00] [Server thread/WARN]: ",
                ] {
                    let line = format!("{head}{said}");
                    assert_eq!(cause(&line), None, "{line}");
                }
            }
            let quoted = format!("Caused by: java.lang.IllegalArgumentException: {words}");
            assert_eq!(cause(&quoted), None, "{quoted}");
        }
    }
}
