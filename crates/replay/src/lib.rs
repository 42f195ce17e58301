//! `tollgate replay`: what a policy would have done to real traffic.
//!
//! A trace is read line by line: an access log of Apache or nginx, or a CSV with named columns. The real
//! limiter decides on every request, in virtual time: the trace's own times are the clock. Nothing waits,
//! nothing is sent, and the same trace gives the same output, byte for byte.
//!
//! # Order
//! A trace is replayed in the order of its lines. Access logs are written when a request ends, so
//! their times step back now and then. A step of up to a minute only makes the limiter stricter; after
//! a longer one it may take a key's record to be from a broken clock, and let the key start anew. The
//! summary counts the lines that stepped back, and `--sort` replays in time order.
//!
//! # Bounds
//! | what | bound |
//! |---|---|
//! | a line of a log, a row of a CSV | 64 KiB |
//! | lines | none: memory use depends on the number of keys, not of lines |
//! | keys | 5,000,000, each of 1 to 512 bytes |
//! | lines with `--sort` | 1,000,000, which are held in memory |
//! | a time | 1970 to 2262 |
//! | a cost | 0 to 2^53 - 1 |
#![forbid(unsafe_code)]

mod args;
mod by_name;
mod combined_log;
mod csv_trace;
mod decisions;
mod input;
mod lines;
mod number_text;
mod outputs;
mod plot;
mod policy_choice;
mod progress;
mod report;
mod run;
mod simulate;
mod tally;
mod time_axis;
mod timeline;
mod timestamp_text;
mod trace;

pub use args::Args;
pub use run::{Streams, run, run_with};
