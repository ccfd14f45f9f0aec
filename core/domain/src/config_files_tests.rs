//! What stands in a game's file, and what people answer to it.

use super::*;
use gantry_types::{
    blueprint::{NumberRule, TextRule, Variable},
    plan::{ConfigFormat, Notation},
};

fn field(key: &str, kind: VariableKind) -> ConfigField {
    let question = Variable {
        key: key.to_owned(),
        label: key.to_owned(),
        help: String::new(),
        group: String::new(),
        kind,
        default_value: None,
        required: false,
        viewable: Audience::Members,
        editable: Audience::Members,
        needs_reinstall: false,
        needs_restart: true,
    };
    ConfigField { at: key.to_owned(), notation: Notation::LikeThere, question }
}

fn rule() -> TextRule {
    TextRule { min_length: 0, max_length: 20, pattern: None, pattern_help: None }
}

fn number() -> VariableKind {
    VariableKind::Number(NumberRule { minimum: 1.0, maximum: 64.0, step: 1.0, unit: None })
}

fn file() -> ConfigFile {
    let owners = |mut field: ConfigField| {
        field.question.editable = Audience::Owners;
        field
    };
    let hidden = |mut field: ConfigField| {
        field.question.viewable = Audience::Administrators;
        field
    };
    ConfigFile {
        id: "game".to_owned(),
        title: "Game".to_owned(),
        help: String::new(),
        path: "game.conf".to_owned(),
        format: ConfigFormat::Ini,
        fields: vec![
            field("slots", number()),
            field("motd", VariableKind::Text(rule())),
            field("key", VariableKind::Secret(rule())),
            owners(field("door", VariableKind::Boolean)),
            hidden(field("port", number())),
        ],
    }
}

fn text(text: &str) -> PlaceValue {
    PlaceValue::Text { text: text.to_owned() }
}

fn answered(given: &[(&str, &str)], who: Audience) -> Result<Vec<(String, String)>, Vec<String>> {
    let given = given.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let file = visible(file(), who).unwrap();
    let told = answers(&file, &given, who);
    told.map(|all| all.into_iter().map(|one| (one.field.at.clone(), one.value.value)).collect())
        .map_err(|problems| problems.into_iter().map(|problem| problem.key).collect())
}

#[test]
fn what_stands_is_shown_and_what_does_not_fit_says_why() {
    let slots = field("slots", number());
    assert_eq!(shown(&slots, &text("08")).value.as_deref(), Some("8"));
    assert_eq!(shown(&slots, &PlaceValue::Nothing), Shown::default());
    assert_eq!(shown(&slots, &text("")), Shown::default(), "an empty number is none");
    let wrong = shown(&slots, &text("many"));
    assert_eq!((wrong.value.as_deref(), wrong.set, wrong.fixed), (Some("many"), true, false));
    assert!(wrong.misfit.unwrap().contains("not a number"));
    let empty = shown(&field("motd", VariableKind::Text(rule())), &text(""));
    assert_eq!((empty.value.as_deref(), empty.misfit), (Some(""), None));
    for (stands, fixed) in [
        (PlaceValue::Tree, true),
        (PlaceValue::Unreachable { why: "an alias stands on the way".to_owned() }, true),
        (PlaceValue::Several, false),
        (PlaceValue::TooLong, false),
    ] {
        let shown = shown(&slots, &stands);
        assert_eq!((shown.value, shown.fixed), (None, fixed), "{stands:?}");
        assert!(shown.misfit.unwrap().ends_with('.'));
    }
}

#[test]
fn a_secret_is_never_shown_whether_it_fits_or_not() {
    let key = field("key", VariableKind::Secret(rule()));
    for secret in ["hunter2", &"x".repeat(40)] {
        let shown = shown(&key, &text(secret));
        assert_eq!((shown.value, shown.set), (None, true));
        assert!(!shown.misfit.unwrap_or_default().contains(secret));
    }
}

#[test]
fn answers_keep_to_the_rules_of_their_questions_and_to_whom_they_are_for() {
    let ok = |pairs: &[(&str, &str)]| {
        Ok(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<Vec<_>>())
    };
    let who = Audience::Members;
    assert_eq!(
        answered(&[("slots", "08"), ("motd", ""), ("key", "")], who),
        ok(&[("motd", ""), ("slots", "8")])
    );
    assert_eq!(
        answered(&[("slots", "65"), ("door", "true"), ("colour", "red")], who),
        Err(["colour", "door", "slots"].map(str::to_owned).to_vec())
    );
    assert_eq!(answered(&[("slots", "")], who), Err(vec!["slots".to_owned()]), "the file cannot lose a line");
    assert_eq!(answered(&[("port", "5")], who), Err(vec!["port".to_owned()]), "nobody told them of it");
    assert_eq!(answered(&[("door", "true")], Audience::Owners), ok(&[("door", "true")]));
    assert_eq!(answered(&[("port", "5")], Audience::Administrators), ok(&[("port", "5")]));
}

#[test]
fn a_file_with_nothing_for_somebody_is_not_there_for_them() {
    let mut all = file();
    all.fields.retain(|field| field.question.viewable == Audience::Administrators);
    assert_eq!(visible(all.clone(), Audience::Owners), None);
    assert!(visible(all, Audience::Administrators).is_some());
}
