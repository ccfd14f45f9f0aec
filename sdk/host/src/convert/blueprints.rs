//! Blueprints and what a plugin says about settings.

use gantry_types::blueprint::{
    Audience, Blueprint, Choice, CommandDoor, EndpointNeed, FieldProblem, NumberRule, RelativePort, TextRule,
    Variable, VariableKind,
};
use gantry_types::glob::{Glob, MAX_GLOBS};
use gantry_types::units;

use super::{Checked, check};
use crate::bindings::{blueprints as wit, types};
use crate::component::{Part, Parts};

const BLUEPRINTS: usize = 256;
const VARIABLES: usize = 256;
const CHOICES: usize = 512;
const ENDPOINTS: usize = 32;
const TAGS: usize = 16;
const PROBLEMS: usize = 256;
const NAME: usize = 128;
const HELP: usize = 4_096;
const DOCUMENTATION: usize = 64 * 1024;
const ICON_BYTES: usize = 64 * 1024;
const VALUE: usize = 64 * 1024;
/// A collector that runs more often than this would be a load of its own.
const COLLECT_EVERY_MS: u32 = 1_000;
const CATALOG_VALUE: usize = 256;
const PORT_DISTANCE: u32 = 1_000;

/// Checks all blueprints of a plugin.
pub(crate) fn blueprints(list: Vec<wit::Blueprint>, parts: Parts) -> Checked<Vec<Blueprint>> {
    let list = check::count("the list of blueprints", list, BLUEPRINTS)?;
    check::unique("blueprint id", list.iter().map(|each| each.id.as_str()))?;
    list.into_iter().map(|each| blueprint(each, parts)).collect()
}

fn blueprint(given: wit::Blueprint, parts: Parts) -> Checked<Blueprint> {
    let id = check::id("blueprint id", given.id)?;
    let place = |what: &str| format!("blueprint {id}: {what}");
    let variables = check::count(&place("variables"), given.variables, VARIABLES)?;
    check::unique(&place("variable"), variables.iter().map(|each| each.key.as_str()))?;
    let endpoints = check::count(&place("endpoints"), given.endpoints, ENDPOINTS)?;
    check::unique(&place("endpoint"), endpoints.iter().map(|each| each.name.as_str()))?;
    follows(&place("endpoint"), &endpoints)?;
    let tags = check::count(&place("tags"), given.tags, TAGS)?;
    Ok(Blueprint {
        name: check::title(&place("name"), given.name, 1, NAME)?,
        summary: check::title(&place("summary"), given.summary, 0, 512)?,
        documentation: check::prose(&place("documentation"), given.documentation, 0, DOCUMENTATION)?,
        tags: tags.into_iter().map(|tag| check::title(&place("tag"), tag, 1, 32)).collect::<Checked<_>>()?,
        icon: icon(&place("icon"), given.icon)?,
        variables: variables
            .into_iter()
            .map(|each| variable(&format!("blueprint {id}"), each, parts))
            .collect::<Checked<_>>()?,
        endpoints: endpoints.into_iter().map(|each| endpoint(&id, each)).collect::<Checked<_>>()?,
        least: units::Limits { backups: 0, ..super::limits(given.least) },
        recommended: super::limits(given.recommended),
        collect_every_ms: interval(
            &place("collect-every-ms"),
            given.collect_every_ms,
            parts.has(Part::Collector),
        )?,
        commands: command_door(&place("commands"), given.commands, parts)?,
        protected_files: protected(&place("protected-files"), given.protected_files)?,
        id,
    })
}

fn icon(place: &str, icon: String) -> Checked<String> {
    let icon = check::content(place, icon, ICON_BYTES)?;
    if icon.is_empty() || icon.trim_start().starts_with('<') {
        return Ok(icon);
    }
    Err(format!("{place} must be SVG text or empty"))
}

fn interval(place: &str, every_ms: Option<u32>, collects: bool) -> Checked<Option<u32>> {
    match every_ms {
        Some(_) if !collects => Err(format!("{place} is set, but the plugin exports no collector")),
        Some(ms) if ms < COLLECT_EVERY_MS => Err(format!("{place} must be at least {COLLECT_EVERY_MS}")),
        Some(_) | None => Ok(every_ms),
    }
}

/// Checks a question; `whose` begins every message.
pub(super) fn variable(whose: &str, given: types::Variable, parts: Parts) -> Checked<Variable> {
    let key = check::key(&format!("{whose}: variable"), given.key)?;
    let place = |what: &str| format!("{whose}: variable {key}: {what}");
    let kind = kind(&place("kind"), given.kind, parts)?;
    if let Some(value) = &given.default_value {
        default_fits(&place("default"), &kind, value)?;
    }
    Ok(Variable {
        label: check::title(&place("label"), given.label, 1, NAME)?,
        help: check::prose(&place("help"), given.help, 0, HELP)?,
        group: check::title(&place("group"), given.group, 0, 64)?,
        kind,
        default_value: given.default_value,
        required: given.required,
        viewable: audience(given.viewable),
        editable: audience(given.editable),
        needs_reinstall: given.needs_reinstall,
        needs_restart: given.needs_restart,
        key,
    })
}

fn kind(place: &str, given: types::Kind, parts: Parts) -> Checked<VariableKind> {
    Ok(match given {
        types::Kind::Text(rule) => VariableKind::Text(text_rule(place, rule)?),
        types::Kind::Multiline(rule) => VariableKind::Multiline(text_rule(place, rule)?),
        types::Kind::Secret(rule) => VariableKind::Secret(text_rule(place, rule)?),
        types::Kind::Number(rule) => VariableKind::Number(number_rule(place, rule)?),
        types::Kind::Boolean => VariableKind::Boolean,
        types::Kind::OneOf(choices) => VariableKind::OneOf { choices: self::choices(place, choices)? },
        types::Kind::FromCatalog(_) if !parts.has(Part::Catalog) => {
            return Err(format!("{place}: it chooses from a catalog, and the plugin exports none"));
        }
        types::Kind::FromCatalog(rule) => VariableKind::FromCatalog {
            name: check::key(&format!("{place}: catalog"), rule.name)?,
            open: rule.open,
        },
    })
}

fn text_rule(place: &str, rule: types::TextRule) -> Checked<TextRule> {
    if rule.min_length > rule.max_length || rule.max_length as usize > VALUE {
        return Err(format!("{place}: lengths must be ordered and at most {VALUE}"));
    }
    let some = |what: &str, text: Option<String>| {
        text.map(|text| check::line(&format!("{place}: {what}"), text, 1, 1_024)).transpose()
    };
    Ok(TextRule {
        min_length: rule.min_length,
        max_length: rule.max_length,
        pattern: some("pattern", rule.pattern)?,
        pattern_help: some("pattern help", rule.pattern_help)?,
    })
}

fn number_rule(place: &str, rule: types::NumberRule) -> Checked<NumberRule> {
    let finite = [rule.minimum, rule.maximum, rule.step].iter().all(|number| number.is_finite());
    if !finite || rule.minimum > rule.maximum || rule.step < 0.0 {
        return Err(format!("{place}: the numbers must be finite, ordered, and the step not negative"));
    }
    let unit = rule.unit.map(|unit| check::title(&format!("{place}: unit"), unit, 1, 32)).transpose()?;
    Ok(NumberRule { minimum: rule.minimum, maximum: rule.maximum, step: rule.step, unit })
}

fn choices(place: &str, given: Vec<types::Choice>) -> Checked<Vec<Choice>> {
    if given.is_empty() {
        return Err(format!("{place}: there must be at least one choice"));
    }
    listed(place, given)
}

/// Checks choices, of which there may be none.
pub(super) fn listed(place: &str, given: Vec<types::Choice>) -> Checked<Vec<Choice>> {
    let given = check::count(&format!("{place}: choices"), given, CHOICES)?;
    check::unique(&format!("{place}: choice"), given.iter().map(|choice| choice.value.as_str()))?;
    let place = format!("{place}: choice");
    let convert = |choice: types::Choice| {
        Ok(Choice {
            value: check::line(&place, choice.value, 0, 256)?,
            label: check::title(&place, choice.label, 1, NAME)?,
            help: choice.help.map(|help| check::prose(&place, help, 0, HELP)).transpose()?,
        })
    };
    given.into_iter().map(convert).collect()
}

/// A default that its own rule refuses would make every form start with an error.
fn default_fits(place: &str, kind: &VariableKind, value: &str) -> Checked<()> {
    let fits = match kind {
        VariableKind::Text(rule) | VariableKind::Multiline(rule) | VariableKind::Secret(rule) => {
            let length = value.chars().count();
            (rule.min_length as usize..=rule.max_length as usize).contains(&length) && !value.contains('\0')
        }
        VariableKind::Number(rule) => {
            value.parse::<f64>().is_ok_and(|number| (rule.minimum..=rule.maximum).contains(&number))
        }
        VariableKind::Boolean => matches!(value, "true" | "false"),
        // What a catalog lists is known only when it is asked.
        VariableKind::FromCatalog { .. } => {
            value.chars().count() <= CATALOG_VALUE && !value.contains(char::is_control)
        }
        VariableKind::OneOf { choices } => choices.iter().any(|choice| choice.value == value),
    };
    if fits { Ok(()) } else { Err(format!("{place} {} is not allowed by its own rule", check::quote(value))) }
}

pub(super) fn audience(given: types::Audience) -> Audience {
    match given {
        types::Audience::Administrators => Audience::Administrators,
        types::Audience::Owners => Audience::Owners,
        types::Audience::Members => Audience::Members,
    }
}

fn endpoint(blueprint: &str, given: wit::EndpointNeed) -> Checked<EndpointNeed> {
    let name = check::id(&format!("blueprint {blueprint}: endpoint"), given.name)?;
    let place = |what: &str| format!("blueprint {blueprint}: endpoint {name}: {what}");
    if given.default_port == Some(0) {
        return Err(format!("{} must not be 0", place("default port")));
    }
    Ok(EndpointNeed {
        protocol: super::protocol(given.protocol),
        help: check::prose(&place("help"), given.help, 0, HELP)?,
        default_port: given.default_port,
        required: given.required,
        relative_to: given.relative_to.map(|(endpoint, offset)| RelativePort { endpoint, offset }),
        name,
    })
}

/// A port that follows another names one that follows none, and comes not far from it.
fn follows(place: &str, endpoints: &[wit::EndpointNeed]) -> Checked<()> {
    for each in endpoints {
        let Some((leader, offset)) = &each.relative_to else { continue };
        let found = endpoints.iter().find(|other| other.name == *leader && other.relative_to.is_none());
        let Some(found) = found.filter(|found| found.name != each.name) else {
            return Err(format!(
                "{place} {}: it is relative to {}, which is no endpoint that stands by itself",
                check::quote(&each.name),
                check::quote(leader)
            ));
        };
        if offset.unsigned_abs() > PORT_DISTANCE || (*offset == 0 && found.protocol == each.protocol) {
            return Err(format!(
                "{place} {}: the distance to {} must be at most {PORT_DISTANCE}, and zero only for the other protocol",
                check::quote(&each.name),
                check::quote(leader)
            ));
        }
    }
    Ok(())
}

fn command_door(place: &str, given: wit::CommandDoor, parts: Parts) -> Checked<CommandDoor> {
    Ok(match given {
        wit::CommandDoor::Console => CommandDoor::Console,
        wit::CommandDoor::Plugin if !parts.has(Part::Commands) => {
            return Err(format!("{place}: the plugin is to hand them over, and does not export `commands`"));
        }
        wit::CommandDoor::Plugin => CommandDoor::Plugin,
        wit::CommandDoor::None => CommandDoor::None,
    })
}

fn protected(place: &str, given: Vec<String>) -> Checked<Vec<String>> {
    let given = check::count(place, given, MAX_GLOBS)?;
    let read = |glob: String| match Glob::read(&glob) {
        Ok(_) => Ok(glob),
        Err(why) => Err(format!("{place}: {} {why}", check::quote(&glob))),
    };
    given.into_iter().map(read).collect()
}

/// What a plugin has against settings.
pub(crate) fn field_problems(list: Vec<types::FieldProblem>) -> Checked<Vec<FieldProblem>> {
    let convert = |given: types::FieldProblem| {
        Ok(FieldProblem {
            key: check::line("a problem's key", given.key, 0, 64)?,
            message: check::prose("a problem's message", given.message, 1, 1_024)?,
            remedy: given
                .remedy
                .map(|text| check::prose("a problem's remedy", text, 1, 1_024))
                .transpose()?,
        })
    };
    check::count("the list of problems", list, PROBLEMS)?.into_iter().map(convert).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_are_taken_as_they_are_or_refused_with_the_reason() {
        let globs = |list: &[&str]| list.iter().map(|glob| (*glob).to_owned()).collect::<Vec<_>>();
        let good = globs(&["secret.key", "logs/*.gz", "**/world/**"]);
        assert_eq!(protected("blueprint x: protected-files", good.clone()), Ok(good));
        for (bad, why) in
            [("/a", "relative to the server's directory"), ("a?", "only signs"), ("a**", "only alone")]
        {
            let said = protected("blueprint x: protected-files", globs(&["a", bad])).unwrap_err();
            assert!(said.contains(why) && said.contains(&format!("{bad:?}")), "{said}");
        }
        assert!(protected("blueprint x: protected-files", vec!["a".to_owned(); MAX_GLOBS + 1]).is_err());
    }
}
