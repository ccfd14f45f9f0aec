//! Rows, and what a list of measurements says.

use std::time::Duration;

/// What went wrong, for the person at the terminal.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Prints one figure.
pub(crate) fn row(name: &str, value: f64, unit: &str) {
    let digits = match value.abs() {
        value if value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        _ => 3,
    };
    println!("{name} {value:.digits$} {unit}");
}

/// Durations of repeated work.
#[derive(Default)]
pub(crate) struct Timings(Vec<Duration>);

impl Timings {
    pub(crate) fn push(&mut self, took: Duration) {
        self.0.push(took);
    }

    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The duration that this share of all stays below, in seconds.
    pub(crate) fn quantile(&mut self, share: f64) -> f64 {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index into a list of measurements"
        )]
        let index = (last as f64 * share).round() as usize;
        self.0.get(index).map_or(f64::NAN, Duration::as_secs_f64)
    }

    /// Prints `name_p50` and `name_p99`, and answers the first.
    pub(crate) fn rows(&mut self, name: &str, unit: Unit) -> f64 {
        let p50 = self.quantile(0.5);
        row(&format!("{name}_p50"), p50 * unit.per_second(), unit.name());
        row(&format!("{name}_p99"), self.quantile(0.99) * unit.per_second(), unit.name());
        p50
    }
}

/// What durations are shown in.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    Microseconds,
    Milliseconds,
}

impl Unit {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Microseconds => "us",
            Self::Milliseconds => "ms",
        }
    }

    pub(crate) const fn per_second(self) -> f64 {
        match self {
            Self::Microseconds => 1e6,
            Self::Milliseconds => 1e3,
        }
    }
}

/// The middle of a few.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Processor time that a process used so far, all its threads together.
pub(crate) fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> =
        stat.rsplit_once(") ").ok_or("an unreadable /proc/PID/stat")?.1.split(' ').collect();
    let ticks =
        |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or(f64::NAN);
    Ok((ticks(11) + ticks(12)) / 100.0)
}
