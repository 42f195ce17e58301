//! The adaptive capacity against a level in rational numbers, and the laws.

#![allow(clippy::arithmetic_side_effects, reason = "a test may panic")]

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::UNITS_MAX;
use crate::algorithms::rule::laws::{Ask, any_magnitude, asks, config, keeps_the_laws};
use model::Model;

mod follow;
mod model;

/// What is done to a key.
#[derive(Debug, Clone, Copy)]
enum Act {
    Charge(u64),
    Take,
    Set(Option<(u64, u64)>),
    Reduce(u64),
}

fn act() -> impl Strategy<Value = (u64, Act)> {
    let few = 1..=40_u64;
    let what = prop_oneof![
        2 => (0..=12_u64).prop_map(Act::Charge),
        3 => Just(Act::Take),
        1 => (1..=20_u64, few).prop_map(|(capacity, period)| Act::Set(Some((capacity, period)))),
        1 => Just(Act::Set(None)),
        3 => (0..1_000_u64).prop_map(Act::Reduce),
    ];
    (prop_oneof![0..=30_u64, 0..=500_u64], what)
}

fn rule() -> impl Strategy<Value = Adaptive> {
    let factor = prop_oneof![Just(1_100_u64), Just(1_500), Just(3_000), 1_100..=4_000_u64];
    let ceiling = prop_oneof![2 => Just(1_000_u64), 1 => 1_000..=3_000_u64];
    let times = (1..=40_u64, 1..=40_u64);
    (1..=20_u64, times, factor, ceiling).prop_map(|(capacity, times, factor, ceiling)| {
        let recovery = Recovery {
            interval: Span::from_nanos(times.0),
            factor_permille: factor,
            ceiling_permille: ceiling,
        };
        Adaptive::new(capacity, Span::from_nanos(times.1), recovery)
    })
}

fn at(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

impl Act {
    /// Does it to both.
    fn apply(self, rule: &Adaptive, state: &mut AdaptiveState, model: &mut Model) {
        let now = at(model.at);
        match self {
            Self::Charge(units) => {
                rule.charge(state, now, units);
                model.charge(units);
            }
            Self::Take => {
                rule.charge(state, now, rule.remaining(state, now));
                model.charge(model.remaining());
            }
            Self::Set(set) => {
                let spans = set.map(|(capacity, period)| (capacity, Span::from_nanos(period)));
                rule.set(state, now, spans);
                model.set(set);
            }
            Self::Reduce(factor) => {
                rule.reduce(state, now, factor);
                model.reduce(factor);
            }
        }
    }
}

proptest! {
    #![proptest_config(config())]

    /// On every schedule of charges, settings and reductions, what remains, what the capacity is, and
    /// how long to wait is what rational arithmetic says.
    #[test]
    fn counts_like_rationals(rule in rule(), start in 1..=1_000_u64, acts in vec(act(), 1..16)) {
        let (mut state, mut model) = (AdaptiveState::default(), Model::new(rule, start));
        for (wait, act) in acts {
            model.bring_up(model.at + wait);
            act.apply(&rule, &mut state, &mut model);
            let now = at(model.at);
            prop_assert_eq!(rule.remaining(&state, now), model.remaining(), "after {:?}", act);
            let said = rule.capacity_at(&state, now);
            let expected = (model.capacity(model.at), model.numbers());
            prop_assert_eq!((said.capacity, (said.original, said.period.as_nanos())), expected);

            let units = model.remaining() + 1;
            let wait = rule.retry_after(&state, now, units);
            prop_assert_eq!(wait == Span::NEVER, units > rule.capacity(&state));
            if wait < Span::NEVER {
                let mut then = model.clone();
                then.bring_up(model.at + wait.as_nanos() - 1);
                prop_assert_eq!(then.remaining(), units - 1);
                then.bring_up(model.at + wait.as_nanos());
                prop_assert!(then.remaining() >= units);
            }
        }
    }

    /// Looking in between, at every nanosecond if need be, loses nothing: a state that is brought up
    /// often is the one that is brought up once.
    #[test]
    fn looking_loses_nothing(rule in rule(), acts in vec(act(), 1..6), looks in vec(1..=9_u64, 0..40)) {
        let (mut often, mut model) = (AdaptiveState::default(), Model::new(rule, 1));
        for (wait, act) in acts {
            model.bring_up(model.at + wait);
            act.apply(&rule, &mut often, &mut model);
        }
        let (mut once, mut now) = (often.clone(), model.at);
        for wait in looks {
            now += wait;
            rule.bring_up(&mut often, at(now));
        }
        rule.bring_up(&mut once, at(now));
        rule.bring_up(&mut often, at(now));
        prop_assert_eq!(often, once);
    }
}

fn any_rule() -> impl Strategy<Value = Adaptive> {
    (any_magnitude(), any_magnitude()).prop_map(|(capacity, period)| {
        let period = Span::from_nanos(period.clamp(1, Span::MAX.as_nanos()));
        Adaptive::new(capacity.clamp(1, UNITS_MAX), period, Recovery::default())
    })
}

/// A key that nobody told a capacity, without debt, at some time and with a part of its units, in
/// 65536ths.
fn plain(rule: &Adaptive, nanos: u64, part: u16) -> AdaptiveState {
    let level = full(rule.capacity, rule.period) / 65_536 * i128::from(part);
    if nanos == 0 {
        return AdaptiveState::default();
    }
    AdaptiveState { at: at(nanos), level, ..AdaptiveState::default() }
}

proptest! {
    #![proptest_config(config())]

    /// All laws hold for keys that nobody told a capacity and that owe nothing. Of others they can't:
    /// the laws compare with a key that was never seen, and what heals keeps what it was told and what
    /// it owes.
    #[test]
    fn laws_of_small_numbers(
        rule in rule(), nanos in 0..=60_u64, part in any::<u16>(), ask in asks(1..=60_u64, 0..=30_u64),
    ) {
        keeps_the_laws(&rule, &plain(&rule, nanos, part), ask)?;
    }

    /// So they do for all numbers.
    #[test]
    fn laws_of_all_numbers(
        rule in any_rule(), nanos in any_magnitude(), part in any::<u16>(),
        ask in asks(any_magnitude(), any_magnitude()),
    ) {
        let ask = Ask { now: ask.now.max(at(1)), later: ask.later.max(at(1)), ..ask };
        keeps_the_laws(&rule, &plain(&rule, nanos.min(u64::MAX / 2), part), ask)?;
    }

    /// What a broken clock left recovers: from then on there is no more than nothing, what is owed and
    /// what was told stays, and the reduction is over no later than one that is made now.
    #[test]
    fn heals_to_nothing(
        rule in rule(), acts in vec(act(), 1..8), back in 1..=1_000_u64, units in 1..=40_u64,
    ) {
        let start = u64::MAX / 4;
        let (mut state, mut model) = (AdaptiveState::default(), Model::new(rule, start));
        for (wait, act) in acts {
            model.bring_up(model.at + wait);
            act.apply(&rule, &mut state, &mut model);
        }
        rule.charge(&mut state, at(model.at), 1);
        let (written, now) = (state.clone(), at(model.at - SKEW_MAX.as_nanos() - back));
        prop_assert!(!rule.heal(&mut state, now.plus(Span::from_nanos(back))));
        prop_assert_eq!(&state, &written);

        prop_assert!(rule.heal(&mut state, now));
        prop_assert_eq!(state.level, written.level.min(0));
        prop_assert_eq!((state.at, state.set), (now, written.set));
        prop_assert_eq!(state.reduction.map(|it| it.to), written.reduction.map(|it| it.to));
        prop_assert!(state.reduction.is_none_or(|it| it.since <= now));
        let healed = state.clone();
        prop_assert!(!rule.heal(&mut state, now));
        prop_assert_eq!(&state, &healed);
        let wait = rule.retry_after(&state, now, units.min(rule.capacity(&state)));
        prop_assert!(wait > Span::ZERO && wait < Span::from_secs(60));
    }

    /// A reduction only ever lowers, by what it says, to one unit at least; when it would not lower it
    /// changes nothing at all.
    #[test]
    fn reductions_only_lower(rule in rule(), acts in vec(act(), 0..8), factor in 0..1_000_u64) {
        let (mut state, mut model) = (AdaptiveState::default(), Model::new(rule, 1));
        for (wait, act) in acts {
            model.bring_up(model.at + wait);
            act.apply(&rule, &mut state, &mut model);
        }
        let (before, now) = (state.clone(), at(model.at));
        let capacity = rule.capacity_at(&before, now).capacity;
        match rule.reduce(&mut state, now, factor) {
            Some(to) => {
                prop_assert!(to < capacity);
                prop_assert_eq!(to, (capacity * factor / 1_000).max(1));
                prop_assert_eq!(rule.capacity_at(&state, now).capacity, to);
            }
            None => {
                prop_assert_eq!(capacity, 1);
                prop_assert_eq!(&state, &before);
            }
        }
        prop_assert!(rule.remaining(&state, now) <= rule.remaining(&before, now));
    }
}

/// Whoever keeps whole units loses what comes between two looks: at one look per nanosecond, nothing
/// would ever come back. Here a unit comes back when it is due.
#[test]
fn fractions_are_not_lost() {
    let rule = Adaptive::new(3, Span::from_nanos(1_000), Recovery::default());
    let mut state = AdaptiveState::default();
    rule.charge(&mut state, at(1), 3);
    let mut taken = 0;
    for nanos in 1..=10_001 {
        let remaining = rule.remaining(&state, at(nanos));
        rule.bring_up(&mut state, at(nanos));
        rule.charge(&mut state, at(nanos), remaining);
        taken += remaining;
    }
    assert_eq!(taken, 30);
}
