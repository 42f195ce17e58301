//! What a policy does for keys that many ask for at the same time.

use tollgate_core::{Algorithm, Limit, Policy};

/// How requests for the same key get along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Contention {
    /// Each goes to the store by itself, and tries again when another one was faster.
    #[default]
    Retry,
    /// Those that wait for a key in one process share one load and one swap.
    Combine,
    /// A process holds a part of what a hot key has left, for a moment at a time, and spends it without
    /// the store. Not for limits of [`Algorithm::Concurrency`], [`Algorithm::LeakyQueue`] or
    /// [`Algorithm::Adaptive`], nor for budgets, limits that only watch, and limits that count calls.
    Lease,
}

impl Contention {
    pub(crate) const WORDS: [(&str, Self); 3] =
        [("retry", Self::Retry), ("combine", Self::Combine), ("lease", Self::Lease)];

    /// Refuses leases of limits that can't be spent by themselves, with a message that starts with the
    /// field it is about.
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

/// Why what is left of this limit can't be held by one and spent by others later.
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
