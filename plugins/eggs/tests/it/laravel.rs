//! The panels' own rules, read a second time and without what the import has: what they refuse, so must a variable.

/// Rules as texts, from any of their shapes.
pub(crate) fn list(rules: &serde_json::Value) -> Vec<String> {
    match rules {
        serde_json::Value::String(text) => {
            // One pattern of all that are known has a bar, and it is the last rule.
            match text
                .find("regex:")
                .filter(|at| text[*at..].matches('|').count() > 0 && text[*at..].contains("(a|b)"))
            {
                Some(at) => text[..at].split('|').map(str::to_owned).chain([text[at..].to_owned()]).collect(),
                None => text.split('|').map(str::to_owned).collect(),
            }
        }
        serde_json::Value::Array(list) => list.iter().map(|rule| rule.as_str().unwrap().to_owned()).collect(),
        serde_json::Value::Object(map) => {
            map.values().map(|rule| rule.as_str().unwrap().to_owned()).collect()
        }
        other => panic!("no rules: {other}"),
    }
}

/// Whether the value passes; nothing where a rule is none of those that are known.
pub(crate) fn passes(rules: &[String], value: &str) -> Option<bool> {
    let named = |names: &[&str]| rules.iter().any(|rule| names.contains(&rule.split(':').next().unwrap()));
    if value.is_empty() {
        return Some(!named(&["required"]));
    }
    let numeric = named(&["numeric", "integer", "int"]);
    let size = if numeric { value.parse::<f64>().unwrap_or(f64::NAN) } else { value.chars().count() as f64 };
    for rule in rules {
        let (name, arguments) = rule.split_once(':').unwrap_or((rule, ""));
        let arguments_list: Vec<&str> = arguments.split(',').collect();
        let number = |at: usize| arguments_list[at].trim().parse::<f64>().unwrap();
        let digits = |least: f64, most: f64| {
            value.bytes().all(|byte| byte.is_ascii_digit()) && (least..=most).contains(&(value.len() as f64))
        };
        let good = match name {
            "required" | "nullable" | "Nullable" | "string" | "present" | "" => true,
            "numeric" => value.parse::<f64>().is_ok(),
            "integer" | "int" => value.parse::<i64>().is_ok(),
            "boolean" => matches!(value, "0" | "1"),
            "in" => arguments_list.contains(&value),
            "not_in" => !arguments_list.contains(&value),
            "min" => size >= number(0),
            "max" => size <= number(0),
            "size" => size == number(0),
            "gt" => size > number(0),
            "between" => size >= number(0) && size <= number(1),
            "digits" => digits(number(0), number(0)),
            "digits_between" => digits(number(0), number(1)),
            "alpha_num" => value.chars().all(char::is_alphanumeric),
            "alpha_dash" => value.chars().all(|each| each.is_alphanumeric() || "_-".contains(each)),
            "url" => value.contains("://"),
            "ends_with" => value.ends_with(arguments),
            "regex" | "not_regex" => {
                let pattern = &arguments[1..arguments.rfind(['/', ')']).unwrap()];
                let pattern = pattern.replace("a-z-0", "a-z\\-0");
                // Its classes are of ASCII.
                let pattern = regex::bytes::RegexBuilder::new(&pattern).unicode(false).build().unwrap();
                pattern.is_match(value.as_bytes()) == (name == "regex")
            }
            _ => return None,
        };
        if !good {
            return Some(false);
        }
    }
    Some(true)
}
