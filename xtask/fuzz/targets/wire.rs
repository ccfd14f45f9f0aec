//! What the two programs say to each other: whatever arrives is refused or understood, and what was understood is said
//! again in the same words.

#![no_main]

use gantry_protocol::{
    Acknowledge, ConsoleCommand, ConsolePage, DesiredServer, EventEnvelope, NodeReport, ObservedServer,
    Refusal, SampleEnvelope,
    link::{Challenge, EnrollRequest, Hello, Proof, Welcome},
    tunnel::keys,
};
use libfuzzer_sys::fuzz_target;
use serde::{Serialize, de::DeserializeOwned};

fn understood_alike<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    let Ok(first) = serde_json::from_slice::<T>(bytes) else { return };
    let said = serde_json::to_vec(&first).expect("what was read can be written");
    let second: T = serde_json::from_slice(&said).expect("what was written can be read");
    assert_eq!(serde_json::to_vec(&second).expect("what was read can be written"), said);
}

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    match kind % 15 {
        0 => understood_alike::<DesiredServer>(bytes),
        1 => understood_alike::<EventEnvelope>(bytes),
        2 => understood_alike::<ObservedServer>(bytes),
        3 => understood_alike::<NodeReport>(bytes),
        4 => understood_alike::<SampleEnvelope>(bytes),
        5 => understood_alike::<ConsolePage>(bytes),
        6 => understood_alike::<ConsoleCommand>(bytes),
        7 => understood_alike::<Acknowledge>(bytes),
        8 => understood_alike::<Refusal>(bytes),
        9 => understood_alike::<Hello>(bytes),
        10 => understood_alike::<Challenge>(bytes),
        11 => understood_alike::<Proof>(bytes),
        12 => understood_alike::<Welcome>(bytes),
        13 => understood_alike::<EnrollRequest>(bytes),
        _ => {
            let Ok(text) = std::str::from_utf8(bytes) else { return };
            drop(keys::decode_public(text));
            if let Ok(key) = keys::decode_secret(text) {
                assert!(keys::decode_secret(&keys::encode_secret(&key)).is_ok());
            }
            keys::is_nonce(text);
        }
    }
});
