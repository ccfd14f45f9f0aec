//! What people type into a blueprint's form, and what comes of it.

use super::*;
use gantry_types::blueprint::Choice;
use proptest::prelude::*;

fn variable(key: &str, kind: VariableKind) -> Variable {
    Variable {
        key: key.to_owned(),
        label: key.to_owned(),
        help: String::new(),
        group: String::new(),
        kind,
        default_value: None,
        required: true,
        viewable: Audience::Members,
        editable: Audience::Members,
        needs_reinstall: false,
        needs_restart: true,
    }
}

fn text_rule(pattern: Option<&str>) -> TextRule {
    TextRule { min_length: 1, max_length: 20, pattern: pattern.map(str::to_owned), pattern_help: None }
}

fn whole_number() -> VariableKind {
    VariableKind::Number(NumberRule { minimum: 1.0, maximum: 64.0, step: 1.0, unit: None })
}

fn values(pairs: &[(&str, &str)]) -> Values {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn accepts(kind: &VariableKind, value: &str) -> bool {
    canonical(&variable("v", kind.clone()), value).is_ok()
}

#[test]
fn defaults_fill_what_nobody_gave() {
    let mut slots = variable("slots", whole_number());
    slots.default_value = Some("8".to_owned());
    let stored = complete(&[slots], &values(&[]), Audience::Members).unwrap();
    assert_eq!(stored, [StoredValue { key: "slots".to_owned(), value: "8".to_owned(), secret: false }]);
}

#[test]
fn every_wrong_field_is_told_at_once() {
    let form = [variable("a", whole_number()), variable("b", VariableKind::Boolean)];
    let problems = complete(&form, &values(&[("a", "65"), ("c", "x")]), Audience::Members).unwrap_err();
    let keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["c", "a", "b"]);
    assert!(problems.iter().all(|problem| problem.remedy.is_some()));
}

#[test]
fn numbers_have_a_range_a_step_and_one_text() {
    let kind = whole_number();
    assert_eq!(canonical(&variable("n", kind.clone()), "08").unwrap().unwrap(), "8");
    for text in ["0", "65", "1.5", "NaN", "inf", "1e1", " 4", "x"] {
        assert!(!accepts(&kind, text), "{text}");
    }
}

#[test]
fn a_pattern_matches_the_whole_value_and_never_a_part() {
    let kind = VariableKind::Text(text_rule(Some("[a-z]+|[a-z]+[0-9]")));
    assert!(accepts(&kind, "abc1"));
    assert!(!accepts(&kind, "abc1!"));
    assert!(!accepts(&kind, "abc\n"));
}

#[test]
fn a_pattern_from_a_plugin_cannot_break_out_or_eat_memory() {
    for pattern in ["a)|(?:.*", "(?x)a # b", "((a{1000}){1000}){1000}", "("] {
        assert!(!accepts(&VariableKind::Text(text_rule(Some(pattern))), "zzz"), "{pattern}");
    }
}

#[test]
fn lines_are_only_for_what_takes_lines() {
    assert!(!accepts(&VariableKind::Text(text_rule(None)), "a\nb"));
    assert!(!accepts(&VariableKind::Secret(text_rule(None)), "a\rb"));
    for ends in ["a\u{2028}b", "a\u{2029}b", "a\u{85}b", "a\u{1b}[2Jb"] {
        assert!(!accepts(&VariableKind::Text(text_rule(None)), ends), "{ends:?}");
    }
    assert!(accepts(&VariableKind::Multiline(text_rule(None)), "a\nb"));
    assert!(!accepts(&VariableKind::Multiline(text_rule(None)), "a\0b"));
}

#[test]
fn a_choice_is_one_of_its_choices() {
    let choice = Choice { value: "easy".to_owned(), label: "Easy".to_owned(), help: None };
    let kind = VariableKind::OneOf { choices: vec![choice] };
    assert!(accepts(&kind, "easy"));
    assert!(!accepts(&kind, "Easy"));
}

#[test]
fn who_may_not_edit_may_still_send_the_default_back() {
    let mut reserved = variable("a", VariableKind::Boolean);
    reserved.editable = Audience::Administrators;
    reserved.default_value = Some("false".to_owned());
    let form = [reserved];
    assert!(complete(&form, &values(&[("a", "false")]), Audience::Owners).is_ok());
    assert!(complete(&form, &values(&[("a", "true")]), Audience::Owners).is_err());
    assert!(complete(&form, &values(&[("a", "true")]), Audience::Administrators).is_ok());
}

#[test]
fn each_audience_includes_those_before_it() {
    assert!(may(Audience::Administrators, Audience::Members));
    assert!(may(Audience::Owners, Audience::Owners));
    assert!(!may(Audience::Members, Audience::Owners));
}

#[test]
fn a_change_holds_only_what_differs_and_says_what_it_costs() {
    let mut map = variable("map", VariableKind::Text(text_rule(None)));
    map.needs_reinstall = true;
    let form = [map, variable("slots", whole_number())];
    let present = values(&[("map", "dm1"), ("slots", "8")]);
    let same =
        change(&form, &present, &values(&[("map", "dm1"), ("slots", "08")]), Audience::Members).unwrap();
    assert_eq!(same, Change::default());
    let other = change(&form, &present, &values(&[("map", "dm2")]), Audience::Members).unwrap();
    assert!(other.needs_reinstall && other.values.len() == 1);
}

#[test]
fn a_secret_is_never_shown_and_an_empty_one_keeps_what_is_there() {
    let form = [variable("password", VariableKind::Secret(text_rule(None)))];
    let present = values(&[("password", "hunter2")]);
    assert_eq!(
        shown(&form, &present, Audience::Administrators),
        [ShownValue { key: "password".to_owned(), value: None, set: true }]
    );
    assert!(
        change(&form, &present, &values(&[("password", "")]), Audience::Members).unwrap().values.is_empty()
    );
    let stored = change(&form, &present, &values(&[("password", "other")]), Audience::Members).unwrap();
    assert!(stored.values[0].secret && !format!("{stored:?}").contains("other"));
}

#[test]
fn another_release_gets_what_it_adds_and_leaves_what_it_lacks() {
    let optional = |variable: Variable| Variable { required: false, ..variable };
    let with =
        |variable: Variable, default: &str| Variable { default_value: Some(default.to_owned()), ..variable };
    let text = |key: &str| variable(key, VariableKind::Text(text_rule(None)));
    let before = [text("map"), text("token"), text("gone")];
    let after = [
        text("map"),
        variable("token", VariableKind::Secret(text_rule(None))),
        with(text("mode"), "duel"),
        optional(text("motto")),
    ];
    let present = values(&[("map", "dm1"), ("token", "hunter2"), ("gone", "x")]);
    let carried = carry(&present, &before, &after).unwrap();
    let told: Vec<_> = carried.iter().map(|it| (it.key.as_str(), it.value.as_str(), it.secret)).collect();
    assert_eq!(
        told,
        [("token", "hunter2", true), ("mode", "duel", false)],
        "a secret is sealed from there on"
    );
}

#[test]
fn another_release_says_what_it_misses_and_what_no_longer_stands() {
    let present = values(&[("players", "100")]);
    let after = [variable("players", whole_number()), variable("map", VariableKind::Text(text_rule(None)))];
    let problems = carry(&present, &after[..1], &after).unwrap_err();
    let keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["players", "map"]);
}

proptest! {
    #[test]
    fn a_canonical_number_is_its_own_canonical_text(text in "-?[0-9]{1,6}(\\.[0-9]{1,4})?") {
        let rule = NumberRule { minimum: -1e6, maximum: 1e6, step: 0.0, unit: None };
        let variable = variable("n", VariableKind::Number(rule));
        if let Ok(Some(once)) = canonical(&variable, &text) {
            prop_assert_eq!(canonical(&variable, &once).unwrap(), Some(once));
        }
    }
}

#[test]
fn a_form_that_is_being_filled_in_counts_as_far_as_it_makes_sense() {
    let rule = text_rule(Some("[a-z0-9.]+"));
    let mut slots = variable("slots", whole_number());
    slots.default_value = Some("8".to_owned());
    let mut reserved = variable("reserved", VariableKind::Text(rule.clone()));
    reserved.editable = Audience::Owners;
    let form = [
        slots,
        reserved,
        variable("token", VariableKind::Secret(rule.clone())),
        variable("name", VariableKind::Text(rule)),
    ];
    let present = values(&[("reserved", "theirs"), ("token", "hush"), ("name", "old")]);
    let given =
        values(&[("slots", "99"), ("reserved", "mine"), ("token", ""), ("name", "new"), ("other", "x")]);
    let so_far = so_far(&form, &present, &given, Audience::Members);
    assert_eq!(so_far, values(&[("slots", "8"), ("reserved", "theirs"), ("token", "hush"), ("name", "new")]));
}
