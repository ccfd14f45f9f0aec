//! Following one process: its output to the console, commands to its input, and its end.
//!
//! The follower is the only reader and writer of the container's terminal. It comes back after a broken connection at
//! the very line where it was, and reports the end only when all output before it was read and the container is gone.

use super::work::Work;
use crate::console::LINE_BYTES;
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use gantry_lifecycle::Exit;
use gantry_runtime::{Attachment, ContainerId, Lines, OutputChunk, RuntimeError};
use std::{pin::Pin, time::Duration};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    sync::mpsc,
};

/// Pause before an engine that did not answer is asked again.
const RETRY: Duration = Duration::from_secs(1);
/// The rest of the output has so long to arrive after the end.
const DRAIN: Duration = Duration::from_secs(3);
/// A process that does not read its input for so long loses the command.
const INPUT_PATIENCE: Duration = Duration::from_secs(2);
/// Chunks that are shown together.
const CHUNKS: usize = 256;

/// What is typed into a process.
pub(crate) enum Typed {
    Line(String),
    /// The character that makes a terminal interrupt whatever has it.
    Interrupt,
}

impl Typed {
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Line(line) => format!("{line}\n").into_bytes(),
            Self::Interrupt => vec![0x03],
        }
    }
}

pub(crate) struct Follower {
    pub(crate) work: Work,
    pub(crate) container: ContainerId,
    /// Output up to here is known.
    pub(crate) after: Option<DateTime<Utc>>,
    /// Lines to type.
    pub(crate) input: mpsc::Receiver<Typed>,
    /// Whoever makes sense of lines.
    pub(crate) meaning: mpsc::Sender<String>,
}

/// What made the reading stop.
enum Cut {
    Ended(Exit),
    Broken,
}

impl Follower {
    pub(crate) async fn follow(mut self) -> Exit {
        let mut lines = Lines::new(LINE_BYTES);
        let mut warned = false;
        let (work, container) = (self.work.clone(), self.container.clone());
        let end = wait_for_end(&work, &container);
        tokio::pin!(end);
        let exit = loop {
            match work.shared.runtime.attach(&container, self.after).await {
                Ok(attachment) => {
                    if let Cut::Ended(exit) = self.pump(attachment, &mut lines, end.as_mut()).await {
                        break exit;
                    }
                }
                Err(RuntimeError::NoSuchContainer { .. }) => break end.await,
                Err(error) if !warned => {
                    warned = true;
                    tracing::warn!(server.id = %work.id(), %error, "the console cannot be read");
                }
                Err(_) => {}
            }
            tokio::select! {
                exit = &mut end => break exit,
                () = tokio::time::sleep(RETRY) => {}
            }
        };
        self.show(lines.finish().into_iter().collect());
        if let Err(error) = work.shared.runtime.remove(&container).await {
            tracing::warn!(server.id = %work.id(), %error, "an ended container could not be removed");
        }
        exit
    }

    async fn pump(
        &mut self,
        attachment: Attachment,
        lines: &mut Lines,
        mut end: Pin<&mut impl Future<Output = Exit>>,
    ) -> Cut {
        let mut output = attachment.output.ready_chunks(CHUNKS);
        let mut input = attachment.input;
        loop {
            tokio::select! {
                chunks = output.next() => match chunks {
                    Some(chunks) => {
                        if !self.take(chunks, lines) {
                            return Cut::Broken;
                        }
                    }
                    None => return self.output_ended(end).await,
                },
                exit = end.as_mut() => {
                    let drain = async {
                        while let Some(chunks) = output.next().await {
                            if !self.take(chunks, lines) {
                                break;
                            }
                        }
                    };
                    // Output that does not end with its process is not worth waiting for.
                    tokio::time::timeout(DRAIN, drain).await.ok();
                    return Cut::Ended(exit);
                }
                Some(typed) = self.input.recv(), if input.is_some() => {
                    if !self.write(&mut input, &typed.bytes()).await {
                        input = None;
                    }
                }
            }
        }
    }

    /// The stream is over: so is the process, or the engine went away.
    async fn output_ended(&self, end: Pin<&mut impl Future<Output = Exit>>) -> Cut {
        tokio::time::timeout(RETRY, end).await.map_or(Cut::Broken, Cut::Ended)
    }

    /// Shows what came. False when the stream broke.
    fn take(&mut self, chunks: Vec<Result<OutputChunk, RuntimeError>>, lines: &mut Lines) -> bool {
        let mut complete = Vec::new();
        let mut whole = true;
        for chunk in chunks {
            match chunk {
                Ok(chunk) => complete.extend(lines.push(&chunk)),
                Err(error) => {
                    tracing::debug!(server.id = %self.work.id(), %error, "the console broke off");
                    whole = false;
                    break;
                }
            }
        }
        self.show(complete);
        whole
    }

    fn show(&mut self, lines: Vec<gantry_runtime::console::Line>) {
        let Some(last) = lines.last() else { return };
        self.after = Some(last.at);
        let shown = self.work.console.output(lines.into_iter().map(|line| (line.at, line.text)).collect());
        for text in shown {
            // Meaning is worth less than speed: what it cannot take in time is not looked at.
            if self.meaning.try_send(text).is_err() {
                break;
            }
        }
    }

    async fn write(&self, input: &mut Option<Pin<Box<dyn AsyncWrite + Send>>>, bytes: &[u8]) -> bool {
        let Some(writer) = input else { return false };
        let writing = async {
            writer.write_all(bytes).await?;
            writer.flush().await
        };
        match tokio::time::timeout(INPUT_PATIENCE, writing).await {
            Ok(Ok(())) => true,
            Ok(Err(_)) => false,
            Err(_) => {
                self.work
                    .console
                    .say(self.work.now(), "The game does not read its input; the command was dropped.");
                true
            }
        }
    }
}

async fn wait_for_end(work: &Work, container: &ContainerId) -> Exit {
    loop {
        match work.shared.runtime.wait(container).await {
            Ok(exit) => return Exit { code: exit.code, out_of_memory: exit.oom_killed, cause: None },
            // Somebody removed it: nobody knows how it ended.
            Err(RuntimeError::NoSuchContainer { .. }) => return Exit { code: -1, ..Exit::default() },
            Err(error) => {
                tracing::debug!(server.id = %work.id(), %error, "waiting for a container is tried again");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}
