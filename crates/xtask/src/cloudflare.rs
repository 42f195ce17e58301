//! The Worker for Cloudflare: the service built by cargo, its glue by wasm-bindgen, and the entry on top.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use crate::command::{cargo, run};
use crate::{folder, js, paths, wasm};

/// Builds the Worker in `target/tollgate/cloudflare`, where `wrangler.toml` looks for it.
pub(crate) fn build() -> anyhow::Result<PathBuf> {
    let out = paths::out().join("cloudflare");
    folder::empty(&out)?;
    js::bind(&wasm::worker_module()?, "tollgate", &out)?;
    fs::copy(paths::root().join("edge/cloudflare/worker.js"), out.join("worker.js"))?;
    Ok(out)
}

/// Builds the Worker and tests it in workerd.
pub(crate) fn test() -> anyhow::Result<()> {
    let worker = build()?;
    run(cargo(&["test", "--quiet", "--package", "tollgate-edge-cloudflare", "--tests"])
        .env("TOLLGATE_WORKER", worker)
        .env("PATH", path_with_workerd()?))
}

/// The search path for programs, with the workerd that the npm package is tested in, too.
fn path_with_workerd() -> anyhow::Result<OsString> {
    let workerd = js::install_tools()?.join("node_modules/workerd/bin");
    let path = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths(std::iter::once(workerd).chain(env::split_paths(&path)))?)
}
