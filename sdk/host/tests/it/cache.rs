//! The cache on disk: what is believed, what is not, and that nothing wrong is ever loaded.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use gantry_host::{Budgets, Origin, Plugin};
use tempfile::TempDir;

use crate::components::Guest;
use crate::hosts::{KEY, all, call, host};

async fn load_with(cache: &Path, key: [u8; 32], guest: Guest) -> Plugin {
    let plugin =
        host(cache, key, Budgets::default()).load(guest.build(), &all()).await.expect("the component loads");
    plugin.blueprints(&call()).await.expect("the plugin answers");
    plugin
}

async fn origin(cache: &Path) -> Origin {
    load_with(cache, KEY, Guest::least()).await.load_report().origin
}

fn files(cache: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// A cache with one file in it.
async fn filled() -> (TempDir, PathBuf) {
    let cache = TempDir::new().unwrap();
    assert_eq!(origin(cache.path()).await, Origin::Compiled);
    let [file] = files(cache.path()).try_into().expect("one file");
    (cache, file)
}

#[tokio::test]
async fn second_host_finds_what_the_first_compiled() {
    let (cache, _) = filled().await;
    assert_eq!(origin(cache.path()).await, Origin::Cache);
}

#[tokio::test]
async fn files_are_for_their_owner_alone() {
    let (cache, file) = filled().await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(cache.path()), mode(&file)), (0o700, 0o600));
}

#[tokio::test]
async fn corrupt_file_is_never_loaded() {
    let (cache, file) = filled().await;
    let good = fs::read(&file).unwrap();
    for at in [0, 8, 39, 40, good.len() / 2, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(&file, bad).unwrap();
        assert_eq!(origin(cache.path()).await, Origin::Compiled, "byte {at}");
        assert_eq!(fs::read(&file).unwrap().len(), good.len());
        assert_eq!(origin(cache.path()).await, Origin::Cache);
    }
}

#[tokio::test]
async fn truncated_or_lengthened_file_is_never_loaded() {
    let (cache, file) = filled().await;
    let good = fs::read(&file).unwrap();
    let longer: Vec<u8> = good.iter().copied().chain([0]).collect();
    for bad in [&good[..0], &good[..39], &good[..40], &good[..good.len() - 1], &longer] {
        fs::write(&file, bad).unwrap();
        assert_eq!(origin(cache.path()).await, Origin::Compiled, "{} bytes", bad.len());
    }
}

#[tokio::test]
async fn file_of_another_installation_is_never_loaded() {
    let (cache, file) = filled().await;
    let elsewhere = TempDir::new().unwrap();
    load_with(elsewhere.path(), [9; 32], Guest::least()).await;
    fs::copy(&files(elsewhere.path())[0], &file).unwrap();
    assert_eq!(origin(cache.path()).await, Origin::Compiled);
}

#[tokio::test]
async fn file_of_another_component_is_never_loaded() {
    let (cache, file) = filled().await;
    load_with(cache.path(), KEY, Guest::new()).await;
    let other = files(cache.path()).into_iter().find(|path| *path != file).unwrap();
    fs::copy(other, &file).unwrap();
    assert_eq!(origin(cache.path()).await, Origin::Compiled);
}

#[tokio::test]
async fn file_of_an_older_format_is_never_loaded() {
    let (cache, file) = filled().await;
    let mut older = fs::read(&file).unwrap();
    older[7] = b'0';
    fs::write(&file, older).unwrap();
    assert_eq!(origin(cache.path()).await, Origin::Compiled);
}

#[tokio::test]
async fn link_in_place_of_a_file_is_not_followed() {
    let (cache, file) = filled().await;
    let moved = cache.path().join("moved");
    fs::rename(&file, &moved).unwrap();
    std::os::unix::fs::symlink(&moved, &file).unwrap();
    assert_eq!(origin(cache.path()).await, Origin::Compiled);
    assert!(fs::symlink_metadata(&file).unwrap().is_file(), "the link was replaced");
}
