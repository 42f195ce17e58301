//! Every target over its corpus, and over mutations of it that are the same on every machine.

mod corpus;
mod mutation;
mod random;

use std::time::{Duration, Instant};

use tollgate_fuzz::{TARGETS, Target};

use crate::mutation::mutated;
use crate::random::Random;

/// Mutations per target; `SMOKE_RUNS` may ask for more.
const RUNS: u64 = 20_000;
/// The same mutations on every run; `SMOKE_SEED` draws others.
const SEED: u64 = 1;
/// Far beyond what any input takes, on a busy machine without optimisation.
const LONGEST: Duration = Duration::from_secs(10);

/// Shows the input at hand when the target panics.
struct Shown<'a>(&'a [u8]);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let hex: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
            eprintln!("the input was: {hex}");
        }
    }
}

fn run(target: Target, bytes: &[u8]) {
    let shown = Shown(bytes);
    let start = Instant::now();
    target(bytes);
    assert!(start.elapsed() < LONGEST, "it took {:?}", start.elapsed());
    drop(shown);
}

fn target(name: &str) -> Target {
    let found = TARGETS.iter().find(|(other, _)| *other == name);
    found.expect("a target of this name").1
}

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn smoke(name: &str) {
    let (target, corpus) = (target(name), corpus::read(name));
    assert!(!corpus.is_empty(), "{name} has a corpus");
    corpus.iter().for_each(|input| run(target, input));
    let runs = from_environment("SMOKE_RUNS").unwrap_or(RUNS);
    let mut random = Random::new(from_environment("SMOKE_SEED").unwrap_or(SEED));
    for _ in 0..runs {
        run(target, &mutated(&corpus, &mut random));
    }
}

/// Operations on keys of any policy keep what the core promises.
#[test]
fn apply() {
    smoke("apply");
}

/// Barriers keep their count, and one form in bytes.
#[test]
fn barrier() {
    smoke("barrier");
}

/// Cooldowns stay bounded, and answer in their order.
#[test]
fn cooldown() {
    smoke("cooldown");
}

/// Whatever headers a provider sends, what is read of them is bounded.
#[test]
fn feedback() {
    smoke("feedback");
}

/// Whatever the policy text, it is an error that says something, or policies that decide.
#[test]
fn policy_text() {
    smoke("policy_text");
}

/// Whatever the bytes, they are a record that decides, or none.
#[test]
fn record() {
    smoke("record");
}

/// Every target has a test here, a binary and a corpus.
#[test]
fn no_target_is_left_out() {
    let tested = ["apply", "barrier", "cooldown", "feedback", "policy_text", "record"];
    assert_eq!(TARGETS.map(|(name, _)| name), tested);
    for name in tested {
        let binary = format!("{}/fuzz_targets/{name}.rs", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::read_to_string(&binary).expect("a binary of this name");
        assert!(source.contains(&format!("tollgate_fuzz::{name}::run")), "{binary}");
    }
}
