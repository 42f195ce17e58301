//! What is held for a while, and let go of whatever happens.

use std::time::Duration;

use super::Client;
use crate::answer::Answer;
use crate::calls::{self, Cost, Settled};
use crate::error::ClientError;
use crate::face::lease_face;
use crate::held::Held;

/// Costs that a service holds. It ends once: settled for what it came to, or released.
///
/// Dropped, it is settled for what was held, so that whoever forgets, fails or panics has paid; slots are
/// free again. That is tried as any other call is, and takes as long; where the service can't be asked,
/// the same comes of it when the lease expires.
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
            // What nobody hears of comes to the same when it expires.
            let _ = self.settle_for(&[]);
        }
    }
}
