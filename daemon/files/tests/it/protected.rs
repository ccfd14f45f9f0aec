//! What only the game and its plugin write: at each door of people, under every name that leads to it.

use crate::{Fixture, never, path};
use gantry_files::{
    Access, Changes, Creation, Existing, Expected, FilesError, Jail, JailPath, Protected, Quota,
};
use gantry_types::glob::{Glob, Standing, Trail};
use proptest::prelude::*;
use std::{
    ffi::OsStr,
    fmt::Debug,
    fs,
    os::unix::{ffi::OsStrExt, fs::symlink},
};

const WRITE: Access = Access {
    read: true,
    write: true,
    append: false,
    truncate: false,
    creation: Creation::Never,
    mode: 0o644,
};

fn globs(globs: &[&str]) -> Protected {
    Protected::of(&globs.iter().map(|glob| (*glob).to_owned()).collect::<Vec<_>>())
}

/// A directory as the game made it, and the jail in which people are.
fn guarded(protected: &[&str]) -> (Fixture, Jail) {
    let fixture = Fixture::new();
    for name in ["config/secret.key", "config/open.txt", "secret.key", "world/deep/level.dat", "mine/file"] {
        fixture.jail.write(&path(name), b"as it was", 0o644).unwrap();
    }
    let jail = fixture.jail.guarding(globs(protected));
    (fixture, jail)
}

/// The words of the refusal.
fn refused<T: Debug>(done: Result<T, FilesError>) -> String {
    match done {
        Err(FilesError::Protected(why)) => why.to_string(),
        other => panic!("it was not refused for what is protected: {other:?}"),
    }
}

fn write(jail: &Jail, at: &JailPath, expected: &Expected) -> Result<(), FilesError> {
    let mut writing = jail.begin_writing(at, 1 << 20, None, Quota::default().reserve())?;
    writing.write(b"theirs")?;
    writing.commit(jail, expected).map(drop)
}

/// Everything that people can do to one name.
fn each_change(jail: &Jail, at: &JailPath) -> Vec<(&'static str, Result<(), FilesError>)> {
    let quota = Quota::default();
    let hold = |access: Access| jail.hold(at, &access, &quota).map(drop);
    let changes = Changes { mode: Some(0o777), ..Changes::default() };
    let (free, open) = (path("mine/free"), path("mine/file"));
    vec![
        ("write", write(jail, at, &Expected::Anything)),
        ("write anew", write(jail, at, &Expected::Nothing)),
        ("make a folder", jail.make_new_directory(at, quota.reserve())),
        ("rename away", jail.rename(at, &free, Existing::Keep)),
        ("rename over", jail.rename(&open, at, Existing::Replace)),
        ("copy over", jail.copy(&open, at, quota.reserve(), &never()).map(drop)),
        ("remove", jail.remove(at, &never())),
        ("remove a file", jail.remove_file(at)),
        ("remove a folder", jail.remove_empty_directory(at)),
        ("open", hold(WRITE)),
        ("open to append", hold(Access { append: true, ..WRITE })),
        ("open and cut", hold(Access { truncate: true, creation: Creation::IfMissing, ..WRITE })),
        ("open as new", hold(Access { creation: Creation::Always, ..WRITE })),
        ("change bits", jail.set_attributes(at, &changes, &quota)),
        ("link", jail.make_link(at, b"file", quota.reserve())),
        ("answer a form", jail.check_change(at)),
    ]
}

#[test]
fn no_door_leads_to_what_is_protected_by_any_name() {
    let (fixture, jail) = guarded(&["config/secret.key"]);
    symlink("config", fixture.root.join("alias")).unwrap();
    symlink("../config", fixture.root.join("world/alias")).unwrap();
    for name in ["config/secret.key", "./config//secret.key", "alias/secret.key", "world/alias/secret.key"] {
        let at = path(name);
        for (door, done) in each_change(&jail, &at) {
            assert!(refused(done).contains("config/secret.key") || name.contains("alias"), "{door} {name}");
        }
    }
    assert!(
        refused(each_change(&jail, &path("alias/secret.key")).remove(0).1).starts_with("config/secret.key")
    );
    assert_eq!(fixture.content("config/secret.key"), "as it was");
    assert_eq!(fixture.content("mine/file"), "as it was");
    // They read it, and copy it to where it means nothing.
    assert_eq!(jail.read(&path("config/secret.key"), 100).unwrap(), b"as it was");
    assert!(jail.open_for_reading(&path("alias/secret.key")).unwrap().protected);
    jail.copy(&path("config/secret.key"), &path("mine/copy"), Quota::default().reserve(), &never()).unwrap();
    write(&jail, &path("mine/copy"), &Expected::Anything).unwrap();
    // The game's own jail knows nothing of all that.
    fixture.jail.write(&path("config/secret.key"), b"the game", 0o644).unwrap();
    assert_eq!(fixture.content("config/secret.key"), "the game");
}

#[test]
fn names_that_only_look_like_it_are_theirs() {
    let (fixture, jail) = guarded(&["secret.key", "caf\u{e9}.txt"]);
    let odd = JailPath::from_bytes(b"secret.key\xff").unwrap();
    for at in
        [path("Secret.key"), path("secret.keys"), path("config/secret.key"), path("cafe\u{301}.txt"), odd]
    {
        write(&jail, &at, &Expected::Anything).unwrap();
    }
    refused(write(&jail, &path("caf\u{e9}.txt"), &Expected::Nothing));
    assert_eq!(fixture.content("config/secret.key"), "theirs");
}

#[test]
fn a_link_of_that_name_is_not_followed_and_one_to_it_is() {
    let (fixture, jail) = guarded(&["config/secret.key"]);
    symlink("config/secret.key", fixture.root.join("door")).unwrap();
    refused(jail.hold(&path("door"), &WRITE, &Quota::default()));
    refused(jail.hold(&path("door"), &Access { truncate: true, ..WRITE }, &Quota::default()));
    let bits = Changes { mode: Some(0o777), ..Changes::default() };
    refused(jail.set_attributes(&path("door"), &bits, &Quota::default()));
    // What is held open to be read is not changed either.
    let held = jail.hold(&path("door"), &Access { write: false, ..WRITE }, &Quota::default()).unwrap();
    refused(jail.check_held(&held));
    // The link itself is theirs: put in its place, a file is another one.
    write(&jail, &path("door"), &Expected::Anything).unwrap();
    assert_eq!(
        (fixture.content("config/secret.key"), fixture.content("door")),
        ("as it was".into(), "theirs".into())
    );
}

#[test]
fn a_folder_stays_for_what_is_in_it_and_the_first_is_named() {
    let (fixture, jail) = guarded(&["world/deep/level.dat", "config/**"]);
    for (folder, inner) in [("world", "world/deep/level.dat"), ("config", "config/")] {
        for done in [
            jail.remove(&path(folder), &never()),
            jail.rename(&path(folder), &path("elsewhere"), Existing::Keep),
        ] {
            let why = refused(done);
            assert!(why.starts_with(&format!("{folder} holds {inner}")), "{why}");
        }
    }
    // Nothing of it is gone, and what holds nothing goes.
    assert_eq!(fixture.content("world/deep/level.dat"), "as it was");
    jail.remove(&path("mine"), &never()).unwrap();
    fixture.jail.remove(&path("world/deep/level.dat"), &never()).unwrap();
    jail.remove(&path("world"), &never()).unwrap();
    assert_eq!(fixture.names(), ["config", "secret.key"]);
}

#[test]
fn a_folder_that_is_deeper_than_any_path_goes_unless_it_holds_something() {
    let (fixture, jail) = guarded(&["**/level.dat"]);
    let deep = fixture.root.join("deep");
    fs::create_dir(&deep).unwrap();
    // Each level is put around those before, as a path to the innermost would be too long.
    for _ in 0..60 {
        let around = fixture.root.join("around");
        fs::create_dir(&around).unwrap();
        fs::rename(&deep, around.join("x".repeat(200))).unwrap();
        fs::rename(&around, &deep).unwrap();
    }
    jail.rename(&path("deep"), &path("deeper"), Existing::Keep).unwrap();
    jail.remove(&path("deeper"), &never()).unwrap();
    refused(jail.remove(&path("world"), &never()));
}

#[test]
fn nothing_comes_to_be_protected_by_where_it_is_put() {
    let (fixture, jail) = guarded(&["plugins/core/licence", "plugins/*/seal"]);
    let quota = Quota::default();
    for name in ["tree/licence", "whole/core/licence", "sealed/seal"] {
        fixture.jail.write(&path(name), b"forged", 0o644).unwrap();
    }
    fixture.jail.make_directory(&path("plugins")).unwrap();
    symlink("../mine", fixture.root.join("tree/link")).unwrap();
    symlink("mine", fixture.root.join("shortcut")).unwrap();
    fs::create_dir(fixture.root.join("linked")).unwrap();
    symlink("../mine", fixture.root.join("linked/core")).unwrap();
    for (from, to) in [("tree", "plugins/core"), ("sealed", "plugins/any"), ("shortcut", "plugins/core")] {
        let (from, to) = (path(from), path(to));
        let why = refused(jail.rename(&from, &to, Existing::Keep));
        assert!(why.contains(&format!("{to}")), "{why}");
        refused(jail.copy(&from, &to, quota.reserve(), &never()));
    }
    fixture.jail.remove(&path("plugins"), &never()).unwrap();
    for from in ["whole", "linked", "shortcut"] {
        refused(jail.rename(&path(from), &path("plugins"), Existing::Replace));
        refused(jail.copy(&path(from), &path("plugins"), quota.reserve(), &never()));
    }
    refused(jail.make_link(&path("plugins"), b"whole", quota.reserve()));
    // Where it means nothing it goes, and a way to what is protected can be made by hand.
    jail.rename(&path("tree"), &path("mine/tree"), Existing::Keep).unwrap();
    jail.make_link(&path("other"), b"whole", quota.reserve()).unwrap();
    jail.make_new_directory(&path("plugins"), quota.reserve()).unwrap();
    assert!(!fixture.root.join("plugins/core").exists());
}

#[test]
fn a_write_that_has_begun_is_asked_once_more_where_it_lies_by_now() {
    let (fixture, jail) = guarded(&["plugins/licence"]);
    let mut writing =
        jail.begin_writing(&path("mine/licence"), 100, None, Quota::default().reserve()).unwrap();
    writing.write(b"forged").unwrap();
    fixture.jail.rename(&path("mine"), &path("plugins"), Existing::Keep).unwrap();
    let why = refused(writing.commit(&jail, &Expected::Anything));
    assert!(why.starts_with("plugins/licence"), "{why}");
    assert_eq!(fs::read_dir(fixture.root.join("plugins")).unwrap().count(), 1, "nothing is left behind");
    // The same of a handle, whatever its name was.
    let access = Access { creation: Creation::IfMissing, ..WRITE };
    let held = jail.hold(&path("plugins/other"), &access, &Quota::default()).unwrap();
    jail.check_held(&held).unwrap();
    fs::rename(fixture.root.join("plugins/other"), fixture.root.join("plugins/licence")).unwrap();
    refused(jail.check_held(&held));
}

#[test]
fn a_list_says_what_is_protected_by_any_way_to_it() {
    let (fixture, jail) = guarded(&["config/secret.key", "world/**", "**/level.dat"]);
    symlink("config", fixture.root.join("alias")).unwrap();
    fs::write(fixture.root.join("config").join(OsStr::from_bytes(b"\xff")), "").unwrap();
    let marked = |at: &str| -> Vec<String> {
        let listing = jail.list(&path(at), 100).unwrap();
        listing.entries.iter().filter(|entry| entry.protected).map(gantry_files::Entry::spelling).collect()
    };
    assert_eq!(marked("config"), ["secret.key"]);
    assert_eq!(marked("alias"), ["secret.key"]);
    assert_eq!(marked("world"), ["deep"]);
    assert_eq!(marked("world/deep"), ["level.dat"]);
    assert!(marked("").is_empty(), "a folder is its own, whatever is in it");
    let all = fixture.jail.list(&path("config"), 100).unwrap();
    assert!(all.entries.iter().all(|entry| !entry.protected));
}

#[test]
fn a_glob_that_cannot_be_read_protects_nothing_and_keeps_the_others() {
    let (_fixture, jail) = guarded(&["/config/open.txt", "secret.key"]);
    write(&jail, &path("config/open.txt"), &Expected::Anything).unwrap();
    refused(write(&jail, &path("secret.key"), &Expected::Anything));
}

/// The same glob in the notation that is most widely understood.
fn expression(glob: &str) -> regex::bytes::Regex {
    let name = |part: &str| regex::escape(part).replace(r"\*", "[^/]*");
    let parts: Vec<&str> = glob.split('/').collect();
    let mut text = String::new();
    for (place, part) in parts.iter().enumerate() {
        let is_last = place + 1 == parts.len();
        text += &match (*part, is_last) {
            ("**", true) => "[^/]+".to_owned(),
            ("**", false) => "(?:[^/]+/)*".to_owned(),
            (part, true) => name(part),
            (part, false) => name(part) + "/",
        };
    }
    regex::bytes::Regex::new(&format!("(?s-u)^{text}(?:/.*)?$")).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn globs_mean_what_the_expressions_mean_that_they_stand_for(
        glob in "(\\*\\*|[ab*]{1,3})(/(\\*\\*|[ab*]{1,3})){0,3}",
        names in proptest::collection::vec("[abc]{1,4}", 1..5),
    ) {
        prop_assume!(!glob.split('/').any(|part| part != "**" && part.contains("**")));
        let globs = [Glob::read(&glob).unwrap()];
        let begin = Trail::begin(&globs);
        let trail = names.iter().fold(begin, |trail, name| trail.step(&globs, name.as_bytes()));
        let is_meant = expression(&glob).is_match(names.join("/").as_bytes());
        prop_assert_eq!(trail.standing(&globs) == Standing::Meant, is_meant);
        // A folder of which nothing can be meant has nothing in it that is.
        let above = names[..names.len() - 1].iter().fold(Trail::begin(&globs), |trail, name| {
            trail.step(&globs, name.as_bytes())
        });
        prop_assert!(!is_meant || above.standing(&globs) != Standing::Apart);
    }
}
