//! Plugging the limiter into the edge function, as Spin does when it starts an application.

use std::path::Path;

use anyhow::Context as _;
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, PackageId, plug};

/// Composes `edge` with `limiter`, and writes the result to `out`.
pub(crate) fn compose(edge: &Path, limiter: &Path, out: &Path) -> anyhow::Result<()> {
    let mut graph = CompositionGraph::new();
    let limiter = register(&mut graph, "tollgate:limiter-component", limiter)?;
    let edge = register(&mut graph, "tollgate:edge", edge)?;
    plug(&mut graph, vec![limiter], edge)?;
    let bytes = graph.encode(EncodeOptions::default())?;
    std::fs::write(out, bytes).with_context(|| format!("can't write {}", out.display()))
}

fn register(graph: &mut CompositionGraph, name: &str, path: &Path) -> anyhow::Result<PackageId> {
    let package = Package::from_file(name, None, path, graph.types_mut())?;
    Ok(graph.register_package(package)?)
}
