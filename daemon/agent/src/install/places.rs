//! Steps that give things on the disk another place, another mode or another name.
//!
//! A plan may be begun again anywhere, and is done as a whole again when the server is reinstalled. So what stands where
//! something shall be makes room for it, and what was moved already is not missed.

use super::steps::ended;
use crate::{
    desk::Doubt,
    server::work::{Ended, Work},
};
use gantry_files::{Changes, Existing, FilesError, Jail, JailPath, Links, Quota, Reservation};
use tokio_util::sync::CancellationToken;

pub(super) async fn copy(work: &Work, jail: &Jail, from: &str, to: &str) -> Result<(), Ended> {
    let copy = |quota: Quota| {
        let (from, to, cancel) = (from.to_owned(), to.to_owned(), work.cancel.clone());
        jail.run(move |jail| copy_over(jail, &from, &to, quota.reserve(), &cancel))
    };
    let copied = work.within(jail, Doubt::Always, copy).await;
    if let Ok(skipped @ 1..) = copied {
        work.log(&format!("{skipped} pipes, sockets, devices or mounts were not copied"));
    }
    copied.map(drop).map_err(|error| ended("copy_failed", &error))
}

pub(super) async fn rename(work: &Work, jail: &Jail, from: &str, to: &str) -> Result<(), Ended> {
    let (from, to, cancel) = (from.to_owned(), to.to_owned(), work.cancel.clone());
    let moved = jail.run(move |jail| rename_over(jail, &from, &to, &cancel)).await;
    moved.map_err(|error| ended("move_failed", &error))
}

pub(super) async fn set_mode(jail: &Jail, path: &str, mode: u32) -> Result<(), Ended> {
    let path = path.to_owned();
    let set = jail.run(move |jail| {
        let changes = Changes { mode: Some(mode & 0o777), ..Changes::default() };
        jail.set_attributes(&JailPath::parse(&path)?, &changes, &Quota::default())
    });
    set.await.map_err(|error| ended("mode_failed", &error))
}

pub(super) async fn link(jail: &Jail, path: &str, target: &str) -> Result<(), Ended> {
    let (path, target) = (path.to_owned(), target.to_owned());
    let linked = jail.run(move |jail| link_over(jail, &path, &target)).await;
    linked.map_err(|error| ended("link_failed", &error))
}

/// What was not copied, since it is no file, link or directory.
fn copy_over(
    jail: &Jail,
    from: &str,
    to: &str,
    reservation: Reservation,
    cancel: &CancellationToken,
) -> Result<u64, FilesError> {
    let (from, to) = (JailPath::parse(from)?, JailPath::parse(to)?);
    apart(&from, &to)?;
    jail.inspect(&from, Links::Themselves)?;
    make_room(jail, &to, cancel)?;
    Ok(jail.copy(&from, &to, reservation, cancel)?.skipped)
}

fn rename_over(jail: &Jail, from: &str, to: &str, cancel: &CancellationToken) -> Result<(), FilesError> {
    let (from, to) = (JailPath::parse(from)?, JailPath::parse(to)?);
    apart(&from, &to)?;
    if jail.stat(&from)?.is_none() && jail.stat(&to)?.is_some() {
        return Ok(());
    }
    jail.inspect(&from, Links::Themselves)?;
    make_room(jail, &to, cancel)?;
    jail.rename(&from, &to, Existing::Keep)
}

fn link_over(jail: &Jail, path: &str, target: &str) -> Result<(), FilesError> {
    let (path, target) = (JailPath::parse(path)?, JailPath::parse(target)?);
    if let Some((parent, _)) = path.split() {
        jail.make_directory(&parent)?;
    }
    let there = relative(&path, &target);
    match jail.read_link(&path) {
        Ok(points) if points == there => return Ok(()),
        Ok(_) => jail.remove_file(&path)?,
        Err(FilesError::NotFound { .. }) => {}
        Err(error) => return Err(error),
    }
    jail.make_link(&path, &there, Quota::default().reserve())
}

/// The place is free afterwards, in a directory that is there.
fn make_room(jail: &Jail, to: &JailPath, cancel: &CancellationToken) -> Result<(), FilesError> {
    if let Some((parent, _)) = to.split() {
        jail.make_directory(&parent)?;
    }
    jail.remove(to, cancel)
}

/// Making room for one must not take the other away.
fn apart(from: &JailPath, to: &JailPath) -> Result<(), FilesError> {
    if from.is_within(to) || to.is_within(from) {
        let why = "one of the two is within the other".into();
        return Err(FilesError::InvalidPath { path: to.to_string(), why });
    }
    Ok(())
}

/// The way from a link to what it names, as a link says it.
fn relative(link: &JailPath, target: &JailPath) -> Vec<u8> {
    let parent: Vec<_> = link.parts().rev().skip(1).collect::<Vec<_>>().into_iter().rev().collect();
    let parts: Vec<_> = target.parts().collect();
    let shared = parent.iter().zip(&parts).take_while(|(one, other)| one == other).count();
    let up = std::iter::repeat_n(b"..".as_slice(), parent.len() - shared);
    let way: Vec<&[u8]> = up.chain(parts[shared..].iter().map(|part| part.as_encoded_bytes())).collect();
    if way.is_empty() { b".".to_vec() } else { way.join(b"/".as_slice()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_the_shortest_way() {
        let way = |link: &str, target: &str| {
            let (link, target) = (JailPath::parse(link).unwrap(), JailPath::parse(target).unwrap());
            let way = relative(&link, &target);
            assert_eq!(link.link_target(&way), Some(target));
            String::from_utf8(way).unwrap()
        };
        assert_eq!(way("latest", "versions/1.2"), "versions/1.2");
        assert_eq!(way("bin/run", "lib/run.sh"), "../lib/run.sh");
        assert_eq!(way("a/b/c", "a/d"), "../d");
        assert_eq!(way("a/b/c", "a/b"), ".");
    }
}
