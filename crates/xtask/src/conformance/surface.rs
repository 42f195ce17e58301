//! The surfaces that the vectors run on.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::command::{cargo, run};
use crate::conformance::python;
use crate::suite::HEAVY;
use crate::{js, npm, paths, program};

/// A way into the core.
pub(super) struct Surface {
    /// The name of its transcript.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// The test that runs the vectors there.
    pub(super) test: &'static str,
}

/// Every surface. All others are compared with the first.
pub(super) const ALL: [Surface; 10] = [
    Surface { name: "native", title: "the core itself", test: "crates/core/tests/vectors.rs" },
    Surface {
        name: "wasmtime",
        title: "the component in wasmtime",
        test: "examples/rust-wasmtime/tests/vectors.rs",
    },
    Surface {
        name: "spin",
        title: "the component in a Spin component",
        test: "tests/end_to_end/spin_example.rs",
    },
    Surface {
        name: "jco",
        title: "the component in Node, by jco",
        test: "examples/node-jco/test/vectors.test.js",
    },
    Surface {
        name: "npm-node",
        title: "the npm package in Node",
        test: "crates/js/test/packaging/node.test.ts",
    },
    Surface {
        name: "chromium",
        title: "the npm package in Chromium",
        test: "crates/js/test/packaging/browser.test.ts",
    },
    Surface {
        name: "workerd",
        title: "the npm package in workerd",
        test: "crates/js/test/packaging/workerd.test.ts",
    },
    Surface {
        name: "python",
        title: "the plain module in Python",
        test: "examples/python/tests/test_vectors.py",
    },
    Surface {
        name: "wasmi",
        title: "the plain module in wasmi",
        test: "examples/wasmi/tests/vectors.rs",
    },
    Surface {
        name: "module-node",
        title: "the plain module in Node",
        test: "examples/node-module/test/vectors.test.js",
    },
];

/// The variable that tells tests the folder for transcripts.
pub(crate) const TRANSCRIPTS: &str = "TOLLGATE_TRANSCRIPTS";

/// Runs the tests of all surfaces; of the end-to-end tests, only the Spin example's. Needs the built components.
pub(super) fn run_all(transcripts: &Path) -> anyhow::Result<()> {
    // Not for the core's package alone, which would have different features of shared crates.
    run(cargo(&["test", "--quiet", "--test", "vectors"]).env(TRANSCRIPTS, transcripts))?;
    let test = ["test", "--quiet", "--package", "tollgate-example-wasmi"];
    run(cargo(&test).env(TRANSCRIPTS, transcripts))?;
    let mut test = program::release(&["test", "--quiet", "--test", "wasmtime_host"]);
    run(test.args(HEAVY).env(TRANSCRIPTS, transcripts))?;
    let mut test = program::release(&["test", "--quiet", "--test", "end_to_end"]);
    test.args(HEAVY).args(["--", "spin_example"]);
    run(test.env(TRANSCRIPTS, transcripts))?;
    js::test(Some(transcripts))?;
    node_module(transcripts)?;
    jco(transcripts)?;
    python::test(transcripts)
}

fn node_module(transcripts: &Path) -> anyhow::Result<()> {
    let example = paths::root().join("examples/node-module");
    run(node_test(transcripts).current_dir(&example))?;
    run(Command::new("node")
        .arg("demo.js")
        .env("CARGO_TARGET_DIR", paths::target())
        .current_dir(example))
}

/// The module for Node is built next to what npm installs; the example's tests run where they are.
fn jco(transcripts: &Path) -> anyhow::Result<()> {
    let (example, work) = (paths::root().join("examples/node-jco"), paths::out().join("jco"));
    npm::install(&example, &work)?;
    fs::copy(example.join("build.js"), work.join("build.js"))?;
    let component = paths::out().join("limiter.wasm");
    run(Command::new("node").arg("build.js").arg(component).arg("dist").current_dir(&work))?;
    let transpiled = work.join("dist/limiter.js");
    let mut test = node_test(transcripts);
    run(test.env("TOLLGATE_TRANSPILED", &transpiled).current_dir(&example))?;
    run(Command::new("node")
        .arg("demo.js")
        .env("TOLLGATE_TRANSPILED", transpiled)
        .current_dir(example))
}

fn node_test(transcripts: &Path) -> Command {
    let mut command = Command::new("node");
    command.args(["--test", "--test-reporter=spec"]);
    command.env(TRANSCRIPTS, transcripts).env("CARGO_TARGET_DIR", paths::target());
    command
}
