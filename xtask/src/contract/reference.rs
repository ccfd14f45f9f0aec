//! The contract as a page for people: every interface with its functions and types, in the words of the WIT itself.
//!
//! What stands there is what a host and a guest were built from, so the page cannot say anything else; what types cannot say
//! stands in `SPEC.md`.

use super::Contract;
use crate::shell::Result;
use std::fmt::Write as _;
use wit_parser::{Docs, Function, FunctionKind, Handle, Interface, InterfaceId, Type, TypeDef, TypeDefKind};

/// `sdk/wit/REFERENCE.md`.
pub(super) fn page(contract: &Contract) -> Result<String> {
    let mut out = format!(
        "<!-- Made from sdk/wit by `cargo xtask gen`; not to be edited. -->\n# Reference of `{}`\n\n",
        contract.package
    );
    out.push_str(
        "Every interface, function and type of the contract. What a plugin and a host owe each other beyond the types, which call is \
         lent what, and the limits stand in [SPEC.md](SPEC.md); how to write a plugin in [the guides of the SDKs](../README.md).\n\n",
    );
    docs(&mut out, &contract.docs);
    contents(contract, &mut out)?;
    let types = contract.imports.iter().filter(|id| contract.interface(**id).1.functions.is_empty());
    let lent = contract.imports.iter().filter(|id| !contract.interface(**id).1.functions.is_empty());
    section(contract, &mut out, "What a plugin may export", &mut contract.exports.iter())?;
    section(contract, &mut out, "What a plugin may import", &mut lent.into_iter())?;
    section(contract, &mut out, "Shared types", &mut types.into_iter())?;
    // One line at the end, as every text of the project has it.
    Ok(out.trim_end().to_owned() + "\n")
}

fn contents(contract: &Contract, out: &mut String) -> Result<()> {
    out.push_str("| interface | direction | functions |\n|---|---|---|\n");
    let exported = contract.exports.iter().map(|id| (*id, "plugin → host"));
    let imported = contract.imports.iter().map(|id| (*id, "host → plugin"));
    for (id, direction) in exported.chain(imported) {
        let (name, interface) = contract.interface(id);
        let functions: Vec<String> =
            interface.functions.values().map(|each| format!("`{}`", short(each))).collect();
        if !functions.is_empty() {
            writeln!(out, "| [`{name}`](#{name}) | {direction} | {} |", functions.join(", "))?;
        }
    }
    out.push('\n');
    Ok(())
}

fn section(
    contract: &Contract,
    out: &mut String,
    title: &str,
    interfaces: &mut dyn Iterator<Item = &InterfaceId>,
) -> Result<()> {
    writeln!(out, "## {title}\n")?;
    for id in interfaces {
        let (name, interface) = contract.interface(*id);
        writeln!(out, "### {name}\n")?;
        docs(out, &interface.docs);
        for function in interface.functions.values() {
            writeln!(out, "#### `{name}.{}`\n", short(function))?;
            writeln!(out, "```wit\n{}\n```\n", signature(contract, function)?)?;
            docs(out, &function.docs);
        }
        for (type_name, definition) in contract.own_types(interface) {
            declaration(contract, out, interface, type_name, definition)?;
        }
    }
    Ok(())
}

fn docs(out: &mut String, docs: &Docs) {
    if let Some(text) = docs.contents.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        out.push_str(text);
        out.push_str("\n\n");
    }
}

/// On one line, for a cell of a table.
fn cell(docs: &Docs) -> String {
    let text = docs.contents.as_deref().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// Without the spelling of methods in the binary.
fn short(function: &Function) -> String {
    function.name.trim_start_matches("[static]").trim_start_matches("[method]").to_owned()
}

fn signature(contract: &Contract, function: &Function) -> Result<String> {
    let is_method = matches!(function.kind, FunctionKind::Method(_));
    let parameters = function.params.iter().skip(usize::from(is_method));
    let parameters = parameters
        .map(|parameter| Ok(format!("{}: {}", parameter.name, spelled(contract, &parameter.ty)?)))
        .collect::<Result<Vec<_>>>()?;
    let result = function.result.as_ref().map(|result| spelled(contract, result)).transpose()?;
    let result = result.map_or_else(String::new, |result| format!(" -> {result}"));
    let kind = if matches!(function.kind, FunctionKind::Static(_)) { "static func" } else { "func" };
    Ok(format!("{}: {kind}({}){result}", short(function), parameters.join(", ")))
}

fn declaration(
    contract: &Contract,
    out: &mut String,
    interface: &Interface,
    name: &str,
    definition: &TypeDef,
) -> Result<()> {
    let kind = match &definition.kind {
        TypeDefKind::Record(_) => "record",
        TypeDefKind::Variant(_) => "variant",
        TypeDefKind::Enum(_) => "enum",
        TypeDefKind::Flags(_) => "flags",
        TypeDefKind::Resource => "resource",
        _ => "type",
    };
    writeln!(out, "#### {kind} `{name}`\n")?;
    docs(out, &definition.docs);
    match &definition.kind {
        TypeDefKind::Record(record) => {
            out.push_str("| field | type | |\n|---|---|---|\n");
            for field in &record.fields {
                let of = spelled(contract, &field.ty)?;
                writeln!(out, "| `{}` | `{of}` | {} |", field.name, cell(&field.docs))?;
            }
        }
        TypeDefKind::Variant(variant) => {
            out.push_str("| case | carries | |\n|---|---|---|\n");
            for case in &variant.cases {
                let carries = case.ty.as_ref().map(|of| spelled(contract, of)).transpose()?;
                let carries = carries.map_or_else(String::new, |of| format!("`{of}`"));
                writeln!(out, "| `{}` | {carries} | {} |", case.name, cell(&case.docs))?;
            }
        }
        TypeDefKind::Enum(cases) => {
            out.push_str("| case | |\n|---|---|\n");
            for case in &cases.cases {
                writeln!(out, "| `{}` | {} |", case.name, cell(&case.docs))?;
            }
        }
        TypeDefKind::Resource => {
            let methods =
                interface.functions.values().filter(|each| short(each).starts_with(&format!("{name}.")));
            let methods: Vec<String> = methods.map(|each| format!("`{}`", short(each))).collect();
            writeln!(out, "Its functions: {}.", methods.join(", "))?;
        }
        other => return Err(format!("a reference of {} is not written yet", other.as_str()).into()),
    }
    out.push('\n');
    Ok(())
}

/// A type as WIT spells it.
fn spelled(contract: &Contract, of: &Type) -> Result<String> {
    let Type::Id(id) = of else {
        return Ok(match of {
            Type::Bool => "bool",
            Type::U8 => "u8",
            Type::U16 => "u16",
            Type::U32 => "u32",
            Type::U64 => "u64",
            Type::S8 => "s8",
            Type::S16 => "s16",
            Type::S32 => "s32",
            Type::S64 => "s64",
            Type::F32 => "f32",
            Type::F64 => "f64",
            Type::Char => "char",
            Type::String => "string",
            other => return Err(format!("{other:?} has no spelling here yet").into()),
        }
        .to_owned());
    };
    let definition = &contract.resolve.types[*id];
    if let Some(name) = &definition.name {
        return Ok(name.clone());
    }
    let spelled = |of: &Type| spelled(contract, of);
    Ok(match &definition.kind {
        TypeDefKind::List(of) => format!("list<{}>", spelled(of)?),
        TypeDefKind::Option(of) => format!("option<{}>", spelled(of)?),
        TypeDefKind::Tuple(tuple) => {
            format!("tuple<{}>", tuple.types.iter().map(spelled).collect::<Result<Vec<_>>>()?.join(", "))
        }
        TypeDefKind::Result(result) => {
            let side = |of: &Option<Type>| of.as_ref().map(spelled).transpose();
            match (side(&result.ok)?, side(&result.err)?) {
                (Some(ok), Some(err)) => format!("result<{ok}, {err}>"),
                (None, Some(err)) => format!("result<_, {err}>"),
                (Some(ok), None) => format!("result<{ok}>"),
                (None, None) => "result".to_owned(),
            }
        }
        TypeDefKind::Handle(Handle::Own(id)) => contract.resolve.types[*id].name.clone().unwrap_or_default(),
        TypeDefKind::Handle(Handle::Borrow(id)) => {
            format!("borrow<{}>", contract.resolve.types[*id].name.clone().unwrap_or_default())
        }
        other => return Err(format!("{} has no spelling here yet", other.as_str()).into()),
    })
}
