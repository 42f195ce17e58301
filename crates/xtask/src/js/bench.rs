//! How fast and how large the npm package is.

use std::fs;
use std::process::Command;

use anyhow::Context as _;

use crate::command::run;
use crate::js::{build, tsc, work};
use crate::{folder, paths};

/// Prints the tables of JavaScript in docs/benchmarks.md.
pub(crate) fn bench() -> anyhow::Result<()> {
    let package = build()?;
    folder::replace(&package, &work().join("node_modules/tollgate"))?;
    folder::replace(&paths::root().join("crates/js/bench"), &work().join("bench"))?;
    folder::empty(&work().join("bench-out"))?;
    tsc(&work().join("bench/tsconfig.json"))?;
    run(Command::new("node").arg("bench-out/decisions.js").current_dir(work()))?;
    let module = package.join("dist/wasm/tollgate_bg.wasm");
    let gzip = Command::new("gzip").args(["-9", "--stdout"]).arg(&module).output();
    let compressed = gzip.context("can't start gzip")?.stdout.len();
    println!("\n| size | bytes | gzip -9 |\n|---|--:|--:|");
    println!("| `tollgate_bg.wasm` | {} | {compressed} |", fs::metadata(&module)?.len());
    run(Command::new("npm").args(["pack", "--dry-run"]).current_dir(package))
}
