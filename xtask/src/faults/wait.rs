//! Waiting for what must come true, and never longer than it may take.

use crate::shell::Result;
use std::{
    fmt::Display,
    thread,
    time::{Duration, Instant},
};

const POLL: Duration = Duration::from_millis(50);

/// Looks until it is so. `Err` of the look is what is told if it never becomes so; answers how long it took.
pub fn until<T, E: Display>(
    what: &str,
    patience: Duration,
    mut look: impl FnMut() -> std::result::Result<T, E>,
) -> Result<T> {
    let deadline = Instant::now() + patience;
    loop {
        match look() {
            Ok(found) => return Ok(found),
            Err(why) if Instant::now() > deadline => {
                return Err(format!("{what}: not within {} s: {why}", patience.as_secs()).into());
            }
            Err(_) => thread::sleep(POLL),
        }
    }
}

/// Looks for so long at what must stay so.
pub fn throughout<E: Display>(
    what: &str,
    length: Duration,
    mut look: impl FnMut() -> std::result::Result<(), E>,
) -> Result<()> {
    let end = Instant::now() + length;
    while Instant::now() < end {
        look().map_err(|why| format!("{what}: {why}"))?;
        thread::sleep(POLL);
    }
    Ok(())
}

/// An error unless it is so.
pub fn check(is_so: bool, otherwise: impl FnOnce() -> String) -> Result<()> {
    if is_so { Ok(()) } else { Err(otherwise().into()) }
}
