//! Why a guest ended, in words that name the plugin, the call, the limit and the way out.

use rustc_demangle::demangle;
use wasmtime::{FrameInfo, Trap, WasmBacktrace};

use crate::budgets::CallBudget;
use crate::convert::text;
use crate::error::{Stop, StopReason};
use crate::state::{CallState, Violation};

/// Characters of a cause that is quoted.
const CAUSE_CHARACTERS: usize = 512;

/// Characters of a function's name that is quoted.
const NAME_CHARACTERS: usize = 160;

/// What stands between a cause and the place where it came about.
const PLACE: &str = ", in `";

/// Characters of a whole detail.
pub(crate) const DETAIL_CHARACTERS: usize = CAUSE_CHARACTERS + PLACE.len() + NAME_CHARACTERS + 8;

/// How names begin that are no author's: what the compiler and its library put between a panic and the trap.
const MACHINERY: [&str; 10] =
    ["core::", "std::", "alloc::", "<core::", "<std::", "<alloc::", "__rust", "rust_", "abort", "dlmalloc::"];

/// What wasmtime says when a guest hands over more than its allowance; the type itself is private.
const ALLOWANCE_USED_UP: &str = "fuel allocated for hostcalls has been exhausted";

/// Finds the rule that a guest broke. None: the error is not of the guest's making.
pub(crate) fn reason(error: &wasmtime::Error, state: &CallState) -> Option<StopReason> {
    if let Some(Violation(reason)) = error.downcast_ref::<Violation>() {
        return Some(*reason);
    }
    // A guest whose allocator was refused usually aborts: the trap is the consequence.
    if state.memory.refused {
        return Some(StopReason::Memory);
    }
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return Some(if matches!(trap, Trap::StackOverflow) { StopReason::Stack } else { StopReason::Trap });
    }
    format!("{error:#}").contains(ALLOWANCE_USED_UP).then_some(StopReason::Output)
}

/// The root of an error, on one line, with the function where it came about if the component names its functions.
pub(crate) fn cause(error: &wasmtime::Error) -> String {
    let root = error.downcast_ref::<Trap>().map_or_else(|| error.root_cause().to_string(), Trap::to_string);
    let mut cause = text::escaped(&root, CAUSE_CHARACTERS);
    if let Some(name) = error.downcast_ref::<WasmBacktrace>().and_then(author_function) {
        cause.push_str(PLACE);
        cause.push_str(&text::escaped(&name, NAME_CHARACTERS).replace('`', "'"));
        cause.push('`');
    }
    cause
}

/// The innermost function that is the author's; where none is, the innermost.
fn author_function(backtrace: &WasmBacktrace) -> Option<String> {
    let mut names = backtrace.frames().iter().filter_map(FrameInfo::func_name).map(|name| {
        // Without the hash that tells two of one name apart.
        format!("{:#}", demangle(name))
    });
    let first = names.next()?;
    let is_author = |name: &String| !MACHINERY.iter().any(|begin| name.starts_with(begin));
    if is_author(&first) { Some(first) } else { names.find(is_author).or(Some(first)) }
}

/// Puts a stop into words. `detail` is the cause where the reason alone does not say it.
pub(crate) fn describe(
    plugin: &str,
    call: &'static str,
    budget: &CallBudget,
    reason: StopReason,
    detail: &str,
) -> Stop {
    let (what, remedy) = words(budget, reason, detail);
    let place = match reason {
        // The whole detail stands in their words.
        StopReason::Trap | StopReason::Answer => "",
        _ => detail.rfind(PLACE).map_or("", |at| &detail[at..]),
    };
    let what = format!("{what}{place}");
    let message = format!("the plugin {plugin} was stopped in {call}: {what}; {remedy}");
    Stop { reason, plugin: plugin.to_owned(), call, message }
}

/// The author's function that a message names, where it is the host that named it.
pub(crate) fn symbol(reason: StopReason, message: &str) -> Option<&str> {
    // What breaks the contract is quoted in its own words.
    if reason == StopReason::Answer {
        return None;
    }
    message.rsplit_once(PLACE)?.1.split_once('`').map(|(name, _)| name)
}

fn words(budget: &CallBudget, reason: StopReason, detail: &str) -> (String, &'static str) {
    match reason {
        StopReason::CpuTime => (
            format!("it computed for more than {:?}", budget.cpu),
            "its author must make it do less in one call",
        ),
        StopReason::WallTime => (
            format!("it gave no answer within {:?}", budget.wall),
            "its author must wait for less in one call",
        ),
        StopReason::Memory => (
            format!("it wanted more than {} KiB of memory", budget.memory_bytes / 1024),
            "its author must make it need less memory",
        ),
        StopReason::Output => (
            format!("it handed over more than {} KiB at once", budget.output_bytes / 1024),
            "its author must make its answers smaller",
        ),
        StopReason::HostCalls => (
            format!("it called the host more than {} times", budget.host_calls),
            "its author must make fewer calls, the log included",
        ),
        StopReason::LogBytes => (
            format!("it wrote more than {} KiB to its log", budget.log_bytes / 1024),
            "its author must make it log less in one call",
        ),
        StopReason::Stack => (
            "it recursed until its stack of 512 KiB was full".to_owned(),
            "its author must bound the recursion",
        ),
        StopReason::Trap => (format!("it crashed ({detail})"), "its log may say why; tell its author"),
        StopReason::Answer => {
            (format!("its answer breaks the contract: {detail}"), "its author must correct it")
        }
    }
}
