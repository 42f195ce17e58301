//! `spin.toml` fits the components: what it names is there under that name.

use tollgate_policy::PolicySet;
use toml::de::{DeTable, DeValue};

use crate::imports::interface;
use crate::wasm;

const MANIFEST: &str = include_str!("../../edge/spin/spin.toml");

/// The example that asks the limiter itself.
const EXAMPLE: &str = include_str!("../../examples/spin-limiter/spin.toml");

/// What Spin 4.1 provides of all that is imported, under exactly these versions; the last one by composing.
const PROVIDED: [&str; 8] = [
    "wasi:http/types@0.3.0",
    "wasi:clocks/types@0.3.0",
    "wasi:clocks/monotonic-clock@0.3.0",
    "wasi:keyvalue/store@0.2.0-draft2",
    "wasi:keyvalue/atomics@0.2.0-draft2",
    "spin:redis/redis@3.0.0",
    "spin:variables/variables@3.0.0",
    "tollgate:limiter/limiter@0.1.0",
];

/// Of WASI 0.2, which Rust's standard library imports, it provides everything up to this version.
const WASI_0_2_PATCH: u32 = 12;

/// The value under a path of names.
fn at<'a>(table: &'a DeTable<'a>, path: &[&str]) -> &'a DeValue<'a> {
    let (name, rest) = path.split_first().unwrap();
    let value = table.get(*name).unwrap_or_else(|| panic!("{name} is missing")).get_ref();
    if rest.is_empty() { value } else { at(value.as_table().unwrap(), rest) }
}

#[test]
fn the_dependency_is_what_is_imported_and_the_limiter_exports() {
    for (manifest, component, file) in
        [(MANIFEST, "edge", "edge.wasm"), (EXAMPLE, "limited", "spin-limiter-alone.wasm")]
    {
        let manifest = DeTable::parse(manifest).unwrap().into_inner();
        let dependencies = at(&manifest, &["component", component, "dependencies"]);
        let dependencies = dependencies.as_table().unwrap().keys();
        let names: Vec<_> = dependencies.map(|name| name.get_ref().to_string()).collect();
        let (imports, _) = interface(&wasm::bytes(file));
        let (_, exports) = interface(&wasm::bytes("limiter.wasm"));
        let asked: Vec<_> = imports.into_iter().filter(|it| it.starts_with("tollgate:")).collect();
        assert_eq!(names, asked, "{file}");
        assert!(exports.contains(&names[0]), "{exports:?}");
    }
}

#[test]
fn nothing_is_imported_that_spin_does_not_provide() {
    for file in ["edge.wasm", "spin-limiter-alone.wasm"] {
        let (imports, exports) = interface(&wasm::bytes(file));
        for import in imports {
            let wasi_0_2 = import.strip_prefix("wasi:").and_then(|it| it.rsplit_once("@0.2."));
            let patch = wasi_0_2.and_then(|(_, patch)| patch.parse::<u32>().ok());
            let is_wasi_0_2 = patch.is_some_and(|patch| patch <= WASI_0_2_PATCH);
            assert!(is_wasi_0_2 || PROVIDED.contains(&import.as_str()), "{file}: {import}");
        }
        assert_eq!(exports, ["wasi:http/handler@0.3.0"], "{file}: what its HTTP trigger looks for");
    }
}

#[test]
fn the_store_and_the_variable_are_granted_and_the_sample_policies_are_valid() {
    let manifest = DeTable::parse(MANIFEST).unwrap().into_inner();
    let stores = at(&manifest, &["component", "edge", "key_value_stores"]).as_array().unwrap();
    let stores: Vec<_> = stores.iter().filter_map(|store| store.get_ref().as_str()).collect();
    assert_eq!(stores, ["default"]);
    let variable = at(&manifest, &["component", "edge", "variables", "policies"]);
    assert_eq!(variable.as_str(), Some("{{ policies }}"));
    let sample = at(&manifest, &["variables", "policies", "default"]).as_str().unwrap();
    let sample = PolicySet::parse(sample).unwrap();
    let program = include_str!("../../crates/host/sample-policies.toml");
    assert_eq!(
        sample,
        PolicySet::parse(program).unwrap(),
        "Spin and the program have the same sample"
    );
}
