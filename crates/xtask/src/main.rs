//! Builds, tests and serves tollgate. The tasks themselves install everything they need besides rustup
//! and npm.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

mod api_check;
mod bench;
mod cloudflare;
mod command;
mod compose;
mod conformance;
mod folder;
mod js;
mod npm;
mod panics;
mod paths;
mod program;
mod python;
mod server;
mod size;
mod suite;
mod wasm;
mod wit_docs;

use clap::{Parser, Subcommand};

/// Tasks of the tollgate workspace.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds the limiter component, the plain module and the edge function, and composes them.
    Wasm,
    /// Builds the guests that tests run.
    Guests,
    /// Builds the program `tollgate`, with the edge function inside.
    Build,
    /// Builds everything and serves; arguments go to `tollgate serve`.
    Serve {
        /// Arguments of `tollgate serve`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Measures HTTP load, start-up and sizes, and prints the tables of docs/benchmarks.md.
    Bench(bench::BenchArgs),
    /// Builds the npm package; `js test` tests it, `js bench` measures it.
    Js {
        #[command(subcommand)]
        task: Option<JsTask>,
    },
    /// Builds the Worker for Cloudflare; `cloudflare test` tests it.
    Cloudflare {
        #[command(subcommand)]
        task: Option<CloudflareTask>,
    },
    /// Prints the size of the limiter component, and what each interface adds to it.
    Size,
    /// Writes the pages of docs/wit.
    WitDocs,
    /// Shows that no input makes the limiter component, in any world, or the plain module panic.
    Panics,
    /// Builds everything, and asks the program all that its OpenAPI document says, by schemathesis.
    ApiCheck,
    /// Runs every vector on every surface, and writes docs/conformance.md.
    Conformance,
    /// Checks formatting, lints and documentation.
    Lint,
    /// Passes every test: lints, unit tests, laws, components, and the program end to end.
    Test,
}

#[derive(Subcommand)]
enum JsTask {
    /// Passes the package's tests: in Node, in Chromium and in workerd.
    Test,
    /// Prints how fast and how large it is.
    Bench,
}

#[derive(Subcommand)]
enum CloudflareTask {
    /// Asks the Worker in workerd, and compares its answers with those of the native service.
    Test,
}

fn main() -> anyhow::Result<()> {
    match Args::parse().task {
        Task::Wasm => wasm::build(),
        Task::Guests => wasm::build_test_guests(),
        Task::Build => program::build().map(drop),
        Task::Serve { args } => program::serve(&args),
        Task::Bench(args) => bench::bench(&args),
        Task::Js { task: None } => js::build().map(drop),
        Task::Js { task: Some(JsTask::Test) } => js::test(None),
        Task::Js { task: Some(JsTask::Bench) } => js::bench(),
        Task::Cloudflare { task: None } => cloudflare::build().map(drop),
        Task::Cloudflare { task: Some(CloudflareTask::Test) } => cloudflare::test(),
        Task::Size => size::print(),
        Task::WitDocs => wit_docs::write(),
        Task::Panics => panics::check(),
        Task::ApiCheck => program::build().and_then(|program| api_check::check(&program)),
        Task::Conformance => program::build_with_tests()
            .and_then(|_| wasm::build_test_guests())
            .and_then(|()| conformance::write()),
        Task::Lint => suite::lint(),
        Task::Test => suite::test(),
    }
}
