//! Plugs the limiter into the component that imports it, as Spin does when it starts an application.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, PackageId, plug};

/// Composes `asker` with `limiter`, and writes the result to `out`.
pub(crate) fn compose(asker: &Path, limiter: &Path, out: &Path) -> anyhow::Result<()> {
    let mut graph = CompositionGraph::new();
    let limiter = register(&mut graph, "tollgate:limiter-component", limiter)?;
    let asker = register(&mut graph, "tollgate:asker", asker)?;
    plug(&mut graph, vec![limiter], asker)?;
    let bytes = graph.encode(EncodeOptions::default())?;
    // A file that is written anew is new to cargo, which would build the program that embeds it again.
    if fs::read(out).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    fs::write(out, bytes).with_context(|| format!("can't write {}", out.display()))
}

fn register(graph: &mut CompositionGraph, name: &str, path: &Path) -> anyhow::Result<PackageId> {
    let package = Package::from_file(name, None, path, graph.types_mut())?;
    Ok(graph.register_package(package)?)
}
