//! The files that are made from the model, and the example that people copy.

use gantry_document::{Document, Format, schema};

const ANEW: &str = "make it anew: cargo run -p gantry-document --features schema --example generated";

#[test]
fn the_schema_is_that_of_the_model() {
    assert!(include_str!("../../blueprint.schema.json") == schema::json(), "the schema is old; {ANEW}");
}

#[test]
fn the_reference_is_that_of_the_model() {
    assert!(include_str!("../../REFERENCE.md") == schema::reference(), "the reference is old; {ANEW}");
}

#[test]
fn the_example_is_a_document() {
    let text = include_str!("../../../../examples/luanti-declarative/blueprint.toml");
    let document = Document::read(Format::Toml, text).unwrap();
    assert_eq!(document.blueprint.id, "luanti");
}
