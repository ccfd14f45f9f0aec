//! Hears when the author saves. Editors write in several steps, so it waits for a moment of quiet.

use crate::fault::Fault;
use notify::{Event, EventKind, RecursiveMode, Watcher};
use std::{
    path::{Component, Path},
    time::Duration,
};
use tokio::sync::mpsc;

/// No change for so long is a moment of quiet.
const QUIET: Duration = Duration::from_millis(200);
/// What tools write themselves.
const APART: [&str; 7] = [".gantry", ".git", "dist", "target", "node_modules", "__pycache__", "tests"];

pub(super) struct Saved {
    changes: mpsc::UnboundedReceiver<()>,
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
        Ok(Self { changes, _watcher: watcher })
    }

    /// Waits until something was saved and all is quiet.
    pub(super) async fn next(&mut self) {
        if self.changes.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
        while let Ok(Some(())) = tokio::time::timeout(QUIET, self.changes.recv()).await {}
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
}
