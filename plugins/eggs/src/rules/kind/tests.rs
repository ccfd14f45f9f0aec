use super::*;
use crate::{
    Severity,
    rules::parse,
    source::{Node, Tree},
};

fn ruled(rules: &str, default: &str) -> (Variable, Ruled, Vec<(Severity, String)>) {
    let tree = Tree::Text(rules.to_owned());
    let log = Log::default();
    let mut variable = Variable { key: "A".to_owned(), ..Variable::default() };
    let rules = parse(&Node::root(&tree, &log));
    let ruled = rule(&mut variable, rules, default, "rules", &log);
    let losses = log.finish(&tree).into_iter().map(|loss| (loss.severity, loss.what)).collect();
    (variable, ruled, losses)
}

fn takes(rules: &str, good: &[&str], bad: &[&str]) {
    let (variable, ruled, losses) = ruled(rules, "");
    assert_eq!(losses, [], "{rules}");
    let passes = |value: &str| {
        let is = |pattern: &str| regex::Regex::new(pattern).unwrap().is_match(value);
        variable.takes(value)
            && ruled.checks.iter().all(|check| {
                check.matches.as_deref().is_none_or(is) && !check.matches_not.as_deref().is_some_and(is)
            })
    };
    for value in good {
        assert!(passes(value), "{rules} refuses {value:?}: {variable:?}");
    }
    for value in bad {
        assert!(!passes(value), "{rules} takes {value:?}: {variable:?}");
    }
}

#[test]
fn lengths_are_of_texts_and_bounds_of_numbers() {
    takes("required|string|max:3", &["abc", "777"], &["", "abcd"]);
    takes("required|max:3", &["777"], &["7777"]);
    takes("required|numeric|max:8", &["7.5", "-1"], &["7778", "x"]);
    takes("nullable|integer|between:1024,65535", &["", "1024"], &["80", "2000.5"]);
    takes("integer|gt:0|lt:10", &["1", "9"], &["0", "10"]);
    takes("string|size:4", &["abcd"], &["abc"]);
    takes("integer|digits_between:1,5", &["0", "99999"], &["-1", "100000"]);
    takes("integer|digits:17", &["76561198000000000"], &["7656119800000000"]);
    takes("required|digits:1", &["0"], &["10", "a"]);
}

#[test]
fn booleans_and_choices_are_what_people_switch_and_choose() {
    let kind = |rules: &str, default: &str| {
        let (variable, ruled, _) = ruled(rules, default);
        (variable.kind, ruled.spelling, variable.default)
    };
    let yes = || Some("true".to_owned());
    assert_eq!(kind("required|boolean", "1"), (Kind::Boolean, Spelling::Digits, yes()));
    assert_eq!(kind("boolean", "true"), (Kind::Boolean, Spelling::AsIs, yes()));
    assert_eq!(kind("in:true,false", "true"), (Kind::Boolean, Spelling::AsIs, yes()));
    assert_eq!(kind("in:1,0", ""), (Kind::Boolean, Spelling::Digits, None));
    assert_eq!(kind("boolean|in:1", "1"), (Kind::OneOf, Spelling::AsIs, Some("1".to_owned())));
    takes("in:easy, hard,", &["easy", " hard", ""], &["hard", "x"]);
}

#[test]
fn patterns_of_which_there_are_several_are_all_asked() {
    takes("string|alpha_dash|max:5", &["a-b_ü"], &["a b", "abcdef"]);
    takes("string|not_regex:/^\\d+$/|alpha_num", &["a1"], &["11", "a-"]);
    takes("required|string|ends_with:==|size:4", &["ab=="], &["==ab"]);
    takes("string|not_in:anonymous", &["me"], &["anonymous"]);
    takes("required|url", &["https://a.b/c"], &["a.b"]);
    takes("regex:/^a/|regex:/b$/", &["axb"], &["ax", "xb"]);
}

#[test]
fn what_cannot_be_kept_is_told() {
    let (_, _, losses) = ruled("required|string|date_format:Y|regex:/(?!a)/", "x");
    assert_eq!(losses.len(), 2, "{losses:?}");
    assert!(losses.iter().all(|(severity, _)| *severity == Severity::Lost));
    let (variable, _, losses) = ruled("required|integer|between:1,5", "7");
    assert_eq!(variable.default, None);
    assert_eq!(
        losses,
        [(Severity::Different, "The default \"7\" is refused by the variable's own rules.".to_owned())]
    );
}

#[test]
fn numbers_that_are_written_as_no_double_is_stay_text() {
    let (variable, _, losses) = ruled("required|numeric|max:20", "1.0");
    assert_eq!((variable.kind, variable.default.as_deref()), (Kind::Text, Some("1.0")));
    assert_eq!(losses, []);
    let (variable, ..) = ruled("required|numeric|max:20", "0.045");
    assert_eq!((variable.kind, variable.maximum, variable.step), (Kind::Number, Some(20.0), Some(0.0)));
}
