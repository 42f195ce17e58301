//! Slots keep the laws of every rule, but for the one on charges.

use proptest::prelude::*;

use super::*;
use crate::UNITS_MAX;
use crate::algorithms::rule::laws::{Ask, any_magnitude, asks, config, keeps_the_laws};

proptest! {
    #![proptest_config(config())]

    /// All laws hold, for charges of nothing: a charge takes no slots, since what takes them is a hold
    /// and they are free when it ends.
    #[test]
    fn laws_of_all_numbers(slots in any_magnitude(), ask in asks(any::<u64>(), any_magnitude())) {
        let slots = Slots::new(slots.clamp(1, UNITS_MAX));
        keeps_the_laws(&slots, &(), Ask { units: 0, ..ask })?;
    }

    /// Charges leave all slots free, at once and at any time.
    #[test]
    fn charges_take_nothing(slots in 1..=8_u64, ask in asks(any::<u64>(), 0..=10_u64)) {
        let rule = Slots::new(slots);
        rule.charge(&mut (), ask.now, ask.units);
        prop_assert_eq!(rule.remaining(&(), ask.later), slots);
        prop_assert_eq!(rule.fits(&(), ask.now, ask.units), ask.units <= slots);
    }
}
