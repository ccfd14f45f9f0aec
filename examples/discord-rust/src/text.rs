//! Names that strangers chose, on their way into Discord's markup.

/// Shows a text as it is. Discord takes a backslash before any punctuation as "the character itself", so neither emphasis nor
/// links, neither mentions nor emoji come of a name.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if letter.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(if letter.is_control() { ' ' } else { letter });
    }
    out
}

/// At most so many characters, for what Discord would refuse as too long.
pub(crate) fn short(text: &str, most: usize) -> String {
    let mut cut: String = text.chars().take(most).collect();
    if cut.len() < text.len() {
        cut.pop();
        cut.push('\u{2026}');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_mentions_are_only_text() {
        assert_eq!(plain("**Ada**"), r"\*\*Ada\*\*");
        assert_eq!(plain("@everyone <@123> <#4>"), r"\@everyone \<\@123\> \<\#4\>");
        assert_eq!(
            plain("[a](https://b.example) `c` :skull:"),
            r"\[a\]\(https\:\/\/b\.example\) \`c\` \:skull\:"
        );
        assert_eq!(plain("> quote\n# title"), r"\> quote \# title");
        assert_eq!(plain("Grüße, 世界"), r"Grüße\, 世界");
    }

    #[test]
    fn what_is_too_long_ends_in_dots() {
        assert_eq!(short("abcdef", 6), "abcdef");
        assert_eq!(short("abcdefg", 6), "abcde\u{2026}");
    }
}
