//! One channel's SFTP: frames in, answers out, in the order in which they were asked.
//!
//! Whatever waits already is done together, up to a bound, in one visit to the disk; while its answers are encrypted and
//! sent the next batch is at work.

use crate::{
    connection::Connection,
    failure::Failure,
    frames::{self, Abuse},
    grants::Admitted,
    handles::Handles,
    limits::{BAD_PACKETS, BATCH, BATCH_BYTES},
    packet::{self, Asked, Request, Unreadable},
    reply::Replies,
    server::{ServerFiles, Shared},
    wire::Gate,
    work::{Batch, Work},
};
use bytes::Bytes;
use gantry_files::Protected;
use russh::{ChannelId, server::Handle};
use russh_sftp::protocol::StatusCode;
use std::{collections::VecDeque, sync::Arc};
use tokio::sync::mpsc;

/// A channel that speaks SFTP.
pub(crate) struct Session {
    pub(crate) shared: Arc<Shared>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) admitted: Admitted,
    pub(crate) frames: mpsc::Receiver<Bytes>,
    pub(crate) channel: ChannelId,
    pub(crate) out: Handle,
    /// Dropped before the channel is closed, so that another has room by the time its client hears of it.
    pub(crate) alive: Arc<()>,
}

/// Why a session is over.
enum Over {
    /// The client has nothing more to ask.
    Ended,
    /// There is nobody to answer.
    Gone,
    Abused(Abuse),
}

/// What a session has between its batches.
struct State {
    begun: bool,
    bad: u32,
    /// Nothing until the first request that needs it.
    files: Option<(Arc<dyn ServerFiles>, Work)>,
}

/// Requests that count as waiting until they are done.
struct Waiting<'a>(&'a Gate, usize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.done(self.1);
    }
}

impl Session {
    /// Serves the channel until its client or its connection ends.
    pub(crate) async fn run(mut self) {
        let connection = Arc::clone(&self.connection);
        let over = connection.end.run_until_cancelled(self.serve()).await;
        let Self { mut frames, channel, out, alive, .. } = self;
        drop(alive);
        frames.close();
        while let Ok(frame) = frames.try_recv() {
            connection.gate.done(frames::weight(&frame));
        }
        match over {
            // Where that fails there is nobody to be told.
            Some(Over::Ended) => {
                if let Some(Err(())) = connection.end.run_until_cancelled(close(&out, channel)).await {
                    tracing::trace!("a channel's connection ended first");
                }
            }
            Some(Over::Abused(abuse)) => connection.abused(abuse),
            Some(Over::Gone) | None => {}
        }
    }

    async fn serve(&mut self) -> Over {
        let mut state = State { begun: false, bad: 0, files: None };
        while let Some(frame) = self.frames.recv().await {
            self.connection.touch();
            let gate = Arc::clone(&self.connection.gate);
            let mut waiting = Waiting(&gate, 0);
            let mut replies = Replies::default();
            let (asked, abuse) = self.gather(frame, &mut state, &mut waiting, &mut replies);
            if !replies.is_empty() && !self.send(replies).await {
                return Over::Gone;
            }
            if !asked.is_empty() {
                let answered = self.work(asked, &mut state).await;
                if !self.send(answered).await {
                    return Over::Gone;
                }
            }
            if let Some(abuse) = abuse {
                return Over::Abused(abuse);
            }
        }
        Over::Ended
    }

    /// Reads the frame and those that wait behind it, until they are enough for one visit.
    fn gather(
        &mut self,
        first: Bytes,
        state: &mut State,
        waiting: &mut Waiting<'_>,
        replies: &mut Replies,
    ) -> (VecDeque<Asked>, Option<Abuse>) {
        let (mut asked, mut cost) = (VecDeque::new(), 0);
        let mut next = Some(first);
        while let Some(frame) = next.take() {
            waiting.1 += frames::weight(&frame);
            match packet::read(frame) {
                Ok(Asked { request: Request::Init, .. }) if !state.begun => {
                    state.begun = true;
                    replies.version();
                }
                Ok(one) if state.begun && !matches!(one.request, Request::Init) => {
                    cost += one.request.cost();
                    asked.push_back(one);
                }
                Ok(Asked { id, .. }) | Err(Unreadable(Some(id))) => {
                    state.bad += 1;
                    asked.push_back(Asked { id, request: Request::Unreadable });
                }
                Err(Unreadable(None)) => state.bad += 1,
            }
            if state.bad >= BAD_PACKETS {
                return (asked, Some(Abuse::Unreadable));
            }
            if asked.len() < BATCH && cost < BATCH_BYTES {
                next = self.frames.try_recv().ok();
            }
        }
        (asked, None)
    }

    /// True if somebody takes it.
    async fn send(&self, replies: Replies) -> bool {
        self.connection.gate.answering(self.out.data(self.channel, replies.into_bytes())).await.is_ok()
    }

    async fn work(&self, asked: VecDeque<Asked>, state: &mut State) -> Replies {
        if state.files.is_none() {
            match self.shared.servers.open(self.admitted.server).await {
                Ok(files) => {
                    let handles = Handles::new(self.admitted, Arc::clone(&self.shared.handles));
                    let grants = self.shared.grants.subscribe();
                    let work = Work::new(self.admitted, grants, handles, files.quota().clone());
                    state.files = Some((files, work));
                }
                Err(sentence) => return refuse(asked, &sentence),
            }
        }
        let Some((files, mut work)) = state.files.take() else { return Replies::default() };
        let mut batch = self.batch(files.as_ref(), asked).await;
        let turn = if batch.asked.iter().any(|one| one.request.changes_names()) && batch.closed.is_none() {
            match files.turn().await {
                Ok(turn) => Some(turn),
                Err(sentence) => {
                    batch.closed = Some(sentence);
                    None
                }
            }
        } else {
            None
        };
        loop {
            let visited = self.visit(files.as_ref(), work, batch).await;
            let Some((done, whole, left)) = visited else {
                // The work failed in a way that nobody foresaw, and what was open went with it.
                self.connection.end.cancel();
                return Replies::default();
            };
            (work, batch) = (done, left);
            if whole {
                break;
            }
            batch.insists = true;
            if let Err(sentence) = files.measure_again().await {
                tracing::debug!(error = sentence, "a server's files could not be measured");
            }
        }
        drop(turn);
        if !batch.changes.is_empty() {
            self.connection.activity.note(std::mem::take(&mut batch.changes));
        }
        state.files = Some((files, work));
        batch.replies
    }

    async fn batch(&self, files: &dyn ServerFiles, asked: VecDeque<Asked>) -> Batch {
        let changes = asked.iter().any(|one| one.request.changes());
        let admitted = if changes { files.admit_change().await } else { Ok(Protected::default()) };
        let (protected, closed) = match admitted {
            Ok(protected) => (protected, None),
            Err(sentence) => (Protected::default(), Some(sentence)),
        };
        let size = asked.iter().map(|one| match one.request {
            Request::Write { .. } => 64,
            _ => one.request.cost(),
        });
        let replies = Replies::with_capacity(size.sum());
        Batch { asked, closed, protected, insists: false, replies, changes: Vec::new() }
    }

    async fn visit(
        &self,
        files: &dyn ServerFiles,
        mut work: Work,
        mut batch: Batch,
    ) -> Option<(Work, bool, Batch)> {
        let _room = self.shared.room.acquire().await.ok()?;
        let jail = files.jail().guarding(batch.protected.clone());
        let visited = jail.run_here(move |jail| {
            let whole = work.run(jail, &mut batch);
            Ok((work, whole, batch))
        });
        visited.await.ok()
    }
}

/// As a program that ended well does.
async fn close(out: &Handle, channel: ChannelId) -> Result<(), ()> {
    out.exit_status_request(channel, 0).await?;
    out.eof(channel).await?;
    out.close(channel).await
}

fn refuse(asked: VecDeque<Asked>, sentence: &str) -> Replies {
    let mut replies = Replies::default();
    let failure = Failure::of(StatusCode::Failure, sentence);
    for one in asked {
        replies.status(one.id, failure.code, &failure.sentence);
    }
    replies
}
