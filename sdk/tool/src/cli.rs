//! What can be said on the command line.

use clap::{Args, Subcommand, ValueEnum};
use gantry_distribution::RegistryHost;
use std::path::PathBuf;

/// What every command takes.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// Answers as JSON, for scripts
    #[arg(long, global = true)]
    pub json: bool,
    /// The folder with the components that come with Gantry: declarative.wasm and eggs.wasm
    #[arg(long, global = true, env = "GANTRY_PLUGINS_DIR", value_name = "DIR")]
    pub plugins: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct PluginArgs {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: PluginCommand,
}

#[derive(Debug, Subcommand)]
pub enum PluginCommand {
    /// Makes a folder with a plugin that builds, runs and has a test
    New(NewArgs),
    /// Puts the SDK that this program carries into a plugin's folder, or renews it there
    Sdk(SdkArgs),
    /// Makes a component of a folder
    Build(BuildArgs),
    /// Says what a host would have against a plugin, with what to do
    Check(TargetArgs),
    /// Holds a plugin's answers against the fixtures in its folder
    Test(TestArgs),
    /// Runs one server on this machine's Docker, built anew whenever the folder is saved
    Run(RunArgs),
    /// Shows what a component, a package or a published plugin is
    Inspect(InspectArgs),
    /// Asks a plugin once more what a record asks, with the record's answers in the place of the world; 0 if it ends as recorded, 1 if otherwise
    Replay(ReplayArgs),
    /// Makes and shows the keys that plugins are signed with
    Key(KeyArgs),
    /// Makes a package: one file for machines without a network
    Pack(PackArgs),
    /// Adds a signature to a package
    Sign(SignArgs),
    /// Puts a plugin into a registry
    Publish(PublishArgs),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Written {
    Rust,
    /// TypeScript or JavaScript
    Js,
    Python,
    /// A document, without code
    Declarative,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Template {
    /// A program that answers on its console: the least that runs
    Minimal,
    /// A whole game to change: settings, an image, a collector, console events
    Game,
}

#[derive(Debug, Args)]
pub struct NewArgs {
    /// The folder that is made
    pub folder: PathBuf,
    /// What it is written in
    #[arg(long, value_enum, default_value = "rust")]
    pub language: Written,
    /// What it begins with
    #[arg(long, value_enum, default_value = "minimal")]
    pub template: Template,
    /// The plugin's id; the folder's name when left out
    #[arg(long)]
    pub id: Option<String>,
    /// The plugin's name for people
    #[arg(long)]
    pub name: Option<String>,
}

#[derive(Debug, Args)]
pub struct SdkArgs {
    /// The plugin's folder
    #[arg(default_value = ".")]
    pub folder: PathBuf,
}

#[derive(Debug, Args)]
pub struct BuildArgs {
    /// The plugin's folder
    #[arg(default_value = ".")]
    pub folder: PathBuf,
    /// Where the component goes; dist/ID.wasm in the folder when left out
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct TargetArgs {
    /// A plugin's folder, which is built, or a component, or a package
    #[arg(default_value = ".")]
    pub target: PathBuf,
}

#[derive(Debug, Args)]
pub struct TestArgs {
    /// The plugin's folder, which is built
    #[arg(default_value = ".")]
    pub folder: PathBuf,
    /// Takes this component, and builds nothing
    #[arg(long, value_name = "FILE")]
    pub component: Option<PathBuf>,
    /// Where the fixtures are; tests/ in the folder when left out
    #[arg(long, value_name = "DIR")]
    pub fixtures: Option<PathBuf>,
    /// Writes the answers down as the right ones
    #[arg(long)]
    pub bless: bool,
    /// Where calls that were stopped are kept for `replay`; .gantry/records in the folder when left out
    #[arg(long, value_name = "DIR")]
    pub records: Option<PathBuf>,
    /// Asks the game that runs there, such as 127.0.0.1:8303, and writes down what it answers
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub record: Option<std::net::SocketAddr>,
}

#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The record of a call
    pub record: PathBuf,
    /// The component that it is about, or another build of it; the plugin's folder is built when left out
    #[arg(long, value_name = "FILE")]
    pub component: Option<PathBuf>,
    /// The plugin's folder
    #[arg(long, default_value = ".")]
    pub folder: PathBuf,
}

#[derive(Debug, Args)]
pub struct RunArgs {
    /// The plugin's folder, which is built
    #[arg(default_value = ".")]
    pub folder: PathBuf,
    /// Takes this component, and builds nothing
    #[arg(long, value_name = "FILE")]
    pub component: Option<PathBuf>,
    /// Which blueprint; the first when left out
    #[arg(long)]
    pub blueprint: Option<String>,
    /// A value of a variable, in the place of its default
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Agrees to the game's licence where a variable asks for that: you have read it
    #[arg(long)]
    pub accept_eula: bool,
    /// Where players reach it
    #[arg(long, default_value = "127.0.0.1")]
    pub address: std::net::IpAddr,
    /// Builds once, whatever is saved
    #[arg(long)]
    pub no_watch: bool,
    /// The daemon's program; beside this one or in PATH when left out
    #[arg(long, env = "GANTRY_GANTRYD", value_name = "FILE")]
    pub gantryd: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct InspectArgs {
    /// A plugin's folder, a component, a package, or what is published: registry/repository:version
    #[arg(default_value = ".")]
    pub target: String,
    /// A public key: says which of the signatures were made with it, and whether any was; again for further keys
    #[arg(long = "key", value_name = "FILE")]
    pub keys: Vec<PathBuf>,
    #[command(flatten)]
    pub network: NetworkArgs,
}

/// How far a registry's name may lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Reach {
    /// By https, to public addresses alone
    Public,
    /// By https; the registry's own host may have private addresses
    Private,
    /// By http, to this machine
    Loopback,
}

#[derive(Debug, Args)]
pub struct NetworkArgs {
    /// How the registry is reached; an address of this machine is loopback when left out, all others are public
    #[arg(long, value_enum)]
    pub network: Option<Reach>,
    /// Who hands out the registry's tokens, where that is another host: user name and password go to the registry itself alone, if
    /// left out
    #[arg(long, value_name = "HOST")]
    pub token_service: Option<RegistryHost>,
}

#[derive(Debug, Args)]
pub struct KeyArgs {
    #[command(subcommand)]
    pub command: KeyCommand,
}

#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Makes a private key, and beside it the public one with the ending .pub
    New {
        /// Where the private key goes
        #[arg(default_value = "gantry.key")]
        file: PathBuf,
        #[command(flatten)]
        passphrase: PassphraseArgs,
    },
    /// Shows the public half of a key and what it is known by
    Show {
        /// A private or a public key
        #[arg(default_value = "gantry.key")]
        file: PathBuf,
        #[command(flatten)]
        passphrase: PassphraseArgs,
    },
}

#[derive(Debug, Args)]
pub struct PassphraseArgs {
    /// Reads the private key's passphrase from the first line of this file
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct PackArgs {
    /// A plugin's folder, which is built, or a component
    #[arg(default_value = ".")]
    pub target: PathBuf,
    /// Where the package goes; ID-VERSION.gantry.tar here when left out
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub trust: UncheckedArgs,
}

#[derive(Debug, Args)]
pub struct UncheckedArgs {
    /// Does it although `check` finds that nobody could use it
    #[arg(long)]
    pub unchecked: bool,
}

#[derive(Debug, Args)]
pub struct SignArgs {
    /// The package; it is written anew with the signature in it
    pub package: PathBuf,
    /// The private key
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// The repository that the signature is for: registry/repository
    #[arg(long)]
    pub repository: String,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
}

#[derive(Debug, Args)]
pub struct PublishArgs {
    /// A plugin's folder, which is built, or a component, or a package with its signatures
    pub target: PathBuf,
    /// Where to: registry/repository, and :tag where that is not the plugin's version
    pub reference: String,
    /// Signs with this private key
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Moves the tag where it names something else already
    #[arg(long)]
    pub replace: bool,
    #[command(flatten)]
    pub trust: UncheckedArgs,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
    #[command(flatten)]
    pub network: NetworkArgs,
}

#[derive(Debug, Args)]
pub struct EggArgs {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: EggCommand,
}

#[derive(Debug, Subcommand)]
pub enum EggCommand {
    /// Turns an egg into a document, with a report of what is lost, as JSON
    Convert(ConvertArgs),
}

#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// The egg, JSON or YAML
    pub file: PathBuf,
    /// Makes a folder with the document too, which `gantry plugin` takes
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}
