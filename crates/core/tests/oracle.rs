//! The core against an independent oracle: a continuous token bucket in rational numbers, which keeps
//! a level and the time at which it had it, knows nothing of TATs, and never rounds.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use num_bigint::BigInt;
use num_rational::BigRational;
use proptest::prelude::*;
use proptest::test_runner::Config;
use support::{Ask, Key, Numbers, Wait, config, numbers, refilling, schedule, time};
use tollgate_core::{Span, Timestamp, Verdict};

fn whole(number: u64) -> BigRational {
    BigRational::from_integer(BigInt::from(number))
}

/// A bucket of `capacity` tokens that gains `rate` tokens per nanosecond.
struct Bucket {
    capacity: BigRational,
    rate: BigRational,
    level: BigRational,
    seen: Timestamp,
}

/// What the oracle says of a request.
#[derive(Debug, PartialEq)]
struct Expected {
    verdict: Verdict,
    remaining: u64,
    retry_after: Span,
    reset_after: Span,
}

impl Bucket {
    fn new(numbers: Numbers, start: Timestamp) -> Self {
        let capacity = whole(numbers.burst);
        let rate = whole(numbers.refill) / whole(numbers.period);
        Self { level: capacity.clone(), capacity, rate, seen: start }
    }

    fn ask(&mut self, cost: u64, now: Timestamp) -> Expected {
        let gained = &self.rate * whole(now.as_nanos() - self.seen.as_nanos());
        self.level = (&self.level + gained).min(self.capacity.clone());
        self.seen = now;

        let cost = whole(cost);
        let (verdict, retry_after) = if cost > self.capacity {
            (Verdict::Impossible, Span::NEVER)
        } else if cost > self.level {
            (Verdict::Limited, self.time_to(&cost))
        } else {
            self.level -= cost;
            (Verdict::Allowed, Span::ZERO)
        };
        let remaining = u64::try_from(self.level.to_integer()).unwrap();
        Expected { verdict, remaining, retry_after, reset_after: self.time_to(&self.capacity) }
    }

    /// The first whole nanosecond from now at which there are that many tokens.
    fn time_to(&self, tokens: &BigRational) -> Span {
        let missing = tokens - &self.level;
        if missing == whole(0) {
            Span::ZERO
        } else if self.rate == whole(0) {
            Span::NEVER
        } else {
            let nanos = (missing / &self.rate).ceil().to_integer();
            let wait = Span::from_nanos(u64::try_from(nanos).unwrap());
            // Time stands still at its end.
            if wait > Timestamp::MAX.since(self.seen) { Span::NEVER } else { wait }
        }
    }
}

proptest! {
    #![proptest_config(config())]

    /// On any schedule, every decision and every number that it tells is what rational arithmetic says.
    #[test]
    fn every_number_is_the_rational_one(numbers in numbers(), start in time(), steps in schedule()) {
        let mut key = Key::new(numbers, start);
        let mut bucket = Bucket::new(numbers, start);
        for step in steps {
            let cost = key.advance(step);
            let answer = key.ask(cost);
            let said = Expected {
                verdict: answer.verdict,
                remaining: answer.remaining,
                retry_after: answer.retry_after,
                reset_after: answer.reset_after,
            };
            prop_assert_eq!(said, bucket.ask(cost, key.now), "cost {} at {:?}", cost, key.now);
        }
    }
}

proptest! {
    // Each case is as long as forty others.
    #![proptest_config(Config { cases: 64, ..config() })]

    /// So it is after hundreds of charges: no step leaves anything behind that adds up.
    #[test]
    fn a_long_run_loses_nothing(numbers in refilling(), start in time(), parts in any::<[u16; 8]>()) {
        let mut key = Key::new(numbers, start);
        let mut bucket = Bucket::new(numbers, start);
        for part in parts.into_iter().cycle().take(400) {
            let cost = key.advance((Wait::PartOfFull(part >> 6), Ask::Remaining));
            prop_assert_eq!(key.ask(cost).remaining, bucket.ask(cost, key.now).remaining);
            prop_assert_eq!(key.peek().reset_after, bucket.time_to(&bucket.capacity));
        }
    }
}
