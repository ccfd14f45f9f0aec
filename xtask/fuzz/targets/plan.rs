//! Plans that are carried out in a directory whose owner works against them: whatever the steps and whatever lies there,
//! nothing outside changes.

#![no_main]

use arbitrary::Arbitrary;
use gantry_files::{ArchiveLimits, Jail, JailPath};
use gantry_types::plan::{ArchiveFormat, ConfigEdit, ConfigFormat, Edit, Extract};
use libfuzzer_sys::fuzz_target;
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, mknodat, open, openat2, symlinkat};
use std::{ffi::OsStr, fs, os::fd::OwnedFd, path::Path};
use tokio_util::sync::CancellationToken;

/// A path of few names, so that steps meet.
#[derive(Arbitrary, Clone, Debug)]
struct Name(Vec<u8>);

impl Name {
    fn text(&self) -> String {
        const PARTS: [&str; 8] = ["a", "b", "c", "..", ".", "", "é", "canary"];
        let parts: Vec<&str> =
            self.0.iter().take(5).map(|byte| PARTS[usize::from(*byte) % PARTS.len()]).collect();
        parts.join("/")
    }
}

#[derive(Arbitrary, Debug)]
enum Step<'a> {
    Write {
        path: Name,
        content: &'a [u8],
        mode: u32,
    },
    MakeDirectory(Name),
    Remove(Name),
    Edit {
        path: Name,
        format: bool,
        at: &'a str,
        value: &'a str,
    },
    Extract {
        archive: &'a [u8],
        zip: bool,
        into: Name,
        strip: u8,
    },
    Read(Name),
    /// The directory's owner puts a link there.
    Link {
        at: Name,
        to: Name,
        absolute: bool,
    },
    /// Or something that blocks whoever opens it.
    Pipe(Name),
}

const CANARY: &[u8] = b"untouched";

fuzz_target!(|steps: Vec<Step<'_>>| {
    let outside = tempfile::tempdir().expect("a folder");
    let canary = outside.path().join("canary");
    fs::write(&canary, CANARY).expect("a file");
    let inside = outside.path().join("jail");
    let jail = Jail::create(&inside, None).expect("a jail");
    for step in steps.into_iter().take(24) {
        perform(&jail, &inside, outside.path(), step);
    }
    assert_eq!(fs::read(&canary).expect("the canary is there"), CANARY);
    let mut names: Vec<_> = fs::read_dir(outside.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["canary", "jail"]);
});

fn perform(jail: &Jail, inside: &Path, outside: &Path, step: Step<'_>) {
    let cancel = CancellationToken::new();
    match step {
        Step::Write { path, content, mode } => {
            if let Ok(path) = JailPath::parse(&path.text()) {
                drop(jail.write(&path, content, mode));
            }
        }
        Step::MakeDirectory(path) => {
            drop(JailPath::parse(&path.text()).and_then(|path| jail.make_directory(&path)));
        }
        Step::Remove(path) => {
            drop(JailPath::parse(&path.text()).and_then(|path| jail.remove(&path, &cancel)))
        }
        Step::Edit { path, format, at, value } => {
            let format = if format { ConfigFormat::Properties } else { ConfigFormat::Lines };
            let edits = vec![Edit::new(at, value)];
            drop(jail.edit(&ConfigEdit { path: path.text(), format, edits, create: true }));
        }
        Step::Extract { archive, zip, into, strip } => {
            let path = JailPath::parse("archive").expect("a path");
            if jail.write(&path, archive, 0o600).is_ok() {
                let format = if zip { ArchiveFormat::Zip } else { ArchiveFormat::Tar };
                let extract = Extract {
                    archive: "archive".to_owned(),
                    format,
                    into: into.text(),
                    strip_components: u32::from(strip % 3),
                    max_bytes: 1 << 20,
                };
                let limits = ArchiveLimits { entries: 100, ratio: 100, free_bytes: 1 << 20, ..ArchiveLimits::default() };
                drop(jail.extract_within(&extract, limits, &|_, _| (), &cancel));
            }
        }
        Step::Read(path) => {
            if let Ok(path) = JailPath::parse(&path.text())
                && let Ok(content) = jail.read(&path, 1 << 20)
            {
                assert_ne!(content, CANARY, "{path} was read from outside");
            }
        }
        Step::Link { at, to, absolute } => {
            let to = if absolute { outside.join(to.text()) } else { to.text().into() };
            own(inside, &at, |folder, name| symlinkat(&to, folder, name));
        }
        Step::Pipe(at) => {
            own(inside, &at, |folder, name| mknodat(folder, name, FileType::Fifo, Mode::RUSR, 0))
        }
    }
}

/// What the directory's owner does from within, who cannot reach what is outside either.
fn own(inside: &Path, at: &Name, act: impl FnOnce(OwnedFd, &OsStr) -> rustix::io::Result<()>) {
    let Some((above, name)) = JailPath::parse(&at.text()).ok().and_then(|path| Some((path.split()?.0, path)))
    else {
        return;
    };
    let root = open(inside, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).expect("the jail's folder");
    let path = if above.is_root() { ".".to_owned() } else { above.to_string() };
    let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    if let Ok(folder) = openat2(root, path, OFlags::PATH | OFlags::DIRECTORY, Mode::empty(), beneath) {
        let name = name.parts().next_back().expect("it was split").to_owned();
        act(folder, &name).ok();
    }
}
