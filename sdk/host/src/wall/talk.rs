//! One call over its line, as the embedder makes it.

use std::net::Shutdown;
use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use rustix::net::{RecvFlags, SendFlags};
use rustix::thread::sched_getcpu;
use serde::de::DeserializeOwned;
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::line::{Frame, Line, Lost};
use super::process::Process;
use super::remote::Remote;
use super::words::{Core, FromGuest, ToGuest};
use crate::bill::Bill;
use crate::budgets::{CallBudget, EPOCH_TICK};
use crate::calls::Request;
use crate::capability::Spent;
use crate::convert::text;
use crate::error::{CallError, HostError, StopReason};
use crate::guest::Ended;
use crate::inline;
use crate::lend::{Answered, Clerk, EmbedderFault, Question};
use crate::plugin::Plugin;
use crate::run::Place;
use crate::stop::DETAIL_CHARACTERS;

/// How long the child may take to let go of a call that nobody waits for: a slice, a turn, and what a busy machine adds.
const LETTING_GO: Duration = Duration::from_secs(10);
/// What stands around an answer.
const WRAPPING_BYTES: usize = 64 * 1024;
/// How much larger an answer of an old generation may be once it is one of the newest.
const MEMORY_FACTOR: usize = 4;
/// Messages beyond the guest's own calls of the host: what ends connections.
const OTHER_MESSAGES: u32 = 64;

/// Why a call did not come to its end.
enum Failed {
    Line(Lost),
    Embedder(String),
}

impl From<Lost> for Failed {
    fn from(lost: Lost) -> Self {
        Self::Line(lost)
    }
}

/// Makes a call in the child.
pub(crate) async fn call<R: Request>(
    plugin: &Plugin,
    remote: &Remote,
    place: Place,
    (clerk, mut bill): (Clerk, Bill),
    request: R,
) -> Result<R::Answer, CallError> {
    let budget = R::KIND.budget(&plugin.0.host.budgets);
    let habits = &plugin.0.habits;
    let pace = habits.pace(R::KIND);
    let (process, slot) = remote.seat(pace, None).await?;
    // One caller at a time waits with his thread.
    let visits = &remote.runners.of(pace).visits;
    let permit = if habits.are_brief(R::KIND) { visits.try_acquire().ok() } else { None };
    let visit = permit.as_ref().map(|_| sched_getcpu());
    let line = match process.line(visit) {
        Ok(line) => line,
        Err(lost) => return Err(HostError::Runner(process.explain(&lost).await).into()),
    };
    let mut open = Open { line: Some(line), process, place: Some(place) };
    let mut talk = Talk::new(&mut open, &clerk, &budget, visit.is_some());
    let said = timeout(budget.wall, async {
        let first = Frame::new(&ToGuest::Call { slot, kind: R::KIND, visit, pace })?.with(&request)?;
        talk.converse::<R>(first).await
    });
    let said = said.await;
    let (is_visiting, waited) = (talk.is_visiting, talk.waited);
    drop(permit);
    match said {
        Ok(Ok((spent, outcome))) => {
            open.finish(visit.filter(|_| is_visiting));
            bill.settle(spent);
            habits.note(R::KIND, spent.cpu, outcome.is_ok(), waited);
            outcome.map_err(|ended| plugin.explain(R::KIND, cleaned(ended)))
        }
        Ok(Err(Failed::Line(lost))) => Err(HostError::Runner(open.process.explain(&lost).await).into()),
        Ok(Err(Failed::Embedder(panic))) => Err(HostError::Internal(panic).into()),
        Err(_) => {
            // How much of that time it computed is not known.
            habits.note(R::KIND, Duration::ZERO, false, true);
            Err(plugin.stopped(R::KIND, StopReason::WallTime, ""))
        }
    }
}

/// Words that come from the child are not believed to be harmless.
fn cleaned(ended: Ended) -> Ended {
    let clean = |words: String| text::escaped(&words, DETAIL_CHARACTERS);
    match ended {
        Ended::Stopped { reason, detail } => Ended::Stopped { reason, detail: clean(detail) },
        Ended::NoSlot => Ended::NoSlot,
        Ended::Embedder(words) => Ended::Embedder(clean(words)),
        Ended::Machine(words) => Ended::Machine(clean(words)),
    }
}

/// What a call holds. Whatever ends it, its place is free only once its instance is gone.
struct Open {
    line: Option<Line>,
    process: Arc<Process>,
    place: Option<Place>,
}

impl Open {
    /// The child said that it is over, and says so after the instance is gone.
    fn finish(&mut self, visit: Option<Core>) {
        if let Some(line) = self.line.take() {
            self.process.keep_line(line, visit);
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let (Some(line), Some(place)) = (self.line.take(), self.place.take()) else { return };
        if line.socket().shutdown(Shutdown::Write).is_err() {
            return;
        }
        let Ok(runtime) = Handle::try_current() else { return };
        let process = self.process.clone();
        runtime.spawn(async move {
            if timeout(LETTING_GO, ended(line)).await.is_err() {
                process.end("it does not let go of a call that is over");
            }
            drop(place);
        });
    }
}

/// Resolves when the other end is closed. Whatever still comes is of no interest, and must not keep it waiting.
async fn ended(mut line: Line) {
    loop {
        match line.receive(RecvFlags::DONTWAIT) {
            Ok(true) => line.discard(),
            Ok(false) if ready(&line, Interest::READABLE).await.is_ok() => {}
            Ok(false) | Err(_) => return,
        }
    }
}

/// Waits without this thread. The runtime gets a descriptor of its own, which ends with the waiting: whoever stops waiting
/// keeps the line.
async fn ready(line: &Line, interest: Interest) -> Result<(), Lost> {
    let ready = async {
        let socket = UnixStream::from_std(line.socket().try_clone()?)?;
        socket.ready(interest).await.map(drop)
    };
    ready.await.map_err(|_: std::io::Error| Lost::Ended)
}

struct Talk<'a> {
    open: &'a mut Open,
    clerk: &'a Clerk,
    budget: &'a CallBudget,
    began: Instant,
    /// Whether this thread itself waits for what comes.
    is_visiting: bool,
    /// Whether an answer did not come at once.
    waited: bool,
    messages: u32,
    log_bytes: usize,
}

type Outcome<T> = (Spent, Result<T, Ended>);

impl<'a> Talk<'a> {
    fn new(open: &'a mut Open, clerk: &'a Clerk, budget: &'a CallBudget, is_visiting: bool) -> Self {
        Self {
            open,
            clerk,
            budget,
            began: Instant::now(),
            is_visiting,
            waited: false,
            messages: 0,
            log_bytes: 0,
        }
    }

    async fn converse<R: Request>(&mut self, first: Frame) -> Result<Outcome<R::Answer>, Failed> {
        self.send(first).await?;
        loop {
            let frame = self.next().await?;
            let (said, rest) = self.read(frame)?;
            match said {
                FromGuest::Log { level, line } => {
                    self.count(line.len())?;
                    self.clerk.write(level, &line);
                }
                FromGuest::Ask(question) => {
                    self.count(0)?;
                    let answer = self.answered(question).await.map_err(Failed::Embedder)?;
                    self.send(Frame::new(&ToGuest::Answer(answer))?).await?;
                }
                FromGuest::Ended { spent, why: Some(why) } => return Ok((spent, Err(why))),
                FromGuest::Ended { spent, why: None } => {
                    let (answer, _) = self.read(rest)?;
                    return Ok((spent, Ok(answer)));
                }
            }
        }
    }

    fn line(&mut self) -> Result<&mut Line, Lost> {
        self.open.line.as_mut().ok_or(Lost::Ended)
    }

    /// A part of a frame. What guests hand over at once is measured in memory too, before it is sent.
    fn read<T: DeserializeOwned>(&mut self, frame: Range<usize>) -> Result<(T, Range<usize>), Lost> {
        let most = self.budget.output_bytes.saturating_mul(MEMORY_FACTOR).saturating_add(WRAPPING_BYTES);
        self.line()?.read_bounded(frame, most)
    }

    /// The child counts as well, so that a guest ends by its rule; this is for a child that does not.
    fn count(&mut self, log_bytes: usize) -> Result<(), Lost> {
        self.messages += 1;
        self.log_bytes = self.log_bytes.saturating_add(log_bytes);
        let most = self.budget.host_calls.saturating_add(OTHER_MESSAGES);
        if self.messages > most || self.log_bytes > self.budget.log_bytes {
            return Err(Lost::Nonsense);
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Range<usize>, Lost> {
        let most = self.budget.output_bytes.saturating_mul(2).saturating_add(WRAPPING_BYTES);
        loop {
            if let Some(frame) = self.line()?.frame(most)? {
                return Ok(frame);
            }
            if self.is_visiting {
                let left = EPOCH_TICK.saturating_sub(self.began.elapsed());
                self.is_visiting = !left.is_zero() && self.line()?.comes_within(left)?;
            }
            if !self.line()?.receive(RecvFlags::DONTWAIT)? {
                ready(self.line()?, Interest::READABLE).await?;
            }
        }
    }

    async fn send(&mut self, frame: Frame) -> Result<(), Lost> {
        let frame = frame.finish()?;
        let mut rest = frame.as_slice();
        while !rest.is_empty() {
            let sent = self.line()?.send_some(rest, SendFlags::DONTWAIT)?;
            rest = &rest[sent..];
            if !rest.is_empty() {
                ready(self.line()?, Interest::WRITABLE).await?;
            }
        }
        Ok(())
    }

    /// Answers in this very task, which is one of the embedder's. What does not answer at once ends the visit.
    async fn answered(&mut self, question: Question) -> Result<Answered, String> {
        let mut question = match self.clerk.consider(question) {
            Ok(question) => question,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let fault = |words: String| EmbedderFault::new(words).to_string();
        if let Poll::Ready(answer) = inline::poll(question.as_mut()).await {
            return answer.map_err(fault);
        }
        (self.is_visiting, self.waited) = (false, true);
        let answer = AssertUnwindSafe(question).catch_unwind().await;
        answer.map_err(|panic| fault(inline::words(&*panic)))
    }
}
