//! The `tollgate` program.

mod cli;
mod configuration;
mod key;
mod log;
mod open_files;
mod reload;
mod serve;
mod state;
mod state_args;
mod store_arg;

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

use crate::cli::{CheckArgs, Cli, Command};

/// A request through a guest allocates some hundred times; the system's allocator took a tenth of it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Exit code of a program that was told something it can't do, as clap's own.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(args) => serve::run(args),
        Command::Replay(args) => tollgate_replay::run(args),
        Command::Check(args) => check(&args),
        Command::Key(args) => key::run(&args),
        Command::State(command) => state::run(command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tollgate: {error:#}");
            ExitCode::from(if error.is::<configuration::BadConfiguration>() { USAGE } else { 1 })
        }
    }
}

/// Says what a file of policies has, or what is wrong with it.
fn check(args: &CheckArgs) -> anyhow::Result<()> {
    let policies = configuration::policies(Some(&args.policies))?.read;
    let (count, pools) = (policies.iter().len(), policies.pools().len());
    println!("{}: {count} policies, {pools} pools", args.policies.display());
    if let Some(path) = &args.keys {
        let keys = configuration::keys(path)?.read;
        println!("{}: {} keys", path.display(), keys.keys().len());
    }
    Ok(())
}
