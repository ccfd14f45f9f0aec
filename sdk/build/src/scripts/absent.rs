//! What the compiler of TypeScript says of names and modules that no plugin has: it proposes types of a browser or of Node.js, with
//! which the code compiles and then fails. What there is in their place stands in the SDK (`js/src/absent.json`).

use serde_json::Value;
use std::{fs, path::Path};

/// The compiler's words with what to do in the place of what it proposes. An SDK of another version may know of nothing.
pub(super) fn explained(said: &str, sdk: &Path) -> String {
    let text = fs::read_to_string(sdk.join("src/absent.json")).unwrap_or_default();
    let known: Value = serde_json::from_str(&text).unwrap_or_default();
    let lines: Vec<String> =
        said.lines().map(|line| instead(line, &known).unwrap_or_else(|| line.to_owned())).collect();
    lines.join("\n")
}

fn instead(line: &str, known: &Value) -> Option<String> {
    // Place and code, and the name that is not found.
    let named = |what: &str| {
        let (place, rest) = line.split_once(what)?;
        Some((place, rest.split_once('\'')?.0))
    };
    if let Some((place, name)) = named("Cannot find module '").filter(|(_, name)| name.starts_with("node:")) {
        let hint = known["modules"]["node"].as_str()?;
        return Some(format!("{place}a plugin has no module {name:?}: {hint}"));
    }
    let (place, name) = named("Cannot find name '")?;
    let hint = known["names"][name].as_str()?;
    Some(format!("{place}a plugin has no {name}: {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_plugin_has_is_told_with_what_there_is() {
        let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../js");
        let said = "src/plugin.ts(2,1): error TS2584: Cannot find name 'console'. Do you need to change your target library?\n\
                    src/plugin.ts(3,1): error TS2307: Cannot find module 'node:fs' or its corresponding type declarations.\n\
                    src/plugin.ts(4,1): error TS2304: Cannot find name 'mine'.";
        let told = explained(said, &sdk);
        let lines: Vec<&str> = told.lines().collect();
        assert!(
            lines[0].starts_with("src/plugin.ts(2,1): error TS2584: a plugin has no console: "),
            "{told}"
        );
        assert!(lines[0].contains("`log.write(") && !lines[0].contains("library"), "{told}");
        assert!(lines[1].contains("a plugin has no module \"node:fs\": it runs without Node.js"), "{told}");
        assert_eq!(lines[2], "src/plugin.ts(4,1): error TS2304: Cannot find name 'mine'.");
    }
}
