//! What is held for a while, and let go of whatever happens.

use std::time::Duration;

use tokio::runtime::Handle;

use super::Client;
use crate::answer::Answer;
use crate::calls::{self, Cost, Settled};
use crate::error::ClientError;
use crate::face::lease_face;
use crate::held::Held;

/// Costs that a service holds. It ends once: settled for what it came to, or released.
///
/// Dropped, it is settled for what was held, so that whoever forgets, fails or panics has paid; slots are
/// free again. A task does that, as far as it comes: on a runtime that ends at once, or outside of any,
/// nobody is told, and the same comes of it when the lease expires.
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
            // What nobody hears of comes to the same when it expires.
            drop(runtime.spawn(async move { client.ask(call).await }));
        }
    }
}
