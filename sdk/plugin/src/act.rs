//! Builders for actions: what people can have done, and what is done then.

use crate::prelude::{Audience, Availability, AwaitedLine, Effect, Failure, ServerAction, Setting, Variable};

impl ServerAction {
    /// An action of a running game, for every member with the right to use actions, without questions.
    pub fn new(id: &str, title: &str) -> Self {
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            help: String::new(),
            icon: String::new(),
            form: Vec::new(),
            audience: Audience::Members,
            available: Availability::Running,
            confirm: None,
        }
    }
    /// A sentence under the title.
    #[must_use]
    pub fn help(mut self, help: &str) -> Self {
        help.clone_into(&mut self.help);
        self
    }
    /// A name from the panel's set, such as "megaphone", "user-x" or "save".
    #[must_use]
    pub fn icon(mut self, icon: &str) -> Self {
        icon.clone_into(&mut self.icon);
        self
    }
    /// One more question of its form.
    #[must_use]
    pub fn ask(mut self, question: Variable) -> Self {
        self.form.push(question);
        self
    }
    /// For whom it is, besides the right to use actions.
    #[must_use]
    pub fn audience(mut self, audience: Audience) -> Self {
        self.audience = audience;
        self
    }
    /// In which states it makes sense.
    #[must_use]
    pub fn available(mut self, available: Availability) -> Self {
        self.available = available;
        self
    }
    /// Asked before it is done.
    #[must_use]
    pub fn confirm(mut self, question: &str) -> Self {
        self.confirm = Some(question.to_owned());
        self
    }
    /// What is answered to a call of an action that was never offered.
    pub fn unknown(id: &str) -> Failure {
        Failure::new("unknown_action", format!("There is no action {id}."))
    }
}

impl Effect {
    /// Waits for a line that matches, and fails if none comes within so many seconds.
    pub fn await_line(pattern: &str, seconds: u32) -> Self {
        Self::AwaitLine(AwaitedLine {
            pattern: pattern.to_owned(),
            timeout_ms: seconds.saturating_mul(1_000),
        })
    }
}

/// The answer to a question of a form; empty if there is none.
pub fn answer<'a>(form: &'a [Setting], key: &str) -> &'a str {
    form.iter().find(|answer| answer.key == key).map_or("", |answer| answer.value.as_str())
}
