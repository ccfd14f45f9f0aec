//! Where the questions and the log lines of a guest go.

use crate::capability::LogLevel;
use crate::lend::{Answered, Clerk, EmbedderFault, Question};
use crate::wall::Line;

/// The other end of a guest.
pub(crate) enum Desk {
    /// The clerk of its call is in this process.
    Here(Box<Clerk>),
    /// It is in the embedder, at the other end of this line.
    Beyond(Line),
}

impl Desk {
    /// Brings the answer. The guest's turn is given back meanwhile.
    pub(crate) async fn ask(&mut self, question: Question) -> Result<Answered, EmbedderFault> {
        match self {
            Self::Here(clerk) => clerk.answer(question).await,
            Self::Beyond(line) => line.ask(question),
        }
    }

    /// Takes a line of the log, as the guest wrote it.
    pub(crate) fn write(&mut self, level: LogLevel, line: &str) -> wasmtime::Result<()> {
        match self {
            Self::Here(clerk) => clerk.write(level, line),
            Self::Beyond(wire) => wire.write(level, line)?,
        }
        Ok(())
    }

    /// Whether nobody waits for the call any more. In one process its future is dropped then.
    pub(crate) fn is_left(&self) -> bool {
        match self {
            Self::Here(_) => false,
            Self::Beyond(line) => line.is_left(),
        }
    }
}
