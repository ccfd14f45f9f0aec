//! Where a page begins, as text that means nothing to anybody else.

use crate::StoreError;
use uuid::Uuid;

/// A cursor by an id alone.
pub(crate) fn by_id(id: Uuid) -> String {
    id.as_simple().to_string()
}

pub(crate) fn parse_id(cursor: Option<&str>) -> Result<Option<Uuid>, StoreError> {
    cursor.map(|text| Uuid::parse_str(text).map_err(|_| StoreError::InvalidCursor)).transpose()
}

/// A cursor by a number.
pub(crate) fn parse_number(cursor: Option<&str>) -> Result<Option<i64>, StoreError> {
    cursor.map(|text| text.parse().map_err(|_| StoreError::InvalidCursor)).transpose()
}

/// A cursor by a text and, where texts are equal, an id.
pub(crate) fn by_text(text: &str, id: Uuid) -> String {
    format!("{}{}", id.as_simple(), hex::encode(text))
}

/// Without a cursor: before everything.
pub(crate) fn parse_text(cursor: Option<&str>) -> Result<(String, Uuid), StoreError> {
    let Some(cursor) = cursor else { return Ok((String::new(), Uuid::nil())) };
    let split = || {
        let id = Uuid::parse_str(cursor.get(..32)?).ok()?;
        let text = String::from_utf8(hex::decode(cursor.get(32..)?).ok()?).ok()?;
        (!text.contains('\0')).then_some((text, id))
    };
    split().ok_or(StoreError::InvalidCursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_anything_else_is_refused() {
        let id = Uuid::from_u128(7);
        assert_eq!(parse_text(Some(&by_text("skyblöck", id))).unwrap(), ("skyblöck".to_owned(), id));
        assert_eq!(parse_id(Some(&by_id(id))).unwrap(), Some(id));
        for text in ["", "zz", "00000000000000000000000000000007f", "ü", "0000000000000000000000000000000700"]
        {
            assert!(parse_text(Some(text)).is_err(), "{text}");
        }
        assert!(parse_id(Some("1 OR 1=1")).is_err());
    }
}
