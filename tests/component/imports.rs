//! A component that needs nothing can be embedded anywhere; one that needs something can't.

use wasmparser_of_wasmtime::{Parser, Payload};

use crate::wasm;

/// What a component imports and exports itself. Components inside it have imports of their own, which
/// it satisfies.
pub(crate) fn interface(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let (mut imports, mut exports, mut depth) = (Vec::new(), Vec::new(), 0_u32);
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.unwrap() {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                imports.extend(section.into_iter().map(|it| it.unwrap().name.name.to_owned()));
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                exports.extend(section.into_iter().map(|it| it.unwrap().name.name.to_owned()));
            }
            _ => {}
        }
    }
    (imports, exports)
}

/// What a component of `tollgate:limiter` imports and exports, by the names of the interfaces.
fn interfaces(name: &str) -> (Vec<String>, Vec<String>) {
    let (imports, exports) = interface(&wasm::bytes(name));
    let short = |names: Vec<String>| {
        let names = names.iter().map(|name| name.strip_prefix("tollgate:limiter/").unwrap());
        let mut names: Vec<_> =
            names.map(|name| name.strip_suffix("@0.1.0").unwrap().to_owned()).collect();
        names.sort_unstable();
        names
    };
    (short(imports), short(exports))
}

#[test]
fn the_limiter_imports_nothing() {
    let (imports, exports) = interfaces("limiter.wasm");
    assert_eq!(imports, [""; 0]);
    assert_eq!(exports, ["barrier", "cooldown", "feedback", "limiter"]);
}

#[test]
fn a_limiter_of_keys_in_memory_imports_nothing() {
    let (imports, exports) = interfaces("keyed-limiter.wasm");
    assert_eq!(imports, [""; 0]);
    assert_eq!(exports, ["keyed", "limiter"]);
}

#[test]
fn a_limiter_of_keys_in_a_store_imports_the_store_and_nothing_else() {
    let (imports, exports) = interfaces("stored-limiter.wasm");
    assert_eq!(imports, ["store"]);
    assert_eq!(exports, ["limiter", "stored"]);
}

#[test]
fn the_edge_function_asks_for_a_limiter_until_it_is_composed_with_one() {
    let asks = |bytes: &[u8]| interface(bytes).0.iter().any(|name| name.starts_with("tollgate:"));
    assert!(asks(&wasm::bytes("edge.wasm")));
    assert!(!asks(&wasm::bytes("tollgate.wasm")));
}

#[test]
fn the_edge_function_can_reach_no_files_and_no_network() {
    let (imports, _) = interface(&wasm::bytes("tollgate.wasm"));
    assert!(!imports.is_empty());
    for import in imports {
        let reaches_out = ["filesystem", "sockets", "http/client", "http/outgoing-handler"];
        assert!(!reaches_out.iter().any(|part| import.contains(part)), "{import}");
    }
}

#[test]
fn the_components_are_as_small_as_promised() {
    let promises = [
        // The target is 60: docs/benchmarks.md says where the bytes are.
        ("limiter.wasm", 95, 46),
        ("module.wasm", 52, 25),
        ("keyed-limiter.wasm", 78, 37),
        ("stored-limiter.wasm", 65, 32),
        ("edge.wasm", 1066, 425),
        // With the limiter inside.
        ("tollgate.wasm", 1166, 472),
    ];
    for (name, kib_max, gzipped_kib_max) in promises {
        let (bytes, gzipped) = (wasm::bytes(name).len(), wasm::gzipped_bytes(name));
        assert!(bytes <= kib_max * 1024, "{name} has {bytes} bytes");
        assert!(gzipped <= gzipped_kib_max * 1024, "{name} has {gzipped} bytes gzipped");
    }
}

#[test]
fn no_path_of_the_machine_that_built_it_is_in_a_component() {
    for name in [
        "limiter.wasm",
        "keyed-limiter.wasm",
        "stored-limiter.wasm",
        "module.wasm",
        "tollgate.wasm",
    ] {
        let bytes = wasm::bytes(name);
        let text = String::from_utf8_lossy(&bytes);
        for path in [env!("CARGO_MANIFEST_DIR"), &std::env::var("HOME").unwrap()] {
            assert!(!text.contains(path), "{name} has {path}");
        }
    }
}
