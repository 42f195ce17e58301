//! An adaptive capacity in rational numbers.

use num_bigint::BigInt;
use num_rational::BigRational;
use std::vec;
use std::vec::Vec;

use crate::UNITS_MAX;
use crate::algorithms::adaptive::Adaptive;

fn whole(number: impl Into<BigInt>) -> BigRational {
    BigRational::from_integer(number.into())
}

/// The same in rational numbers: a level in units, that goes up by the capacity of each stretch.
#[derive(Debug, Clone)]
pub(super) struct Model {
    policy: Adaptive,
    set: Option<(u64, u64)>,
    /// What it was reduced to, and when.
    reduction: Option<(u64, u64)>,
    level: BigRational,
    pub(super) at: u64,
}

impl Model {
    pub(super) fn new(policy: Adaptive, at: u64) -> Self {
        let level = whole(policy.capacity);
        Self { policy, set: None, reduction: None, level, at }
    }

    pub(super) fn numbers(&self) -> (u64, u64) {
        self.set.unwrap_or((self.policy.capacity, self.policy.period.as_nanos()))
    }

    /// Every stretch of one capacity from now until `until`: where it ends, and the capacity.
    fn stretches(&self, until: u64) -> Vec<(u64, u64)> {
        let (original, _) = self.numbers();
        let Some((to, since)) = self.reduction else { return vec![(until, original)] };
        let recovery = self.policy.recovery;
        let unit = BigInt::from(1_u64 << 32);
        let most = BigInt::from(original) * recovery.ceiling_permille / 1_000_u64;
        let ceiling: BigInt = most.min(BigInt::from(UNITS_MAX)) * &unit;
        let (mut capacity, mut end) = (BigInt::from(to) * &unit, u128::from(since));
        let mut stretches = Vec::new();
        while stretches.last().is_none_or(|(end, _)| *end < until) {
            let is_last = capacity >= ceiling;
            let units =
                u64::try_from(capacity.clone().min(ceiling.clone()) / &unit).expect("units");
            end = if is_last { u128::MAX } else { end + u128::from(recovery.interval.as_nanos()) };
            let ends = u64::try_from(end).unwrap_or(until).min(until);
            if ends > self.at || ends == until {
                stretches.push((ends, units));
            }
            capacity = capacity * recovery.factor_permille / 1_000_u64;
        }
        stretches
    }

    /// The capacity at a time from now on.
    pub(super) fn capacity(&self, at: u64) -> u64 {
        // The stretch that contains the nanosecond after it.
        self.stretches(at + 1).last().expect("at least one").1
    }

    pub(super) fn bring_up(&mut self, now: u64) {
        let period = self.numbers().1;
        for (end, capacity) in self.stretches(now) {
            let capacity_level = whole(capacity);
            let gained = whole(capacity) * whole(end - self.at) / whole(period);
            self.level = (&self.level + gained).min(capacity_level);
            self.at = end;
        }
        self.level = self.level.clone().min(whole(self.capacity(now)));
    }

    pub(super) fn remaining(&self) -> u64 {
        u64::try_from(self.level.floor().to_integer()).unwrap_or(0)
    }

    pub(super) fn charge(&mut self, units: u64) {
        let deepest = whole(-BigInt::from(self.numbers().0)).min(self.level.clone());
        self.level = (&self.level - whole(units)).max(deepest);
    }

    /// What is available or owed is kept, as far as it fits into the new capacity, in parts of a unit
    /// that are as fine as the new period.
    pub(super) fn set(&mut self, set: Option<(u64, u64)>) {
        (self.set, self.reduction) = (set, None);
        let (capacity, period) = self.numbers();
        let parts = (&self.level * whole(period)).floor();
        let deepest = whole(-BigInt::from(capacity));
        self.level = (parts / whole(period)).min(whole(capacity)).max(deepest);
    }

    pub(super) fn reduce(&mut self, factor_permille: u64) {
        let capacity = self.capacity(self.at);
        let to = (u128::from(capacity) * u128::from(factor_permille) / 1_000).max(1);
        let to = u64::try_from(to).expect("less than it was");
        if to < capacity {
            self.reduction = Some((to, self.at));
            self.level = self.level.clone().min(whole(to));
        }
    }
}
