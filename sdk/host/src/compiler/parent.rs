//! The parent's half: start, feed, collect within bounds, and name whatever ended the child.

use std::process::{ExitStatus, Stdio};

use gantry_confine::{ChildProgram, Ending, ending};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use super::{PREFIX_BYTES, REFUSED};
use crate::budgets::CompileBudget;
use crate::convert::text;
use crate::error::{CompileError, HostError};

/// How much of the child's stderr is kept.
const MESSAGE_BYTES: u64 = 8 * 1024;
const MESSAGE_CHARACTERS: usize = 1_024;

/// Compiles `component` in a child. Dropping the future kills the child.
pub(crate) async fn compile(
    command: &ChildProgram,
    budget: &CompileBudget,
    component: &[u8],
) -> Result<Vec<u8>, HostError> {
    let child = spawn(command)?;
    match tokio::time::timeout(budget.wall, converse(child, budget, component)).await {
        Ok(answer) => answer,
        Err(_) => Err(CompileError::WallTime { limit: budget.wall }.into()),
    }
}

fn spawn(command: &ChildProgram) -> Result<Child, CompileError> {
    Command::new(&command.program)
        .args(&command.args)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| CompileError::Spawn { program: command.program.clone(), source })
}

async fn converse(mut child: Child, budget: &CompileBudget, component: &[u8]) -> Result<Vec<u8>, HostError> {
    let (Some(mut stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(HostError::Internal("the compiler's pipes are missing".to_owned()));
    };
    let feed = async move {
        // A child that ends early closes its stdin; how it ended says more than the broken pipe.
        if stdin.write_all(&prefix(budget)).await.is_ok() {
            drop(stdin.write_all(component).await);
        }
    };
    let most = budget.output_bytes as u64 + 1;
    let ((), compiled, message) = tokio::join!(feed, read(stdout, most), read(stderr, MESSAGE_BYTES));
    let (compiled, message) = (compiled?, message?);
    if compiled.len() > budget.output_bytes {
        return Err(CompileError::Output { limit_bytes: budget.output_bytes }.into());
    }
    let status = child.wait().await.map_err(CompileError::Pipe)?;
    let message = text::escaped(String::from_utf8_lossy(&message).trim(), MESSAGE_CHARACTERS);
    if status.success() { Ok(compiled) } else { Err(verdict(status, message, budget)) }
}

fn prefix(budget: &CompileBudget) -> [u8; PREFIX_BYTES] {
    let mut prefix = [0; PREFIX_BYTES];
    prefix[..8].copy_from_slice(&budget.cpu_s.to_le_bytes());
    prefix[8..].copy_from_slice(&budget.memory_mib.to_le_bytes());
    prefix
}

/// Reads to the end or to `most`. The pipe is closed then, which ends a child that would write for ever.
async fn read(pipe: impl AsyncRead + Unpin, most: u64) -> Result<Vec<u8>, CompileError> {
    let mut bytes = Vec::new();
    pipe.take(most).read_to_end(&mut bytes).await.map_err(CompileError::Pipe)?;
    Ok(bytes)
}

fn verdict(status: ExitStatus, message: String, budget: &CompileBudget) -> HostError {
    if status.code() == Some(REFUSED.into()) {
        return HostError::Rejected(message);
    }
    match ending(status, &message) {
        Ending::Memory => CompileError::Memory { limit_mib: budget.memory_mib }.into(),
        Ending::CpuTime => CompileError::CpuTime { limit_s: budget.cpu_s }.into(),
        Ending::Call => CompileError::Wall.into(),
        Ending::FileSize | Ending::Other => CompileError::Died { status: status.to_string(), message }.into(),
    }
}
