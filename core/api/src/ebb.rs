//! Memory goes back to the machine when a rush is over.
//!
//! What thousands of sockets took lies in pieces between what is still in use, and the C library keeps it: after 5,000 pages a
//! control plane of 110 MiB stayed at 400 for good. It is asked to return what is free once most of a rush has gone, and only
//! then, since it looks through all of its memory for that.

/// So many sockets fewer than there were at most are the end of a rush.
const RUSH: usize = 256;

/// How high the tide was.
#[derive(Default)]
pub(crate) struct Ebb {
    most: usize,
    /// It came just now, and some of what it leaves may not have been free yet.
    fresh: bool,
}

impl Ebb {
    /// Whether a rush is over, now that so many are left. Says so twice for each.
    pub(crate) fn has_come(&mut self, left: usize) -> bool {
        let over = self.most >= left + RUSH && left <= self.most / 2;
        self.most = if over { left } else { self.most.max(left) };
        std::mem::replace(&mut self.fresh, over) || over
    }
}

/// Returns free memory to the machine; where the C library does so by itself, or cannot, this does nothing.
pub(crate) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    glibc::trim();
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(
    unsafe_code,
    reason = "the C library's function has no safe name in Rust; the argument stands at it"
)]
mod glibc {
    use std::ffi::c_int;

    // SAFETY: malloc_trim(3) is thread-safe, takes any number, and touches only memory that nobody holds.
    unsafe extern "C" {
        safe fn malloc_trim(pad: usize) -> c_int;
    }

    pub(super) fn trim() {
        tracing::info!(returned = malloc_trim(0) == 1, "a rush is over: free memory was given back");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rush_is_over_when_most_of_it_has_gone_and_once_more_for_what_was_late() {
        let mut ebb = Ebb::default();
        let left = [10, 5_000, 4_000, 2_400, 2_300, 2_300, 20, 20, 20];
        let told = left.map(|left| ebb.has_come(left));
        assert_eq!(told, [false, false, false, true, true, false, true, true, false]);
    }

    #[test]
    fn the_coming_and_going_of_a_few_is_no_rush() {
        let mut ebb = Ebb::default();
        assert!(![255, 0, 255, 0].into_iter().any(|left| ebb.has_come(left)));
    }
}
