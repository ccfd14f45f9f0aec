//! Tells a Discord channel what happens in Gantry: a plugin without a game, which listens and nothing else.
//!
//! An event becomes one message by the channel's webhook. The same event may come again, where an answer got lost on the way
//! or the webhook did not take it; its id stands below each message, so that a repetition can be told from another crash.
//!
//! Modules in reading order: [`settings`], [`text`], [`message`], [`webhook`].

mod message;
mod settings;
mod text;
mod webhook;

use gantry_plugin::prelude::*;

/// The plugin.
#[derive(Debug)]
pub struct Discord;

impl Hooks for Discord {
    fn wants() -> Vec<String> {
        ["server.*", "operation.*", "backup.*", "player.*", "node.*", "user.*", "plugin.*"]
            .map(str::to_owned)
            .to_vec()
    }

    fn settings() -> Vec<Variable> {
        settings::all()
    }

    fn handle(event: &HookEvent, settings: &[Setting]) -> Result<(), Failure> {
        if !settings::wanted(&event.kind, settings) {
            return Ok(());
        }
        let body = message::of(event, settings::value(settings, settings::NAME));
        webhook::send(settings::value(settings, settings::WEBHOOK), &body)
    }
}

gantry_plugin::export!(Discord);
