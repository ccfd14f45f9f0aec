//! What an embedder and the process that runs its plugins say to each other, cut into pieces: the one must survive a liar, the
//! other whatever comes.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let [piece, bytes @ ..] = bytes else { return };
    gantry_host::boundary::lies(bytes, usize::from(*piece));
    gantry_host::boundary::orders(bytes, usize::from(*piece));
});
