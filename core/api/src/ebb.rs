//! Memory goes back to the machine when a rush is over.
//!
//! What thousands of sockets took lies in pieces between what is still in use, and the C library keeps it: after 5,000 pages a
//! control plane of 110 MiB stayed at 400 for good. It is asked to return what is free once most of a rush has gone, and only
//! then, since it looks through all of its memory for that.
//!
//! Large blocks go back at once: hashing a password takes 19 MiB, and the C library would learn from the first of them to keep
//! as much for each thread that ever hashed one.

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

/// From here on a large block is the kernel's again as soon as it is free. For the beginning of a program.
pub fn return_large_blocks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    glibc::fix_threshold();
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(
    unsafe_code,
    reason = "the C library's functions have no safe names in Rust; the arguments stand at them"
)]
mod glibc {
    use std::ffi::c_int;

    /// From malloc.h.
    const M_MMAP_THRESHOLD: c_int = -3;
    /// Far above what requests, lines and rows take, which shall be had without asking the kernel.
    const LARGE_BYTES: c_int = 4 << 20;

    // SAFETY: malloc_trim(3) is thread-safe, takes any number, and touches only memory that nobody holds. mallopt(3) takes its
    // lock, refuses what it does not know, and with this parameter changes only where later blocks come from.
    unsafe extern "C" {
        safe fn malloc_trim(pad: usize) -> c_int;
        safe fn mallopt(parameter: c_int, value: c_int) -> c_int;
    }

    /// Once set, the threshold no longer grows with what is freed.
    pub(super) fn fix_threshold() {
        if mallopt(M_MMAP_THRESHOLD, LARGE_BYTES) == 0 {
            tracing::warn!("large blocks of memory are kept by the C library");
        }
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
