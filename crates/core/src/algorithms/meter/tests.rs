//! The meter keeps the laws of every rule; what a key starts with.

#![allow(clippy::arithmetic_side_effects, reason = "a test may panic")]

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::*;
use crate::UNITS_MAX;
use crate::algorithms::rule::laws::{Ask, any_magnitude, asks, config, keeps_the_laws};

/// A meter that refills within [`Span::MAX`], or never.
fn meter(burst: u64, refill: u64, period: u64) -> Meter {
    let period = period.clamp(1, Span::MAX.as_nanos());
    let most = (u128::from(Span::MAX.as_nanos() + 1) * u128::from(refill)
        - u128::from(refill.min(1)))
        / u128::from(period);
    let most = u64::try_from(most).unwrap_or(UNITS_MAX).clamp(1, UNITS_MAX);
    let refill = if most == 1
        && u128::from(period) > u128::from(Span::MAX.as_nanos()) * u128::from(refill)
    {
        0
    } else {
        refill
    };
    let burst = if refill == 0 { burst.clamp(1, UNITS_MAX) } else { burst.clamp(1, most) };
    Meter::new(burst, refill, Span::from_nanos(period)).expect("numbers in their ranges")
}

/// Small numbers, which meet boundaries.
fn small_meters() -> impl Strategy<Value = Meter> {
    (1..=8_u64, 0..=7_u64, 1..=12_u64, any::<u64>()).prop_map(|(burst, refill, period, initial)| {
        meter(burst, refill, period).starting_with(initial % (burst + 1))
    })
}

fn any_meters() -> impl Strategy<Value = Meter> {
    (any_magnitude(), any_magnitude(), any_magnitude(), any_magnitude()).prop_map(
        |(burst, refill, period, initial)| {
            let meter = meter(burst, refill.min(UNITS_MAX), period);
            meter.starting_with(initial.min(meter.burst))
        },
    )
}

/// A time with a part that this meter could have written. Never that of a key that was never seen:
/// before it is asked anything, such a key is given what it starts with.
fn tat(meter: &Meter, nanos: u64, part: u64) -> Tat {
    let part = part.checked_rem(meter.denominator).unwrap_or(0);
    if (nanos, part) == (0, 0) { Tat { nanos: 1, part } } else { Tat { nanos, part } }
}

/// All laws. Whoever asks a key that starts with less asks for something: the laws take a key that
/// was asked for nothing for one that was never seen.
fn keeps_all(meter: &Meter, nanos: u64, part: u64, ask: Ask) -> TestCaseResult {
    let units = if meter.starts_full() { ask.units } else { ask.units.max(1) };
    keeps_the_laws(meter, &tat(meter, nanos, part), Ask { units, ..ask })
}

proptest! {
    #![proptest_config(config())]

    /// All laws, where times and units are so few that boundaries are met.
    #[test]
    fn laws_of_small_numbers(
        meter in small_meters(), nanos in 0..=40_u64, part in 0..=20_u64, ask in asks(0..=40_u64, 0..=20_u64),
    ) {
        keeps_all(&meter, nanos, part, ask)?;
    }

    /// All laws, for all numbers, times, and records.
    #[test]
    fn laws_of_all_numbers(
        meter in any_meters(), nanos in any_magnitude(), part in any::<u64>(),
        ask in asks(any_magnitude(), any_magnitude()),
    ) {
        keeps_all(&meter, nanos, part, ask)?;
    }

    /// All laws near what could have been written at the time, and near the end of time.
    #[test]
    fn laws_of_possible_records(
        meter in any_meters(), ahead in any::<u64>(), part in any::<u64>(),
        ask in asks(prop_oneof![any_magnitude(), any_magnitude().prop_map(|it| (u64::MAX / 2).saturating_sub(it))], any_magnitude()),
    ) {
        let owed = ahead % (2 * meter.tolerance.nanos + 2);
        let nanos = meter.clock(ask.now).nanos + owed;
        keeps_all(&meter, nanos, part, ask)?;
    }

    /// A key that starts with less starts when it is first seen, as if it had all and the rest were
    /// charged then; and one that starts with all is not changed by being seen.
    #[test]
    fn starts_with_what_it_is_told(
        meter in any_meters(), initial in any_magnitude(), now in any_magnitude(),
    ) {
        let (initial, now) = (initial.min(meter.burst), Timestamp::from_nanos(now));
        let meter = meter.starting_with(initial);
        let (mut first, mut charged) = (Tat::default(), Tat::default());
        let changed = meter.heal(&mut first, now);
        meter.charge(&mut charged, now, meter.burst - initial);
        prop_assert_eq!(first, charged);
        prop_assert_eq!(changed, initial < meter.burst);
        prop_assert_eq!(meter.starts_full(), initial == meter.burst);
        prop_assert_eq!(meter.remaining(&first, now), initial);
        prop_assert!(!meter.heal(&mut first, now));
    }

    /// A numerator that another meter left behind is rounded up: less passes, never more.
    #[test]
    fn foreign_parts_are_rounded_up(
        meter in any_meters(), nanos in any_magnitude(), part in any::<u64>(), now in any_magnitude(),
    ) {
        let (now, read) = (Timestamp::from_nanos(now), Tat { nanos: nanos.max(1), part });
        let mut healed = read;
        meter.heal(&mut healed, now);
        prop_assert!(healed.part < meter.denominator);
        if healed.nanos >= read.nanos && part >= meter.denominator {
            let rounded = Tat { nanos: read.nanos.saturating_add(1), part: 0 };
            prop_assert_eq!(healed, rounded);
        }
        prop_assert!(!meter.heal(&mut healed, now));
    }
}
