//! What guests answer: plans, samples, pages and all else, read within bounds and checked before anybody believes it.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    gantry_host::boundary::answer(*kind, bytes);
});
