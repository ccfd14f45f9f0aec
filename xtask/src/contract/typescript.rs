//! The contract's types as TypeScript, as componentize-qjs maps them.

use super::{Contract, camel, upper};
use crate::shell::Result;
use std::{collections::HashSet, fmt::Write as _};
use wit_parser::{Docs, Function, FunctionKind, Handle, Interface, Type, TypeDef, TypeDefKind};

const HEADER: &str = "// Made from sdk/wit by `cargo xtask gen`; not to be edited.\n";

/// Types of different interfaces that would have the same name: in one flat module each needs its own.
const RENAMED: &[(&str, &str, &str)] =
    &[("actions", "action", "PlayerAction"), ("hooks", "event", "HookEvent")];

/// `src/contract.ts`: every record, variant and enum, and an interface for each part that a plugin may have.
pub(super) fn types(contract: &Contract) -> Result<String> {
    let mut out = HEADER.to_owned();
    out.push_str(
        "\n/** A result within a list or a record; a function's own result is returned or thrown. */\n",
    );
    out.push_str("export type Result<T, E> = { tag: \"ok\"; val: T } | { tag: \"err\"; val: E };\n");
    let mut names = HashSet::new();
    for (interface_name, interface) in contract.all() {
        for (name, definition) in contract.own_types(interface) {
            let name = type_name(interface_name, name);
            if !names.insert(name.clone()) {
                return Err(format!("two types are called {name}: give one another name in RENAMED").into());
            }
            out.push('\n');
            docs(&mut out, "", &definition.docs);
            out.push_str(&declaration(contract, interface, &name, definition)?);
        }
    }
    for id in &contract.exports {
        let (name, interface) = contract.interface(*id);
        out.push('\n');
        docs(&mut out, "", &interface.docs);
        writeln!(out, "export interface {}Part {{", upper(name))?;
        for function in interface.functions.values() {
            docs(&mut out, "  ", &function.docs);
            writeln!(out, "  {}{};", camel(&function.name), signature(contract, function)?)?;
        }
        out.push_str("}\n");
    }
    Ok(out)
}

/// `src/imports.d.ts`: the modules that the engine makes of what a plugin may call.
pub(super) fn imports(contract: &Contract) -> Result<String> {
    let mut out = HEADER.to_owned();
    let (package, version) = contract.package.split_once('@').ok_or("the contract has no version")?;
    for id in &contract.imports {
        let (name, interface) = contract.interface(*id);
        let free =
            || interface.functions.values().filter(|each| matches!(each.kind, FunctionKind::Freestanding));
        if interface.functions.is_empty() {
            continue;
        }
        writeln!(out, "\ndeclare module \"{package}/{name}@{version}\" {{\n  const functions: {{")?;
        for function in free() {
            writeln!(
                out,
                "    {}{};",
                camel(&function.name),
                signature(contract, function)?.replace("): ", ") => ").replacen('(', ": (", 1)
            )?;
        }
        for (resource, definition) in contract.own_types(interface) {
            if matches!(definition.kind, TypeDefKind::Resource) {
                let resource = upper(resource);
                writeln!(out, "    {resource}: typeof import(\"./contract.ts\").{resource};")?;
            }
        }
        out.push_str("  };\n  export default functions;\n}\n");
    }
    // Ambient modules cannot import, so each name says where it is from.
    Ok(qualified(contract, &out))
}

/// `src/host.ts`: what a plugin calls, with failures that can be caught as such. A bundler leaves out what is not used, and with it
/// the import.
pub(super) fn host(contract: &Contract) -> Result<String> {
    let mut out = HEADER.to_owned();
    out.push_str("import { throwing } from \"./failure.ts\";\n");
    let (package, version) = contract.package.split_once('@').ok_or("the contract has no version")?;
    let called = || {
        let all = contract.imports.iter().map(|id| contract.interface(*id));
        all.filter(|(_, interface)| !interface.functions.is_empty())
    };
    for (name, _) in called() {
        writeln!(out, "import {}Functions from \"{package}/{name}@{version}\";", camel(name))?;
    }
    for (name, interface) in called() {
        out.push('\n');
        docs(&mut out, "", &interface.docs);
        writeln!(out, "export const {0} = /* @__PURE__ */ throwing({0}Functions);", camel(name))?;
    }
    Ok(out)
}

/// Names of the contract's types, with the module that has them.
fn qualified(contract: &Contract, text: &str) -> String {
    let mut names: Vec<String> = vec!["Result".to_owned()];
    for (interface_name, interface) in contract.all() {
        names.extend(contract.own_types(interface).map(|(name, _)| type_name(interface_name, name)));
    }
    let mut out = String::new();
    let mut word = String::new();
    let mut before = ' ';
    for character in text.chars().chain(['\0']) {
        if character.is_ascii_alphanumeric() {
            word.push(character);
            continue;
        }
        let is_type = names.contains(&word) && before != '.' && character != ':';
        out.push_str(if is_type { "import(\"./contract.ts\")." } else { "" });
        out.push_str(&word);
        word.clear();
        before = character;
        if character != '\0' {
            out.push(character);
        }
    }
    out
}

fn type_name(interface: &str, name: &str) -> String {
    let renamed = RENAMED.iter().find(|(owner, own, _)| (*owner, *own) == (interface, name));
    renamed.map_or_else(|| upper(name), |(_, _, renamed)| (*renamed).to_owned())
}

fn declaration(
    contract: &Contract,
    interface: &Interface,
    name: &str,
    definition: &TypeDef,
) -> Result<String> {
    let mut out = String::new();
    match &definition.kind {
        TypeDefKind::Record(record) => {
            writeln!(out, "export interface {name} {{")?;
            for field in &record.fields {
                docs(&mut out, "  ", &field.docs);
                writeln!(out, "  {}: {};", camel(&field.name), typed(contract, &field.ty)?)?;
            }
            out.push_str("}\n");
        }
        TypeDefKind::Enum(of) => {
            let cases: Vec<_> = of.cases.iter().map(|case| format!("\"{}\"", case.name)).collect();
            writeln!(out, "export type {name} = {};", cases.join(" | "))?;
        }
        TypeDefKind::Variant(variant) => {
            writeln!(out, "export type {name} =")?;
            let last = variant.cases.len() - 1;
            for (index, case) in variant.cases.iter().enumerate() {
                docs(&mut out, "  ", &case.docs);
                let value = case.ty.as_ref().map(|ty| typed(contract, ty)).transpose()?;
                let value = value.map_or_else(String::new, |ty| format!("; val: {ty}"));
                writeln!(
                    out,
                    "  | {{ tag: \"{}\"{value} }}{}",
                    case.name,
                    if index == last { ";" } else { "" }
                )?;
            }
        }
        TypeDefKind::Resource => {
            writeln!(out, "export declare class {name} {{\n  private constructor();")?;
            for function in interface.functions.values() {
                let Some(method) = function.name.rsplit_once('.').map(|(_, method)| method) else { continue };
                let word = if matches!(function.kind, FunctionKind::Static(_)) { "static " } else { "" };
                docs(&mut out, "  ", &function.docs);
                writeln!(out, "  {word}{}{};", camel(method), signature(contract, function)?)?;
            }
            out.push_str("}\n");
        }
        other => return Err(format!("{name}: the TypeScript SDK cannot say {}", other.as_str()).into()),
    }
    Ok(out)
}

/// Parameters and what is returned; an error is thrown.
fn signature(contract: &Contract, function: &Function) -> Result<String> {
    let own = usize::from(matches!(function.kind, FunctionKind::Method(_)));
    let parameter =
        |each: &wit_parser::Param| Ok(format!("{}: {}", camel(&each.name), typed(contract, &each.ty)?));
    let parameters = function.params.iter().skip(own).map(parameter).collect::<Result<Vec<_>>>()?;
    let returned = match &function.result {
        None => "void".to_owned(),
        Some(Type::Id(id)) => match &contract.resolve.types[*id].kind {
            TypeDefKind::Result(result) => {
                result.ok.as_ref().map_or(Ok("void".to_owned()), |ok| typed(contract, ok))?
            }
            _ => typed(contract, &Type::Id(*id))?,
        },
        Some(other) => typed(contract, other)?,
    };
    Ok(format!("({}): {returned}", parameters.join(", ")))
}

fn typed(contract: &Contract, ty: &Type) -> Result<String> {
    let Type::Id(id) = ty else { return primitive(*ty) };
    let definition = &contract.resolve.types[*id];
    Ok(match &definition.kind {
        TypeDefKind::Type(aliased) => typed(contract, aliased)?,
        TypeDefKind::List(Type::U8) => "Uint8Array".to_owned(),
        TypeDefKind::List(each) => match typed(contract, each)? {
            compound if compound.contains('|') => format!("({compound})[]"),
            simple => format!("{simple}[]"),
        },
        TypeDefKind::Option(some) => format!("{} | null", typed(contract, some)?),
        TypeDefKind::Tuple(tuple) => {
            let types = tuple.types.iter().map(|each| typed(contract, each)).collect::<Result<Vec<_>>>()?;
            format!("[{}]", types.join(", "))
        }
        TypeDefKind::Result(result) => {
            let side =
                |side: &Option<Type>| side.as_ref().map_or(Ok("void".to_owned()), |ty| typed(contract, ty));
            format!("Result<{}, {}>", side(&result.ok)?, side(&result.err)?)
        }
        TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) => typed(contract, &Type::Id(*id))?,
        _ => {
            let name = definition.name.as_deref().ok_or("a type without a name")?;
            type_name(contract.owner(definition).unwrap_or_default(), name)
        }
    })
}

fn primitive(ty: Type) -> Result<String> {
    Ok(match ty {
        Type::Bool => "boolean",
        Type::String | Type::Char => "string",
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => "number",
        Type::S8 | Type::S16 | Type::S32 | Type::S64 => "number",
        Type::F32 | Type::F64 => "number",
        Type::ErrorContext | Type::Id(_) => return Err("a type that TypeScript has not".into()),
    }
    .to_owned())
}

fn docs(out: &mut String, indent: &str, docs: &Docs) {
    let Some(text) = &docs.contents else { return };
    let lines: Vec<&str> = text.trim().lines().map(str::trim).collect();
    if let [line] = lines.as_slice() {
        out.push_str(&format!("{indent}/** {line} */\n"));
        return;
    }
    out.push_str(&format!("{indent}/**\n"));
    for line in lines {
        out.push_str(&format!("{indent} * {line}\n"));
    }
    out.push_str(&format!("{indent} */\n"));
}
