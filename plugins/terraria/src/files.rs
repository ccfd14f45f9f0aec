//! `serverconfig.txt` as a form: what stands there and is no setting of the blueprint, since those are written at each start.
//!
//! Names and defaults: the game's own `serverconfig.txt`.

use crate::run::CONFIG;
use gantry_plugin::prelude::*;

pub(crate) fn all() -> Vec<ConfigFile> {
    vec![ConfigFile {
        id: "serverconfig".to_owned(),
        title: CONFIG.to_owned(),
        help: "What else the game can be told. It reads this file when it starts.".to_owned(),
        path: CONFIG.to_owned(),
        format: Format::Lines,
        fields: questions().into_iter().map(field).collect(),
    }]
}

/// The key of each question is the file's own.
fn field(question: Variable) -> Field {
    Field { at: format!("{}=", question.key), notation: Notation::LikeThere, question }
}

fn questions() -> Vec<Variable> {
    vec![
        Variable::number("npcstream", "Enemies skip less, for more traffic", 60, 0, 300)
            .help("Lower sends more. Zero turns it off."),
        Variable::one_of("slowliquids", "Liquids flow slowly", "0", &[("0", "No"), ("1", "Yes")])
            .help("It takes less processor."),
        Variable::one_of(
            "priority",
            "Priority of the process",
            "1",
            &[("1", "High"), ("2", "Above normal"), ("3", "Normal"), ("4", "Below normal")],
        )
        .help("As far as the machine allows it."),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{run, software};

    #[test]
    fn nothing_is_asked_that_a_setting_writes() {
        for software in software::ALL {
            let spec = run::run(&run::tests::server(software, &[])).expect("a spec");
            let written: Vec<&str> =
                spec.edits.iter().flat_map(|edit| &edit.edits).map(|edit| edit.at.as_str()).collect();
            assert!(written.contains(&"port="));
            for field in &all()[0].fields {
                assert!(!written.contains(&field.at.as_str()), "{} is a setting", field.at);
            }
        }
    }
}
