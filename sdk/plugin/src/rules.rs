//! Text from people on its way into a game's own syntax.
//!
//! A value that reaches a console, a command line or a `key value` file must not be able to become a second command.
//! These helpers say what is allowed; plugins use them in patterns and when they build commands.

/// A pattern for names that are safe in Quake-like consoles and in `key = value` files: no quotes, semicolons,
/// backslashes, percent signs, dollar signs or control characters.
pub const PLAIN_TEXT: &str = r#"[^"';\\%$\x00-\x1f\x7f]*"#;

/// Whether a text fits [`PLAIN_TEXT`].
pub fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| matches!(c, '"' | '\'' | ';' | '\\' | '%' | '$') || c.is_control())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_second_command_is_not_plain() {
        assert!(super::is_plain("Friday night, 8 pm (EU)"));
        for text in ["a;quit", "a\"b", "a\nquit", "$rcon", "a\\b", "%n"] {
            assert!(!super::is_plain(text), "{text:?}");
        }
    }
}
