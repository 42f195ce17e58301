//! Token buckets as one would write them on paper, to check the replay against, and one that takes
//! times which go back.

use std::collections::HashMap;

/// A bucket that starts full. Tokens are counted in fractions of 1 / `period_ns`, so that nothing is
/// ever rounded.
struct Bucket {
    tokens: i128,
    filled_at: i128,
}

/// How a bucket fills: `refill` tokens per `period_ns`, up to `capacity`.
#[derive(Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) capacity: i128,
    pub(crate) refill: i128,
    pub(crate) period_ns: i128,
}

/// Buckets for every key; a request takes from all buckets of its key, or from none.
pub(crate) struct Oracle<const N: usize> {
    rates: [Rate; N],
    keys: HashMap<String, [Bucket; N]>,
}

impl<const N: usize> Oracle<N> {
    pub(crate) fn new(rates: [Rate; N]) -> Self {
        Self { rates, keys: HashMap::new() }
    }

    /// Whether a request passes. Times of one key must not go back.
    pub(crate) fn admits(&mut self, key: &str, time_ns: i128, costs: [i128; N]) -> bool {
        let full = || {
            self.rates
                .map(|rate| Bucket { tokens: rate.capacity * rate.period_ns, filled_at: time_ns })
        };
        let buckets = self.keys.entry(key.to_owned()).or_insert_with(full);
        let mut admits = true;
        for ((bucket, rate), cost) in buckets.iter_mut().zip(&self.rates).zip(costs) {
            let gained = (time_ns - bucket.filled_at) * rate.refill;
            bucket.tokens = (bucket.tokens + gained).min(rate.capacity * rate.period_ns);
            bucket.filled_at = time_ns;
            admits &= cost * rate.period_ns <= bucket.tokens;
        }
        if admits {
            for ((bucket, rate), cost) in buckets.iter_mut().zip(&self.rates).zip(costs) {
                bucket.tokens -= cost * rate.period_ns;
            }
        }
        admits
    }

    /// Whole tokens in each bucket of a key.
    pub(crate) fn remaining(&self, key: &str) -> [i128; N] {
        let buckets = &self.keys[key];
        std::array::from_fn(|index| buckets[index].tokens / self.rates[index].period_ns)
    }
}

/// One bucket per key, known by the time at which it is full again; the clock may go back.
pub(crate) struct AnyOrderOracle {
    rate: Rate,
    /// In nanoseconds times `refill`, so that nothing is ever rounded.
    full_at: HashMap<String, i128>,
}

impl AnyOrderOracle {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, full_at: HashMap::new() }
    }

    /// Whether a request for one token passes.
    pub(crate) fn admits(&mut self, key: &str, time_ns: i128) -> bool {
        let now = time_ns * self.rate.refill;
        let full_at = self.full_at.entry(key.to_owned()).or_insert(now);
        let charged = (*full_at).max(now) + self.rate.period_ns;
        let admits = charged - now <= self.rate.capacity * self.rate.period_ns;
        if admits {
            *full_at = charged;
        }
        admits
    }
}
