//! The checks that must pass before anything is merged.

use std::process::Command;

use crate::command::{cargo, run};
use crate::{api_check, cloudflare, conformance, panics, paths, program, python, wasm, wit_docs};

/// Packages that depend on wasmtime. They are built and tested in the release profile only: compiling
/// wasmtime twice would double the total time.
pub(crate) const HEAVY: [&str; 6] = [
    "--package",
    "tollgate-host",
    "--package",
    "tollgate-tests",
    "--package",
    "tollgate-example-rust-wasmtime",
];

/// Denies all warnings.
pub(crate) const STRICT: [&str; 3] = ["--", "-D", "warnings"];

/// Formatting, clippy and rustdoc, all of them without a warning.
pub(crate) fn lint() -> anyhow::Result<()> {
    check_format()?;
    lint_code()
}

fn check_format() -> anyhow::Result<()> {
    run(&mut cargo(&["fmt", "--all", "--check"]))
}

fn lint_code() -> anyhow::Result<()> {
    run(native(&["clippy", "--all-targets"]).args(STRICT))?;
    wasm::lint()?;
    // Each API of the client by itself, with TLS, which no other build enables.
    let client = ["clippy", "--quiet", "--package", "tollgate-client", "--no-default-features"];
    for features in ["async,tls", "blocking,tls"] {
        run(program::release(&client).args(["--features", features]).args(STRICT))?;
    }
    // With the examples, what they depend on has the same features as above, and is not checked once more.
    let doc = ["doc", "--no-deps", "--document-private-items", "--lib", "--bins", "--examples"];
    run(native(&doc).env("RUSTDOCFLAGS", "-D warnings"))
}

/// `cargo` for all crates that exist outside WebAssembly: in one call, so that what they depend on is checked once, and
/// in the profile in which [`test()`] has already built wasmtime's build scripts and macros.
fn native(args: &[&str]) -> Command {
    let mut command = program::release(args);
    command.args(["--quiet", "--workspace", "--features", "tollgate-fuzz/targets"]);
    for guest in wasm::guest::ALL.iter().filter(|guest| !guest.has_native_tests()) {
        command.args(["--exclude", guest.package]);
    }
    command
}

/// Runs everything.
pub(crate) fn test() -> anyhow::Result<()> {
    // The quickest checks first.
    check_format()?;
    wit_docs::check()?;
    let program = program::build_with_tests()?;
    wasm::build_test_guests()?;
    lint_code()?;
    check_no_std()?;
    panics::check()?;
    run(&mut cargo(&["test", "--quiet"]))?;
    run(&mut cargo(&["test", "--quiet", "--package", "xtask"]))?;
    // Each fuzz target, for some seconds.
    run(&mut cargo(&["test", "--quiet", "--package", "tollgate-fuzz"]))?;
    cloudflare::test()?;
    conformance::check()?;
    api_check::check(&program)?;
    let servers = paths::root().join("crates/xtask/nats-server/requirements.txt");
    let nats_server = python::environment("nats-server", &servers)?.join("nats-server");
    run(program::release(&["test", "--lib", "--bins", "--tests"])
        .args(HEAVY)
        .env("TOLLGATE_NATS_SERVER", nats_server))
}

/// Checks that the core, and the crates as portable as it, build for a target without an operating system.
fn check_no_std() -> anyhow::Result<()> {
    let target = "thumbv7em-none-eabihf";
    run(Command::new("rustup").args(["--quiet", "target", "add", target]))?;
    let packages = ["tollgate-core", "tollgate-keyed", "tollgate"].map(|name| ["--package", name]);
    let packages = packages.as_flattened().iter().chain(&["--no-default-features"]);
    run(cargo(&["check", "--quiet", "--target", target]).args(packages))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::fs;

    use super::*;

    /// Packages that have a line of their own here or in `conformance`, and two that hold no tests.
    const BY_NAME: [&str; 5] = [
        "xtask",
        "tollgate-fuzz",
        "tollgate-example-wasmi",
        "tollgate-js-border",
        "tollgate-test-servers",
    ];

    /// A crate that is not listed would not be tested, and nobody would notice.
    #[test]
    fn every_member_of_the_workspace_is_tested() {
        let workspace = fs::read_to_string(paths::root().join("Cargo.toml")).unwrap();
        let list = |name: &str| -> Vec<&str> {
            let (_, list) = workspace.split_once(&format!("\n{name} = [\n")).unwrap();
            let lines = list.lines().take_while(|line| *line != "]");
            lines.map(|line| line.trim_matches([' ', ',', '"'])).collect()
        };
        let is_wasm = |name: &str| wasm::guest::ALL.iter().any(|guest| guest.package == name);
        let default = list("default-members");
        let named = [&HEAVY[..], &BY_NAME].concat();
        for member in list("members").into_iter().filter(|member| !default.contains(member)) {
            let manifest = paths::root().join(member).join("Cargo.toml");
            let manifest = fs::read_to_string(manifest).unwrap();
            let (_, name) = manifest.split_once("\nname = \"").unwrap();
            let (name, _) = name.split_once('"').unwrap();
            assert!(named.contains(&name) || is_wasm(name), "{member}");
        }
    }
}
