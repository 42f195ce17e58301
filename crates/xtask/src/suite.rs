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

/// Light crates that are not built by default.
const NOT_DEFAULT: [&str; 4] = ["--package", "tollgate-example-wasmi", "--package", "xtask"];

/// The fuzz targets. Their test runs each for some seconds.
const FUZZ: [&str; 2] = ["--package", "tollgate-fuzz"];

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
    let clippy = ["clippy", "--quiet", "--all-targets"];
    run(cargo(&clippy).args(STRICT))?;
    run(cargo(&clippy).args(NOT_DEFAULT).args(STRICT))?;
    run(cargo(&clippy).args(FUZZ).args(["--features", "targets"]).args(STRICT))?;
    run(program::release(&clippy).args(HEAVY).args(STRICT))?;
    run(cargo(&clippy).args(["--package", "tollgate-edge-cloudflare"]).args(STRICT))?;
    wasm::lint()?;
    // Each API of the client by itself, with TLS, which no other build enables.
    let client = ["clippy", "--quiet", "--package", "tollgate-client", "--no-default-features"];
    for features in ["async,tls", "blocking,tls"] {
        run(cargo(&client).args(["--features", features]).args(STRICT))?;
    }
    let doc = ["doc", "--quiet", "--no-deps", "--document-private-items"];
    run(cargo(&doc).env("RUSTDOCFLAGS", "-D warnings"))?;
    run(program::release(&doc).args(HEAVY).env("RUSTDOCFLAGS", "-D warnings"))
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

    /// Packages that are checked as dependencies of others.
    const DEPENDED_ON: [&str; 2] = ["tollgate-js-border", "tollgate-test-servers"];

    /// A crate that is not listed here would be neither linted nor tested, and nobody would notice.
    #[test]
    fn every_member_of_the_workspace_is_looked_at() {
        let workspace = fs::read_to_string(paths::root().join("Cargo.toml")).unwrap();
        let list = |name: &str| -> Vec<&str> {
            let (_, list) = workspace.split_once(&format!("\n{name} = [\n")).unwrap();
            let lines = list.lines().take_while(|line| *line != "]");
            lines.map(|line| line.trim_matches([' ', ',', '"'])).collect()
        };
        let is_wasm = |name: &str| wasm::guest::ALL.iter().any(|guest| guest.package == name);
        let default = list("default-members");
        let named = [&NOT_DEFAULT[..], &FUZZ, &HEAVY, &DEPENDED_ON].concat();
        for member in list("members").into_iter().filter(|member| !default.contains(member)) {
            let manifest = paths::root().join(member).join("Cargo.toml");
            let manifest = fs::read_to_string(manifest).unwrap();
            let (_, name) = manifest.split_once("\nname = \"").unwrap();
            let (name, _) = name.split_once('"').unwrap();
            assert!(named.contains(&name) || is_wasm(name), "{member}");
        }
    }
}
