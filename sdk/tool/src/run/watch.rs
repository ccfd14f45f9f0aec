//! Hears when the author saves. Editors write in several steps, so it waits for a moment of quiet.

use crate::fault::Fault;
use notify::{Event, EventKind, RecursiveMode, Watcher};
use std::{
    path::{Component, Path},
    time::Duration,
};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

/// No change for so long is a moment of quiet.
const QUIET: Duration = Duration::from_millis(200);
/// What tools write themselves.
const APART: [&str; 7] = [".gantry", ".git", "dist", "target", "node_modules", "__pycache__", "tests"];

pub(super) struct Saved {
    changes: mpsc::UnboundedReceiver<()>,
    /// When it is quiet, if something was saved.
    quiet_at: Option<Instant>,
    /// Dropped, nobody watches any more.
    _watcher: notify::RecommendedWatcher,
}

impl Saved {
    /// Watches a folder and all below it.
    pub(super) fn below(folder: &Path) -> Result<Self, Fault> {
        let unseen = |error: &dyn std::error::Error| {
            let what = format!("{} cannot be watched: {error}", folder.display());
            Fault::new("watch", what, "Raise fs.inotify.max_user_watches, or use --no-watch.")
        };
        let root = folder.canonicalize().map_err(|error| unseen(&error))?;
        let (sender, changes) = mpsc::unbounded_channel();
        let below = root.clone();
        let hear = move |event: notify::Result<Event>| {
            // Reading is no change, and a lost event is one to be safe.
            let counts = event.map_or(true, |event| {
                !matches!(event.kind, EventKind::Access(_))
                    && event.paths.iter().any(|path| is_source(&below, path))
            });
            if counts {
                // Nobody listens any more at the end.
                sender.send(()).ok();
            }
        };
        let mut watcher = notify::recommended_watcher(hear).map_err(|error| unseen(&error))?;
        watcher.watch(&root, RecursiveMode::Recursive).map_err(|error| unseen(&error))?;
        Ok(Self { changes, quiet_at: None, _watcher: watcher })
    }

    /// Waits until something was saved and all is quiet. Called off in between, it knows what it heard.
    pub(super) async fn next(&mut self) {
        loop {
            let Some(quiet) = self.quiet_at else {
                match self.changes.recv().await {
                    Some(()) => self.quiet_at = Some(Instant::now() + QUIET),
                    None => std::future::pending().await,
                }
                continue;
            };
            match timeout_at(quiet, self.changes.recv()).await {
                Ok(Some(())) => self.quiet_at = Some(Instant::now() + QUIET),
                Ok(None) | Err(_) => {
                    self.quiet_at = None;
                    return;
                }
            }
        }
    }
}

fn is_source(root: &Path, path: &Path) -> bool {
    let below = path.strip_prefix(root).unwrap_or(path);
    let apart = |part: Component<'_>| matches!(part, Component::Normal(name) if APART.iter().any(|each| name == *each));
    below.file_name().is_some_and(|name| name != "Cargo.lock") && !below.components().any(apart)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tools_write_is_no_source() {
        let root = Path::new("/game");
        assert!(is_source(root, Path::new("/game/src/lib.rs")));
        assert!(is_source(root, Path::new("/game/blueprint.toml")));
        for path in
            ["/game/.gantry/build/x", "/game/dist/a.wasm", "/game/Cargo.lock", "/game/tests/a.json", "/game"]
        {
            assert!(!is_source(root, Path::new(path)), "{path}");
        }
    }

    #[tokio::test]
    async fn a_save_is_not_forgotten_when_something_else_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let mut saved = Saved::below(folder.path()).unwrap();
        std::fs::write(folder.path().join("plugin.toml"), "").unwrap();
        // Called off again and again, as by lines of a console, until it has heard of the save.
        while saved.quiet_at.is_none() {
            assert!(tokio::time::timeout(QUIET / 4, saved.next()).await.is_err());
        }
        tokio::time::timeout(QUIET * 50, saved.next()).await.expect("the save is told");
    }
}
