//! Names of hosts that a plugin may reach, as `example.org` or `*.example.org`.
//!
//! The list stands in a manifest because an administrator decides by it. Names alone are in it: an address would say
//! nothing to whoever reads it, and what a name resolves to is checked each time by whoever connects.

/// Whether `name` may stand in a list: a lower-case name with at least one dot, and `*.` before it if it is meant with
/// all that ends so. A whole top level is none.
pub fn is_pattern(name: &str) -> bool {
    is_name(name.strip_prefix("*.").unwrap_or(name))
}

/// A name and not an address: what ends in a number is an address to whoever parses URLs.
fn is_name(name: &str) -> bool {
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && part
                .bytes()
                .all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || b"-_".contains(&each))
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let last_is_number =
        name.rsplit('.').next().is_some_and(|last| last.bytes().all(|each| each.is_ascii_digit()));
    name.len() <= 253 && name.contains('.') && name.split('.').all(label) && !last_is_number
}

/// Whether a list allows a host, given as a URL's parser gives it: in lower case, and without the port, which must be
/// the scheme's own.
pub fn allows(patterns: &[String], host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let meant = |pattern: &String| match pattern.strip_prefix("*.") {
        Some(suffix) => host
            .strip_suffix(suffix)
            .and_then(|rest| rest.strip_suffix('.'))
            .is_some_and(|rest| !rest.is_empty()),
        None => host == pattern,
    };
    is_name(host) && patterns.iter().any(meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(patterns: &[&str], host: &str) -> bool {
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        allows(&patterns, host)
    }

    #[test]
    fn a_name_is_itself_and_a_star_is_what_ends_so() {
        assert!(allowed(&["api.example.org"], "api.example.org"));
        assert!(allowed(&["api.example.org"], "api.example.org."));
        assert!(allowed(&["*.example.org"], "a.b.example.org"));
        for other in ["example.org", "xapi.example.org", "api.example.org.evil.net", "api.example.orgx", ""] {
            assert!(!allowed(&["api.example.org"], other), "{other}");
        }
        for other in ["example.org", "evilexample.org", ".example.org"] {
            assert!(!allowed(&["*.example.org"], other), "{other}");
        }
    }

    #[test]
    fn an_address_is_no_name_even_where_a_list_says_so() {
        for address in ["127.0.0.1", "1.2", "[::1]", "localhost", "2130706433", "evil.0"] {
            assert!(!is_pattern(address), "{address}");
            assert!(!allowed(&[address], address), "{address}");
        }
    }

    #[test]
    fn a_pattern_is_a_name_in_lower_case() {
        for good in ["example.org", "*.example.org", "a-b.c1.example", "xn--bcher-kva.example"] {
            assert!(is_pattern(good), "{good}");
        }
        for bad in
            ["*", "*.org", "*.*.org", "a.*.org", "Example.org", "a..b", "-a.b", "a.b/c", "a.b:1", "a b.c", ""]
        {
            assert!(!is_pattern(bad), "{bad}");
        }
    }
}
