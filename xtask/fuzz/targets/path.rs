//! Paths from outside: one that is taken never leaves the directory that it is resolved beneath.

#![no_main]

use gantry_files::JailPath;
use libfuzzer_sys::fuzz_target;
use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

fn assert_inside(path: &JailPath) {
    for part in path.parts().map(OsStr::as_bytes) {
        assert!(!part.is_empty() && part != b"." && part != b"..", "{path}");
        assert!(!part.contains(&b'/') && !part.contains(&0), "{path}");
    }
}

fuzz_target!(|input: (&[u8], &[u8], u8)| {
    let (one, other, count) = input;
    let (Ok(one), other_path) = (JailPath::from_bytes(one), JailPath::from_bytes(other)) else { return };
    assert_inside(&one);
    if let Some((above, _)) = one.split() {
        assert_inside(&above);
    }
    if let Some(rest) = one.strip(u32::from(count)) {
        assert_inside(&rest);
    }
    if let Some(target) = one.link_target(other) {
        assert_inside(&target);
    }
    if let Ok(joined) = other_path.and_then(|other| one.join(&other)) {
        assert_inside(&joined);
        assert!(joined.parts().count() >= one.parts().count());
    }
});
