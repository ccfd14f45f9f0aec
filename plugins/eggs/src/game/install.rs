//! The install script: as root, in a container of its own, with the server's directory at `/mnt/server`.
//!
//! Its exit status is asked of nobody elsewhere, and scripts rely on it; so the step may fail, and says so.

use crate::{source::Node, words::line};
use gantry_document::model::{ImageText, RunStep, Step, Text, User};
use std::collections::BTreeMap;

const SERVER: &str = "/mnt/server";
const SCRIPT: &str = "/mnt/install/install.sh";
/// Downloads of large games on slow lines take their time, and elsewhere nothing ends them.
const TIMEOUT_S: u32 = 12 * 3_600;
/// Longest script.
const LONGEST: usize = 1024 * 1024;
/// Longest name of what reads it.
const LONGEST_ENTRYPOINT: usize = 1_024;

pub(super) fn read(egg: &Node<'_>, environment: &BTreeMap<String, Text>) -> Option<Step> {
    let node = egg.get("scripts")?.get("installation")?;
    // It is a shell's file: line ends of other systems would be part of its words.
    let script = node.text_of("script").replace("\r\n", "\n");
    let container = node.text_of("container").trim().to_owned();
    let entrypoint = node.text_of("entrypoint").trim().to_owned();
    if script.trim().is_empty() {
        if !container.is_empty() || !entrypoint.is_empty() {
            let what = "There is no script to run in the image for the installation.";
            egg.log.different(
                "install",
                &node.at,
                what,
                "Nothing is run; elsewhere the image is started for nothing.",
            );
        }
        return None;
    }
    let image = if container.is_empty() {
        let meaning = "It runs in debian:bookworm-slim.";
        egg.log.different(
            "install",
            &format!("{}/container", node.at),
            "No image is named for the install script.",
            meaning,
        );
        "debian:bookworm-slim".to_owned()
    } else {
        container
    };
    let is_name = |image: &str| {
        line(image, 256).text == image && !image.starts_with('-') && !image.contains(char::is_whitespace)
    };
    let is_program = |text: &str, most: usize| text.len() <= most && !text.contains('\0');
    if !is_program(&script, LONGEST) || !is_program(&entrypoint, LONGEST_ENTRYPOINT) || !is_name(&image) {
        let what = "The install script or what reads it is too long or has a NUL, or its image is no name of an image.";
        egg.log.lost("install", &node.at, what, "Nothing is installed: the game's files must be uploaded.");
        return None;
    }
    let entrypoint = if entrypoint.is_empty() { "bash".to_owned() } else { entrypoint };
    Some(Step {
        title: "Run the egg's install script; its exit status is not asked, as eggs expect".into(),
        id: Some("install-script".to_owned()),
        weight: 100,
        may_fail: true,
        when: None,
        download: None,
        extract: None,
        write: None,
        edit: None,
        image: None,
        run: Some(RunStep {
            image: ImageText::Reference(Text::literal(image)),
            command: vec![Text::literal(entrypoint), SCRIPT.into()],
            environment: environment.clone(),
            network: true,
            working_directory: SERVER.to_owned(),
            files: BTreeMap::from([(SCRIPT.to_owned(), Text::literal(script))]),
            user: User::Root,
            timeout_s: TIMEOUT_S,
        }),
        make_directory: None,
        remove: None,
        copy: None,
        move_to: None,
        set_mode: None,
        link: None,
        script: None,
    })
}
