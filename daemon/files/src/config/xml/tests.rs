use super::*;
use crate::config::edits;
use gantry_types::plan::{Condition, Notation};

fn set(text: &str, all: &[(&str, &str)]) -> Result<String, EditError> {
    let all = edits(all);
    let once = apply(text, &all)?;
    assert_eq!(apply(&once, &all).as_deref(), Ok(once.as_str()), "the second time changes nothing");
    Ok(once)
}

#[track_caller]
fn says(text: &str, all: &[(&str, &str)], expected: &str) {
    assert_eq!(set(text, all).as_deref(), Ok(expected));
}

#[test]
fn values_change_and_everything_else_stays() {
    says(
        "<?xml version=\"1.0\"?>\n<!-- mine -->\n<A  x='1' >\n  <B>old<!-- c --><![CDATA[<er>]]></B>\n  <C y = \"&lt;\" />\n</A>\n",
        &[("A.B", "a<b&\n"), ("A.C@y", "\"q'\n"), ("A.@x", "2"), ("A.C", "t"), ("A.C@z", "3")],
        "<?xml version=\"1.0\"?>\n<!-- mine -->\n<A  x='2' >\n  <B>a&lt;b&amp;\n<!-- c --></B>\n  <C y = \"&quot;q&apos;&#10;\" z=\"3\">t</C>\n</A>\n",
    );
}

#[test]
fn missing_elements_are_made_in_the_manner_of_the_file() {
    says(
        "<A>\r\n\t<B/>\r\n</A>",
        &[("A.B.C.D", "1"), ("A.E@f", "2"), ("A.G", "")],
        "<A>\r\n\t<B>\r\n\t\t<C>\r\n\t\t\t<D>1</D>\r\n\t\t</C>\r\n\t</B>\r\n\t<E f=\"2\"/>\r\n\t<G></G>\r\n</A>",
    );
    says("<A/>", &[("A.B", "1")], "<A>\n  <B>1</B>\n</A>");
    says("<A><B><C/></B></A>", &[("A.B.D.E", "1")], "<A><B><C/><D><E>1</E></D></B></A>");
    says("<A>\n  <!-- none -->\n</A>", &[("A.B", "1")], "<A>\n  <!-- none -->\n  <B>1</B>\n</A>");
}

#[test]
fn names_stars_and_positions() {
    let text = "<a:A xmlns:a='u'><p n='1'>x</p><p n='2'>y</p><q/></a:A>";
    says(text, &[("a:A.p", "z")], &text.replace(">x<", ">z<").replace(">y<", ">z<"));
    says(text, &[("a:A.p[1]@n", "3"), ("*.p[0]", "z")], &text.replace("'2'", "'3'").replace(">x<", ">z<"));
    says(text, &[("a:A.*@n", "5")], &text.replace("'1'", "'5'").replace("'2'", "'5'"));
    says(text, &[("a:A.p[2]", "w")], &text.replace("<q/>", "<q/><p>w</p>"));
    says(text, &[("a:A.*.r", "5"), ("b.*", "5")], text);
}

#[test]
fn conditions_look_at_what_stands() {
    let text = "<A b='old'><C/></A>";
    for (condition, at, expected) in [
        (Condition::Absent, "A@b", text),
        (Condition::Absent, "A@d", "<A b='old' d=\"new\"><C/></A>"),
        (Condition::Absent, "A.C", text),
        (Condition::Present, "A.D", text),
        (Condition::Present, "B.D", text),
        (Condition::Present, "A.C", "<A b='old'><C>new</C></A>"),
        (Condition::Equals("old".to_owned()), "A@b", "<A b='new'><C/></A>"),
        (Condition::Equals("ol".to_owned()), "A@b", text),
        (Condition::Matches("l.$".to_owned()), "A@b", "<A b='onew'><C/></A>"),
    ] {
        let edit = [Edit { condition, ..Edit::new(at, "new") }];
        assert_eq!(apply(text, &edit).as_deref(), Ok(expected), "{at}");
    }
}

#[test]
fn what_cannot_be_is_told() {
    let text = "<A>text<B>x</B></A>";
    for at in ["B", "B.C", "A", "A.B.C", "A.B[2]", "", "A..B", "A.1", "A.B@", "A[1].C", "A.B[x]", "A@b.c"] {
        assert!(matches!(set(text, &[(at, "1")]), Err(EditError::NoPlace { .. })), "{at}");
    }
    for (at, value) in [("A.B", "\u{1}"), ("A.p:c", "1"), ("A.B@p:c", "1")] {
        assert!(matches!(set(text, &[(at, value)]), Err(EditError::Unrepresentable { .. })), "{at}");
    }
    let edit = |notation, value: &str| apply(text, &[Edit { notation, ..Edit::new("A.B", value) }]);
    assert!(edit(Notation::Number, "x").is_err() && edit(Notation::Document, "{}").is_err());
    assert_eq!(edit(Notation::Boolean, "1").unwrap(), "<A>text<B>1</B></A>");
}

#[test]
fn hostile_files_end_soon() {
    for text in [
        "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
        "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
        "<a>&b;</a>",
        "<a>",
        "",
        "<a/><b/>",
    ] {
        assert!(matches!(set(text, &[("a", "1")]), Err(EditError::Malformed(_))), "{text}");
    }
    let deep = "<a>".repeat(100_000) + &"</a>".repeat(100_000);
    assert!(matches!(set(&deep, &[("b", "1")]), Err(EditError::NoPlace { .. })));
    assert!(matches!(set(&deep, &[("a.a", "1")]), Err(EditError::NoPlace { .. })));
    let huge = format!("<a><b>{}</b><c>1</c></a>", "x".repeat(3 << 20));
    assert_eq!(set(&huge, &[("a.c", "2")]).unwrap(), huge.replace("<c>1", "<c>2"));
}
