//! Which components load, and what is said of those that do not.

use gantry_host::{CompileError, Grants, HostError, Part};

use crate::components::{Guest, component, manifest};
use crate::hosts::{NoQuery, TestHost, all, call, server, usual_wall};

#[tokio::test]
async fn component_with_every_export_loads_and_answers() {
    let plugin = TestHost::new().load(Guest::new().build()).await;
    assert!(plugin.has(Part::Collector) && plugin.has(Part::ConsoleEvents));
    assert_eq!(plugin.manifest().id, "sample");
    assert_eq!(plugin.blueprints(&call()).await.unwrap(), vec![]);
    assert_eq!(plugin.validate(&call(), &server()).await.unwrap(), vec![]);
    assert_eq!(plugin.install_plan(&call(), &server()).await.unwrap().steps, vec![]);
    assert_eq!(plugin.console_events(&call(), &server(), &["a".to_owned()]).await.unwrap(), vec![]);
}

#[tokio::test]
async fn optional_interfaces_may_be_missing() {
    let plugin = TestHost::new().load(Guest::least().build()).await;
    assert!(!plugin.has(Part::Collector) && !plugin.has(Part::ConsoleEvents));
    let refusal =
        plugin.collect(&call().querying(std::sync::Arc::new(NoQuery)), &server()).await.unwrap_err();
    assert_eq!(refusal.to_string(), "the plugin sample does not export collector (not_implemented)");
}

#[tokio::test]
async fn digest_is_the_sha256_of_the_component() {
    use sha2::{Digest as _, Sha256};
    let wasm = Guest::least().build();
    let plugin = TestHost::new().load(wasm.clone()).await;
    assert_eq!(plugin.digest(), hex::encode(Sha256::digest(&wasm)));
}

#[tokio::test]
async fn foreign_imports_are_named() {
    let wasm = component(
        r#"(component
            (import "gantry:plugin/log@0.2.0" (instance))
            (import "wasi:filesystem/types@0.2.0" (instance))
            (import "wasi:sockets/tcp@0.2.0" (instance)))"#,
        &manifest("sample", &["query"]),
    );
    assert_eq!(
        TestHost::new().refusal(wasm).await,
        "it imports \"wasi:filesystem/types@0.2.0\", \"wasi:sockets/tcp@0.2.0\", which no plugin may; plugins have no WASI"
    );
}

#[tokio::test]
async fn undeclared_query_is_named() {
    let wasm = Guest::querying().with("collect", DATAGRAM).manifest(Some(manifest("sample", &[]))).build();
    let reason = TestHost::new().refusal(wasm).await;
    assert!(reason.contains("\"gantry:plugin/query\""), "{reason}");
    assert!(reason.contains("does not ask for the capability \"query\""), "{reason}");
}

/// Uses the import, so that it stays in the component.
const DATAGRAM: &str = "(call $datagram (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) \
                        (i32.const 0) (i32.const 1024)) (i32.const 16)";

#[tokio::test]
async fn unknown_function_of_a_known_interface_is_named() {
    let wasm = component(
        r#"(component
            (import "gantry:plugin/log@0.2.0" (instance (export "erase" (func))))
            (import "gantry:plugin/types@0.2.0" (instance $i))
            (export "gantry:plugin/blueprints@0.2.0" (instance $i))
            (export "gantry:plugin/plans@0.2.0" (instance $i)))"#,
        &manifest("sample", &[]),
    );
    let reason = TestHost::new().refusal(wasm).await;
    assert!(reason.contains("gantry:plugin/log@0.2.0") && reason.contains("erase"), "{reason}");
}

#[tokio::test]
async fn missing_exports_are_named() {
    let host = TestHost::new();
    let nothing = component("(component)", &manifest("sample", &[]));
    assert_eq!(
        host.refusal(nothing).await,
        "it exports nothing of the contract 0.2; export at least one interface"
    );
    let half = component(
        r#"(component
            (import "gantry:plugin/types@0.2.0" (instance $i))
            (export "gantry:plugin/blueprints@0.2.0" (instance $i)))"#,
        &manifest("sample", &[]),
    );
    assert_eq!(host.refusal(half).await, "it does not export gantry:plugin/plans@0.2");
    let old = component("(component)", &manifest("sample", &[]).replace("0.2", "0.1"));
    assert_eq!(
        host.refusal(old).await,
        "it does not export gantry:plugin/blueprints@0.1 and gantry:plugin/plans@0.1"
    );
}

#[tokio::test]
async fn export_of_another_shape_is_refused() {
    let wasm = component(
        r#"(component
            (import "gantry:plugin/types@0.2.0" (instance $i))
            (export "gantry:plugin/blueprints@0.2.0" (instance $i))
            (export "gantry:plugin/plans@0.2.0" (instance $i)))"#,
        &manifest("sample", &[]),
    );
    let reason = TestHost::new().refusal(wasm).await;
    assert!(reason.contains("gantry:plugin/blueprints@0.2.0"), "{reason}");
}

#[tokio::test]
async fn manifest_is_required_and_checked() {
    let host = TestHost::new();
    let refusal = async |manifest: Option<&str>| {
        host.refusal(Guest::least().manifest(manifest.map(str::to_owned)).build()).await
    };
    assert!(refusal(None).await.contains("no custom section \"gantry:manifest\""));
    assert!(refusal(Some("{")).await.contains("its manifest cannot be read"));
    for (wrong, expected) in [
        (manifest("Sample", &[]), "its manifest's id \"Sample\" must be"),
        (manifest("../etc", &[]), "its manifest's id \"../etc\" must be"),
        (manifest("sample", &["shell"]), "asks for the capability \"shell\", which this host does not have"),
        (manifest("sample", &["query", "query"]), "asks for the capability \"query\" twice"),
        (
            manifest("sample", &[]).replace("\"0.2\"", "\"0.9\""),
            "it was built for contract \"0.9\"; this host speaks 0.1 and 0.2",
        ),
        (manifest("sample", &[]).replace("1.0.0", "one"), "version \"one\" must be three numbers"),
        (manifest("sample", &[]).replace("A sample.", &"x".repeat(5_000)), "description must have"),
        (manifest("sample", &[]).replace("A sample.", &"x".repeat(70_000)), "the limit is 65536"),
    ] {
        let reason = refusal(Some(&wrong)).await;
        assert!(reason.contains(expected), "{reason}");
    }
}

#[tokio::test]
async fn import_that_was_not_granted_keeps_the_component_from_loading() {
    let host = TestHost::new();
    let error = host.host.load(Guest::querying().build(), &Grants::none()).await.unwrap_err();
    let HostError::Rejected(reason) = error else { panic!("{error:?}") };
    assert!(
        reason.contains("it imports \"gantry:plugin/query\"") && reason.contains("not granted"),
        "{reason}"
    );
    host.host.load(Guest::querying().build(), &all()).await.expect("with the grant it loads");
}

#[tokio::test]
async fn bytes_that_are_no_component_are_refused() {
    let host = TestHost::new();
    assert!(
        host.refusal(b"\x7fELF and so on".as_slice().into()).await.contains("not a well-formed component")
    );
    assert_eq!(
        host.refusal(wat::parse_str("(module)").unwrap().into()).await,
        "it is a core module; wrap it into a component"
    );
    let too_large = vec![0; gantry_host::Budgets::default().compile_large.component_bytes + 1];
    assert!(host.refusal(too_large.into()).await.contains("the limit is 33554432"));
}

#[tokio::test]
async fn large_component_whose_manifest_does_not_ask_to_be_is_refused() {
    let host = TestHost::new();
    let most = gantry_host::Budgets::default().compile.component_bytes;
    let mut wasm = Guest::least().build().to_vec();
    // A custom section that nobody reads: its number, its length in four groups of seven bits, its name, and zeros.
    let body = [b"\x03pad".as_slice(), &vec![0; most]].concat();
    wasm.push(0);
    wasm.extend([0, 7, 14].map(|shift| u8::try_from(body.len() >> shift & 0x7f).unwrap() | 0x80));
    wasm.push(u8::try_from(body.len() >> 21).unwrap());
    wasm.extend(body);
    let refusal = host.refusal(wasm.into()).await;
    assert!(refusal.contains("large-component") && refusal.contains("does not ask"), "{refusal}");
}

#[tokio::test]
async fn compiled_code_from_outside_is_refused() {
    let host = TestHost::new();
    let wasm = Guest::least().build();
    host.load(wasm).await;
    let kept = std::fs::read_dir(host.cache.path()).unwrap().next().unwrap().unwrap().path();
    let native = std::fs::read(kept).unwrap().split_off(40);
    assert!(native.starts_with(b"\x7fELF"));
    assert!(host.refusal(native.into()).await.contains("not a well-formed component"));
}

#[tokio::test]
async fn invalid_function_body_is_refused_with_the_compilers_words() {
    let mut wasm = Guest::least().build().to_vec();
    // `i32.const 16` of a body becomes `f32.const`, which leaves the function without the bytes that it needs.
    let body = wasm.windows(3).position(|bytes| bytes == [0x41, 16, 0x0b]).unwrap();
    wasm[body] = 0x43;
    let reason = TestHost::new().refusal(wasm.into()).await;
    assert!(!reason.is_empty());
}

#[tokio::test]
async fn missing_compiler_is_named() {
    let cache = tempfile::TempDir::new().unwrap();
    let host = gantry_host::Host::new(gantry_host::HostConfig {
        cache_dir: cache.path().to_owned(),
        cache_key: [0; 32],
        compiler: gantry_host::ChildProgram { program: "/nonexistent/compiler".into(), args: vec![] },
        budgets: gantry_host::Budgets::default(),
        wall: usual_wall(),
    })
    .unwrap();
    let error = host.load(Guest::least().build(), &all()).await.unwrap_err();
    assert!(matches!(error, HostError::Compile(CompileError::Spawn { .. })), "{error:?}");
    assert!(error.to_string().contains("/nonexistent/compiler"), "{error}");
}
