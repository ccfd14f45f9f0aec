//! What a command is about: a folder that is built, a component, or a package.

use crate::{desk::Desk, fault::Fault, manifest, origin::Origin};
use gantry_build::{BuildError, Language};
use gantry_distribution::{Package, package};
use std::{fs, path::Path, sync::Arc};

/// A component, and where it came from.
pub(crate) struct Source {
    pub(crate) component: Arc<[u8]>,
    /// Of a file, with its signatures.
    pub(crate) package: Option<Package>,
    /// Of a folder: a file says nothing of it.
    pub(crate) origin: Origin,
}

impl Source {
    /// Builds or reads what stands at a path.
    pub(crate) async fn at(desk: &Desk, path: &Path) -> Result<Self, Fault> {
        if path.is_dir() { Self::folder(desk, path).await } else { Self::file(path) }
    }

    /// Builds a folder. Tools take their time, so this waits on a thread of its own.
    pub(crate) async fn folder(desk: &Desk, folder: &Path) -> Result<Self, Fault> {
        let language = Language::of(folder).ok_or_else(|| BuildError::NoPlugin(folder.to_owned()))?;
        manifest::check(folder)?;
        let workshop = desk.workshop(folder, language)?;
        let origin = Origin::of(folder);
        let folder = folder.to_owned();
        let terminal = desk.terminal;
        let built = tokio::task::spawn_blocking(move || {
            let folder = folder.canonicalize().unwrap_or(folder);
            gantry_build::build(&workshop, &folder, &|what, why| terminal.say(what, why))
        });
        let component =
            built.await.map_err(|error| Fault::new("internal", error.to_string(), "Report this."))??;
        Ok(Self { component: component.into(), package: None, origin })
    }

    fn file(path: &Path) -> Result<Self, Fault> {
        let file = fs::File::open(path)
            .map_err(|error| Fault::io(format!("{} cannot be read", path.display()), &error))?;
        let read = package::read(std::io::BufReader::new(file));
        match read {
            Ok(package) => {
                let component = Arc::from(package.artifact.component().as_ref());
                Ok(Self { component, package: Some(package), origin: Origin::default() })
            }
            // What is wrong with a component is told better by whoever runs it.
            Err(error) => match fs::read(path) {
                Ok(bytes) if bytes.starts_with(b"\0asm") => {
                    Ok(Self { component: bytes.into(), package: None, origin: Origin::default() })
                }
                Ok(_) | Err(_) => Err(Fault::from(error).at(path.display())),
            },
        }
    }
}
