//! The bytes of a record: any bytes, read under a handful of policies.

use tollgate_core::{
    Algorithm, CalendarUnit, Limit, LimitError, Policy, Record, Recovery, Span, Timestamp, Windows,
};

use crate::checks;

/// Reads `bytes` as a record of each policy and, where they are one, goes on with it.
///
/// # Panics
/// When something does not hold.
pub fn run(bytes: &[u8]) {
    for policy in policies() {
        let Ok(mut record) = Record::decode(&policy, bytes) else { continue };
        checks::bytes_round_trip(&policy, &record);
        let nothing = policy.no_costs().into();
        for now in [Timestamp::EPOCH, Timestamp::from_secs(1_800_000_000), Timestamp::MAX] {
            let decision = policy.apply(&mut record, &nothing, now);
            checks::room_is_bounded(&decision);
            checks::debt_is_bounded(&decision, now);
            for index in 0..policy.limits().len() {
                checks::reset_is_honest(&decision, &policy, now, index);
            }
            checks::bytes_round_trip(&policy, &record);
        }
    }
}

/// None, one limit as in the golden files, three meters, and one limit of every algorithm.
fn policies() -> [Policy; 4] {
    let minute = Span::from_secs(60);
    let token_bucket = |name, units| Limit::token_bucket(name, units, units, minute);
    [
        policy([]),
        policy([token_bucket("requests", 60)]),
        policy(["requests", "input_tokens", "output_tokens"].map(|name| token_bucket(name, 1_000))),
        policy(one_of_each().into_iter().map(|(name, algorithm)| Limit::new(name, algorithm))),
    ]
}

fn policy(limits: impl IntoIterator<Item = Result<Limit, LimitError>>) -> Policy {
    let limits: Vec<Limit> = limits.into_iter().collect::<Result<_, _>>().expect("sound numbers");
    Policy::new(limits).expect("different names")
}

fn one_of_each() -> [(&'static str, Algorithm); 10] {
    let (capacity, period) = (1_000, Span::from_secs(60));
    let aligned = Windows::Aligned { period, utc_offset_secs: 3_600 };
    let month = Windows::Calendar { unit: CalendarUnit::Month, utc_offset_secs: 0 };
    [
        ("gcra", Algorithm::Gcra { limit: 7, period, burst: 5 }),
        ("token", Algorithm::TokenBucket { capacity, refill: 0, period, initial: 10 }),
        (
            "interval",
            Algorithm::IntervalBucket { capacity, refill: 9, windows: aligned, initial: 3 },
        ),
        ("bucket", Algorithm::LeakyBucket { capacity, leak: 7, period }),
        ("queue", Algorithm::LeakyQueue { capacity, leak: 3, period }),
        ("window", Algorithm::FixedWindow { limit: 100, windows: month }),
        ("log", Algorithm::SlidingLog { limit: 100, period }),
        ("counter", Algorithm::SlidingCounter { limit: 100, period }),
        ("slots", Algorithm::Concurrency { slots: 4 }),
        ("adaptive", Algorithm::Adaptive { capacity, period, recovery: Recovery::default() }),
    ]
}
