//! What is fuzzed: plain functions from bytes to nothing, that panic when something does not hold.
//!
//! `fuzz_targets` makes a libFuzzer binary of each for cargo-fuzz; `tests/smoke` runs each over its
//! corpus and over mutations of it, on stable, with every `cargo xtask test`.

pub mod apply;
pub mod barrier;
mod checks;
pub mod cooldown;
mod damage;
mod draw;
mod draw_operation;
mod draw_policy;
pub mod feedback;
pub mod policy_text;
pub mod record;

/// A target: it panics on input that shows a fault.
pub type Target = fn(&[u8]);

/// All of them, by the names of their binaries and corpora.
pub const TARGETS: [(&str, Target); 6] = [
    ("apply", apply::run),
    ("barrier", barrier::run),
    ("cooldown", cooldown::run),
    ("feedback", feedback::run),
    ("policy_text", policy_text::run),
    ("record", record::run),
];
