//! What the API can be asked for: one file per family of paths.

mod acquire;
mod barriers;
mod batch;
mod capacity;
mod control;
mod events;
mod feedback;
pub(crate) mod health;
mod leases;
mod metrics;
pub(crate) mod openapi;
mod peek;
mod policies;
mod pools;
mod ready;
mod several;
mod watch;

pub(crate) use events::expire_after;
