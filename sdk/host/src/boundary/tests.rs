//! A short set of hostile bytes, the same each time; `cargo xtask fuzz` goes on from there.

use super::*;

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most as u64).unwrap_or(0)
    }

    /// Lengths and choices are small in what is meant, and letters make names: such bytes come far.
    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.below(most);
        let byte = |chance: &mut Self| match chance.below(8) {
            0..4 => chance.below(4) as u8,
            4..7 => b"abcdefgh-_./:{}[]\",\n"[chance.below(20)],
            _ => chance.next() as u8,
        };
        (0..length).map(|_| byte(self)).collect()
    }

    /// The same with some of it otherwise.
    fn spoiled(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        for _ in 0..self.below(4) {
            let at = self.below(bytes.len());
            match self.below(3) {
                0 => bytes[at] = self.next() as u8,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, self.next() as u8),
            }
        }
        bytes
    }
}

#[test]
fn no_bytes_for_a_component_or_its_manifest_do_harm() {
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let good = br#"{"id":"sample","name":"Sample","version":"1.0.0","contract":"0.2","capabilities":[{"name":"http","reason":"To ask.","hosts":["*.example.org"]},{"name":"kv","reason":"To keep.","quota_kib":64}]}"#;
    assert!(component(good));
    let mut read = 0;
    for _ in 0..20_000 {
        let spoiled = chance.spoiled(good.to_vec());
        read += u32::from(component(&spoiled));
        component(&chance.bytes(128));
    }
    assert!((1_000..20_000).contains(&read), "{read} manifests were still good");
}

#[test]
fn no_answer_of_a_guest_does_harm_and_what_is_accepted_arrives_as_it_is() {
    let mut chance = Chance(0xd1b5_4a32_d192_ed03);
    // Chance alone finds few. Zeros are an answer with nothing in it, which is none where something must have a name.
    let good = |kind: u8| match kind {
        kind if kind == Kind::RunSpec as u8 => {
            [&[0, 0, 5][..], b"a/b:c", &[0, 0, 2], b"/d", &[0; 7]].concat()
        }
        kind if kind == Kind::Import as u8 => [&[0, 1][..], b"a", &[1], b"b", &[0, 0]].concat(),
        _ => vec![0; 32],
    };
    for kind in 0..KINDS {
        let mut answered = |round| {
            let bytes = if round % 2 == 0 { chance.spoiled(good(kind)) } else { chance.bytes(160) };
            answer(kind, &bytes)
        };
        let came: Vec<Came> = (0..6_000).map(&mut answered).collect();
        let [unread, accepted] =
            [Came::Unread, Came::Accepted].map(|how| came.iter().filter(|one| **one == how).count());
        assert!(unread > 0 && accepted > 0, "call {kind}: {unread} unread, {accepted} accepted");
    }
}

#[test]
fn no_frame_does_harm_on_either_end_of_a_line() {
    let mut chance = Chance(0x94d0_49bb_1331_11eb);
    let (mut heard, mut obeyed) = (0, 0);
    for _ in 0..4_000 {
        let mut bytes = Vec::new();
        for _ in 0..chance.below(4) {
            let words = chance.bytes(96);
            // Most lengths are right: what stands in a frame is looked at only then.
            let length = if chance.below(8) == 0 { chance.next() as u32 } else { words.len() as u32 };
            bytes.extend(length.to_le_bytes());
            bytes.extend(words);
        }
        let piece = 1 + chance.below(64);
        heard += lies(&bytes, piece);
        obeyed += orders(&bytes, piece);
    }
    assert!(heard > 1_000 && obeyed > 1_000, "{heard} and {obeyed} frames came whole");
}

#[test]
fn a_number_that_a_fuzzer_found_arrives_as_it_is() {
    // A latency of 2.56e-303 ms, which a quick reader of JSON takes for its neighbour.
    let found = b"\0\0\x01\x01\0\0\x01\x01\x01\0\0\0\x01\x01\0\0\x1c\x1c\x1c\x1c\x01\0\0\0";
    assert_eq!(answer(Kind::Collect as u8, found), Came::Accepted);
}
