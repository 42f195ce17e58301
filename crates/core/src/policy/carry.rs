//! What becomes of a record when the policy behind it changes.

use crate::algorithms::any::State;
use crate::policy::Policy;
use crate::policy::limit::Limit;
use crate::record::Record;
use crate::time::Timestamp;

/// How a limit's state is carried over to new numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carry {
    /// As it is: what a meter owes in time, and what a window counted. This is what happens by itself
    /// when a record is read under another policy. A limit that counts in another way starts fresh.
    AsIs,
    /// The share that is used stays: 30 used of 100 become 60 of 200. Rounded up to whole units. An
    /// adaptive limit's own setting and reduction end.
    InProportion,
    /// Every limit starts fresh.
    Reset,
}

impl Policy {
    /// The record of a key under this policy, that was `record` under the policy `old`.
    ///
    /// Limits are told apart by their names; what `old` has and this policy doesn't is left out. What
    /// is held stays held, since it is in use; blocks and request ids stay too.
    ///
    /// A policy for some keys alone, or for some hours, needs none of this: policies whose limits have
    /// the same names read each other's records.
    ///
    /// ```
    /// use tollgate_core::{Carry, Limit, Policy, Record, Span, Timestamp};
    /// let second = Span::from_secs(1);
    /// let old = Policy::new([Limit::token_bucket("credits", 100, 0, second)?])?;
    /// let new = Policy::new([Limit::token_bucket("credits", 200, 0, second)?])?;
    /// let now = Timestamp::from_secs(1_800_000_000);
    /// let mut record = Record::new(&old);
    /// old.apply(&mut record, &old.costs([("credits", 30)])?.into(), now);
    ///
    /// for (carry, remaining) in [(Carry::AsIs, 170), (Carry::InProportion, 140), (Carry::Reset, 200)] {
    ///     let mut carried = new.carry(&old, &record, carry, now);
    ///     let peek = new.no_costs().into();
    ///     let decision = new.apply(&mut carried, &peek, now);
    ///     assert_eq!(decision.limits().next().unwrap().remaining, remaining);
    /// }
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn carry(&self, old: &Self, record: &Record, carry: Carry, now: Timestamp) -> Record {
        let mut before = record.clone();
        before.bring_up(old, now);
        let mut after = Record::new(self);
        for (limit, state) in self.limits().iter().zip(after.states.iter_mut()) {
            let was = old.limits().iter().zip(before.states.iter());
            let mut was = was.filter(|(other, _)| other.name() == limit.name());
            if let Some((other, was)) = was.next() {
                limit.carry_into(state, other, was, carry, now);
            }
        }
        Record { states: after.states, ..before }
    }
}

impl Limit {
    /// Carries the state `was` of the limit `other` over into `state`, which is fresh.
    fn carry_into(
        &self,
        state: &mut State,
        other: &Self,
        was: &State,
        carry: Carry,
        now: Timestamp,
    ) {
        match carry {
            Carry::Reset => {}
            Carry::AsIs if self.counts_like(other) => *state = was.clone(),
            Carry::AsIs => {}
            Carry::InProportion => {
                let (old, new) = (other.rule().capacity(was), self.rule().capacity(state));
                let used = old.saturating_sub(other.rule().remaining(was, now));
                let scaled = u128::from(used).saturating_mul(new.into());
                let share = scaled.div_ceil(u128::from(old.max(1)));
                self.rule().charge(state, now, u64::try_from(share).unwrap_or(u64::MAX));
            }
        }
    }
}
