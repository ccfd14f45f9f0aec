//! Memory, open files and tasks of both programs over time.

use crate::{
    process::family_pss_mib,
    row::{Result, row},
    stack::Stack,
};

/// Growth that allocators and pools explain: a share, or so many whatever the share.
const MEMORY: (f64, f64) = (0.05, 4.0);
const FILES: (f64, f64) = (0.02, 8.0);
const TASKS: (f64, f64) = (0.02, 16.0);

#[derive(Default)]
pub(super) struct Gauges {
    control_plane: Gauge,
    daemon: Gauge,
}

/// One program at each look.
#[derive(Default)]
struct Gauge {
    memory: Vec<f64>,
    files: Vec<f64>,
    tasks: Vec<f64>,
}

impl Gauges {
    pub(super) async fn look(&mut self, stack: &Stack) -> Result<()> {
        let text = stack.text("/metrics").await?;
        let tasks = text.lines().find_map(|line| line.strip_prefix("gantry_tasks "));
        let tasks = tasks.ok_or("the control plane does not count its tasks")?.parse()?;
        self.control_plane.look(stack.control_plane.pid(), tasks)?;
        let node = stack.ask_daemon("/v1/node").await?;
        let tasks = node["tasks"].as_f64().ok_or("the daemon does not count its tasks")?;
        self.daemon.look(stack.daemon.pid(), tasks)
    }

    /// Prints what was and what is, and fails if anything grew.
    pub(super) fn judge(&self) -> Result<()> {
        let mut grown = Vec::new();
        for (program, gauge) in [("control_plane", &self.control_plane), ("daemon", &self.daemon)] {
            for (what, values, unit, bounds) in [
                ("memory", &gauge.memory, "MiB", MEMORY),
                ("files", &gauge.files, "open", FILES),
                ("tasks", &gauge.tasks, "alive", TASKS),
            ] {
                let (before, after) = thirds(values);
                row(&format!("soak_{program}_{what}_before"), before, unit);
                row(&format!("soak_{program}_{what}_after"), after, unit);
                if !is_flat(before, after, bounds) {
                    grown.push(format!("{what} of the {program}"));
                }
            }
        }
        if grown.is_empty() { Ok(()) } else { Err(format!("grown: {}", grown.join(", ")).into()) }
    }
}

impl Gauge {
    fn look(&mut self, pid: u32, tasks: f64) -> Result<()> {
        #[expect(clippy::cast_precision_loss, reason = "a number of files")]
        let files = std::fs::read_dir(format!("/proc/{pid}/fd"))?.count() as f64;
        self.memory.push(family_pss_mib(pid)?);
        self.files.push(files);
        self.tasks.push(tasks);
        Ok(())
    }
}

/// The means of the second and of the last third.
fn thirds(values: &[f64]) -> (f64, f64) {
    let third = values.len() / 3;
    let mean = |from: usize, to: usize| {
        let part = values.get(from..to).unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "a number of looks")]
        let count = part.len() as f64;
        part.iter().sum::<f64>() / count
    };
    (mean(third, 2 * third), mean(2 * third, values.len()))
}

/// Too few looks to tell are not flat.
fn is_flat(before: f64, after: f64, (share, most): (f64, f64)) -> bool {
    after - before <= (before * share).max(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_steadily_is_found_and_what_was_filled_at_first_is_not() {
        let growing: Vec<f64> = (0..90).map(|look| 60.0 + f64::from(look) * 0.2).collect();
        let (before, after) = thirds(&growing);
        assert!(!is_flat(before, after, MEMORY), "{before} {after}");
        let filled: Vec<f64> = (0..90).map(|look| if look < 30 { f64::from(look) } else { 30.0 }).collect();
        let (before, after) = thirds(&filled);
        assert!(is_flat(before, after, MEMORY), "{before} {after}");
        let (before, after) = thirds(&[1.0, 2.0]);
        assert!(!is_flat(before, after, MEMORY), "two looks show nothing");
    }
}
