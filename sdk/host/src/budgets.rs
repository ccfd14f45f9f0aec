//! How much of everything a plugin may use, as data.
//!
//! Each kind of call has a budget of its own, because a collector that runs every ten seconds beside a game and an
//! install plan that is computed once have nothing in common. CPU time is the guest thread's own processor time, so a
//! busy machine never stops an innocent plugin.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::fair::Shares;

/// What one call may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallBudget {
    /// Processor time, checked every [`EPOCH_TICK`].
    pub cpu: Duration,
    /// Time from the start of the instance to the answer, host functions included.
    pub wall: Duration,
    /// All linear memories of the instance together.
    pub memory_bytes: usize,
    /// What the guest may hand over at once: its answer, or the arguments of one host function.
    pub output_bytes: usize,
    /// Calls of host functions, the log included.
    pub host_calls: u32,
    /// Log text, all lines together.
    pub log_bytes: usize,
}

/// What compiling one component may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompileBudget {
    /// Largest component that is looked at.
    pub component_bytes: usize,
    /// Largest compiled form that is taken from the child.
    pub output_bytes: usize,
    /// Processor time, in whole seconds.
    pub cpu_s: u64,
    /// Private writable memory of the child, in MiB.
    pub memory_mib: u64,
    /// Time until the child is killed.
    pub wall: Duration,
}

/// How many guests there may be at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concurrency {
    /// Instances that exist, of all plugins.
    pub instances: u32,
    /// Instances that exist, of one plugin: a hostile one cannot take all.
    pub instances_per_plugin: u32,
    /// Calls of one plugin that wait for an instance; more are refused.
    pub waiting_per_plugin: u32,
    /// How long a call waits for an instance.
    pub patience: Duration,
    /// Threads that guests run on. They share them in slices of [`EPOCH_TICK`].
    pub threads: usize,
    /// How long the process that guests run in stays there for nobody.
    pub idle: Duration,
}

/// All limits of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budgets {
    /// For `blueprints.list`.
    pub blueprints: CallBudget,
    /// For `blueprints.validate`.
    pub validate: CallBudget,
    /// For `plans.install`.
    pub install_plan: CallBudget,
    /// For `plans.run`.
    pub run_spec: CallBudget,
    /// For `collector.collect`.
    pub collect: CallBudget,
    /// For `console-events.parse`.
    pub console_events: CallBudget,
    /// For what is described: actions, tabs, files, effects that the host asks for, wishes of hooks.
    pub describe: CallBudget,
    /// For `actions.perform`, `commands.send` and `tabs.render`.
    pub perform: CallBudget,
    /// For what asks the world: `catalog.choices`, `facts.resolve` and `hooks.handle`.
    pub look_up: CallBudget,
    /// For `importer.convert`.
    pub import: CallBudget,
    /// For making one component callable.
    pub compile: CompileBudget,
    /// The same for a component that was granted to be large.
    pub compile_large: CompileBudget,
    /// For all calls together.
    pub concurrency: Concurrency,
    /// For all calls of a plugin over time. None: nobody else is there who could be wronged.
    pub shares: Option<Shares>,
}

/// How often a running guest is looked at, and how long it runs before others have their turn. While one waits that has hardly
/// begun, it is shorter.
pub const EPOCH_TICK: Duration = Duration::from_millis(5);

/// No budget may go beyond this much memory: the pool's slots have this size.
pub const MEMORY_CEILING_BYTES: usize = 64 * MIB;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

impl Budgets {
    /// Those of calls, all of them.
    pub(crate) const fn calls(&self) -> [CallBudget; 10] {
        [
            self.blueprints,
            self.validate,
            self.install_plan,
            self.run_spec,
            self.collect,
            self.console_events,
            self.describe,
            self.perform,
            self.look_up,
            self.import,
        ]
    }
}

impl Default for Budgets {
    fn default() -> Self {
        let plan = CallBudget {
            cpu: Duration::from_secs(1),
            wall: Duration::from_secs(10),
            memory_bytes: MEMORY_CEILING_BYTES,
            output_bytes: 4 * MIB,
            host_calls: 1_000,
            log_bytes: 256 * KIB,
        };
        Self {
            blueprints: plan,
            validate: CallBudget {
                cpu: Duration::from_millis(100),
                wall: Duration::from_secs(3),
                output_bytes: 256 * KIB,
                log_bytes: 64 * KIB,
                ..plan
            },
            install_plan: plan,
            run_spec: CallBudget { cpu: Duration::from_millis(500), output_bytes: 2 * MIB, ..plan },
            collect: CallBudget {
                cpu: Duration::from_millis(25),
                wall: Duration::from_secs(3),
                memory_bytes: 32 * MIB,
                output_bytes: 512 * KIB,
                host_calls: 256,
                log_bytes: 16 * KIB,
            },
            console_events: CallBudget {
                cpu: Duration::from_millis(25),
                wall: Duration::from_secs(1),
                memory_bytes: 32 * MIB,
                output_bytes: 512 * KIB,
                host_calls: 256,
                log_bytes: 16 * KIB,
            },
            describe: CallBudget {
                cpu: Duration::from_millis(100),
                wall: Duration::from_secs(3),
                output_bytes: MIB,
                log_bytes: 64 * KIB,
                ..plan
            },
            perform: CallBudget {
                cpu: Duration::from_millis(200),
                wall: Duration::from_secs(15),
                log_bytes: 64 * KIB,
                ..plan
            },
            look_up: CallBudget {
                cpu: Duration::from_millis(500),
                wall: Duration::from_secs(30),
                output_bytes: 8 * MIB,
                ..plan
            },
            import: CallBudget { cpu: Duration::from_secs(2), ..plan },
            compile: CompileBudget {
                component_bytes: 8 * MIB,
                output_bytes: 64 * MIB,
                // An engine that was built without optimisation takes almost as long for the largest of ours.
                cpu_s: if cfg!(debug_assertions) { 40 } else { 10 },
                memory_mib: 768,
                wall: Duration::from_secs(60),
            },
            // CPython with its libraries, before a plugin of it has a line: 18 MiB, of which 35 MiB of code are made in 11 s
            // of one processor.
            compile_large: CompileBudget {
                component_bytes: 32 * MIB,
                output_bytes: 96 * MIB,
                cpu_s: 120,
                memory_mib: 1_536,
                wall: Duration::from_secs(300),
            },
            concurrency: Concurrency::default(),
            shares: Some(Shares::default()),
        }
    }
}

impl Default for Concurrency {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            instances: 64,
            instances_per_plugin: 32,
            waiting_per_plugin: 256,
            patience: Duration::from_secs(10),
            threads: cores.saturating_sub(1).clamp(1, 8),
            idle: Duration::from_secs(300),
        }
    }
}
