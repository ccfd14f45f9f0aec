//! Lists by key: a page says where the next one begins, and rows that come or go never shift it.

use gantry_types::blueprint::FieldProblem;

/// The most rows that one page may have.
pub const MAX_LIMIT: u32 = 200;
/// How many a caller gets who does not say.
pub const DEFAULT_LIMIT: u32 = 50;

/// What a caller asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Where the page begins, as [`Page::next`] of the one before it; opaque outside the store.
    pub cursor: Option<String>,
    pub limit: u32,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { cursor: None, limit: DEFAULT_LIMIT }
    }
}

impl PageRequest {
    /// Checks a caller's wish.
    pub fn parse(cursor: Option<String>, limit: Option<u32>) -> Result<Self, FieldProblem> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if limit == 0 || limit > MAX_LIMIT {
            let remedy = format!("Ask for 1 to {MAX_LIMIT} rows.");
            return Err(crate::problem("limit", "A page of that size is not possible.", remedy));
        }
        Ok(Self { cursor, limit })
    }
}

/// One page of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next page begins; none when this is the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of rows that were read with `limit + 1`, taking the cursor from the last row that is kept.
    pub fn of(mut rows: Vec<T>, limit: u32, cursor: impl Fn(&T) -> String) -> Self {
        let limit = limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(cursor) } else { None };
        Self { items: rows, next }
    }

    /// The same page with other rows.
    pub fn map<U>(self, row: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(row).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_more_than_asked_for_makes_a_cursor() {
        let page = Page::of(vec![1, 2, 3], 2, ToString::to_string);
        assert_eq!(page, Page { items: vec![1, 2], next: Some("2".to_owned()) });
        assert_eq!(Page::of(vec![1, 2], 2, ToString::to_string).next, None);
    }

    #[test]
    fn a_page_without_end_is_refused() {
        assert!(PageRequest::parse(None, Some(0)).is_err());
        assert!(PageRequest::parse(None, Some(MAX_LIMIT + 1)).is_err());
        assert_eq!(PageRequest::parse(None, None).unwrap().limit, DEFAULT_LIMIT);
    }
}
