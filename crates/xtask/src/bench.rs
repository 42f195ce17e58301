//! HTTP load, start-up and sizes: the figures of docs/benchmarks.md, as ratios within one run.

mod case;
mod footprint;
mod idle;
mod load;
mod others;
mod report;
mod tail;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::bail;
use clap::Args;

use self::case::{CASES, Case, Store};
use self::load::{Load, Measured};
use crate::command::run;
use crate::server::Server;
use crate::{folder, paths, program, wasm};

/// How long a server is loaded before it is measured.
const WARM_UP: Duration = Duration::from_secs(1);

#[derive(Args)]
pub(crate) struct BenchArgs {
    /// Seconds that each case is measured for in each round.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// How often every case is measured; figures are medians.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=30))]
    rounds: u32,
    /// Letters of the cases to measure [default: all].
    #[arg(long, value_name = "LETTERS")]
    only: Option<String>,
}

/// Everything that the measurements share.
struct Bench {
    program: PathBuf,
    bare_hyper: PathBuf,
    /// Stores, caches, policies and scripts; emptied at the start.
    folder: PathBuf,
    duration: Duration,
    /// For the cases that keep their records in Redis.
    redis: Option<Server>,
}

/// The measurements of one case, one per round.
struct Results {
    case: &'static Case,
    rounds: Vec<Measured>,
}

/// Builds what is measured, measures it, and prints Markdown tables.
pub(crate) fn bench(args: &BenchArgs) -> anyhow::Result<()> {
    if Command::new("wrk").arg("--version").output().is_err() {
        bail!("the load tool wrk is missing: apt-get install wrk");
    }
    let mut results = chosen(args.only.as_deref());
    let mut bench = Bench::prepare(Duration::from_secs(args.seconds))?;
    if results.iter().any(|result| result.case.store == Store::Redis) {
        bench.redis = Some(others::redis()?);
    }
    let load_before = report::load_average();
    for round in 0..args.rounds {
        eprintln!("round {} of {}", round + 1, args.rounds);
        // Back and forth, so that no case always follows the same one.
        if round > 0 {
            results.reverse();
        }
        for result in &mut results {
            let measured = bench.measure(result.case)?;
            eprintln!("  {}: {:.0} requests/s", result.case.letter, measured.per_second());
            result.rounds.push(measured);
        }
    }
    results.sort_by_key(|result| result.case.letter);
    println!("{}", report::machine(&load_before));
    println!("{}", report::cases(&results));
    println!("{}", report::ratios(&results));
    println!("{}", tail::at_half_the_peak(&bench, &results)?);
    println!("{}", idle::connections(&bench, &results)?);
    println!("{}", footprint::starts(&bench)?);
    println!("{}", footprint::sizes()?);
    Ok(())
}

/// The cases with these letters, or all, except those whose programs are not installed.
fn chosen(letters: Option<&str>) -> Vec<Results> {
    let chosen = |case: &&Case| letters.is_none_or(|letters| letters.contains(case.letter));
    let installed = |case: &&Case| {
        let missing = case.missing();
        if let Some(how) = missing {
            eprintln!("not measured, since it is missing ({how}): {}", case.title);
        }
        missing.is_none()
    };
    let cases = CASES.iter().filter(chosen).filter(installed);
    cases.map(|case| Results { case, rounds: Vec::new() }).collect()
}

impl Bench {
    fn prepare(duration: Duration) -> anyhow::Result<Self> {
        let program = program::build()?;
        wasm::build_test_guests()?;
        wasm::build_bench_guests()?;
        run(&mut program::release(&[
            "build",
            "--package",
            "tollgate-host",
            "--example",
            "bare_hyper",
        ]))?;
        let folder = paths::out().join("bench");
        folder::empty(&folder)?;
        fs::write(folder.join(case::POLICIES_FILE), case::POLICIES)?;
        fs::write(folder.join(load::SCRIPT_FILE), load::SCRIPT)?;
        let bare_hyper = paths::target().join("release/examples/bare_hyper");
        Ok(Self { program, bare_hyper, folder, duration, redis: None })
    }

    /// A fresh server under load: once to warm up, once to measure.
    fn measure(&self, case: &Case) -> anyhow::Result<Measured> {
        let server = case.start(self)?;
        let load = Load { folder: &self.folder, server: &server, case };
        load.run(WARM_UP)?;
        load.run(self.duration)
    }
}
