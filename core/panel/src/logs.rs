//! Where log lines go: stdout, for people or for collectors.

use crate::settings::LogFormat;
use tracing_subscriber::{EnvFilter, filter::ParseError, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Whether the directives can be read.
pub(crate) fn check(directives: &str) -> Result<(), String> {
    parse(directives).map(drop).map_err(|error| error.to_string())
}

fn parse(directives: &str) -> Result<EnvFilter, ParseError> {
    EnvFilter::builder().parse(directives)
}

/// Begins logging. A process that logs already, such as a test, keeps its own way.
pub(crate) fn begin(directives: &str, format: LogFormat) {
    let filter = parse(directives).unwrap_or_default();
    let registry = tracing_subscriber::registry().with(filter);
    let begun = match format {
        LogFormat::Pretty => registry.with(fmt::layer()).try_init(),
        LogFormat::Json => registry.with(fmt::layer().json().flatten_event(true)).try_init(),
    };
    if let Err(error) = begun {
        tracing::debug!(%error, "somebody logs already");
    }
}
