//! The guest SDKs for JavaScript and Python as they are worked on here: their tests, and the types of what is in TypeScript.

use crate::{
    environment,
    shell::{Result, root, say, target_directory},
};
use gantry_build::{BuildError, Language, Workshop, scripts};
use std::{fs, process::Command};

/// Where plugins of this checkout are built.
pub fn workshop() -> Workshop {
    let node = environment::own_node();
    Workshop { sdk: root().join("sdk"), scratch: target_directory(), interpreter: None, node }
}

/// A fault of a build with its remedy.
pub fn told(error: &BuildError) -> String {
    format!("{error}\n{}", error.remedy())
}

/// A Python that has the packages of the lock file, and writes nothing beside the sources.
pub fn python() -> Result<Command> {
    environment::python()?;
    Ok(scripts::python(&workshop(), &say).map_err(|error| told(&error))?)
}

/// The tests of the SDKs and of the examples that are written with them, without a host: each with its name.
pub fn tests() -> Result<Vec<(String, Command)>> {
    let mut tests = Vec::new();
    for language in [Language::JavaScript, Language::Python] {
        environment::language(language)?;
        let workshop = workshop();
        let mut folders = vec![scripts::sdk(&workshop, language)];
        for entry in fs::read_dir(root().join("examples"))? {
            let folder = entry?.path();
            if Language::of(&folder) == Some(language) && folder.join("tests").is_dir() {
                folders.push(folder);
            }
        }
        folders.sort();
        for folder in folders {
            let name = folder.strip_prefix(root())?.display().to_string();
            let command = scripts::command(&workshop, language, "test", &say);
            let mut command = command.map_err(|error| told(&error))?;
            command.arg(folder);
            tests.push((name, command));
        }
    }
    Ok(tests)
}

/// Whether everything in TypeScript has the types that it says.
pub fn check_types() -> Result<()> {
    environment::node()?;
    let mut folders = vec![root().join("sdk/js")];
    for entry in fs::read_dir(root().join("examples"))? {
        folders.push(entry?.path());
    }
    for folder in folders {
        scripts::check_types(&workshop(), &folder, &say).map_err(|error| told(&error))?;
    }
    Ok(())
}
