//! `gantry plugin build`: a folder as a component.

use crate::{
    cli::BuildArgs, desk::Desk, embedded::put, fault::Fault, source::Source, standing, terminal::Verdict,
};
use serde_json::json;
use sha2::{Digest, Sha256};

pub(crate) async fn build(desk: &Desk, asked: &BuildArgs) -> Result<Verdict, Fault> {
    let source = Source::folder(desk, &asked.folder).await?;
    let manifest = standing::manifest(&source.component)?;
    let usual = || asked.folder.join("dist").join(&manifest.id).with_extension("wasm");
    let out = asked.output.clone().unwrap_or_else(usual);
    put(&out, &source.component)?;
    let (bytes, digest) = (source.component.len(), hex::encode(Sha256::digest(&source.component)));
    let value = json!({
        "ok": true, "file": out, "bytes": bytes, "digest": format!("sha256:{digest}"),
        "id": manifest.id, "version": manifest.version,
    });
    let words = format!("{} {} is {} ({} KiB)", manifest.id, manifest.version, out.display(), bytes / 1024);
    desk.terminal.answer(&value, &words)?;
    Ok(Verdict::Good)
}
