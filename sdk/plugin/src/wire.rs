//! Reading answers of games: bytes that a stranger may have sent.
//!
//! Every function takes what it is given and says `None` where the bytes end; none of them can panic.

/// A cursor over received bytes.
#[derive(Clone, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }
    /// What is left.
    pub const fn rest(&self) -> &'a [u8] {
        self.0
    }
    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(count)?;
        self.0 = tail;
        Some(head)
    }
    /// The next byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }
    /// The next two bytes, most significant first.
    pub fn u16_be(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }
    /// Consumes `prefix`, or nothing at all.
    pub fn expect(&mut self, prefix: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(prefix)?;
        Some(())
    }
}

/// Bytes as text: UTF-8 where it is that, Latin-1 otherwise, without control characters, at most `max` characters.
pub fn text(bytes: &[u8], max: usize) -> String {
    let keep = |c: &char| !c.is_control();
    match std::str::from_utf8(bytes) {
        Ok(text) => text.chars().filter(keep).take(max).collect(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).filter(keep).take(max).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_ends_without_panicking() {
        let mut reader = Reader::new(&[1, 2, 3]);
        assert_eq!(reader.u16_be(), Some(0x0102));
        assert_eq!(reader.u16_be(), None);
        assert_eq!(reader.byte(), Some(3));
        assert_eq!(reader.byte(), None);
    }

    #[test]
    fn text_loses_control_characters_and_keeps_latin_1() {
        assert_eq!(text(b"a\x1b[31mb\n", 10), "a[31mb");
        assert_eq!(text(&[0x63, 0xe9], 10), "c\u{e9}");
        assert_eq!(text(b"abcdef", 3), "abc");
    }
}
