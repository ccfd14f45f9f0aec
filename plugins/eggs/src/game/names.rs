//! Names in the contract's alphabets.

use std::collections::BTreeSet;

/// Lower-case letters, digits and single hyphens, of at most `most` characters.
pub(super) fn slug(text: &str, most: usize) -> String {
    let mut slug = String::new();
    for character in text.chars() {
        if slug.len() >= most {
            break;
        }
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// A name that is not taken yet, by a number behind it.
pub(super) fn free(name: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = |number: usize| if number == 1 { name.to_owned() } else { format!("{name}-{number}") };
    let free = (1..).map(numbered).find(|name| !taken.contains(name)).unwrap_or_default();
    taken.insert(free.clone());
    free
}

/// The key of a variable: the environment's name as it is, wherever the contract takes it.
pub(super) fn key(environment: &str) -> String {
    let kept: String = environment
        .chars()
        .map(|each| if each.is_ascii_alphanumeric() || matches!(each, '_' | '-' | '.') { each } else { '_' })
        .collect();
    let begins = kept.starts_with(|first: char| first.is_ascii_alphabetic());
    let key = if begins { kept } else { format!("v{kept}") };
    key.chars().take(56).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_their_alphabets() {
        assert_eq!(slug("  7 Days -- To Die! (Ünï) ", 64), "7-days-to-die-n");
        assert_eq!(slug("abc def", 4), "abc");
        assert_eq!(key("SteamAppId"), "SteamAppId");
        assert_eq!(key("_A b"), "v_A_b");
        let mut taken = BTreeSet::from(["a".to_owned()]);
        assert_eq!((free("a", &mut taken), free("a", &mut taken)), ("a-2".to_owned(), "a-3".to_owned()));
    }
}
