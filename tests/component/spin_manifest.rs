//! `spin.toml` fits the components: what it names is there under that name.

use tollgate_policy::PolicySet;
use toml::de::{DeTable, DeValue};

use crate::imports::interface;
use crate::wasm;

const MANIFEST: &str = include_str!("../../edge/spin/spin.toml");

/// The example that asks the limiter itself.
const EXAMPLE: &str = include_str!("../../examples/spin-limiter/spin.toml");

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
