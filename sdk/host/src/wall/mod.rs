//! The second wall: guests run in a child process without power, so that whoever escapes from the engine is nowhere.
//!
//! The embedder holds Docker's socket or the database and its keys; the child (`runner`) holds compiled code and what calls
//! are about at the moment. It is the same program, reached through a hidden subcommand; it has another user where that can
//! be, no capability, no file system, no network, no programs, and the short list of the kernel's calls that running
//! compiled code takes (`gantry-confine`). It ends with its embedder, and where it ends by itself it is started again.
//!
//! Each call in flight has a line of its own, a pair of sockets with a thread behind it in the child, and what is said on it
//! goes strictly in turns: the call; then questions of the guest, each answered; then the end. So nothing has to be numbered
//! or sorted, and a message can only be about the call whose line it comes on. What comes is the guest's answer in the
//! contract's own words: all checks of it, all grants and all scopes are the embedder's, in its own process.
//!
//! A child that was taken over can therefore do what the plugins whose calls are in flight may do, each for its own call; it
//! can make up answers, which are checked as any plugin's; it sees what these calls are given, secrets included, and the code
//! and files of the plugins that are loaded. It cannot begin a call.
//!
//! There are two such children. Calls that compute for long, by what those before them used, have one of their own, which the
//! others go before: in one process both would share an address space (see `starts`).
//!
//! A short call costs two switches between processes, since the caller's thread waits on the socket itself, as it would run
//! the guest itself without the wall: for one slice at most, one caller at a time, and only for plugins whose calls have been
//! brief (see `inline`). The guest's thread is kept on the processor where its caller waits, which leaves it; else the kernel
//! gives it an idle one, and waking that takes several times as long as the call.
//!
//! Modules in reading order: `words`, `line`, `bounded`, `runner` (the child), `starts`, `child`, `process`, `remote`, `talk` (the
//! embedder); `heard` is for `boundary`.

mod bounded;
mod child;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod heard;
mod line;
mod process;
mod remote;
mod runner;
mod starts;
mod talk;
mod words;

pub(crate) use line::Line;
pub(crate) use remote::{Kept, Remote};
pub use runner::runner_main;
pub(crate) use starts::Runners;
pub(crate) use talk::call;
