//! Chains of swaps: each expects the value that the one before is still writing.
//!
//! What is remembered of a key is the end of its chain while there is one, so that whoever decides next builds on it. A
//! swap that was not done ends its chain: all that follow it lose too, and whoever decides after that builds on what the
//! key holds.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::last_seen::{LastSeen, Update};

/// The number of a chain, never used again.
pub(super) type Chain = u64;

/// The values of keys as last seen, or as the swap at the end of a chain writes them.
#[derive(Default)]
pub(super) struct Chains {
    remembered: LastSeen<Option<Chain>>,
    begun: AtomicU64,
}

impl Chains {
    /// The value of a key, or `Some(None)` for none.
    pub(super) fn recall(&self, key: &str) -> Option<Option<Vec<u8>>> {
        self.remembered.get(key).map(|(value, _)| value)
    }

    /// The value of a key was read, or written by another way. It is not remembered while there is a chain: the chain's
    /// own answers will tell.
    pub(super) fn seen(&self, key: &str, value: Option<&[u8]>) {
        self.remembered.update(key, |now| match now {
            Some((_, Some(_))) => Update::Keep,
            _ => Update::Put(value, None),
        });
    }

    /// A swap is asked for: it begins a chain, or continues the one whose end it expects. `None` if it expects anything
    /// else than what is remembered: it probably loses, so nobody is to build on it.
    pub(super) fn join(&self, key: &str, expected: Option<&[u8]>, value: &[u8]) -> Option<Chain> {
        let mut joined = None;
        self.remembered.update(key, |now| {
            joined = match now {
                Some((there, _)) if there.as_deref() != expected => None,
                Some((_, Some(chain))) => Some(*chain),
                _ => Some(self.begun.fetch_add(1, Ordering::Relaxed)),
            };
            joined.map_or(Update::Keep, |chain| Update::Put(Some(value), Some(chain)))
        });
        joined
    }

    /// Whether another swap expects the value of this one.
    pub(super) fn goes_on(&self, key: &str, chain: Option<Chain>, value: &[u8]) -> bool {
        let mut goes_on = false;
        self.remembered.update(key, |now| {
            goes_on = matches!(now, Some((end, Some(going_on)))
                if chain == Some(*going_on) && end.as_deref() != Some(value));
            Update::Keep
        });
        goes_on
    }

    /// A swap of this chain has written `value`.
    pub(super) fn written(&self, key: &str, chain: Option<Chain>, value: &[u8]) {
        self.remembered.update(key, |now| match now {
            // Others follow, here or in another chain.
            Some((end, Some(going_on)))
                if chain != Some(*going_on) || end.as_deref() != Some(value) =>
            {
                Update::Keep
            }
            _ => Update::Put(Some(value), None),
        });
    }

    /// A swap of this chain has lost, since the key holds something else.
    pub(super) fn lost(&self, key: &str, chain: Option<Chain>, there: Option<&[u8]>) {
        self.remembered.update(key, |now| match now {
            Some((_, Some(going_on))) if chain != Some(*going_on) => Update::Keep,
            _ => Update::Put(there, None),
        });
    }

    /// A swap of this chain was not done, or nobody knows.
    pub(super) fn give_up(&self, key: &str, chain: Option<Chain>) {
        self.remembered.update(key, |now| match now {
            Some((_, Some(going_on))) if chain == Some(*going_on) => Update::Forget,
            _ => Update::Keep,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &[u8] = b"one";
    const TWO: &[u8] = b"two";
    const THEIRS: &[u8] = b"theirs";

    fn recalled(chains: &Chains) -> Option<Option<Vec<u8>>> {
        chains.recall("k")
    }

    fn some(value: &[u8]) -> Option<Option<Vec<u8>>> {
        Some(Some(value.to_vec()))
    }

    #[test]
    fn whoever_expects_the_end_of_a_chain_continues_it() {
        let chains = Chains::default();
        let first = chains.join("k", None, ONE);
        assert_eq!(chains.join("k", Some(ONE), TWO), first);
        assert!(first.is_some());
        assert_eq!(recalled(&chains), some(TWO));
        chains.written("k", first, ONE);
        assert_eq!(recalled(&chains), some(TWO), "which is still being written");
        chains.written("k", first, TWO);
        assert_ne!(chains.join("k", Some(TWO), ONE), first, "it has ended");
    }

    #[test]
    fn nobody_builds_on_a_swap_that_expects_something_else() {
        let chains = Chains::default();
        let first = chains.join("k", None, ONE);
        let other = chains.join("k", None, TWO);
        assert_eq!((other, recalled(&chains)), (None, some(ONE)));
        chains.lost("k", other, Some(ONE));
        assert_eq!(chains.join("k", Some(ONE), TWO), first);
    }

    #[test]
    fn nobody_builds_on_a_swap_that_expects_what_is_known_to_be_gone() {
        let chains = Chains::default();
        chains.seen("k", Some(THEIRS));
        let stale = chains.join("k", Some(ONE), TWO);
        assert_eq!((stale, recalled(&chains)), (None, some(THEIRS)));
        // Or known by mistake.
        chains.written("k", stale, TWO);
        assert_eq!(recalled(&chains), some(TWO));
    }

    #[test]
    fn a_chain_goes_on_where_another_swap_has_joined() {
        let chains = Chains::default();
        let first = chains.join("k", None, ONE);
        assert!(!chains.goes_on("k", first, ONE));
        chains.join("k", Some(ONE), TWO);
        assert!(chains.goes_on("k", first, ONE) && !chains.goes_on("k", first, TWO));
        assert!(!chains.goes_on("k", None, ONE) && !chains.goes_on("other", first, ONE));
    }

    #[test]
    fn a_lost_swap_ends_its_chain_and_no_other() {
        let chains = Chains::default();
        let first = chains.join("k", None, ONE);
        assert_eq!(chains.join("k", Some(ONE), TWO), first);
        chains.lost("k", first, Some(THEIRS));
        assert_eq!(recalled(&chains), some(THEIRS));
        let second = chains.join("k", Some(THEIRS), ONE);
        chains.lost("k", first, Some(THEIRS));
        assert_eq!(recalled(&chains), some(ONE), "that the first chain lost was known");
        chains.written("k", second, ONE);
        assert_eq!(recalled(&chains), some(ONE));
    }

    #[test]
    fn nothing_is_remembered_of_a_chain_that_may_have_come_to_nothing() {
        let chains = Chains::default();
        let first = chains.join("k", None, ONE);
        chains.give_up("k", None);
        assert_eq!(recalled(&chains), some(ONE), "another one was given up");
        chains.give_up("k", first);
        assert_eq!(recalled(&chains), None);
    }

    #[test]
    fn what_was_read_is_remembered_unless_there_is_a_chain() {
        let chains = Chains::default();
        chains.seen("k", None);
        assert_eq!(recalled(&chains), Some(None));
        let first = chains.join("k", None, ONE);
        chains.seen("k", Some(THEIRS));
        assert_eq!(recalled(&chains), some(ONE));
        chains.written("k", first, ONE);
        chains.seen("k", Some(THEIRS));
        assert_eq!(recalled(&chains), some(THEIRS));
    }
}
