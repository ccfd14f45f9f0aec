//! The shapes of answers, for the guest SDKs of languages that do not hold types against values themselves.
//!
//! An engine that lowers a value of another shape ends the instance without a word, or takes a number for another one. The guards
//! of both SDKs compare before, by this table: what a function answers, and the types that answers are made of. A shape is the
//! name of a primitive, the name of a type of the table (it has a dot), or a list whose first word says how the others are
//! composed. `_` is nothing.

use super::Contract;
use crate::shell::Result;
use serde_json::{Map, Value, json};
use wit_parser::{Type, TypeDef, TypeDefKind};

/// What a function throws that refuses.
const FAILURE: &str = "types.failure";

/// The table of all answers: `answers` by `part.function`, and `types` by `interface.type`.
pub(super) fn table(contract: &Contract) -> Result<Value> {
    let mut types = Map::new();
    let mut answers = Map::new();
    for id in &contract.exports {
        let (part, interface) = contract.interface(*id);
        for function in interface.functions.values() {
            let answer = match &function.result {
                Some(answer) => ok_of(contract, answer, &mut types)?,
                None => json!("_"),
            };
            answers.insert(format!("{part}.{}", function.name), answer);
        }
    }
    if !types.contains_key(FAILURE) {
        return Err(format!("no function fails with {FAILURE}").into());
    }
    Ok(json!({ "answers": answers, "types": types }))
}

/// Of a function's own result what it answers: a failure is thrown, and is a type of its own.
fn ok_of(contract: &Contract, answer: &Type, types: &mut Map<String, Value>) -> Result<Value> {
    if let Type::Id(id) = answer
        && let TypeDefKind::Result(result) = &contract.resolve.types[*id].kind
    {
        if let Some(failure) = &result.err {
            shape(contract, failure, types)?;
        }
        return result.ok.as_ref().map_or(Ok(json!("_")), |ok| shape(contract, ok, types));
    }
    shape(contract, answer, types)
}

fn shape(contract: &Contract, of: &Type, types: &mut Map<String, Value>) -> Result<Value> {
    let name = match of {
        Type::Bool => "bool",
        Type::U8 => "u8",
        Type::U16 => "u16",
        Type::U32 => "u32",
        Type::U64 => "u64",
        Type::S8 => "s8",
        Type::S16 => "s16",
        Type::S32 => "s32",
        Type::S64 => "s64",
        Type::F32 | Type::F64 => "float",
        Type::String => "string",
        Type::Id(id) => return composed(contract, &contract.resolve.types[*id], types),
        Type::Char | Type::ErrorContext => return Err(unknown(of)),
    };
    Ok(json!(name))
}

fn composed(contract: &Contract, of: &TypeDef, types: &mut Map<String, Value>) -> Result<Value> {
    let Some(name) = &of.name else { return inline(contract, &of.kind, types) };
    // The name under which another interface takes it says nothing of it.
    if let TypeDefKind::Type(other) = &of.kind {
        return shape(contract, other, types);
    }
    let name = format!("{}.{name}", contract.owner(of).ok_or("a type of no interface")?);
    if !types.contains_key(&name) {
        let named = inline(contract, &of.kind, types)?;
        types.insert(name.clone(), named);
    }
    Ok(json!(name))
}

fn inline(contract: &Contract, kind: &TypeDefKind, types: &mut Map<String, Value>) -> Result<Value> {
    Ok(match kind {
        TypeDefKind::Option(some) => json!(["option", shape(contract, some, types)?]),
        TypeDefKind::List(Type::U8) => json!("bytes"),
        TypeDefKind::List(item) => json!(["list", shape(contract, item, types)?]),
        TypeDefKind::Tuple(tuple) => {
            let items: Result<Vec<_>> = tuple.types.iter().map(|item| shape(contract, item, types)).collect();
            json!(["tuple", items?])
        }
        TypeDefKind::Record(record) => {
            let field =
                |field: &wit_parser::Field| Ok(json!([field.name, shape(contract, &field.ty, types)?]));
            json!(["record", record.fields.iter().map(field).collect::<Result<Vec<_>>>()?])
        }
        TypeDefKind::Variant(variant) => {
            let case = |case: &wit_parser::Case| {
                let with = case.ty.as_ref().map_or(Ok(json!("_")), |with| shape(contract, with, types))?;
                Ok(json!([case.name, with]))
            };
            json!(["variant", variant.cases.iter().map(case).collect::<Result<Vec<_>>>()?])
        }
        TypeDefKind::Enum(names) => {
            json!(["enum", names.cases.iter().map(|case| &case.name).collect::<Vec<_>>()])
        }
        other => return Err(unknown(other)),
    })
}

/// The guards of both SDKs have to learn it first.
fn unknown(shape: impl std::fmt::Debug) -> Box<dyn std::error::Error> {
    format!("neither shape.ts nor shape.py compares {shape:?}; teach them, and then this table").into()
}
