//! Writes the files that are made from the model: `cargo run -p gantry-document --features schema --example generated`.

use gantry_document::schema;
use std::{fs, path::Path};

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::write(folder.join("blueprint.schema.json"), schema::json())?;
    fs::write(folder.join("REFERENCE.md"), schema::reference())
}
