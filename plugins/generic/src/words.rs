//! A line that people typed, cut into arguments as a shell cuts words and with nothing else of a shell; and the places in it
//! that stand for what the server has.

use gantry_plugin::prelude::*;

/// Words between spaces; quotes of both kinds keep spaces, and a backslash keeps what follows it, but within single quotes.
/// Says in words what is left open.
pub(crate) fn cut(line: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match (character, quote) {
            ('\\', None | Some('"')) => {
                let kept = characters.next().ok_or("A backslash at the end keeps nothing.")?;
                word.get_or_insert_default().push(kept);
            }
            ('"' | '\'', None) => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (_, Some(open)) if open == character => quote = None,
            (' ' | '\t', None) => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    if quote.is_some() {
        return Err("A quote is opened and not closed.");
    }
    words.extend(word);
    Ok(words)
}

/// Lines `NAME=value`; empty ones and those that begin with # are nothing.
pub(crate) fn environment(text: &str) -> Result<Vec<(String, String)>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pair = |line: &str| {
        let (name, value) = line.split_once('=').ok_or_else(|| format!("The line {line:?} has no =."))?;
        let fits = |at: usize, byte: u8| {
            byte == b'_' || byte.is_ascii_alphabetic() || at > 0 && byte.is_ascii_digit()
        };
        if name.is_empty() || !name.bytes().enumerate().all(|(at, byte)| fits(at, byte)) {
            return Err(format!(
                "{name:?} is no name of a variable: letters, digits and underscores, no digit first."
            ));
        }
        if value.contains(char::is_control) {
            return Err(format!("The value of {name} has a control character."));
        }
        Ok((name.to_owned(), value.to_owned()))
    };
    lines.map(pair).collect()
}

/// With the server's ports and memory in the places that stand for them; `{secret}` only where `secret` is given.
pub(crate) fn fill(text: &str, server: &Server, secret: Option<&str>) -> Result<String, Failure> {
    let filled = text
        .replace("{tcp}", &server.port("tcp")?.to_string())
        .replace("{udp}", &server.port("udp")?.to_string())
        .replace("{memory}", &server.limits.memory.to_string());
    // Last, so that nothing within a secret stands for anything.
    Ok(match secret {
        Some(secret) => filled.replace("{secret}", secret),
        None => filled,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_as_a_shell_cuts_them() {
        for (line, words) in [
            ("", &[][..]),
            ("  a  b ", &["a", "b"]),
            (r#"say "two words" 'and "more"'"#, &["say", "two words", "and \"more\""]),
            (r#"a\ b "c\"d" '\'"#, &["a b", "c\"d", "\\"]),
            (r#"--name="" x"#, &["--name=", "x"]),
            (r#""""#, &[""]),
            ("$(id); `id` && *", &["$(id);", "`id`", "&&", "*"]),
        ] {
            assert_eq!(cut(line).expect(line), words, "{line}");
        }
        for open in ["\"a", "'a", "a\\"] {
            cut(open).expect_err(open);
        }
    }

    #[test]
    fn an_environment_is_lines_of_names_and_values() {
        let read = environment("A=1\n\n# no\nB_2=x = y\n").expect("two");
        assert_eq!(read, [("A".to_owned(), "1".to_owned()), ("B_2".to_owned(), "x = y".to_owned())]);
        for wrong in ["A", "=1", "2A=1", "A B=1", "A=a\tb"] {
            environment(wrong).expect_err(wrong);
        }
    }
}
