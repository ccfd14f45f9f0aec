//! How far an installation is, in words and as a fraction.
//!
//! Steps count by their weight; a step that knows its own share moves the fraction within it. Only the latest state is
//! kept: whoever reports it looks when it wants to.

use crate::server::work::Work;
use chrono::{DateTime, Utc};
use gantry_types::{
    operation::Progress,
    plan::{InstallPlan, Step},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// Longest detail in bytes.
const DETAIL_BYTES: usize = 200;

/// Where the meter stands. Clones move the same progress.
#[derive(Clone)]
pub(crate) struct Meter {
    to: watch::Sender<Option<Progress>>,
    clock: Arc<dyn crate::clock::Clock>,
    total_weight: f64,
    done_weight: f64,
    step_weight: f64,
    step: String,
    step_index: u32,
    step_count: u32,
}

impl Meter {
    pub(crate) fn new(plan: &InstallPlan, work: &Work) -> Self {
        let total_weight = plan.steps.iter().map(weight).sum::<f64>().max(1.0);
        Self {
            to: work.progress.clone(),
            clock: Arc::clone(&work.shared.clock),
            total_weight,
            done_weight: 0.0,
            step_weight: 0.0,
            step: String::new(),
            step_index: 0,
            step_count: u32::try_from(plan.steps.len()).unwrap_or(u32::MAX),
        }
    }

    /// The step with this index begins; all before it are done.
    pub(crate) fn begin(&mut self, index: usize, step: &Step) {
        self.done_weight += self.step_weight;
        self.step_weight = weight(step);
        self.step.clone_from(&step.title);
        self.step_index = u32::try_from(index).unwrap_or(u32::MAX);
        self.show(0.0, None);
    }

    /// All is done.
    pub(crate) fn complete(&mut self) {
        self.done_weight = self.total_weight;
        self.step_weight = 0.0;
        self.step_index = self.step_count;
        self.show(0.0, None);
    }

    /// So much of the step is done, and a line of detail.
    pub(crate) fn show(&self, share: f64, detail: Option<String>) {
        let fraction = (self.done_weight + self.step_weight * share.clamp(0.0, 1.0)) / self.total_weight;
        let detail = detail.map(|text| crate::console::text::bounded(&text, DETAIL_BYTES).to_owned());
        let at: DateTime<Utc> = self.clock.now();
        self.to.send_replace(Some(Progress {
            step: self.step.clone(),
            step_index: self.step_index,
            step_count: self.step_count,
            fraction: fraction.clamp(0.0, 1.0),
            detail,
            at,
        }));
    }

    /// Takes bytes of a transfer and shows them with their rate.
    pub(crate) fn transfer(&self) -> impl Fn(u64, Option<u64>) + Send + Sync + 'static {
        let meter = self.clone();
        let began = Instant::now();
        move |done, total| {
            let seconds = began.elapsed().max(Duration::from_millis(1)).as_secs_f64();
            let share = total.filter(|total| *total > 0).map_or(0.0, |total| ratio(done, total));
            meter.show(share, Some(bytes_of(done, total, Some(as_float(done) / seconds))));
        }
    }
}

fn weight(step: &Step) -> f64 {
    f64::from(step.weight.max(1))
}

#[expect(clippy::cast_precision_loss, reason = "for people, three digits")]
const fn as_float(bytes: u64) -> f64 {
    bytes as f64
}

pub(crate) fn ratio(done: u64, total: u64) -> f64 {
    as_float(done) / as_float(total)
}

/// "12.5 MiB of 80.0 MiB, 3.1 MiB/s".
pub(crate) fn bytes_of(done: u64, total: Option<u64>, rate: Option<f64>) -> String {
    let mut text = size(as_float(done));
    if let Some(total) = total.filter(|total| *total > 0) {
        text.push_str(&format!(" of {}", size(as_float(total))));
    }
    if let Some(rate) = rate {
        text.push_str(&format!(", {}/s", size(rate)));
    }
    text
}

/// So many bytes, for people.
fn size(bytes: f64) -> String {
    const UNITS: [(&str, f64); 3] = [("GiB", 1_073_741_824.0), ("MiB", 1_048_576.0), ("KiB", 1_024.0)];
    let unit = UNITS.iter().find(|(_, unit)| bytes >= *unit);
    unit.map_or_else(|| format!("{bytes:.0} B"), |(name, unit)| format!("{:.1} {name}", bytes / unit))
}

#[cfg(test)]
mod tests {
    use super::bytes_of;

    #[test]
    fn a_transfer_is_told_in_the_largest_unit_that_fits_with_its_rate() {
        assert_eq!(
            bytes_of(13_107_200, Some(83_886_080), Some(3_250_586.0)),
            "12.5 MiB of 80.0 MiB, 3.1 MiB/s"
        );
        assert_eq!(bytes_of(5_213, Some(3 << 30), None), "5.1 KiB of 3.0 GiB");
        assert_eq!(bytes_of(0, None, None), "0 B");
    }
}
