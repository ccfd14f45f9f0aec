//! Patterns: from PCRE between delimiters, which are found anywhere, to RE2 that matches a whole value.

use super::parse::closing;
use std::fmt::Write as _;

/// A pattern of PHP, as one that is found anywhere in a value.
pub(crate) fn found(text: &str) -> Result<String, String> {
    let (body, modifiers) = undelimited(text);
    let mut flags = String::new();
    for modifier in modifiers.chars() {
        match modifier {
            'i' | 'm' | 's' | 'x' => flags.push(modifier),
            // Unicode is always on, and `$` never stands before a last line end here.
            'u' | 'D' => {}
            other => return Err(format!("the modifier {other:?} has no counterpart")),
        }
    }
    let mut pattern = spelled(body);
    if !flags.is_empty() {
        pattern = format!("(?{flags}){pattern}");
    }
    match regex::Regex::new(&pattern) {
        Ok(_) => Ok(pattern),
        Err(error) => Err(error.to_string().lines().last().unwrap_or_default().trim().to_owned()),
    }
}

/// One that matches a whole value, from one that is found anywhere in it.
pub(crate) fn whole(found: &str) -> String {
    match found.strip_prefix('^').and_then(|rest| rest.strip_suffix('$')) {
        Some(inner) if !inner.ends_with('\\') && !has_bar(inner) => inner.to_owned(),
        _ => format!("(?s:.*)(?:{found})(?s:.*)"),
    }
}

fn undelimited(text: &str) -> (&str, &str) {
    let close = text.chars().next().and_then(closing);
    let at = close.and_then(|close| text.char_indices().skip(1).filter(|(_, c)| *c == close).last());
    match at {
        Some((at, _)) if text[at + 1..].bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            (&text[1..at], &text[at + 1..])
        }
        _ => (text, ""),
    }
}

/// A bar outside of all groups divides the anchors.
fn has_bar(pattern: &str) -> bool {
    let (mut depth, mut class, mut escaped) = (0_i32, false, false);
    for character in pattern.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' if !class => class = true,
            ']' if class => class = false,
            '(' if !class => depth += 1,
            ')' if !class => depth -= 1,
            '|' if !class && depth == 0 => return true,
            _ => {}
        }
    }
    false
}

/// What means the same in the other syntax: classes are of ASCII, and in brackets fewer characters are special.
fn spelled(pattern: &str) -> String {
    let mut out = String::new();
    let mut class = false;
    // Whether a range was just closed, behind which a hyphen is a character.
    let mut behind_range = false;
    let mut rest = pattern.chars().peekable();
    while let Some(character) = rest.next() {
        let mut range = false;
        match character {
            '\\' => match rest.next() {
                Some('w') => push_class(&mut out, class, "0-9A-Za-z_"),
                Some('d') => push_class(&mut out, class, "0-9"),
                Some('s') => push_class(&mut out, class, r"\t\n\x0b\x0c\r "),
                Some('h') => push_class(&mut out, class, r"\t "),
                Some('W') if !class => out.push_str("[^0-9A-Za-z_]"),
                Some('D') if !class => out.push_str("[^0-9]"),
                Some('S') if !class => out.push_str(r"[^\t\n\x0b\x0c\r ]"),
                Some('b') if !class => out.push_str(r"(?-u:\b)"),
                Some('/') => out.push('/'),
                Some('Z') if !class => out.push_str(r"\z"),
                Some(
                    next @ ('<' | '>' | '"' | '\'' | '@' | '_' | ' ' | ',' | ':' | ';' | '=' | '!' | '%'
                    | '`'),
                ) => {
                    out.push(next);
                }
                Some(next) => {
                    out.push('\\');
                    out.push(next);
                }
                None => out.push('\\'),
            },
            '[' if !class => {
                class = true;
                out.push('[');
                if rest.peek() == Some(&'^') {
                    rest.next();
                    out.push('^');
                }
                if rest.peek() == Some(&']') {
                    rest.next();
                    out.push_str(r"\]");
                }
            }
            ']' if class => {
                class = false;
                out.push(']');
            }
            '[' if rest.peek() == Some(&':') => {
                out.push('[');
                for next in rest.by_ref() {
                    out.push(next);
                    if next == ']' {
                        break;
                    }
                }
            }
            '-' if class && behind_range => out.push_str(r"\-"),
            '-' if class => {
                range = rest.peek().is_some_and(|next| *next != ']');
                out.push('-');
            }
            '[' | '&' | '~' if class => {
                write!(out, "\\{character}").ok();
            }
            _ => out.push(character),
        }
        if range {
            // The end of the range belongs to it.
            if let Some(end) = rest.next_if(|next| !matches!(next, '\\' | '[')) {
                out.push(end);
            }
        }
        behind_range = range;
    }
    out
}

fn push_class(out: &mut String, class: bool, members: &str) {
    if class { out.push_str(members) } else { write!(out, "[{members}]").unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(pattern: &str, value: &str) -> bool {
        let whole = whole(&found(pattern).unwrap());
        regex::Regex::new(&format!(r"\A(?:{whole})\z")).unwrap().is_match(value)
    }

    #[test]
    fn patterns_are_found_anywhere_unless_they_are_anchored() {
        assert!(is(r"/^([\w\d._-]+)(\.jar)$/", "server-1.20.jar"));
        assert!(!is(r"/^([\w\d._-]+)(\.jar)$/", "server.jar.sh"));
        assert!(is("/b/", "abc") && !is("/b/", "ac"));
        assert!(is("/^a|b$/", "axx") && is("/^a|b$/", "xxb") && !is("/^a|b$/", "xbx"));
        assert!(is("/^A+$/i", "aa") && is("#^a/b$#", "a/b") && is(r"/^a\/b$/", "a/b"));
        assert!(is("/^(?:true)?(?:false)?\\b/", "true"));
    }

    #[test]
    fn brackets_mean_what_they_meant() {
        assert!(is("/^[A-Za-z0-9\\-_ ]+$/", "a-b c"));
        assert!(is("([a-z-0-9]+$)", "A a-9"));
        assert!(is("/^[[&~]+$/", "[&~"));
        assert!(is("/^[\\w.-]*$/", "") && !is("/^\\w+$/", "ü"));
        assert!(is("/^[^]a]$/", "b") && !is("/^[^]a]$/", "]"));
        assert!(is("/^[[:alpha:]]$/", "b"));
    }

    #[test]
    fn what_has_no_counterpart_is_told() {
        for pattern in ["/(?=a)/", "/(a)\\1/", "/a/U"] {
            assert!(found(pattern).is_err(), "{pattern}");
        }
    }
}
