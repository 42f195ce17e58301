//! What every rule has to keep, for any state that it could be given.

#![allow(clippy::arithmetic_side_effects, reason = "a test may panic")]

use core::fmt::Debug;
use std::boxed::Box;

use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, RngSeed, TestCaseResult};

use super::Rule;
use crate::algorithms::meter::SKEW_MAX;
use crate::time::{Span, Timestamp};

/// Cases per law; `PROPTEST_CASES` may ask for more.
const CASES: u32 = 2_048;
/// The same cases on every run; `PROPTEST_RNG_SEED` draws others.
const SEED: u64 = 1;

/// How many cases a law gets, and where those that failed once are kept.
pub(crate) fn config() -> Config {
    let base = Config::default();
    let seed = match base.rng_seed {
        RngSeed::Random => RngSeed::Fixed(SEED),
        fixed => fixed,
    };
    let regressions = FileFailurePersistence::Direct("tests/regressions.txt");
    let failure_persistence = Some(Box::new(regressions) as Box<_>);
    Config { cases: base.cases.max(CASES), rng_seed: seed, failure_persistence, ..base }
}

/// Any of 64 bits, where every order of magnitude is as likely as the next.
pub(crate) fn any_magnitude() -> impl Strategy<Value = u64> + Clone {
    any::<(u64, u32)>().prop_map(|(bits, order)| bits >> (order % 65).min(63))
}

/// When a law is tried, and with what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    pub(crate) now: Timestamp,
    pub(crate) later: Timestamp,
    pub(crate) units: u64,
    pub(crate) more: u64,
}

/// Questions of small numbers, which meet boundaries, or of any; `least` is the earliest time.
pub(crate) fn asks(
    times: impl Strategy<Value = u64> + Clone,
    units: impl Strategy<Value = u64> + Clone,
) -> impl Strategy<Value = Ask> {
    (times.clone(), times, units.clone(), units).prop_map(|(a, b, units, more)| Ask {
        now: Timestamp::from_nanos(a.min(b)),
        later: Timestamp::from_nanos(a.max(b)),
        units,
        more,
    })
}

/// All laws at once.
pub(crate) fn keeps_the_laws<R: Rule>(rule: &R, state: &R::State, ask: Ask) -> TestCaseResult
where
    R::State: Debug,
{
    taking(rule, state, ask)?;
    ageing(rule, state, ask)?;
    waiting(rule, state, ask)?;
    resetting(rule, state, ask)?;
    charging(rule, state, ask)?;
    healing(rule, state, ask)
}

/// What remains fits, one more does not, and nothing always does.
fn taking<R: Rule>(rule: &R, state: &R::State, ask: Ask) -> TestCaseResult {
    let remaining = rule.remaining(state, ask.now);
    prop_assert!(remaining <= rule.capacity(state));
    prop_assert!(rule.fits(state, ask.now, 0));
    prop_assert!(rule.fits(state, ask.now, remaining));
    prop_assert!(!rule.fits(state, ask.now, remaining + 1));
    prop_assert_eq!(rule.fits(state, ask.now, ask.units), ask.units <= remaining);
    prop_assert_eq!(rule.remaining(&R::State::default(), ask.now), rule.capacity(state));
    Ok(())
}

/// Later never turns what fits into what does not.
fn ageing<R: Rule>(rule: &R, state: &R::State, ask: Ask) -> TestCaseResult {
    let next = ask.now.plus(Span::from_nanos(1));
    prop_assert!(rule.remaining(state, ask.now) <= rule.remaining(state, next));
    prop_assert!(rule.remaining(state, ask.now) <= rule.remaining(state, ask.later));
    Ok(())
}

/// A request passes after exactly the wait it was given, and not one nanosecond earlier; one that was given
/// [`Span::NEVER`] does not pass even at the end of time.
fn waiting<R: Rule>(rule: &R, state: &R::State, ask: Ask) -> TestCaseResult {
    for units in [ask.units, 1, rule.capacity(state)] {
        let wait = rule.retry_after(state, ask.now, units);
        turns_after(wait, ask.now, |then| rule.fits(state, then, units))?;
    }
    prop_assert_eq!(rule.retry_after(state, ask.now, 0), Span::ZERO);
    prop_assert_eq!(rule.retry_after(state, ask.now, rule.capacity(state) + 1), Span::NEVER);
    Ok(())
}

/// After the reset the whole capacity is there, and one nanosecond earlier it is not.
fn resetting<R: Rule>(rule: &R, state: &R::State, ask: Ask) -> TestCaseResult {
    let reset = rule.reset_after(state, ask.now);
    turns_after(reset, ask.now, |then| rule.remaining(state, then) == rule.capacity(state))
}

/// `is` turns true exactly so long from now.
fn turns_after(wait: Span, now: Timestamp, is: impl Fn(Timestamp) -> bool) -> TestCaseResult {
    if wait == Span::NEVER {
        prop_assert!(!is(Timestamp::MAX));
        return Ok(());
    }
    prop_assert!(now.since(Timestamp::EPOCH) <= Timestamp::MAX.since(Timestamp::EPOCH.plus(wait)));
    prop_assert!(is(now.plus(wait)));
    if wait > Span::ZERO {
        prop_assert!(!is(now.plus(Span::from_nanos(wait.as_nanos() - 1))));
    }
    Ok(())
}

/// Charging nothing changes nothing; charging twice at once is charging the sum; a charge takes its
/// units now, and gives none back at any time.
fn charging<R: Rule>(rule: &R, state: &R::State, ask: Ask) -> TestCaseResult
where
    R::State: Debug,
{
    let charged = |units: &[u64]| {
        let mut state = state.clone();
        units.iter().for_each(|units| rule.charge(&mut state, ask.now, *units));
        state
    };
    prop_assert_eq!(&charged(&[0]), state);
    let after = charged(&[ask.units]);
    let both = charged(&[ask.units, ask.more]);
    prop_assert_eq!(&both, &charged(&[ask.units.saturating_add(ask.more)]));

    let left = rule.remaining(state, ask.now).saturating_sub(ask.units);
    prop_assert!(rule.remaining(&after, ask.now) <= left);
    for then in [ask.now, ask.later] {
        prop_assert!(rule.remaining(&after, then) <= rule.remaining(state, then));
        prop_assert!(rule.remaining(&both, then) <= rule.remaining(&after, then));
    }
    Ok(())
}

/// What heals is as if used up just now, which needs no more healing; and whoever wrote by a clock that
/// is ahead by no more than the skew is believed.
fn healing<R: Rule>(rule: &R, state: &R::State, ask: Ask) -> TestCaseResult
where
    R::State: Debug,
{
    let mut healed = state.clone();
    if rule.heal(&mut healed, ask.now) {
        let mut used_up = R::State::default();
        rule.charge(&mut used_up, ask.now, rule.capacity(state));
        prop_assert_eq!(&healed, &used_up);
        prop_assert_eq!(rule.remaining(&healed, ask.now), 0);
    } else {
        prop_assert_eq!(&healed, state);
    }
    let once = healed.clone();
    prop_assert!(!rule.heal(&mut healed, ask.now));
    prop_assert_eq!(&healed, &once);

    let mut ahead = R::State::default();
    rule.charge(&mut ahead, ask.now.plus(SKEW_MAX), ask.units);
    prop_assert!(!rule.heal(&mut ahead, ask.now));
    Ok(())
}
