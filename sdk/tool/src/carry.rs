//! `gantry plugin pack`, `sign` and `publish`: how a plugin leaves its author.
//!
//! What `check` refuses is neither packed nor published unless its author insists: nobody could do anything with it.

use crate::{
    check,
    cli::{NetworkArgs, PackArgs, PublishArgs, Reach, SignArgs},
    desk::Desk,
    fault::Fault,
    keys,
    source::Source,
    terminal::Verdict,
};
use gantry_distribution::{
    Artifact, Credentials, DistributionError, Existing, Limits, Network, Reference, Registry, Repository,
    Signature, Signatures, Tag, Target, package,
};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
};

pub(crate) async fn pack(desk: &Desk, asked: &PackArgs) -> Result<Verdict, Fault> {
    let Some(source) = check::usable(desk, &asked.target, &asked.trust).await? else {
        return Ok(Verdict::Bad);
    };
    let (artifact, signatures) = packed(source)?;
    let out = asked.output.clone().unwrap_or_else(|| PathBuf::from(package::file_name(&artifact)));
    write(&artifact, &signatures, &out)?;
    let value = json!({ "ok": true, "file": out, "digest": artifact.digest().to_string() });
    let facts = artifact.facts();
    let words = format!("{} {} is packed: {}\n{}", facts.id, facts.version, out.display(), artifact.digest());
    desk.terminal.answer(&value, &words)?;
    Ok(Verdict::Good)
}

pub(crate) async fn sign(desk: &Desk, asked: &SignArgs) -> Result<Verdict, Fault> {
    let repository: Repository = asked.repository.parse()?;
    let key = keys::private(&asked.key, &asked.passphrase)?;
    let source = Source::at(desk, &asked.package).await?;
    let is_package = matches!(
        source.package.as_ref().map(|package| &package.origin),
        Some(gantry_distribution::Origin::Package)
    );
    if !is_package {
        let what = format!("{} is no package, and a signature stands in one", asked.package.display());
        return Err(Fault::new("not-a-package", what, "Make one: `gantry plugin pack`."));
    }
    let (artifact, mut signatures) = packed(source)?;
    signatures.add(Signature::make(&key, &repository, artifact.digest()))?;
    write(&artifact, &signatures, &asked.package)?;
    let key = key.public();
    let value = json!({
        "ok": true, "file": asked.package, "digest": artifact.digest().to_string(),
        "key": key.id().to_string(), "signatures": signatures.len(),
    });
    let words = format!("signed by {} for {repository}: {}", key.id().short(), artifact.digest());
    desk.terminal.answer(&value, &words)?;
    Ok(Verdict::Good)
}

pub(crate) async fn publish(desk: &Desk, asked: &PublishArgs) -> Result<Verdict, Fault> {
    let (repository, tag) = destination(&asked.reference)?;
    let key = asked.key.as_deref().map(|file| keys::private(file, &asked.passphrase)).transpose()?;
    let Some(source) = check::usable(desk, &asked.target, &asked.trust).await? else {
        return Ok(Verdict::Bad);
    };
    let (artifact, mut signatures) = packed(source)?;
    let tag = match tag {
        Some(tag) => tag,
        None => artifact.facts().version.parse().map_err(DistributionError::from)?,
    };
    if let Some(key) = &key {
        signatures.add(Signature::make(key, &repository, artifact.digest()))?;
    }
    let registry = open(&repository, &asked.network)?;
    let existing = if asked.replace { Existing::Replace } else { Existing::Keep };
    let reference = registry.push(&artifact, &repository, &tag, existing).await?;
    for signature in signatures.iter() {
        registry.attach(&repository, artifact.digest(), signature).await?;
    }
    let value = json!({
        "ok": true, "reference": reference.to_string(), "digest": artifact.digest().to_string(),
        "signatures": signatures.len(),
    });
    let unsigned = if signatures.is_empty() {
        "\nNobody signed it: most panels take what is signed alone. --key signs."
    } else {
        ""
    };
    desk.terminal.answer(&value, &format!("published: {reference}{unsigned}"))?;
    Ok(Verdict::Good)
}

/// A repository, and the tag where one is named.
fn destination(text: &str) -> Result<(Repository, Option<Tag>), Fault> {
    if let Ok(repository) = text.parse() {
        return Ok((repository, None));
    }
    let reference: Reference = text.parse()?;
    match reference.target {
        Target::Tag(tag) => Ok((reference.repository, Some(tag))),
        Target::Digest(_) | Target::Both(..) => Err(Fault::new(
            "bad-reference",
            format!("{text} names a digest, which is known only afterwards"),
            "Write registry/repository or registry/repository:tag.",
        )),
    }
}

fn packed(source: Source) -> Result<(Artifact, Signatures), Fault> {
    match source.package {
        Some(package) => Ok((package.artifact, package.signatures)),
        None => Ok((Artifact::pack(source.component.to_vec())?, Signatures::default())),
    }
}

/// In one step, because signing writes over what it read.
fn write(artifact: &Artifact, signatures: &Signatures, out: &Path) -> Result<(), Fault> {
    let failed = |error: std::io::Error| Fault::io(format!("{} cannot be written", out.display()), &error);
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    package::write(artifact, signatures, file.as_file()).map_err(failed)?;
    let public = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(public).map_err(failed)?;
    file.persist(out).map_err(|error| failed(error.error))?;
    Ok(())
}

/// How a registry is reached: as was said, or by what its name says. It is the author's own command, so their word counts.
fn reach(asked: &NetworkArgs, repository: &Repository) -> Network {
    match asked.network {
        Some(Reach::Public) => Network::Public,
        Some(Reach::Private) => Network::Private,
        Some(Reach::Loopback) => Network::Loopback,
        None if repository.host().is_loopback() => Network::Loopback,
        None => Network::Public,
    }
}

/// A registry, as whoever `docker login` says.
pub(crate) fn open(repository: &Repository, asked: &NetworkArgs) -> Result<Registry, Fault> {
    let credentials = Credentials::from_docker(repository)?.with_token_service(asked.token_service.clone());
    Ok(Registry::open(repository.host(), reach(asked, repository), credentials, Limits::default())?)
}
