//! What a client of SFTP sends once it is let in, cut into pieces as a network cuts it.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((piece, bytes)) = bytes.split_first() else { return };
    gantry_sftp::fuzz::hear(bytes, usize::from(*piece));
});
