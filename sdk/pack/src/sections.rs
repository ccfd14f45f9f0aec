//! The outermost sections of a component: an id, a length, and that many bytes.
//!
//! Source: the component model's binary format. Modules and components inside are sections themselves and are copied whole.

use crate::PackError;

/// Magic, version 13, layer 1: a component.
const HEADER: &[u8] = b"\0asm\x0d\0\x01\0";
const CUSTOM: u8 = 0;

pub(crate) struct Section<'a> {
    /// With id and length, as it is copied.
    pub(crate) whole: &'a [u8],
    /// Of a custom section, where it is text.
    pub(crate) name: Option<&'a str>,
    /// Behind the name.
    pub(crate) content: &'a [u8],
}

pub(crate) fn header(component: &[u8]) -> Result<&[u8], PackError> {
    if component.starts_with(HEADER) { Ok(&component[..HEADER.len()]) } else { Err(PackError::NotAComponent) }
}

pub(crate) fn sections(component: &[u8]) -> Result<Vec<Section<'_>>, PackError> {
    header(component)?;
    let mut found = Vec::new();
    let mut at = HEADER.len();
    while at < component.len() {
        let section = section(&component[at..]).ok_or(PackError::Damaged(at))?;
        at += section.whole.len();
        found.push(section);
    }
    Ok(found)
}

fn section(bytes: &[u8]) -> Option<Section<'_>> {
    let (id, rest) = bytes.split_first()?;
    let (length, rest) = read_length(rest)?;
    let start = bytes.len() - rest.len();
    let body = rest.get(..length)?;
    let whole = bytes.get(..start + length)?;
    if *id != CUSTOM {
        return Some(Section { whole, name: None, content: body });
    }
    let (length, rest) = read_length(body)?;
    let (name, content) = rest.split_at_checked(length)?;
    Some(Section { whole, name: std::str::from_utf8(name).ok(), content })
}

/// An unsigned number of at most 32 bits in LEB128, and what is behind it.
fn read_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_u64;
    for (number, byte) in bytes.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * number);
        if byte & 0x80 == 0 {
            let value = u32::try_from(value).ok()?;
            return Some((usize::try_from(value).ok()?, &bytes[number + 1..]));
        }
    }
    None
}

pub(crate) fn write_section(out: &mut Vec<u8>, name: &str, content: &[u8]) {
    let mut head = Vec::new();
    write_length(&mut head, name.len());
    head.extend_from_slice(name.as_bytes());
    out.push(CUSTOM);
    write_length(out, head.len() + content.len());
    out.extend_from_slice(&head);
    out.extend_from_slice(content);
}

fn write_length(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
