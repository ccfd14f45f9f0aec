//! Where the questions and the log lines of a guest go.

use crate::capability::LogLevel;
use crate::lend::{Answered, Clerk, EmbedderFault, Question};

/// The other end of a guest.
pub(crate) enum Desk {
    /// The clerk of its call is in this process.
    Here(Clerk),
}

impl Desk {
    /// Brings the answer. The guest's turn is given back meanwhile.
    pub(crate) async fn ask(&mut self, question: Question) -> Result<Answered, EmbedderFault> {
        match self {
            Self::Here(clerk) => clerk.answer(question).await,
        }
    }

    /// Takes a line of the log, as the guest wrote it.
    pub(crate) fn write(&mut self, level: LogLevel, line: &str) -> wasmtime::Result<()> {
        match self {
            Self::Here(clerk) => clerk.write(level, line),
        }
        Ok(())
    }
}
