//! Tests the npm package as published.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::bail;

use crate::command::run;
use crate::conformance::TRANSCRIPTS;
use crate::js::{build, tsc, work};
use crate::{folder, paths};

/// Builds the package and runs its tests. The vectors' results go to the folder `transcripts`.
pub(crate) fn test(transcripts: Option<&Path>) -> anyhow::Result<()> {
    let package = build()?;
    folder::replace(&package, &work().join("node_modules/tollgate"))?;
    folder::replace(&paths::root().join("crates/js/test"), &work().join("test"))?;
    write_examples(&work().join("test"))?;
    folder::empty(&work().join("test-out"))?;
    // Types are tested by compiling: lines that must not compile are marked.
    tsc(&work().join("test/tsconfig.json"))?;
    let tests = compiled_tests()?;
    let vectors = paths::root().join("tests/vectors");
    run(Command::new("node")
        .args(["--test", "--test-reporter=spec"])
        .args(tests)
        .env("TOLLGATE_VECTORS", vectors)
        .env("TOLLGATE_PACKAGE", package)
        .envs(transcripts.map(|folder| (TRANSCRIPTS, folder)))
        .current_dir(work()))
}

/// Each example in the package's README is a test: it must compile, and its assertions must hold.
fn write_examples(folder: &Path) -> anyhow::Result<()> {
    let readme = fs::read_to_string(paths::root().join("crates/js/npm/README.md"))?;
    for (number, block) in readme.split("```ts\n").skip(1).enumerate() {
        let example = block.split("```").next().unwrap_or_default();
        fs::write(folder.join(format!("readme-{number}.test.ts")), example)?;
    }
    Ok(())
}

fn compiled_tests() -> anyhow::Result<Vec<String>> {
    let mut tests = Vec::new();
    for folder in ["test-out", "test-out/packaging"] {
        for entry in fs::read_dir(work().join(folder))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.ends_with(".test.js") {
                tests.push(format!("{folder}/{name}"));
            }
        }
    }
    if tests.is_empty() {
        bail!("there are no tests in test-out");
    }
    tests.sort();
    Ok(tests)
}
