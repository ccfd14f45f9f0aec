//! What can be said on the command line and in the environment.
//!
//! Values stay texts here: [`crate::settings`] checks them all and names everything that is wrong at once.

use clap::{Args, Parser, Subcommand};
use gantry_tool::cli::{EggArgs, PluginArgs};
use secrecy::SecretString;
use std::path::PathBuf;

#[derive(Debug, Parser)]
#[command(
    name = "gantry",
    version,
    about = "The control plane of Gantry, a panel for game servers, and its authors' tools"
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves the API and the web panel
    Serve(Box<ServeArgs>),
    /// Brings the database's schema up to date and ends
    Migrate(MigrateArgs),
    /// Prints the OpenAPI document
    Openapi,
    /// Makes, tries and publishes plugins; needs no control plane
    Plugin(PluginArgs),
    /// Turns games of other panels into documents
    Egg(EggArgs),
    /// Compiles one component from stdin to stdout; for the control plane itself
    #[command(hide = true)]
    CompileComponent,
}

#[derive(Clone, Debug, Args)]
pub struct MigrateArgs {
    /// PostgreSQL, such as postgres://gantry@localhost/gantry
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<SecretString>,
}

#[derive(Clone, Debug, Args)]
pub struct ServeArgs {
    /// PostgreSQL, such as postgres://gantry@localhost/gantry
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<SecretString>,
    /// Address and port to listen on
    #[arg(long, env = "GANTRY_LISTEN", default_value = "127.0.0.1:7080")]
    pub listen: String,
    /// Where browsers reach the panel; the listening address over http when left out
    #[arg(long, env = "GANTRY_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Keys and caches
    #[arg(long, env = "GANTRY_DATA_DIR", default_value = "/var/lib/gantry")]
    pub data_dir: PathBuf,
    /// Components that are installed at start
    #[arg(long, env = "GANTRY_PLUGINS_DIR")]
    pub plugins_dir: Option<PathBuf>,
    /// E-mail address or URL that is told to those whose interfaces plugins ask, such as publishers of games; some want to
    /// know whom to write to
    #[arg(long, env = "GANTRY_CONTACT")]
    pub contact: Option<String>,
    /// Networks of proxies whose X-Forwarded-For is believed
    #[arg(long = "trusted-proxy", env = "GANTRY_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<String>,
    /// Further origins that count as the panel's own, such as a development server's
    #[arg(long = "origin", env = "GANTRY_ORIGINS", value_delimiter = ',')]
    pub origins: Vec<String>,
    /// Requests a minute and user on routes with the general limit
    #[arg(long, env = "GANTRY_RATE_LIMIT_GENERAL", default_value = "100")]
    pub rate_limit_general: String,
    /// Requests a minute and user that move files: uploads, downloads, changes
    #[arg(long, env = "GANTRY_RATE_LIMIT_FILES", default_value = "30")]
    pub rate_limit_files: String,
    /// Requests a minute, user and server that switch servers on and off, reinstall or delete them
    #[arg(long, env = "GANTRY_RATE_LIMIT_POWER", default_value = "10")]
    pub rate_limit_power: String,
    /// Additions of members an hour by somebody who is no administrator: each tells whether an address has an account.
    #[arg(long, env = "GANTRY_RATE_LIMIT_ADDRESSES", value_name = "COUNT", default_value = "20")]
    pub rate_limit_addresses: String,
    /// Connections that one network may hold: an IPv4 address or an IPv6 /64. Loopback and trusted proxies take what there is
    #[arg(long, env = "GANTRY_CONNECTIONS_PER_NETWORK", default_value = "1024")]
    pub connections_per_network: String,
    /// Opens /metrics from elsewhere than loopback, as bearer token
    #[arg(long, env = "GANTRY_METRICS_TOKEN", hide_env_values = true)]
    pub metrics_token: Option<SecretString>,
    /// What is logged, such as info or gantry_app=debug,info
    #[arg(long, env = "GANTRY_LOG", default_value = "info")]
    pub log: String,
    /// How it is logged: pretty or json
    #[arg(long, env = "GANTRY_LOG_FORMAT", default_value = "pretty")]
    pub log_format: String,
}
