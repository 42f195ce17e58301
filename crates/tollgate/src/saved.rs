//! What serde writes and reads: policies, answers, and what a limiter remembers.

mod answer;
pub mod policy;
mod snapshot;

pub use self::snapshot::{RestoreError, Snapshot};
