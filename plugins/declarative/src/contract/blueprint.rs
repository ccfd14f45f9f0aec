//! The blueprint and its questions.

use gantry_document::{Document, model as document};
use gantry_plugin::prelude as wit;

pub(super) fn blueprint(given: Document) -> wit::Blueprint {
    let about = given.blueprint;
    wit::Blueprint {
        id: about.id,
        name: about.name,
        summary: about.summary,
        documentation: about.documentation,
        tags: about.tags,
        icon: about.icon,
        variables: given.variables.into_iter().map(variable).collect(),
        endpoints: given.endpoints.into_iter().map(endpoint).collect(),
        least: limits(about.least),
        recommended: limits(about.recommended),
        collect_every_ms: None,
        commands: match about.commands {
            document::CommandDoor::Console => wit::CommandDoor::Console,
            document::CommandDoor::None => wit::CommandDoor::None,
        },
        protected_files: about.protected_files,
        extra: Vec::new(),
    }
}

const fn limits(given: document::Limits) -> wit::Limits {
    let document::Limits { memory, swap, cpu, disk, pids } = given;
    wit::Limits { memory, swap, cpu, disk, pids }
}

fn endpoint(given: document::Endpoint) -> wit::EndpointNeed {
    wit::EndpointNeed {
        name: given.name,
        protocol: match given.protocol {
            document::Protocol::Tcp => wit::Protocol::Tcp,
            document::Protocol::Udp => wit::Protocol::Udp,
        },
        help: given.help,
        default_port: given.port,
        required: given.required,
        relative_to: given.relative_to.map(|relative| (relative.endpoint, relative.offset)),
    }
}

pub(super) fn audience(given: document::Audience) -> wit::Audience {
    match given {
        document::Audience::Administrators => wit::Audience::Administrators,
        document::Audience::Owners => wit::Audience::Owners,
        document::Audience::Members => wit::Audience::Members,
    }
}

pub(super) fn variable(given: document::Variable) -> wit::Variable {
    wit::Variable {
        kind: kind(&given),
        key: given.key,
        label: given.label,
        help: given.help,
        group: given.group,
        default_value: given.default,
        required: given.required,
        viewable: audience(given.viewable),
        editable: audience(given.editable),
        needs_reinstall: given.needs_reinstall,
        needs_restart: given.needs_restart,
        extra: Vec::new(),
    }
}

fn kind(given: &document::Variable) -> wit::Kind {
    let text = || wit::TextRule {
        min_length: *given.lengths().start(),
        max_length: *given.lengths().end(),
        pattern: given.pattern.clone(),
        pattern_help: given.pattern_help.clone(),
    };
    let choice = |choice: &document::Choice| wit::Choice {
        value: choice.value.clone(),
        label: choice.shown().to_owned(),
        help: (!choice.help.is_empty()).then(|| choice.help.clone()),
    };
    match given.kind {
        document::Kind::Text => wit::Kind::Text(text()),
        document::Kind::Multiline => wit::Kind::Multiline(text()),
        document::Kind::Secret => wit::Kind::Secret(text()),
        document::Kind::Number => wit::Kind::Number(wit::NumberRule {
            minimum: *given.numbers().start(),
            maximum: *given.numbers().end(),
            step: given.steps(),
            unit: given.unit.clone(),
        }),
        document::Kind::Boolean => wit::Kind::Boolean,
        document::Kind::OneOf => wit::Kind::OneOf(given.choices.iter().map(choice).collect()),
    }
}
