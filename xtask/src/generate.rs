//! What is generated and checked in: made anew, or compared.
//!
//! The API document comes from the control plane, the TypeScript client from the document, the query data from the
//! statements and a migrated database.

use crate::{
    contract,
    postgres::Cluster,
    shell::{Result, cargo, output, root, run, say},
    web,
};
use clap::Args;
use std::{
    fs,
    path::{Path, PathBuf},
};

#[derive(Args)]
pub struct Options {
    /// Change nothing; fail where something is out of date
    #[arg(long)]
    pub check: bool,
    /// Only what the guest SDKs know of the contract
    #[arg(long)]
    pub contract: bool,
}

/// Files and folders that are generated.
const GENERATED: &[&str] = &[
    "core/api/openapi.json",
    "core/store/.sqlx",
    "sdk/js/contract.json",
    "sdk/js/src",
    "sdk/python/src",
    "sdk/python/stubs",
    "sdk/wit/REFERENCE.md",
    "sdk/document/blueprint.schema.json",
    "sdk/document/REFERENCE.md",
    "web/src/api",
];

/// Generates everything, or checks that it would change nothing.
pub fn generate(options: &Options) -> Result<()> {
    let before = snapshot()?;
    say("generating what the guest SDKs know of the contract", "sdk/js, sdk/python");
    contract::generate()?;
    if !options.contract {
        everything_else()?;
    }
    let after = snapshot()?;
    compare(options, &before, &after)
}

fn everything_else() -> Result<()> {
    queries()?;
    say("generating the schema and the reference of documents", "sdk/document");
    let example = ["--package", "gantry-document", "--features", "schema", "--example", "generated"];
    run(cargo().args(["run", "--quiet"]).args(example))?;
    say("generating the API document", "core/api/openapi.json");
    let document = output(cargo().args(["run", "--quiet", "--package", "gantry-panel", "--", "openapi"]))?;
    fs::write(root().join("core/api/openapi.json"), document)?;
    say("generating the TypeScript client", "web/src/api");
    web::install()?;
    output(web::npm()?.args(["run", "--silent", "gen"]))?;
    Ok(())
}

fn compare(options: &Options, before: &Snapshot, after: &Snapshot) -> Result<()> {
    if options.check && before != after {
        let changed: Vec<&str> = before
            .keys()
            .chain(after.keys())
            .filter(|file| before.get(*file) != after.get(*file))
            .map(String::as_str)
            .collect();
        return Err(format!(
            "generated files were out of date and have been made anew: {}",
            changed.join(", ")
        )
        .into());
    }
    Ok(())
}

fn queries() -> Result<()> {
    say("checking the statements against a migrated database", "core/store/.sqlx");
    let data = std::env::temp_dir().join(format!("gantry-gen-{}", std::process::id()));
    let cluster = Cluster::throw_away(&data)?;
    let made = describe(&cluster);
    cluster.remove()?;
    fs::remove_dir_all(&data).ok();
    made
}

fn describe(cluster: &Cluster) -> Result<()> {
    cluster.start()?;
    let url = cluster.database("gantry_gen")?;
    // By hand: the program that migrates does not compile before its statements were checked.
    for migration in migrations()? {
        cluster.query("gantry_gen", &fs::read_to_string(migration)?)?;
    }
    let folder = root().join("core/store/.sqlx");
    if folder.is_dir() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    // Cargo does not see that the macros read the environment; a newer source makes it compile them again.
    let source = root().join("core/store/src/lib.rs");
    fs::File::options().append(true).open(&source)?.set_modified(std::time::SystemTime::now())?;
    run(cargo()
        .args(["check", "--quiet", "--package", "gantry-store"])
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", &folder)
        .env("DATABASE_URL", &url))
}

/// In the order in which they are applied.
fn migrations() -> Result<Vec<PathBuf>> {
    let found = fs::read_dir(root().join("core/store/migrations"))?;
    let mut files = found.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<PathBuf>>>()?;
    files.sort();
    Ok(files)
}

type Snapshot = std::collections::BTreeMap<String, Vec<u8>>;

fn snapshot() -> Result<Snapshot> {
    let mut files = Snapshot::new();
    for name in GENERATED {
        read(&root().join(name), &mut files)?;
    }
    Ok(files)
}

fn read(path: &Path, files: &mut Snapshot) -> Result<()> {
    if path.is_file() {
        files.insert(path.strip_prefix(root())?.display().to_string(), fs::read(path)?);
    } else if path.is_dir() {
        for entry in fs::read_dir(path)? {
            read(&entry?.path(), files)?;
        }
    }
    Ok(())
}
