//! The `tollgate` program.

mod cli;
mod configuration;
mod key;
mod log;
mod name_arg;
mod open_files;
mod reload;
mod serve;
mod state;
mod state_args;
mod store_arg;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

use crate::cli::{CheckArgs, Cli, Command};

/// A request through a guest makes some hundred allocations; the system's allocator took a tenth of its time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Exit code for wrong usage, the same as clap's own.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(args) => serve::run(args),
        Command::Replay(mut args) => {
            args.default_policies = Some(configuration::SAMPLE_POLICIES.to_owned());
            tollgate_replay::run(args)
        }
        Command::Check(args) => check(&args),
        Command::Key(args) => key::run(&args),
        Command::State(command) => state::run(command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If standard error is closed, there is still the exit code.
            let _ = writeln!(io::stderr(), "tollgate: {error:#}");
            ExitCode::from(if error.is::<configuration::BadConfiguration>() { USAGE } else { 1 })
        }
    }
}

/// Reports what a policies file contains, or what is wrong with it.
fn check(args: &CheckArgs) -> anyhow::Result<()> {
    let policies = configuration::policies(Some(&args.policies))?.read;
    let (file, count, pools) =
        (args.policies.display(), policies.iter().len(), policies.pools().len());
    let mut output = io::stdout().lock();
    writeln!(output, "{file}: policies: {count}, pools: {pools}")?;
    for policy in policies.iter().filter(|policy| policy.limits().limits().is_empty()) {
        writeln!(output, "{file}: policy.{} has no limits: everything passes", policy.name())?;
    }
    if let Some(path) = &args.keys {
        let keys = configuration::keys(path)?.read;
        writeln!(output, "{}: keys: {}", path.display(), keys.keys().len())?;
    }
    Ok(())
}
