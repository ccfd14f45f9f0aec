//! `gantry plugin run`: one server on this machine's Docker, straight from the folder, built anew whenever it is saved.
//!
//! The daemon does what it does in production: this starts `gantryd` with a directory of its own that goes with it, hands it the
//! component and the whole desired server, shows what comes back, and stands in for the control plane until Ctrl-C. Then the
//! game stops as its plugin says, its container and files are removed, and the daemon ends.
//!
//! Modules in reading order: [`daemon`], [`wish`], [`watch`], [`play`].

mod daemon;
mod play;
mod watch;
mod wish;

use crate::{cli::RunArgs, desk::Desk, fault::Fault, source::Source, terminal::Verdict};
use daemon::Daemon;
use play::Play;
use wish::Wish;

pub(crate) async fn run(desk: &Desk, asked: &RunArgs) -> Result<Verdict, Fault> {
    let source = match &asked.component {
        Some(file) => Source::at(desk, file).await?,
        None => Source::folder(desk, &asked.folder).await?,
    };
    let wish = Wish::of(desk, asked, source.component).await?;
    let daemon = Daemon::start(desk, asked).await?;
    let outcome = match Play::new(desk, asked, &daemon, wish) {
        Ok(play) => play.until_the_end().await,
        Err(fault) => Err(fault),
    };
    let ended = daemon.stop().await;
    outcome.and_then(|verdict| ended.map(|()| verdict))
}
