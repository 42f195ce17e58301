//! What is held for a while, and let go of whatever happens.

use std::time::Duration;

use super::Client;
use crate::answer::Answer;
use crate::calls::{self, Cost, Settled};
use crate::error::ClientError;
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
    pub(super) const fn new(client: Client, held: Held) -> Self {
        Self { client, held }
    }

    /// What was answered when it was held.
    #[must_use]
    pub const fn answer(&self) -> &Answer {
        &self.held.answer
    }

    /// Charges what it came to. More than was held is debt, or refused, as the limit says; refused, it is
    /// charged what was held.
    ///
    /// # Errors
    /// [`ClientError`]. It may be settled; if not, it is tried to settle it for what was held.
    pub fn settle(self, cost: impl Into<Cost>) -> Result<Settled, ClientError> {
        self.settle_each(&[cost.into()])
    }

    /// Charges what it came to on each of several keys, in the order in which they were asked for. A key
    /// that is left out is charged what was held on it.
    ///
    /// # Errors
    /// As [`settle`](Self::settle).
    pub fn settle_each(mut self, costs: &[Cost]) -> Result<Settled, ClientError> {
        let mut settled = self.settle_for(costs)?;
        if settled == Settled::AsHeld && self.settle_for(&[])? == Settled::Gone {
            settled = Settled::Gone;
        }
        self.held.is_over = true;
        Ok(settled)
    }

    /// Charges nothing. Whether it was there still.
    ///
    /// # Errors
    /// [`ClientError`]. It may be released; if not, it is tried to settle it.
    pub fn release(mut self) -> Result<bool, ClientError> {
        let Some(call) = self.held.token().map(calls::release) else { return Ok(false) };
        let was_there = self.client.ask(call)?;
        self.held.is_over = true;
        Ok(was_there)
    }

    /// Lets it live for `ttl` (1 ms to 31 days) from now on. Whether it was still there: if not, it was
    /// charged, and its slots may be others'.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn renew(&self, ttl: Duration) -> Result<bool, ClientError> {
        let Some(token) = self.held.token() else { return Ok(false) };
        self.client.ask(calls::renew(token, ttl))
    }

    fn settle_for(&self, costs: &[Cost]) -> Result<Settled, ClientError> {
        self.held.settle(costs).map_or(Ok(Settled::Gone), |call| self.client.ask(call))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.held.is_over {
            // What nobody hears of comes to the same when it expires.
            let _ = self.settle_for(&[]);
        }
    }
}
