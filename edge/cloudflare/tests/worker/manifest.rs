//! `wrangler.toml`, and the same as workerd wants it: what is deployed is what is tested.

use std::fs;
use std::path::{Path, PathBuf};

use tollgate_policy::PolicySet;
use toml::de::{DeTable, DeValue};

const MANIFEST: &str = include_str!("../../wrangler.toml");

/// The value under a path of names, where lists have one item.
fn at<'a>(table: &'a DeTable<'a>, path: &[&str]) -> &'a str {
    let (name, rest) = path.split_first().unwrap();
    let value = table.get(*name).unwrap_or_else(|| panic!("{name} is missing")).get_ref();
    let value = value.as_array().map_or(value, |list| {
        assert_eq!(list.len(), 1, "{name}");
        list[0].get_ref()
    });
    match value {
        DeValue::Table(table) => at(table, rest),
        value => value.as_str().unwrap(),
    }
}

/// The files of the Worker, by their names in it; the entry comes first.
fn modules(folder: &Path) -> Vec<String> {
    let mut modules = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(folder.join(&inner)).unwrap() {
            let entry = entry.unwrap();
            let name = inner.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                folders.push(name);
            } else {
                modules.push(name.to_str().unwrap().to_owned());
            }
        }
    }
    modules.retain(|name| name.ends_with(".js") || name.ends_with(".wasm"));
    modules.sort_by_key(|name| name != "worker.js");
    modules
}

/// What workerd is told, with these variables.
pub(crate) fn configuration(folder: &Path, variables: &[(&str, &str)]) -> String {
    let manifest = DeTable::parse(MANIFEST).unwrap().into_inner();
    let class = at(&manifest, &["migrations", "new_sqlite_classes"]);
    assert_eq!(class, at(&manifest, &["durable_objects", "bindings", "class_name"]));
    let modules = modules(folder).into_iter().map(|name| {
        let kind = if name.ends_with(".wasm") { "wasm" } else { "esModule" };
        format!("(name = {name:?}, {kind} = embed {name:?}),\n")
    });
    let variables =
        variables.iter().map(|(name, text)| format!("(name = {name:?}, text = {text:?}),\n"));
    format!(
        r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "worker", worker = .worker), (name = "storage", disk = (writable = true))],
  sockets = [(name = "http", http = (), service = "worker")],
);
const worker :Workerd.Worker = (
  compatibilityDate = {date:?},
  modules = [{modules}],
  bindings = [{variables} (name = {binding:?}, durableObjectNamespace = {class:?})],
  durableObjectNamespaces = [(className = {class:?}, uniqueKey = "records", enableSql = true)],
  durableObjectStorage = (localDisk = "storage"),
);
"#,
        date = at(&manifest, &["compatibility_date"]),
        modules = modules.collect::<String>(),
        variables = variables.collect::<String>(),
        binding = at(&manifest, &["durable_objects", "bindings", "name"]),
    )
}

#[test]
fn the_sample_policies_are_those_of_the_program() {
    let manifest = DeTable::parse(MANIFEST).unwrap().into_inner();
    let sample = PolicySet::parse(at(&manifest, &["vars", "POLICIES"])).unwrap();
    let program = include_str!("../../../../crates/host/sample-policies.toml");
    assert_eq!(sample, PolicySet::parse(program).unwrap());
}
