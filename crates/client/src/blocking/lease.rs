//! Costs held for a while: a lease always ends, whatever becomes of its owner.

use std::time::Duration;

use super::Client;
use crate::answer::Answer;
use crate::calls::{self, Cost, Settled};
use crate::error::ClientError;
use crate::face::lease_face;
use crate::held::Held;

/// Costs that a service holds. A lease ends once: settled for the actual costs, or released.
///
/// Dropped, it is settled for what was held, so that a caller that forgets, fails or panics has paid;
/// slots are freed. That call is retried, and takes as long, as any other; where the service is
/// unreachable, the same happens when the lease expires.
#[derive(Debug)]
#[must_use = "a lease that is dropped is settled for what was held"]
pub struct Lease {
    client: Client,
    held: Held,
}

impl Lease {
    lease_face!([] []);
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.held.is_over {
            // If the call is lost, the lease is charged the same when it expires.
            let _ = self.settle_for(&[]);
        }
    }
}
