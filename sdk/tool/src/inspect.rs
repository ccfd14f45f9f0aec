//! `gantry plugin inspect`: what a plugin is, read from its bytes.

use crate::{
    carry::open, cli::InspectArgs, desk::Desk, fault::Fault, keys, source::Source, standing,
    terminal::Verdict,
};
use gantry_distribution::{Artifact, PublicKey, Reference, Signatures};
use gantry_host::Manifest;
use serde_json::{Value, json};
use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

pub(crate) async fn inspect(desk: &Desk, asked: &InspectArgs) -> Result<Verdict, Fault> {
    let known = |file: &PathBuf| keys::public(file).map(|key| Known { file: file.clone(), key });
    let keys: Vec<Known> = asked.keys.iter().map(known).collect::<Result<_, _>>()?;
    let (artifact, signatures) = fetch(desk, asked).await?;
    let manifest = standing::manifest(artifact.component())?;
    let signed: Vec<Value> = signatures.iter().map(|signature| verdict(signature, &keys)).collect();
    let value = value(&artifact, &manifest, &signed)?;
    desk.terminal.answer(&value, &words(&value))?;
    let is_good = keys.is_empty() || signed.iter().any(|each| each["verified"] == true);
    Ok(if is_good { Verdict::Good } else { Verdict::Bad })
}

async fn fetch(desk: &Desk, asked: &InspectArgs) -> Result<(Artifact, Signatures), Fault> {
    let path = Path::new(&asked.target);
    if path.exists() {
        let source = Source::at(desk, path).await?;
        return match source.package {
            Some(package) => Ok((package.artifact, package.signatures)),
            None => Ok((Artifact::pack(source.component.to_vec())?, Signatures::default())),
        };
    }
    let reference: Reference = asked.target.parse().map_err(|error| {
        let fault = Fault::from(gantry_distribution::DistributionError::Reference(error));
        Fault { message: format!("{} is no file and no reference: {}", asked.target, fault.message), ..fault }
    })?;
    let registry = open(&reference.repository, &asked.network)?;
    let artifact = registry.pull(&reference).await?;
    let signatures = registry.signatures(&reference.repository, artifact.digest()).await?;
    Ok((artifact, signatures))
}

/// A key that was named.
struct Known {
    file: PathBuf,
    key: PublicKey,
}

/// What a signature says, as far as a key vouches for it.
fn verdict(signature: &gantry_distribution::Signature, keys: &[Known]) -> Value {
    let found = keys.iter().find_map(|known| Some((known, signature.verified_by(&known.key)?)));
    match found {
        Some((Known { file, key }, statement)) => json!({
            "verified": true,
            "key": key.id().to_string(),
            "fingerprint": key.id().short(),
            "file": file,
            "repository": statement.repository.to_string(),
            "digest": statement.digest.to_string(),
        }),
        None => json!({ "verified": (!keys.is_empty()).then_some(false) }),
    }
}

fn value(artifact: &Artifact, manifest: &Manifest, signatures: &[Value]) -> Result<Value, Fault> {
    let component = artifact.component();
    let files = gantry_pack::files(component)
        .map_err(|error| Fault::new("not-a-component", error.to_string(), "Build it again."))?;
    let files: Vec<Value> =
        files.iter().map(|(name, content)| json!({ "name": name, "bytes": content.len() })).collect();
    Ok(json!({
        "ok": true,
        "id": manifest.id, "name": manifest.name, "version": manifest.version, "author": manifest.author,
        "description": manifest.description, "licence": manifest.licence, "contract": manifest.contract,
        "capabilities": manifest.capabilities,
        "imports": artifact.facts().imports, "exports": artifact.facts().exports,
        "bytes": component.len(), "files": files,
        "digest": artifact.digest().to_string(), "component": artifact.component_digest().to_string(),
        "signatures": signatures,
    }))
}

fn words(value: &Value) -> String {
    let mut text = String::new();
    let string = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let list = |key: &str| {
        let all = value[key].as_array().into_iter().flatten();
        all.filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
    };
    let mut line = |name: &str, content: &str| {
        if !content.is_empty() {
            // Text grows without fault.
            writeln!(text, "{name:<12} {content}").ok();
        }
    };
    line("plugin", &format!("{} {} ({})", string("id"), string("version"), string("name")));
    line("author", &string("author"));
    line("description", &string("description"));
    line("licence", &string("licence"));
    line("contract", &string("contract"));
    for capability in value["capabilities"].as_array().into_iter().flatten() {
        let scope = ["hosts", "names"].iter().filter_map(|key| capability[*key].as_array()).flatten();
        let scope: Vec<&str> = scope.filter_map(Value::as_str).collect();
        let scope = if scope.is_empty() { String::new() } else { format!(" ({})", scope.join(", ")) };
        let (name, reason) = (capability["name"].as_str(), capability["reason"].as_str());
        line("asks for", &format!("{}{scope}: {}", name.unwrap_or_default(), reason.unwrap_or_default()));
    }
    line("imports", &list("imports"));
    line("exports", &list("exports"));
    for file in value["files"].as_array().into_iter().flatten() {
        line("file", &format!("{} ({} bytes)", file["name"].as_str().unwrap_or_default(), file["bytes"]));
    }
    line("size", &format!("{} bytes", value["bytes"]));
    line("digest", &string("digest"));
    line("component", &string("component"));
    for signature in value["signatures"].as_array().into_iter().flatten() {
        let said = match signature["verified"].as_bool() {
            Some(true) => {
                let said = |key: &str| signature[key].as_str().unwrap_or_default();
                format!("by {} ({}), for {}", said("file"), said("fingerprint"), said("repository"))
            }
            Some(false) => "by no key that was named".to_owned(),
            None => "there; --key says whose".to_owned(),
        };
        line("signature", &said);
    }
    text
}
