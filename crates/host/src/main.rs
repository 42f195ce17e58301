//! The `tollgate` program.

mod cli;
mod log;
mod serve;
mod state;
mod state_args;
mod store_arg;

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

use crate::cli::{Cli, Command};

/// A request through a guest allocates some hundred times; the system's allocator took a tenth of it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Exit code of a program that was told something it can't do, as clap's own.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(args) => serve::run(args),
        Command::Replay(args) => tollgate_replay::run(args),
        Command::State(command) => state::run(command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tollgate: {error:#}");
            ExitCode::from(if error.is::<serve::BadPolicies>() { USAGE } else { 1 })
        }
    }
}
