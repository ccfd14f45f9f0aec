//! Where log lines go: stdout, for people or for collectors.

use crate::settings::LogFormat;
use std::io::IsTerminal;
use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, filter::FilterFn, filter::ParseError, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

/// Whether the directives can be read.
pub(crate) fn check(directives: &str) -> Result<(), String> {
    parse(directives).map(drop).map_err(|error| error.to_string())
}

fn parse(directives: &str) -> Result<EnvFilter, ParseError> {
    EnvFilter::builder().parse(directives)
}

/// Below `info`, libraries write down what passes through them, passwords and keys among it: whatever the directives ask
/// for, those lines are left out.
fn is_meant_to_be_read(event: &Metadata<'_>) -> bool {
    *event.level() <= Level::INFO || event.target().starts_with("gantry")
}

/// Begins logging. A process that logs already, such as a test, keeps its own way.
pub(crate) fn begin(directives: &str, format: LogFormat) {
    let filter = parse(directives).unwrap_or_default();
    let registry = tracing_subscriber::registry().with(filter).with(FilterFn::new(is_meant_to_be_read));
    let begun = match format {
        LogFormat::Pretty => {
            registry.with(fmt::layer().with_ansi(std::io::stdout().is_terminal())).try_init()
        }
        LogFormat::Json => registry.with(fmt::layer().json().flatten_event(true)).try_init(),
    };
    if let Err(error) = begun {
        tracing::debug!(%error, "somebody logs already");
    }
}
