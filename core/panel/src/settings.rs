//! The configuration, checked as a whole before anything starts.
//!
//! Everything that is wrong is named at once, each with what to do about it, so that nobody starts five times to read
//! five messages.

use crate::{cli::ServeArgs, shares::Sharing};
use gantry_api::EdgeConfig;
use gantry_app::Internet;
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
    str::FromStr,
};
use url::Url;

/// Shortest metrics token, in bytes.
const METRICS_TOKEN: usize = 16;

/// A configuration that holds.
#[derive(Clone)]
pub struct Settings {
    pub database_url: SecretString,
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    pub plugins_dir: Option<PathBuf>,
    pub edge: EdgeConfig,
    pub connections: Sharing,
    /// Whom those may write to whose interfaces plugins ask.
    pub contact: Option<String>,
    pub log: String,
    pub log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people at a terminal.
    Pretty,
    /// One JSON object a line, for collectors.
    Json,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The option and its environment variable.
    pub setting: &'static str,
    pub what: String,
    pub remedy: &'static str,
}

/// Everything that is wrong.
#[derive(Debug, thiserror::Error)]
pub struct Complaints(pub Vec<Complaint>);

impl fmt::Display for Complaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration does not hold:")?;
        for Complaint { setting, what, remedy } in &self.0 {
            write!(f, "\n  {setting}: {what}. {remedy}")?;
        }
        Ok(())
    }
}

/// Collects complaints while values are read.
#[derive(Default)]
struct Reader(Vec<Complaint>);

impl Reader {
    fn complain(&mut self, setting: &'static str, what: impl Into<String>, remedy: &'static str) {
        self.0.push(Complaint { setting, what: what.into(), remedy });
    }

    fn parse<T: FromStr<Err: fmt::Display>>(
        &mut self,
        setting: &'static str,
        text: &str,
        remedy: &'static str,
    ) -> Option<T> {
        match text.trim().parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.complain(setting, format!("\"{text}\" cannot be read ({error})"), remedy);
                None
            }
        }
    }
}

const DATABASE: &str = "--database-url (DATABASE_URL)";
const PUBLIC_URL: &str = "--public-url (GANTRY_PUBLIC_URL)";

/// The database's address, which more than one subcommand needs.
pub fn database_url(given: Option<SecretString>) -> Result<SecretString, Complaints> {
    let mut reader = Reader::default();
    let url = database(&mut reader, given);
    url.ok_or(Complaints(reader.0))
}

fn database(reader: &mut Reader, given: Option<SecretString>) -> Option<SecretString> {
    const REMEDY: &str =
        "Give the address of a PostgreSQL database, such as postgres://gantry@localhost/gantry.";
    let Some(url) = given.filter(|url| !url.expose_secret().is_empty()) else {
        reader.complain(DATABASE, "is missing", REMEDY);
        return None;
    };
    // The text may hold a password, so it is not repeated.
    let scheme = url.expose_secret().split("://").next().unwrap_or("");
    if !matches!(scheme, "postgres" | "postgresql") {
        reader.complain(DATABASE, "does not begin with postgres://", REMEDY);
        return None;
    }
    Some(url)
}

impl Settings {
    /// Checks everything.
    pub fn read(args: ServeArgs) -> Result<Self, Complaints> {
        let mut reader = Reader::default();
        let database_url = database(&mut reader, args.database_url);
        let listen = reader.parse::<SocketAddr>(
            "--listen (GANTRY_LISTEN)",
            &args.listen,
            "Give an address and a port, such as 127.0.0.1:7080 or [::]:7080.",
        );
        let public_url = public_url(&mut reader, args.public_url.as_deref(), listen);
        let trusted_proxies: Vec<IpNet> =
            args.trusted_proxies.iter().filter_map(|text| network(&mut reader, text)).collect();
        let origins = args.origins.iter().filter_map(|text| origin(&mut reader, text)).collect();
        let general_per_minute = reader.parse::<NonZeroU32>(
            "--rate-limit-general (GANTRY_RATE_LIMIT_GENERAL)",
            &args.rate_limit_general,
            "Give a number of requests a minute, at least 1.",
        );
        let files_per_minute = reader.parse::<NonZeroU32>(
            "--rate-limit-files (GANTRY_RATE_LIMIT_FILES)",
            &args.rate_limit_files,
            "Give a number of requests a minute, at least 1.",
        );
        let power_per_minute = reader.parse::<NonZeroU32>(
            "--rate-limit-power (GANTRY_RATE_LIMIT_POWER)",
            &args.rate_limit_power,
            "Give a number of requests a minute, at least 1.",
        );
        let addresses_per_hour = reader.parse::<NonZeroU32>(
            "--rate-limit-addresses (GANTRY_RATE_LIMIT_ADDRESSES)",
            &args.rate_limit_addresses,
            "Give a number of requests an hour, at least 1.",
        );
        let connections_per_network = reader.parse::<NonZeroUsize>(
            "--connections-per-network (GANTRY_CONNECTIONS_PER_NETWORK)",
            &args.connections_per_network,
            "Give a number of connections, at least 1.",
        );
        check_metrics_token(&mut reader, args.metrics_token.as_ref());
        check_plugins(&mut reader, args.plugins_dir.as_ref());
        check_contact(&mut reader, args.contact.as_deref());
        let log_format = log_format(&mut reader, &args.log_format);
        crate::logs::check(&args.log).unwrap_or_else(|error| {
            reader.complain(
                "--log (GANTRY_LOG)",
                error,
                "Give a level such as info, or targets such as gantry_app=debug,info.",
            );
        });

        let (
            Some(database_url),
            Some(listen),
            Some(public_url),
            Some(general_per_minute),
            Some(files_per_minute),
            Some(power_per_minute),
            Some(addresses_per_hour),
            Some(connections_per_network),
            Some(log_format),
            true,
        ) = (
            database_url,
            listen,
            public_url,
            general_per_minute,
            files_per_minute,
            power_per_minute,
            addresses_per_hour,
            connections_per_network,
            log_format,
            reader.0.is_empty(),
        )
        else {
            return Err(Complaints(reader.0));
        };
        let metrics_token = args.metrics_token;
        Ok(Self {
            database_url,
            listen,
            data_dir: args.data_dir,
            plugins_dir: args.plugins_dir,
            contact: args.contact,
            connections: Sharing::new(connections_per_network, &trusted_proxies),
            edge: EdgeConfig {
                public_url,
                origins,
                trusted_proxies,
                general_per_minute,
                files_per_minute,
                power_per_minute,
                addresses_per_hour,
                metrics_token,
            },
            log: args.log,
            log_format,
        })
    }
}

fn check_contact(reader: &mut Reader, given: Option<&str>) {
    if given.is_some_and(|contact| !Internet::is_contact(contact)) {
        reader.complain(
            "--contact (GANTRY_CONTACT)",
            "cannot stand in a header",
            "Give an e-mail address or a URL, of at most 200 ASCII characters without spaces and parentheses.",
        );
    }
}

fn public_url(reader: &mut Reader, given: Option<&str>, listen: Option<SocketAddr>) -> Option<Url> {
    const REMEDY: &str = "Give the address that browsers use, such as https://panel.example.com.";
    let Some(text) =
        given.map(ToOwned::to_owned).or_else(|| listen.map(|address| format!("http://{}", named(address))))
    else {
        // Without both, the complaint about --listen stands for this one.
        return None;
    };
    let url = reader.parse::<Url>(PUBLIC_URL, &text, REMEDY)?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        reader.complain(PUBLIC_URL, format!("\"{text}\" is no http or https address"), REMEDY);
        return None;
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        reader.complain(PUBLIC_URL, format!("\"{text}\" has more than scheme, host and port"), REMEDY);
        return None;
    }
    Some(url)
}

/// Nobody can browse to "any address".
fn named(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::from(([127, 0, 0, 1], address.port())),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::from(([127, 0, 0, 1], address.port())),
        IpAddr::V4(_) | IpAddr::V6(_) => address,
    }
}

fn network(reader: &mut Reader, text: &str) -> Option<IpNet> {
    // A single address is the smallest network.
    let bare = text.trim().parse::<IpAddr>().ok().map(IpNet::from);
    bare.or_else(|| {
        reader.parse(
            "--trusted-proxy (GANTRY_TRUSTED_PROXIES)",
            text,
            "Give networks such as 10.0.0.0/8, separated by commas.",
        )
    })
}

fn origin(reader: &mut Reader, text: &str) -> Option<String> {
    const SETTING: &str = "--origin (GANTRY_ORIGINS)";
    const REMEDY: &str = "Give scheme, host and port, such as http://localhost:5173.";
    let url = reader.parse::<Url>(SETTING, text, REMEDY)?;
    let origin = url.origin();
    if !origin.is_tuple() {
        reader.complain(SETTING, format!("\"{text}\" has no origin"), REMEDY);
        return None;
    }
    Some(origin.ascii_serialization())
}

fn check_metrics_token(reader: &mut Reader, token: Option<&SecretString>) {
    if token.is_some_and(|token| token.expose_secret().len() < METRICS_TOKEN) {
        let setting = "--metrics-token (GANTRY_METRICS_TOKEN)";
        reader.complain(
            setting,
            "is too short",
            "Give at least 16 bytes, such as the output of `openssl rand -hex 32`.",
        );
    }
}

fn check_plugins(reader: &mut Reader, folder: Option<&PathBuf>) {
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        let what = format!("{} is no directory", folder.display());
        reader.complain(
            "--plugins-dir (GANTRY_PLUGINS_DIR)",
            what,
            "Give a directory with .wasm components, or leave it out.",
        );
    }
}

fn log_format(reader: &mut Reader, text: &str) -> Option<LogFormat> {
    match text {
        "pretty" => Some(LogFormat::Pretty),
        "json" => Some(LogFormat::Json),
        other => {
            reader.complain(
                "--log-format (GANTRY_LOG_FORMAT)",
                format!("\"{other}\" is no format"),
                "Give pretty or json.",
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser;

    fn read(arguments: &[&str]) -> Result<Settings, Complaints> {
        let all = ["gantry", "serve"].iter().chain(arguments);
        match Cli::try_parse_from(all).unwrap().command {
            Command::Serve(args) => Settings::read(*args),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let wrong = [
            "--database-url",
            "mysql://x:secret@y",
            "--listen",
            "nowhere",
            "--trusted-proxy",
            "10.0.0.0/99",
            "--rate-limit-general",
            "0",
            "--rate-limit-files",
            "many",
            "--rate-limit-power",
            "0.5",
            "--rate-limit-addresses",
            "few",
            "--connections-per-network",
            "none",
            "--contact",
            "Ada (Lovelace)",
            "--metrics-token",
            "short",
            "--log-format",
            "xml",
        ];
        let text = read(&wrong).err().unwrap().to_string();
        for setting in [
            "DATABASE_URL",
            "--listen",
            "--trusted-proxy",
            "--rate-limit-general",
            "--rate-limit-files",
            "--rate-limit-power",
            "--rate-limit-addresses",
            "--connections-per-network",
            "--contact",
            "--metrics-token",
            "--log-format",
        ] {
            assert!(text.contains(setting), "{setting} is missing in {text}");
        }
        assert!(!text.contains("secret"), "{text}");
    }

    #[test]
    fn without_a_public_url_the_panel_is_where_it_listens() {
        let settings = read(&["--database-url", "postgres://localhost/gantry", "--listen", "0.0.0.0:8080"])
            .ok()
            .unwrap();
        assert_eq!(settings.edge.public_url.as_str(), "http://127.0.0.1:8080/");
    }

    #[test]
    fn a_public_url_with_a_path_is_refused() {
        let arguments =
            ["--database-url", "postgres://localhost/gantry", "--public-url", "https://x.example/panel"];
        assert!(read(&arguments).is_err());
    }
}
