//! Talking to a worker, within bounds: it may say anything, for any time, or nothing.

use super::{WorkerError, told::Said};
use crate::TransferSink;
use std::{io, os::unix::net::UnixStream, process::ExitStatus, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    process::Child,
};
use tokio_util::sync::CancellationToken;

/// How much of the child's stderr is kept.
const MESSAGE_BYTES: u64 = 4 * 1024;
/// A child that was called off, or that has answered, is killed if it has not ended by then.
const GRACE: Duration = Duration::from_secs(3);

/// What came of a child.
pub(super) struct Heard {
    /// Its closing line, if there was one.
    pub(super) said: Result<Option<Said>, WorkerError>,
    pub(super) status: ExitStatus,
    /// What it wrote to stderr, in printable characters.
    pub(super) message: String,
}

/// Gives the child its order and listens to it until it has ended; no line of it may be longer than `line_bytes`. Once
/// cancelled, the child is told by the socket's end.
pub(super) async fn talk(
    mut child: Child,
    socket: UnixStream,
    order: &[u8],
    line_bytes: u64,
    progress: &dyn TransferSink,
    cancel: &CancellationToken,
) -> io::Result<Heard> {
    let mut socket = tokio::net::UnixStream::from_std(socket)?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(io::Error::other("the worker's pipes are missing"));
    };
    let answered = CancellationToken::new();
    let mut message = Vec::new();
    let said = {
        let ordering = async {
            // A child that ends early closes its socket; how it ended says more than the broken pipe.
            drop(socket.write_all(order).await);
            cancel.run_until_cancelled(answered.cancelled()).await;
            drop(socket);
        };
        let listening = async {
            let said = closing(stdout, line_bytes, progress).await;
            answered.cancel();
            said
        };
        let reading = async {
            let mut stderr = stderr.take(MESSAGE_BYTES);
            tokio::select! {
                _ = stderr.read_to_end(&mut message) => {}
                () = late(&answered) => {}
            }
        };
        tokio::select! {
            ((), said, ()) = async { tokio::join!(ordering, listening, reading) } => said,
            () = late(cancel) => Ok(None),
        }
    };
    let status = match tokio::time::timeout(GRACE, child.wait()).await {
        Ok(status) => status?,
        Err(_) => {
            child.start_kill()?;
            child.wait().await?
        }
    };
    Ok(Heard { said, status, message: printable(&message) })
}

async fn late(after: &CancellationToken) {
    after.cancelled().await;
    tokio::time::sleep(GRACE).await;
}

/// Reads lines until the one that is no progress. Whatever comes after it is nobody's concern.
async fn closing(
    stdout: impl AsyncRead + Unpin,
    line_bytes: u64,
    progress: &dyn TransferSink,
) -> Result<Option<Said>, WorkerError> {
    let mut stdout = BufReader::new(stdout);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut stdout).take(line_bytes).read_until(b'\n', &mut line).await;
        if read.map_err(WorkerError::Pipe)? == 0 {
            return Ok(None);
        }
        match serde_json::from_slice(&line) {
            Ok(Said::Progress { done, total }) => progress.moved(done, total),
            Ok(said) => return Ok(Some(said)),
            // Cut off in the middle of a line: how the child ended says why.
            Err(_) if !line.ends_with(b"\n") && (line.len() as u64) < line_bytes => return Ok(None),
            Err(_) => return Err(WorkerError::Nonsense),
        }
    }
}

fn printable(message: &[u8]) -> String {
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    String::from_utf8_lossy(message).trim().chars().map(plain).collect()
}
