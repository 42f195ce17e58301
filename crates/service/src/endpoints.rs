//! What the API can be asked for: one file per family of paths.

mod acquire;
mod batch;
mod capacity;
mod control;
pub(crate) mod health;
mod leases;
mod peek;
mod several;
