//! `gantry egg convert`: an egg as a document, with what is lost, by the importer that a panel would ask.

use crate::{
    cli::ConvertArgs,
    desk::Desk,
    embedded::put,
    fault::Fault,
    origin::Origin,
    standing::Standing,
    terminal::{Terminal, Verdict},
};
use gantry_host::Lent;
use serde_json::{Value, json};
use std::fs;

pub(crate) async fn convert(desk: &Desk, asked: &ConvertArgs) -> Result<Verdict, Fault> {
    // An earlier egg's document may have been worked on.
    let there = asked.output.as_ref().map(|folder| folder.join(gantry_document::JSON_FILE));
    if let Some(there) = there.filter(|file| file.exists()) {
        let remedy = "Choose another folder, or remove what is there.";
        return Err(Fault::new("exists", format!("{} is there already", there.display()), remedy));
    }
    let importer = desk.component("eggs").ok_or_else(|| {
        Fault::new(
            "no-importer",
            "the importer of eggs is not there",
            "Name the folder that has eggs.wasm by --plugins or GANTRY_PLUGINS_DIR; in a checkout `cargo xtask plugins` \
             makes it.",
        )
    })?;
    let unreadable =
        |error: std::io::Error| Fault::io(format!("{} cannot be read", asked.file.display()), &error);
    let content = fs::read(&asked.file).map_err(unreadable)?;
    let component = fs::read(&importer)
        .map_err(|error| Fault::io(format!("{} cannot be read", importer.display()), &error))?;
    let standing = Standing::load(desk, component.into(), Origin::default()).await?;
    let name = asked.file.file_name().unwrap_or_default().to_string_lossy();
    let imported = standing.plugin.import(&standing.call(Lent::default()), &name, &content).await;
    let imported = imported.map_err(|error| standing.fault(error).at(asked.file.display()))?;
    if let Some(folder) = &asked.output {
        let file = folder.join(gantry_document::JSON_FILE);
        put(&file, imported.document.as_bytes())?;
        let next = format!("`gantry plugin run {}` starts a server of it", folder.display());
        desk.terminal.say(&format!("wrote {}", file.display()), &next);
    }
    let document: Value = serde_json::from_str(&imported.document)
        .map_err(|error| Fault::new("answer", error.to_string(), "Report this with the egg."))?;
    let value = json!({
        "ok": true, "id": imported.id, "name": imported.name, "document": document, "losses": imported.losses,
    });
    Terminal { json: true }.answer(&value, "")?;
    Ok(Verdict::Good)
}
