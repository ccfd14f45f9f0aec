//! What each subcommand does.

use crate::{
    cli::{MigrateArgs, ServeArgs},
    compose::{self, Programs, Running, StartError},
    logs,
    settings::{self, Settings},
};
use gantry_host::ChildProgram;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use secrecy::ExposeSecret;
use std::{error::Error, io::Write};
use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{SignalKind, signal},
};

/// The hidden subcommand that compiles a component.
pub const COMPILER: &str = "compile-component";
/// The hidden subcommand that runs plugins.
pub const RUNNER: &str = "run-plugins";

pub type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

fn runtime() -> Result<Runtime, StartError> {
    let built = Builder::new_multi_thread().enable_all().build();
    built.map_err(|source| StartError::System { what: "no threads can be started", source })
}

/// Serves until Ctrl-C or SIGTERM.
pub fn serve(args: ServeArgs) -> Outcome {
    let settings = Settings::read(args)?;
    logs::begin(&settings.log, settings.log_format);
    gantry_api::return_large_blocks();
    if let Err(error) = have_files() {
        tracing::warn!(%error, "no more files can be opened than the system gave room for");
    }
    let programs = Programs { compiler: ChildProgram::this(COMPILER), runner: ChildProgram::this(RUNNER) };
    runtime()?.block_on(async {
        let public_url = settings.edge.public_url.clone();
        let mut running = compose::start(settings, programs).await?;
        tracing::info!(address = %running.address, url = %public_url, "the control plane listens");
        show_setup(&running, public_url.as_str()).await?;
        tokio::select! {
            asked = asked_to_stop() => asked?,
            () = running.broken() => tracing::error!("a part of the control plane ended; stopping the rest"),
        }
        running.stop().await;
        tracing::info!("the control plane has stopped");
        Ok(())
    })
}

/// Each page, each node and each request is an open file, and service managers give programs room for a thousand, with leave
/// to take more. Children set limits of their own.
fn have_files() -> std::io::Result<()> {
    let most = getrlimit(Resource::Nofile).maximum;
    Ok(setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most })?)
}

/// Says on the terminal, and not in the log, how the first administrator is made.
async fn show_setup(running: &Running, public_url: &str) -> Outcome {
    if let Some(token) = running.setup_token().await? {
        let token = token.expose_secret();
        writeln!(
            std::io::stdout(),
            "\nNo account exists yet. Make the first administrator at {public_url}setup\n\
             From another machine it asks for this one-time token: {token}\n"
        )?;
    }
    Ok(())
}

async fn asked_to_stop() -> Result<(), StartError> {
    let failed = |source| StartError::System { what: "signals cannot be received", source };
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(failed),
        _ = terminate.recv() => Ok(()),
    }
}

/// Brings the schema up to date.
pub fn migrate(args: MigrateArgs) -> Outcome {
    let url = settings::database_url(args.database_url)?;
    runtime()?.block_on(gantry_store::migrate(&url))?;
    writeln!(std::io::stdout(), "The schema is up to date.")?;
    Ok(())
}

/// Prints the API document.
pub fn openapi() -> Outcome {
    std::io::stdout().write_all(gantry_api::openapi().as_bytes())?;
    Ok(())
}

/// An error with everything that caused it, for people.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str("\n  because: ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
