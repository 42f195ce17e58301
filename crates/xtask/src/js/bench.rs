//! How fast and how large the npm package is.

use std::fs;
use std::process::Command;

use crate::command::run;
use crate::js::{build, tsc, work};
use crate::{folder, paths, size};

/// Prints the tables of JavaScript in docs/benchmarks.md.
pub(crate) fn bench() -> anyhow::Result<()> {
    let package = build()?;
    folder::replace(&package, &work().join("node_modules/tollgate"))?;
    folder::replace(&paths::root().join("crates/js/bench"), &work().join("bench"))?;
    folder::empty(&work().join("bench-out"))?;
    tsc(&work().join("bench/tsconfig.json"))?;
    run(Command::new("node").arg("bench-out/decisions.js").current_dir(work()))?;
    let module = package.join("dist/wasm/tollgate_bg.wasm");
    let (bytes, gzipped) = (fs::metadata(&module)?.len(), size::gzipped(&module)?);
    println!("\n| size | bytes | gzip -9 |\n|---|--:|--:|");
    println!("| `tollgate_bg.wasm` | {bytes} | {gzipped} |");
    run(Command::new("npm").args(["pack", "--dry-run"]).current_dir(package))
}
