//! What has to pass before anything lands.

use std::process::Command;

use crate::command::{cargo, run};
use crate::{api_check, cloudflare, conformance, panics, paths, program, python, wasm, wit_docs};

/// What wasmtime is part of. These are built and tested in the release profile only: compiling
/// wasmtime twice would double the time of everything.
pub(crate) const HEAVY: [&str; 6] = [
    "--package",
    "tollgate-host",
    "--package",
    "tollgate-tests",
    "--package",
    "tollgate-example-rust-wasmtime",
];

/// Light crates that are not built by default.
const NOT_DEFAULT: [&str; 4] = ["--package", "tollgate-example-wasmi", "--package", "xtask"];

/// What is fuzzed. Its test runs every target for some seconds.
const FUZZ: [&str; 2] = ["--package", "tollgate-fuzz"];

/// Crates that are empty on every target but WebAssembly, with their features.
const WASM: [(&str, &str, &str); 12] = [
    ("tollgate-component", "", "wasm32-unknown-unknown"),
    ("tollgate-component", "keyed", "wasm32-unknown-unknown"),
    ("tollgate-component", "stored", "wasm32-unknown-unknown"),
    ("tollgate-module", "", "wasm32-unknown-unknown"),
    ("tollgate-js", "", "wasm32-unknown-unknown"),
    ("tollgate-js-border", "", "wasm32-unknown-unknown"),
    ("tollgate-js-stores", "", "wasm32-unknown-unknown"),
    ("tollgate-js-upstream", "", "wasm32-unknown-unknown"),
    ("tollgate-edge-cloudflare", "", "wasm32-unknown-unknown"),
    ("tollgate-edge-spin", "", "wasm32-wasip2"),
    ("tollgate-example-spin-limiter", "", "wasm32-wasip2"),
    ("tollgate-example-spin-limiter", "vectors", "wasm32-wasip2"),
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
    run(cargo(&["clippy", "--quiet", "--all-targets"])
        .args(NOT_DEFAULT)
        .args(["--", "-D", "warnings"]))?;
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
    let worker_tests = ["--package", "tollgate-edge-cloudflare", "--all-targets"];
    run(cargo(&["clippy", "--quiet"]).args(worker_tests).args(["--", "-D", "warnings"]))?;
    for (package, features, target) in WASM {
        run(cargo(&["clippy", "--quiet", "--profile", "wasm", "--package", package]).args([
            "--features",
            features,
            "--target",
            target,
            "--",
            "-D",
            "warnings",
        ]))?;
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
    wit_docs::check()?;
    let program = program::build_with_tests()?;
    wasm::build_test_guests()?;
    lint_code()?;
    check_no_std()?;
    panics::check()?;
    run(&mut cargo(&["test", "--quiet"]))?;
    run(&mut cargo(&["test", "--quiet", "--package", "xtask"]))?;
    run(cargo(&["test", "--quiet"]).args(FUZZ))?;
    cloudflare::test()?;
    conformance::check()?;
    api_check::check(&program)?;
    let servers = paths::root().join("crates/xtask/nats-server/requirements.txt");
    let nats_server = python::environment("nats-server", &servers)?.join("nats-server");
    run(program::release(&["test", "--lib", "--bins", "--tests"])
        .args(HEAVY)
        .env("TOLLGATE_NATS_SERVER", nats_server))
}

/// The core builds for a machine without an operating system, and so do those that are no more than it.
fn check_no_std() -> anyhow::Result<()> {
    let target = "thumbv7em-none-eabihf";
    run(Command::new("rustup").args(["--quiet", "target", "add", target]))?;
    let packages = ["tollgate-core", "tollgate-keyed", "tollgate"].map(|name| ["--package", name]);
    let packages = packages.as_flattened().iter().chain(&["--no-default-features"]);
    run(cargo(&["check", "--quiet", "--target", target]).args(packages))
}
