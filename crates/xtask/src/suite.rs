//! What has to pass before anything lands.

use std::process::Command;

use crate::command::{cargo, run};
use crate::{api_check, js, panics, program, python, wasm};

/// What wasmtime is part of. These are built and tested in the release profile only: compiling
/// wasmtime twice would double the time of everything.
const HEAVY: [&str; 4] = ["--package", "tollgate-host", "--package", "tollgate-tests"];

/// What is fuzzed. Its test runs every target for some seconds.
const FUZZ: [&str; 2] = ["--package", "tollgate-fuzz"];

/// Crates that are empty on every target but WebAssembly.
const WASM: [(&str, &str); 3] = [
    ("tollgate-component", "wasm32-unknown-unknown"),
    ("tollgate-js", "wasm32-unknown-unknown"),
    ("tollgate-edge-spin", "wasm32-wasip2"),
];

/// Formatting, clippy and rustdoc, all of them without a warning.
pub(crate) fn lint() -> anyhow::Result<()> {
    check_format()?;
    lint_code()
}

fn check_format() -> anyhow::Result<()> {
    run(&mut cargo(&["fmt", "--all", "--check"]))
}

fn lint_code() -> anyhow::Result<()> {
    run(&mut cargo(&["clippy", "--quiet", "--all-targets", "--", "-D", "warnings"]))?;
    run(cargo(&["clippy", "--quiet", "--all-targets"]).args(FUZZ).args([
        "--features",
        "targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    run(program::release(&["clippy", "--quiet", "--all-targets"])
        .args(HEAVY)
        .args(["--", "-D", "warnings"]))?;
    for (package, target) in WASM {
        run(cargo(&["clippy", "--quiet", "--profile", "wasm", "--package", package])
            .args(["--target", target, "--", "-D", "warnings"]))?;
    }
    lint_client()?;
    let doc = ["doc", "--quiet", "--no-deps", "--document-private-items"];
    run(cargo(&doc).env("RUSTDOCFLAGS", "-D warnings"))?;
    run(program::release(&doc).args(HEAVY).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Each face of the client by itself, with TLS, which no other build has.
fn lint_client() -> anyhow::Result<()> {
    let client = ["--package", "tollgate-client", "--no-default-features"];
    for features in ["async,tls", "blocking,tls"] {
        run(cargo(&["clippy", "--quiet"]).args(client).args([
            "--features",
            features,
            "--",
            "-D",
            "warnings",
        ]))?;
    }
    Ok(())
}

/// Everything.
pub(crate) fn test() -> anyhow::Result<()> {
    // What fails soonest comes first.
    check_format()?;
    let program = program::build()?;
    wasm::build_test_guests()?;
    lint_code()?;
    check_no_std()?;
    panics::check()?;
    run(&mut cargo(&["test", "--quiet"]))?;
    run(cargo(&["test", "--quiet"]).args(FUZZ))?;
    js::test()?;
    api_check::check(&program)?;
    let nats_server = python::program("nats-server", "nats-server")?;
    run(program::release(&["test", "--lib", "--bins", "--tests"])
        .args(HEAVY)
        .env("TOLLGATE_NATS_SERVER", nats_server))
}

/// The core builds for a machine without an operating system, and so does what Rust users get of it.
fn check_no_std() -> anyhow::Result<()> {
    let target = "thumbv7em-none-eabihf";
    run(Command::new("rustup").args(["--quiet", "target", "add", target]))?;
    let packages = ["--package", "tollgate-core", "--package", "tollgate", "--no-default-features"];
    run(cargo(&["check", "--quiet", "--target", target]).args(packages))
}
