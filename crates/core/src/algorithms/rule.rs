//! The interface of every algorithm, whatever its state.

use crate::time::{Span, Timestamp};

/// The status of a limit: see the functions of [`Rule`] with these names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    pub(crate) capacity: u64,
    pub(crate) remaining: u64,
    pub(crate) reset_after: Span,
}

/// An algorithm with its numbers, made ready for deciding: pure functions over its state.
///
/// All of them are total: they saturate and never panic, for every state and every number. For one
/// state, `fits` never turns from true to false as time goes on: who waits as long as `retry_after`
/// says gets through, and one nanosecond earlier does not.
pub(crate) trait Rule {
    /// What is remembered of one key. The default is a key that was never seen.
    type State: Default + Clone + PartialEq;

    /// The most units that can be taken at once, ever; more is impossible.
    fn capacity(&self, _: &Self::State) -> u64;

    /// Whether `units` can be taken at `now`. No units always can.
    fn fits(&self, state: &Self::State, now: Timestamp, units: u64) -> bool;

    /// Takes `units` at `now`, whether they fit or not. What does not fit is debt, which later time
    /// has to pay first; it is at most one capacity, and what is beyond that is forgiven.
    fn charge(&self, state: &mut Self::State, now: Timestamp, units: u64);

    /// The units that can be taken at `now`.
    fn remaining(&self, state: &Self::State, now: Timestamp) -> u64;

    /// The shortest wait, to the nanosecond, after which `units` fit if nothing else is taken: zero
    /// when they fit now, [`Span::NEVER`] when they never will.
    fn retry_after(&self, state: &Self::State, now: Timestamp, units: u64) -> Span;

    /// How long until the state is as if never used, if nothing more is taken.
    fn reset_after(&self, state: &Self::State, now: Timestamp) -> Span;

    /// The whole status of a limit with nothing held.
    #[inline]
    fn room(&self, state: &Self::State, now: Timestamp) -> Room {
        Room {
            capacity: self.capacity(state),
            remaining: self.remaining(state, now),
            reset_after: self.reset_after(state, now),
        }
    }

    /// Sets a state that is impossibly far ahead of `now` (a broken clock wrote it: more than
    /// [`SKEW_MAX`](crate::SKEW_MAX) beyond what could have been written) to that of a limit
    /// that was used up just now, so that it recovers. Returns whether it had to.
    fn heal(&self, state: &mut Self::State, now: Timestamp) -> bool;
}

#[cfg(test)]
pub(crate) mod laws;
