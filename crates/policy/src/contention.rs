//! What a policy does about keys with many concurrent requests.

use tollgate_core::{Algorithm, Limit, Policy};

/// How concurrent requests for the same key are handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Contention {
    /// Each goes to the store by itself, and tries again on a conflict.
    #[default]
    Retry,
    /// Requests that wait for the same key in one process share one load and one swap.
    Combine,
    /// A process leases a part of what a hot key has left, briefly, and spends it without
    /// the store. Not for limits of [`Algorithm::Concurrency`], [`Algorithm::LeakyQueue`] or
    /// [`Algorithm::Adaptive`], nor for budgets, shadow limits, and limits that count calls.
    Lease,
}

impl Contention {
    pub(crate) const WORDS: [(&str, Self); 3] =
        [("retry", Self::Retry), ("combine", Self::Combine), ("lease", Self::Lease)];

    /// Refuses leases of limits that can't be leased, with a message that starts with the field it is
    /// about.
    pub(crate) fn check(self, policy: &Policy) -> Result<(), String> {
        if self != Self::Lease {
            return Ok(());
        }
        for limit in policy.limits() {
            if let Some(reason) = not_leased(limit) {
                return Err(format!(
                    ".contention: \"lease\" is not for {}: {reason}",
                    limit.name()
                ));
            }
        }
        Ok(())
    }
}

/// Why a part of this limit can't be held by one request and spent by later ones.
fn not_leased(limit: &Limit) -> Option<&'static str> {
    if limit.is_shadow() {
        return Some("a limit that only watches has nothing to hold");
    }
    if limit.is_per_call() {
        return Some("a lease stands for many calls; leave out per_call");
    }
    match limit.algorithm() {
        Algorithm::Concurrency { .. } => Some("every slot has a holder of its own"),
        Algorithm::LeakyQueue { .. } => Some("what it lets in has a turn of its own"),
        Algorithm::Adaptive { .. } => Some("its capacity may be reduced at any time"),
        Algorithm::TokenBucket { refill: 0, .. } => {
            Some("a budget does not regain what a process loses that ends")
        }
        _ => None,
    }
}
