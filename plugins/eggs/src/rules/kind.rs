//! From rules to a kind with its bounds, and to checks for the rest.

use super::{
    Rule,
    pattern::{found, whole},
    sizes::{EXACT, Sizes},
};
use crate::{
    source::Log,
    words::{leaves_line, line},
};
use gantry_document::model::{Check, Choice, Kind, Variable};

/// Longest text, in characters: a value of the environment has at most 64 KiB, and a character up to four bytes.
const LONGEST: u32 = 16 * 1024;
/// Longest pattern of a variable that every host compiles.
const LONGEST_PATTERN: usize = 1_000;
/// Longest value of a choice, in characters, and most choices.
const LONGEST_CHOICE: usize = 256;
const MOST_CHOICES: usize = 512;

/// Rules that are a word alone.
const TAKES_NOTHING: [&str; 13] = [
    "required",
    "nullable",
    "present",
    "sometimes",
    "bail",
    "filled",
    "string",
    "numeric",
    "integer",
    "int",
    "boolean",
    "alpha_num",
    "alpha_dash",
];

/// How a boolean was written, and is handed to the game.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// As it is set.
    AsIs,
    Digits,
}

/// A variable's rules as the contract says them.
pub(crate) struct Ruled {
    pub(crate) spelling: Spelling,
    pub(crate) checks: Vec<Check>,
}

/// Gives `variable` its kind by the rules, and its default if the rules allow it. `at` is where the rules are.
pub(crate) fn rule(
    variable: &mut Variable,
    mut rules: Vec<Rule>,
    default: &str,
    at: &str,
    log: &Log,
) -> Ruled {
    variable.required = rules.iter().any(|rule| rule.name == "required");
    for rule in rules.iter_mut().filter(|rule| TAKES_NOTHING.contains(&rule.name.as_str())) {
        if !rule.arguments.is_empty() {
            let what = format!("The rule {} takes nothing, and has {:?}.", rule.name, rule.arguments);
            log.different("rule", at, what, "What it has is not asked, as elsewhere.");
        }
    }
    rules.retain(|rule| {
        !matches!(rule.name.as_str(), "required" | "nullable" | "present" | "sometimes" | "bail" | "filled")
    });
    let mut work = Work { variable, checks: Vec::new(), default, at, log };
    let spelling = work.kind(&mut rules);
    for left in rules {
        work.pattern_or_loss(&left);
    }
    work.default(spelling);
    Ruled { spelling, checks: work.checks }
}

struct Work<'a> {
    variable: &'a mut Variable,
    checks: Vec<Check>,
    default: &'a str,
    at: &'a str,
    log: &'a Log,
}

impl Work<'_> {
    fn kind(&mut self, rules: &mut Vec<Rule>) -> Spelling {
        let mut has = |name: &[&str]| {
            let there = rules.iter().any(|rule| name.contains(&rule.name.as_str()));
            rules.retain(|rule| !name.contains(&rule.name.as_str()));
            there
        };
        let (boolean, integer, numeric) =
            (has(&["boolean", "bool"]), has(&["integer", "int"]), has(&["numeric"]));
        has(&["string"]);
        let choices = rules.iter().position(|rule| rule.name == "in").map(|at| rules.remove(at));
        if let Some(choices) = choices {
            let sizes = Sizes::take(rules);
            let mut values = choices.list();
            values.retain(|value| sizes.take_text(value, integer || numeric));
            return self.choices(values, boolean);
        }
        if boolean {
            // Its two values are one character long.
            let sizes = Sizes::take(rules);
            if !["0", "1"].iter().all(|value| sizes.take_text(value, integer || numeric)) {
                let meaning = "It can be switched on and off.";
                self.log.different(
                    "rule",
                    self.at,
                    "Its rules allow one of the two values alone, or none.",
                    meaning,
                );
            }
            self.variable.kind = Kind::Boolean;
            return if matches!(self.default, "true" | "false") { Spelling::AsIs } else { Spelling::Digits };
        }
        let sizes = Sizes::take(rules);
        if integer || numeric {
            self.number(sizes, integer || sizes.digits.is_some());
        } else {
            self.text(sizes);
        }
        Spelling::AsIs
    }

    fn choices(&mut self, mut values: Vec<String>, boolean: bool) -> Spelling {
        // Nothing is chosen by leaving it empty.
        values.retain(|value| !value.is_empty());
        let mut seen = std::collections::BTreeSet::new();
        values.retain(|value| seen.insert(value.clone()));
        let pair =
            |one: &str, two: &str| values.len() == 2 && [one, two].iter().all(|each| seen.contains(*each));
        if pair("0", "1") || pair("true", "false") {
            self.variable.kind = Kind::Boolean;
            return if seen.contains("0") { Spelling::Digits } else { Spelling::AsIs };
        }
        if boolean {
            values.retain(|value| matches!(value.as_str(), "0" | "1" | "true" | "false"));
        }
        let longest = values.iter().map(|value| value.chars().count()).max().unwrap_or(0);
        let lines = values.iter().any(|value| value.contains(leaves_line));
        if values.is_empty() || lines || longest > LONGEST_CHOICE || values.len() > MOST_CHOICES {
            self.text(Sizes::default());
            let any: Vec<String> = values.iter().map(|value| regex::escape(value)).collect();
            self.check(
                format!("^(?:{})$", any.join("|")),
                false,
                "This is not one of the values that are possible.",
            );
            return Spelling::AsIs;
        }
        self.variable.kind = Kind::OneOf;
        let choice = |value: String| {
            let label = line(&value, 128).text;
            let label = if label.is_empty() { "(space)".to_owned() } else { label };
            let label = if label == value { String::new() } else { label };
            Choice { value, label, help: String::new() }
        };
        self.variable.choices = values.into_iter().map(choice).collect();
        Spelling::AsIs
    }

    fn number(&mut self, sizes: Sizes, whole: bool) {
        let sizes = if whole { sizes.whole() } else { sizes };
        if self.needs_its_digits(&sizes) {
            return self.digits(&sizes, whole);
        }
        self.variable.kind = Kind::Number;
        let exact = |bound: Option<f64>| bound.filter(|bound| bound.abs() <= EXACT);
        self.variable.minimum = exact(sizes.least.or(sizes.above));
        self.variable.maximum = exact(sizes.most.or(sizes.below));
        self.variable.step = (!whole).then_some(0.0);
        self.open_bounds(&sizes);
    }

    /// Numbers that are names, or are written as no double is, are kept as text.
    fn needs_its_digits(&self, sizes: &Sizes) -> bool {
        const NAMES: [&str; 8] = ["ID", "IDS", "STEAMID", "STEAM64", "SEED", "TOKEN", "KEY", "PIN"];
        let mut words = self.variable.key.split('_');
        let name = words.any(|word| NAMES.contains(&word.to_uppercase().as_str()));
        let known = self.default.is_empty()
            || self.default.parse::<f64>().is_ok_and(|n| n.to_string() == self.default);
        let number = self.default.parse::<f64>().is_ok();
        sizes.digits.is_some() || (number && !known) || (name && sizes.most.is_none_or(|most| most > EXACT))
    }

    fn digits(&mut self, sizes: &Sizes, whole: bool) {
        self.variable.kind = Kind::Text;
        self.variable.max_length = Some(64);
        let pattern = match sizes.digits {
            Some((least, most)) => format!("[0-9]{{{least},{most}}}"),
            None if whole => "-?[0-9]+".to_owned(),
            None => r"-?[0-9]*\.?[0-9]+".to_owned(),
        };
        let help = if whole { "A whole number." } else { "A number." };
        self.variable.pattern = Some(pattern);
        self.variable.pattern_help = Some(help.to_owned());
        if sizes.digits.is_some_and(|(_, most)| most > 64) {
            self.variable.max_length = Some(1_000);
        }
        let compare = |sign: &str, bound: Option<f64>| {
            bound.map(|bound| format!("parse_float(settings[{:?}]) {sign} {bound:?}", self.variable.key))
        };
        let bounds = [
            compare("<", sizes.least),
            compare(">", sizes.most),
            compare("<=", sizes.above),
            compare(">=", sizes.below),
        ];
        let conditions: Vec<String> = bounds.into_iter().flatten().collect();
        if !conditions.is_empty() {
            let set = format!("settings[{:?}] != ()", self.variable.key);
            self.condition(format!("{set} && ({})", conditions.join(" || ")), "The number is out of range.");
        }
    }

    fn open_bounds(&mut self, sizes: &Sizes) {
        for (sign, bound) in [("<=", sizes.above), (">=", sizes.below)] {
            if let Some(bound) = bound {
                let key = &self.variable.key;
                let fails = format!("settings[{key:?}] != () && settings[{key:?}] {sign} {bound:?}");
                self.condition(fails, "The number is out of range.");
            }
        }
    }

    fn text(&mut self, sizes: Sizes) {
        let sizes = sizes.whole_lengths();
        self.variable.kind = if self.default.contains('\n') { Kind::Multiline } else { Kind::Text };
        if sizes.most.is_some_and(|most| most > f64::from(LONGEST)) {
            let what = format!("Its rules allow more than {LONGEST} characters.");
            self.log.different("rule", self.at, what, "No value has more here.");
        }
        let most = sizes.most.map_or(LONGEST, |most| most.clamp(0.0, f64::from(LONGEST)) as u32);
        let least = sizes.least.map_or(0, |least| least.clamp(0.0, f64::from(LONGEST)) as u32);
        self.variable.max_length = Some(most.max(1));
        self.variable.min_length = (least > 0).then_some(least.min(most.max(1)));
        if let Some((least, most)) = sizes.digits {
            self.pattern(&format!("^[0-9]{{{least},{most}}}$"), "Digits alone.");
        }
    }

    fn pattern_or_loss(&mut self, rule: &Rule) {
        let any = || {
            let list = rule.list();
            list.iter().map(|text| regex::escape(text)).collect::<Vec<_>>().join("|")
        };
        match rule.name.as_str() {
            "alpha" => self.pattern(r"^[\p{L}\p{M}]+$", "Letters."),
            "alpha_num" => self.pattern(r"^[\p{L}\p{M}\p{N}]+$", "Letters and digits."),
            "alpha_dash" => {
                self.pattern(r"^[\p{L}\p{M}\p{N}_-]+$", "Letters, digits, underscore and hyphen.")
            }
            "ascii" => self.pattern(r"^[\x00-\x7f]*$", "Characters of ASCII."),
            "lowercase" => self.pattern(r"^[^\p{Lu}]*$", "Lower-case letters."),
            "uppercase" => self.pattern(r"^[^\p{Ll}]*$", "Upper-case letters."),
            "url" | "active_url" => {
                self.pattern(r"^[A-Za-z][A-Za-z0-9+.-]*://\S+$", "An address such as https://example.com.")
            }
            "email" => self.pattern(r"^[^@\s]+@[^@\s]+$", "An e-mail address."),
            "ip" => self.pattern(
                r"^(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$",
                "An IP address.",
            ),
            "ipv4" => self.pattern(r"^[0-9]{1,3}(?:\.[0-9]{1,3}){3}$", "An IPv4 address."),
            "ipv6" => self.pattern(r"^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$", "An IPv6 address."),
            "uuid" => self.pattern(r"^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$", "A UUID."),
            "starts_with" => {
                self.pattern(&format!("^(?:{})", any()), &format!("It begins with {}.", rule.arguments))
            }
            "ends_with" => {
                self.pattern(&format!("(?:{})$", any()), &format!("It ends with {}.", rule.arguments))
            }
            "doesnt_start_with" => {
                self.check(format!("^(?:{})", any()), true, "It begins with what is not allowed.")
            }
            "doesnt_end_with" => {
                self.check(format!("(?:{})$", any()), true, "It ends with what is not allowed.")
            }
            "not_in" => self.check(format!("^(?:{})$", any()), true, "This value is not allowed."),
            "regex" => match found(&rule.arguments) {
                Ok(pattern) => self.pattern(&pattern, ""),
                Err(why) => self.unsaid(rule, &why),
            },
            "not_regex" => match found(&rule.arguments) {
                Ok(pattern) => self.check(pattern, true, "It does not have the form that is needed."),
                Err(why) => self.unsaid(rule, &why),
            },
            _ => self.unsaid(rule, "Gantry has no such rule"),
        }
    }

    fn unsaid(&self, rule: &Rule, why: &str) {
        let colon = if rule.arguments.is_empty() { "" } else { ":" };
        let what = format!("The rule {}{colon}{} is not kept: {why}.", rule.name, rule.arguments);
        self.log.lost(
            "rule",
            self.at,
            what,
            "Values that it refused are accepted; the other rules still hold.",
        );
    }

    /// The first is the variable's own, so that people are told while they type.
    fn pattern(&mut self, pattern: &str, help: &str) {
        let (own, help) = (whole(pattern), line(help, 1_000).text);
        let texts = matches!(self.variable.kind, Kind::Text | Kind::Multiline);
        if texts
            && self.variable.pattern.is_none()
            && own.len() <= LONGEST_PATTERN
            && !own.contains(leaves_line)
        {
            self.variable.pattern = Some(own);
            self.variable.pattern_help = (!help.is_empty()).then_some(help);
            return;
        }
        let message = if help.is_empty() { "It does not have the form that is needed." } else { &help };
        self.check(pattern.to_owned(), false, message);
    }

    fn check(&mut self, pattern: String, not: bool, message: &str) {
        let (matches, matches_not) = if not { (None, Some(pattern)) } else { (Some(pattern), None) };
        self.push(matches, matches_not, None, message);
    }

    fn condition(&mut self, fails_when: String, message: &str) {
        self.push(None, None, Some(fails_when), message);
    }

    fn push(
        &mut self,
        matches: Option<String>,
        matches_not: Option<String>,
        fails_when: Option<String>,
        message: &str,
    ) {
        let key = self.variable.key.clone();
        let message = line(message, 1_000).text;
        self.checks.push(Check {
            key,
            value: None,
            matches,
            matches_not,
            fails_when,
            message,
            remedy: String::new(),
        });
    }

    fn default(&mut self, spelling: Spelling) {
        let default = match (self.variable.kind, spelling, self.default) {
            (Kind::Boolean, _, "1" | "true") => "true",
            (Kind::Boolean, _, "0" | "false") => "false",
            (_, _, default) => default,
        };
        if default.is_empty() {
            return;
        }
        // A field of one line holds none that ends it, and no value has a NUL.
        let stays = match self.variable.kind {
            Kind::Multiline => !default.contains('\0'),
            _ => !default.contains(leaves_line),
        };
        if stays && self.variable.takes(default) {
            self.variable.default = Some(default.to_owned());
            return;
        }
        let what = format!("The default {:?} is refused by the variable's own rules.", self.default);
        let meaning = "The variable begins empty. Elsewhere a server could not be made with it either.";
        self.log.different("default", self.at, what, meaning);
    }
}

impl Sizes {
    /// As lengths: bounds that do not belong become ones that do.
    fn whole_lengths(mut self) -> Self {
        let digits = self.digits.take();
        let mut lengths = self.whole();
        lengths.digits = digits;
        lengths
    }
}

#[cfg(test)]
mod tests;
