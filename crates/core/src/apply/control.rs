//! What operators of a limiter do to a key, besides acquiring.

use crate::algorithms::adaptive::{Adaptive, AdaptiveState, Change, Note};
use crate::algorithms::any::{AnyRule, State};
use crate::algorithms::recovery::Reduction;
use crate::apply::operation::{CapacitySetting, ReduceFactor};
use crate::apply::outcome::Effect;
use crate::policy::Policy;
use crate::policy::costs::Costs;
use crate::record::Record;
use crate::time::{Span, Timestamp};

/// Charges whether there is room or not.
pub(crate) fn penalise(
    policy: &Policy,
    record: &mut Record,
    costs: &Costs,
    now: Timestamp,
) -> Effect {
    if costs.is_zero() {
        return Effect::None;
    }
    let limits = policy.numbered().zip(record.states.iter_mut());
    for ((index, limit), state) in limits {
        limit.rule().charge(state, now, costs.of(index));
    }
    Effect::Charged
}

/// Lets nothing pass for `span`; replaces a block in force.
pub(crate) fn block(record: &mut Record, span: Span, now: Timestamp) -> Effect {
    let until = if span == Span::ZERO { Timestamp::EPOCH } else { now.plus(span) };
    if record.blocked_until == until {
        return Effect::None;
    }
    record.blocked_until = until;
    Effect::Changed
}

/// Forgets everything but foreign entries and the policy's revision: the key is as if first seen now.
pub(crate) fn reset(policy: &Policy, record: &mut Record, now: Timestamp) -> Effect {
    let foreign = core::mem::take(&mut record.foreign);
    *record = Record { foreign, revision: record.revision, ..Record::new(policy) };
    record.bring_up(policy, now);
    Effect::Changed
}

/// Leaves at most `remaining` units of a limit.
pub(crate) fn lower(
    policy: &Policy,
    record: &mut Record,
    index: usize,
    remaining: u64,
    now: Timestamp,
) -> Effect {
    let Some(limit) = policy.limits().get(index) else { return Effect::None };
    let held = record.held(limit);
    let Some(state) = record.states.get_mut(index) else { return Effect::None };
    let available = limit.rule().remaining(state, now).saturating_sub(held);
    if limit.needs_hold() || available <= remaining {
        return Effect::None;
    }
    limit.rule().charge(state, now, available.saturating_sub(remaining));
    Effect::Changed
}

/// Sets the capacity of an adaptive limit for this key.
pub(crate) fn set_capacity(
    policy: &Policy,
    record: &mut Record,
    index: usize,
    setting: Option<CapacitySetting>,
    note: &Note,
    now: Timestamp,
) -> Effect {
    let Some((adaptive, state)) = adaptive(policy, record, index) else { return Effect::None };
    adaptive.set(state, now, setting.map(|it| (it.capacity(), it.period())));
    let capacity = adaptive.capacity_at(state, now).capacity;
    state.change = Some(Change { at: now, capacity, note: note.clone() });
    Effect::Changed
}

/// Reduces the capacity of an adaptive limit.
pub(crate) fn reduce(
    policy: &Policy,
    record: &mut Record,
    index: usize,
    factor: ReduceFactor,
    note: &Note,
    now: Timestamp,
) -> Effect {
    let Some((adaptive, state)) = adaptive(policy, record, index) else { return Effect::None };
    let Some(capacity) = adaptive.reduce(state, now, factor.as_permille().into()) else {
        return Effect::None;
    };
    state.change = Some(Change { at: now, capacity, note: note.clone() });
    Effect::Changed
}

impl Policy {
    /// Follows a reduction of the adaptive limit at this position, announced by a process with a record
    /// of its own: from `announced.at` on the capacity is `announced.capacity` (at least 1), and
    /// recovers. Returns whether it did: not when that is no lower than what is in force, lies more
    /// than [`SKEW_MAX`](crate::SKEW_MAX) ahead of `now`, or the limit is not adaptive.
    ///
    /// It never raises the capacity, so hearing of a reduction twice, late or out of order does no harm.
    /// Processes that share a record need no announcement: see [`Operation::Reduce`](crate::Operation::Reduce).
    ///
    /// ```
    /// use tollgate_core::{Algorithm, Change, Limit, Note, Policy, Record, Recovery, Span, Timestamp};
    /// let (period, recovery) = (Span::from_secs(60), Recovery::default());
    /// let adaptive = Algorithm::Adaptive { capacity: 100, period, recovery };
    /// let policy = Policy::new([Limit::new("requests", adaptive)?])?;
    /// let (mut record, at) = (Record::new(&policy), Timestamp::from_secs(1_800_000_000));
    ///
    /// let note = Note::new("worker-2", "429").unwrap();
    /// let announced = Change { at, capacity: 50, note };
    /// assert!(policy.follow(&mut record, 0, &announced, at.plus(Span::from_secs(30))));
    /// assert!(!policy.follow(&mut record, 0, &announced, at.plus(Span::from_secs(31)))); // known
    ///
    /// let peek = policy.no_costs().into();
    /// let decision = policy.apply(&mut record, &peek, at.plus(Span::from_secs(31)));
    /// assert_eq!(decision.capacity(0).unwrap().capacity, 55); // a tenth more after 30 s
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn follow(
        &self,
        record: &mut Record,
        limit: usize,
        announced: &Change,
        now: Timestamp,
    ) -> bool {
        record.bring_up(self, now);
        let Some((adaptive, state)) = adaptive(self, record, limit) else { return false };
        let reduction = Reduction { to: announced.capacity.max(1), since: announced.at };
        if !adaptive.follow(state, now, reduction) {
            return false;
        }
        state.change = Some(announced.clone());
        true
    }
}

/// The adaptive limit at this position, and where it stands; `None` for any other.
fn adaptive<'a>(
    policy: &'a Policy,
    record: &'a mut Record,
    index: usize,
) -> Option<(&'a Adaptive, &'a mut AdaptiveState)> {
    match (policy.limits().get(index)?.rule(), record.states.get_mut(index)?) {
        (AnyRule::Adaptive(adaptive), State::Adaptive(state)) => Some((adaptive, state)),
        _ => None,
    }
}
