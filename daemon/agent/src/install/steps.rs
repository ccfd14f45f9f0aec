//! One step of a plan, each kind in its own function. All of them may be done again.

use super::{meter::Meter, places};
use crate::{
    console::{LINE_BYTES, text},
    desk::Doubt,
    failure::{failure, of_files, of_runtime},
    server::{
        spec,
        work::{Ended, Work},
    },
};
use gantry_files::{FilesError, Jail, JailPath, Quota};
use gantry_protocol::ConsoleSource;
use gantry_runtime::{Lines, RuntimeError};
use gantry_types::plan::{Action, ConfigEdit, ContainerRun, Download, Extract, Step, StepUser, Write};
use std::{collections::VecDeque, time::Duration};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Lines of a failed step's output that its failure shows.
const TAIL_LINES: usize = 40;
/// No container step runs longer.
const LONGEST_RUN: Duration = Duration::from_secs(6 * 3600);
/// Chunks of output that may wait to be shown.
const OUTPUT_CHUNKS: usize = 256;

pub(super) async fn perform(work: &Work, jail: &Jail, step: &Step, meter: &mut Meter) -> Result<(), Ended> {
    if work.cancel.is_cancelled() {
        return Err(Ended::Cancelled);
    }
    match &step.action {
        Action::Download(download) => fetch(work, jail, download, meter).await,
        Action::Extract(extract) => unpack(work, jail, extract, meter).await,
        Action::Write(write) => write_file(work, jail, write).await,
        Action::EditConfig(edit) => edit_configs(work, jail, std::slice::from_ref(edit)).await,
        Action::BuildImage { image } => work.image(image, |line| meter.show(0.0, Some(line))).await.map(drop),
        Action::Run(run) => run_container(work, jail, run, meter).await,
        Action::MakeDirectory { path } => {
            let path = path.clone();
            let made = jail.run(move |jail| jail.make_directory(&JailPath::parse(&path)?)).await;
            made.map_err(|error| ended("directory_failed", &error))
        }
        Action::Remove { path } => {
            let (path, cancel) = (path.clone(), work.cancel.clone());
            let removed = jail.run(move |jail| jail.remove(&JailPath::parse(&path)?, &cancel)).await;
            removed.map_err(|error| ended("remove_failed", &error))
        }
        Action::Copy { from, to } => places::copy(work, jail, from, to).await,
        Action::Move { from, to } => places::rename(work, jail, from, to).await,
        Action::SetMode { path, mode } => places::set_mode(jail, path, *mode).await,
        Action::Link { path, target } => places::link(jail, path, target).await,
    }
}

pub(super) fn ended(code: &str, error: &FilesError) -> Ended {
    match error {
        FilesError::Cancelled => Ended::Cancelled,
        other => of_files(code, other).into(),
    }
}

async fn fetch(work: &Work, jail: &Jail, download: &Download, meter: &Meter) -> Result<(), Ended> {
    let progress = meter.transfer();
    let (outbound, cancel) = (&work.shared.outbound, &work.cancel);
    let fetch = |quota: Quota| outbound.download(download, jail, quota.reserve(), &progress, cancel);
    let fetched = work.within(jail, Doubt::Always, fetch).await;
    match fetched {
        Ok(_) => Ok(()),
        Err(_) if work.cancel.is_cancelled() => Err(Ended::Cancelled),
        Err(error) => Err(ended("download_failed", &error)),
    }
}

async fn unpack(work: &Work, jail: &Jail, extract: &Extract, meter: &Meter) -> Result<(), Ended> {
    let progress = meter.transfer();
    let (workers, cancel) = (&work.shared.workers, &work.cancel);
    let unpack = |quota: Quota| workers.extract(jail, extract, quota.room(), &progress, cancel);
    let unpacked = work.within(jail, Doubt::Always, unpack).await;
    // What a child says that it made is no account.
    work.desk.forget();
    let unpacked = unpacked.map_err(|error| ended("extract_failed", &error))?;
    if unpacked.dropped > 0 {
        work.log(&format!("{} entries of the archive are not allowed and were left out", unpacked.dropped));
    }
    Ok(())
}

async fn write_file(work: &Work, jail: &Jail, write: &Write) -> Result<(), Ended> {
    let attempt = |quota: Quota| {
        let write = write.clone();
        let put = move |jail: &Jail| {
            let path = JailPath::parse(&write.path)?;
            if write.only_if_missing && jail.stat(&path)?.is_some() {
                return Ok(());
            }
            jail.write_within(&path, write.content.as_bytes(), write.mode & 0o777, quota.reserve())
        };
        jail.run(put)
    };
    let written = work.within(jail, Doubt::Always, attempt).await;
    written.map_err(|error| ended("write_failed", &error))
}

pub(crate) async fn edit_configs(work: &Work, jail: &Jail, edits: &[ConfigEdit]) -> Result<(), Ended> {
    let edited = work.shared.workers.edit(jail, edits, &work.cancel).await;
    edited.map_err(|error| ended("edit_failed", &error))
}

/// What root left behind becomes the server's, whether its command succeeded or not. Even a call to stop waits for that:
/// otherwise the game's user would meet files that it cannot touch.
async fn give_back(work: &Work, jail: &Jail) -> Result<(), Ended> {
    let given = jail.run(|jail| jail.change_owner(&CancellationToken::new())).await;
    let count = given.map_err(|error| ended("own_failed", &error))?;
    if count > 0 {
        work.log(&format!("{count} entries were given to the server's user"));
    }
    Ok(())
}

async fn run_container(work: &Work, jail: &Jail, run: &ContainerRun, meter: &Meter) -> Result<(), Ended> {
    let image = work.image(&run.image, |line| meter.show(0.0, Some(line))).await?;
    let spec = spec::installer(work, run, image);
    let timeout = Duration::from_millis(u64::from(run.timeout_ms)).min(LONGEST_RUN);
    let (output, mut chunks) = mpsc::channel(OUTPUT_CHUNKS);
    let mut lines = Lines::new(LINE_BYTES);
    let mut tail = VecDeque::with_capacity(TAIL_LINES);
    let mut show = |shown: Vec<gantry_runtime::console::Line>| {
        let texts = shown.iter().map(|line| (line.at, line.text.as_str()));
        work.console.push(ConsoleSource::Install, texts);
        for line in shown {
            if tail.len() == TAIL_LINES {
                tail.pop_front();
            }
            let plain = text::plain(&line.text);
            meter.show(0.5, Some(plain.clone()));
            tail.push_back(plain);
        }
    };
    let running = work.shared.runtime.run_to_end(&spec, timeout, output, work.cancel.clone());
    let reading = async {
        while let Some(chunk) = chunks.recv().await {
            show(lines.push(&chunk));
        }
    };
    let (exit, ()) = tokio::join!(running, reading);
    // It wrote past the account.
    work.desk.forget();
    show(lines.finish().into_iter().collect());
    if run.user == StepUser::Root {
        give_back(work, jail).await?;
    }
    let log_tail = tail.into();
    match exit {
        Ok(exit) if exit.code == 0 => Ok(()),
        Ok(exit) => {
            let what = if exit.oom_killed { " for want of memory" } else { "" };
            let message = format!("the command ended{what} with exit code {}", exit.code);
            let mut failure = failure("command_failed", message, "The end of its output says why.");
            failure.log_tail = log_tail;
            Err(failure.into())
        }
        Err(RuntimeError::Cancelled) => Err(Ended::Cancelled),
        Err(error) => {
            let mut failure = of_runtime(&error);
            failure.log_tail = log_tail;
            Err(failure.into())
        }
    }
}
