//! Scripts: rhai with what computes and nothing that reaches out.
//!
//! There are no modules, no `eval`, no clock and no output. Every limit of the engine is set, so that a script which does not
//! end, or grows without end, is stopped here with its place, before the sandbox stops the whole call.
//!
//! Modules in reading order: `words`.

mod words;

use crate::{
    Fault,
    server::{Local, Server},
};
use gantry_document::Document;
use rhai::{
    Dynamic, Engine, Scope,
    packages::{Package, StandardPackage},
};
use std::cell::OnceCell;

const OPERATIONS: u64 = 200_000;
const CALL_LEVELS: usize = 16;
const DEPTH: usize = 64;
const TEXT_BYTES: usize = 256 * 1024;
const ITEMS: usize = 4_096;
const VARIABLES: usize = 256;
const FUNCTIONS: usize = 64;

/// What scripts see, each where it exists.
const NAMES: [&str; 8] = ["settings", "endpoints", "limits", "server", "facts", "groups", "form", "text"];

/// Runs the scripts of one document for one server.
pub struct Scripts<'a> {
    /// Made with the first script, since most calls have none.
    engine: OnceCell<Engine>,
    document: &'a Document,
}

impl<'a> Scripts<'a> {
    /// For this document's scripts.
    #[must_use]
    pub const fn new(document: &'a Document) -> Self {
        Self { engine: OnceCell::new(), document }
    }

    fn run(&self, at: &str, script: &str, server: &Server, local: &Local) -> Result<Dynamic, Fault> {
        let mut scope = Scope::new();
        for (name, value) in server.variables(self.document, local) {
            scope.push_constant_dynamic(name, value);
        }
        let engine = self.engine.get_or_init(engine);
        let script = engine
            .compile_with_scope(&scope, script)
            .map_err(|error| Fault::new(at, words::unreadable(&error)))?;
        // Scripts may have secrets in them, but an error of rhai names types, names and places alone.
        engine
            .eval_ast_with_scope(&mut scope, &script)
            .map_err(|error| Fault::new(at, words::failed(engine, &script, &error)))
    }

    /// What a script answers, as text.
    pub(crate) fn text(
        &self,
        at: &str,
        script: &str,
        server: &Server,
        local: &Local,
    ) -> Result<String, Fault> {
        let value = self.run(at, script, server, local)?;
        if value.is_map() || value.is_array() || value.is_fnptr() {
            let message = format!("its script answers a {} where text is wanted", value.type_name());
            return Err(Fault::new(at, message));
        }
        Ok(if value.is_unit() { String::new() } else { value.to_string() })
    }

    /// Whether a condition is true.
    pub(crate) fn condition(
        &self,
        at: &str,
        script: &str,
        server: &Server,
        local: &Local,
    ) -> Result<bool, Fault> {
        let value = self.run(at, script, server, local)?;
        let kind = value.type_name();
        value
            .as_bool()
            .map_err(|_| Fault::new(at, format!("its condition is a {kind}, and neither true nor false")))
    }

    /// A list of what the document could say itself.
    pub(crate) fn list<T: serde::de::DeserializeOwned>(
        &self,
        at: &str,
        script: &str,
        server: &Server,
        local: &Local,
    ) -> Result<Vec<T>, Fault> {
        let value = self.run(at, script, server, local)?;
        let wrong = |error: &dyn std::fmt::Display| {
            Fault::new(at, format!("what its script answers cannot be used: {error}"))
        };
        let value: serde_json::Value = rhai::serde::from_dynamic(&value).map_err(|error| wrong(&error))?;
        serde_json::from_value(value).map_err(|error| wrong(&error))
    }

    /// Whether a script can be read at all.
    ///
    /// # Errors
    /// Where it cannot.
    pub fn compiles(&self, at: &str, script: &str) -> Result<(), Fault> {
        let mut scope = Scope::new();
        for name in NAMES {
            scope.push_constant(name, ());
        }
        match self.engine.get_or_init(engine).compile_with_scope(&scope, script) {
            Ok(_) => Ok(()),
            Err(error) => Err(Fault::new(at, words::unreadable(&error))),
        }
    }
}

fn engine() -> Engine {
    let mut engine = Engine::new_raw();
    StandardPackage::new().register_into_engine(&mut engine);
    engine.disable_symbol("eval");
    engine.on_print(|_| {});
    engine.on_debug(|_, _, _| {});
    engine.set_max_operations(OPERATIONS);
    engine.set_max_call_levels(CALL_LEVELS);
    engine.set_max_expr_depths(DEPTH, DEPTH / 2);
    engine.set_max_string_size(TEXT_BYTES);
    engine.set_max_array_size(ITEMS);
    engine.set_max_map_size(ITEMS);
    engine.set_max_variables(VARIABLES);
    engine.set_max_functions(FUNCTIONS);
    engine.set_strict_variables(true);
    engine
}

impl std::fmt::Debug for Scripts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scripts").finish_non_exhaustive()
    }
}
