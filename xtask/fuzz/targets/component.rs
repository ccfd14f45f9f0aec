//! What somebody uploads as a plugin, before anything of it is compiled: its sections and its manifest.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    gantry_host::boundary::component(bytes);
});
