//! Costs held for a while: a lease always ends, whatever becomes of its owner.

use std::time::Duration;

use tokio::runtime::Handle;

use super::Client;
use crate::answer::Answer;
use crate::calls::{self, Cost, Settled};
use crate::error::ClientError;
use crate::face::lease_face;
use crate::held::Held;

/// Costs that a service holds. A lease ends once: settled for the actual costs, or released.
///
/// Dropped, it is settled for what was held, so that a caller that forgets, fails or panics has paid;
/// slots are freed. A spawned task does that, if it gets to run: on a runtime that shuts down at once, or
/// outside of any, the service is not told, and the same happens when the lease expires.
#[derive(Debug)]
#[must_use = "a lease that is dropped is settled for what was held"]
pub struct Lease {
    client: Client,
    held: Held,
}

impl Lease {
    lease_face!([async] [.await]);
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.held.is_over {
            return;
        }
        if let (Ok(runtime), Some(call)) = (Handle::try_current(), self.held.settle(&[])) {
            let client = self.client.clone();
            // If the call is lost, the lease is charged the same when it expires.
            drop(runtime.spawn(async move { client.ask(call).await }));
        }
    }
}
