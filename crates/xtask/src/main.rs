//! Builds, tests and serves tollgate. Everything that is needed beside rustup and npm is installed by
//! the tasks themselves.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

mod api_check;
mod bench;
mod command;
mod compose;
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
    /// Builds the limiter component and the edge function, and composes them.
    Wasm,
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
    /// Prints the size of the limiter component, and what each interface adds to it.
    Size,
    /// Shows that no input makes the limiter component panic.
    Panics,
    /// Builds everything, and asks the program all that its OpenAPI document says, by schemathesis.
    ApiCheck,
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

fn main() -> anyhow::Result<()> {
    match Args::parse().task {
        Task::Wasm => wasm::build(),
        Task::Build => program::build().map(drop),
        Task::Serve { args } => program::serve(&args),
        Task::Bench(args) => bench::bench(&args),
        Task::Js { task: None } => js::build().map(drop),
        Task::Js { task: Some(JsTask::Test) } => js::test(),
        Task::Js { task: Some(JsTask::Bench) } => js::bench(),
        Task::Size => size::print(),
        Task::Panics => panics::check(),
        Task::ApiCheck => program::build().and_then(|program| api_check::check(&program)),
        Task::Lint => suite::lint(),
        Task::Test => suite::test(),
    }
}
