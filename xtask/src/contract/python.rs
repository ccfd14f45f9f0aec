//! The contract's names for Python: a module for each interface, which says whence its types are.
//!
//! The types themselves are those that componentize-py makes for each component, so that what a plugin hands over is what
//! the component takes. A module exists for every interface; it can be imported where the component has that interface.

use super::{Contract, snake, upper};
use crate::shell::Result;
use std::fmt::Write as _;
use wit_parser::{FunctionKind, Interface, TypeDefKind};

pub(super) const HEADER: &str = "# Made from sdk/wit by `cargo xtask gen`; not to be edited.\n";

/// File names within the package, and their text.
pub(super) fn modules(contract: &Contract) -> Result<Vec<(String, String)>> {
    let imports = contract.imports.iter().map(|id| ("imports", contract.interface(*id)));
    let exports = contract.exports.iter().map(|id| ("exports", contract.interface(*id)));
    imports
        .chain(exports)
        .map(|(direction, (name, interface))| {
            Ok((format!("{}.py", snake(name)), module(contract, direction, name, interface)?))
        })
        .collect()
}

/// The table of shapes as a module. What JSON and Python write alike is all that is in it: texts, lists and objects.
pub(super) fn shapes(table: &serde_json::Value) -> Result<String> {
    let mut out = HEADER.to_owned();
    out.push_str("\"\"\"What each function answers, and the types that answers are made of. See `shape`.\"\"\"\n\nfrom typing import Any\n");
    for name in ["answers", "types"] {
        writeln!(out, "\n{}: dict[str, Any] = {{", name.to_uppercase())?;
        for (key, shape) in table[name].as_object().into_iter().flatten() {
            writeln!(out, "    \"{key}\": {shape},")?;
        }
        out.push_str("}\n");
    }
    Ok(out)
}

fn module(contract: &Contract, direction: &str, name: &str, interface: &Interface) -> Result<String> {
    let mut types = Vec::new();
    for (own, definition) in contract.own_types(interface) {
        let own = upper(own);
        if let TypeDefKind::Variant(variant) = &definition.kind {
            types.extend(variant.cases.iter().map(|case| format!("{own}_{}", upper(&case.name))));
        }
        types.push(own);
    }
    let free = |kind: &FunctionKind| matches!(kind, FunctionKind::Freestanding);
    let functions: Vec<String> =
        interface.functions.values().filter(|each| free(&each.kind)).map(|each| snake(&each.name)).collect();
    let mut out = HEADER.to_owned();
    let docs = interface.docs.contents.as_deref().unwrap_or_default().trim();
    writeln!(out, "\"\"\"{docs}\"\"\"\n")?;
    let module = snake(name);
    let part = upper(name);
    let called = direction == "imports" && !functions.is_empty();
    let mut all = types.clone();
    if called {
        out.push_str("from gantry_plugin.failure import throwing\n");
        writeln!(out, "from wit_world.imports import {module} as _host")?;
        all.extend(functions.clone());
    }
    if direction == "exports" {
        writeln!(out, "from wit_world.exports import {part} as {part}Part")?;
        all.push(format!("{part}Part"));
    }
    if !types.is_empty() {
        writeln!(out, "from wit_world.{direction}.{module} import (")?;
        for name in &types {
            writeln!(out, "    {name},")?;
        }
        out.push_str(")\n");
    }
    out.push_str("\n__all__ = [\n");
    for name in &all {
        writeln!(out, "    \"{name}\",")?;
    }
    out.push_str("]\n");
    if called {
        out.push('\n');
        for function in &functions {
            writeln!(out, "{function} = throwing(_host.{function})")?;
        }
    }
    Ok(out)
}
