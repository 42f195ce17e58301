//! Several limits on one key: all or nothing, and otherwise each as if it were alone.

use proptest::prelude::*;
use tollgate_core::{LIMITS_MAX, LimitStatus, Policy, Record, Span, Timestamp, Verdict};

use crate::support::{Key, Numbers, Wait, config, numbers, time};

/// How one request waits, and which part of what remains, in 4096ths, it asks of every limit; above
/// 4096 it asks for more than there is.
type Request = (u8, [u16; LIMITS_MAX]);

fn requests() -> impl Strategy<Value = Vec<Request>> {
    // Mostly modest, so that requests of 16 limits pass often enough.
    let part = |bits: u16| match bits % 26 {
        0..=3 => 0,
        4..=23 => bits >> 6,
        24 => bits >> 4,
        _ => 4_097,
    };
    let request = any::<(u8, [u16; LIMITS_MAX])>();
    proptest::collection::vec(request.prop_map(move |(wait, bits)| (wait, bits.map(part))), 1..8)
}

/// Each limit alone on its own key, and all of them on one.
struct Side {
    alone: Vec<Key>,
    policy: Policy,
    record: Record,
    now: Timestamp,
}

impl Side {
    fn new(numbers: &[Numbers], now: Timestamp) -> Self {
        let limit = |(index, numbers): (usize, &Numbers)| numbers.limit(&format!("limit-{index}"));
        let policy = Policy::new(numbers.iter().enumerate().map(limit)).unwrap();
        let alone = |(index, numbers)| {
            let policy = Policy::new([limit((index, numbers))]).unwrap();
            let record = Record::new(&policy);
            Key { policy, record, ..Key::new(*numbers, now) }
        };
        let alone = numbers.iter().enumerate().map(alone).collect();
        Self { alone, record: Record::new(&policy), policy, now }
    }

    /// Waits for a part of one limit's time to full.
    fn wait(&mut self, which: u8) {
        let index = usize::from(which) % self.alone.len();
        let key = &mut self.alone[index];
        key.advance((Wait::PartOfFull(u16::from(which) << 4), crate::support::Ask::Nothing));
        self.now = key.now;
        for key in &mut self.alone {
            key.now = self.now;
        }
    }

    fn costs(&self, parts: &[u16]) -> Vec<u64> {
        let cost = |(key, part): (&Key, &u16)| {
            let remaining = u128::from(key.peek().remaining);
            let more = u128::from(*part > 4_096);
            u64::try_from(((remaining * u128::from(*part)) >> 12) + more).unwrap()
        };
        self.alone
            .iter()
            .zip(parts)
            .map(cost)
            .map(|cost| cost.min(tollgate_core::UNITS_MAX))
            .collect()
    }

    /// The bytes that one record of all limits has: each limit's own, after one version byte.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![1];
        for key in &self.alone {
            bytes.extend_from_slice(&key.bytes()[1..]);
        }
        bytes
    }
}

proptest! {
    #![proptest_config(config())]

    /// All limits are charged or none; the verdict is the worst that a limit alone gives; every number
    /// and every byte is that of the limit alone.
    #[test]
    fn all_or_nothing_and_each_as_if_alone(
        numbers in proptest::collection::vec(numbers(), 1..=LIMITS_MAX),
        start in time(),
        requests in requests(),
    ) {
        let mut side = Side::new(&numbers, start);
        for (which, parts) in requests {
            side.wait(which);
            let units = side.costs(&parts);
            let single: Vec<_> =
                side.alone.iter().zip(&units).map(|(key, cost)| key.would(*cost, key.now)).collect();
            let worst = single.iter().map(|answer| answer.verdict).max().unwrap();
            if worst == Verdict::Allowed {
                side.alone.iter_mut().zip(&units).for_each(|(key, cost)| { key.ask(*cost); });
            }

            let costs = side.policy.costs_in_order(&units).unwrap().into();
            let decision = side.policy.apply(&mut side.record, &costs, side.now);
            prop_assert_eq!(decision.verdict(), worst);
            prop_assert_eq!(decision.changed(), worst == Verdict::Allowed && units.iter().any(|u| *u > 0));
            let statuses: Vec<LimitStatus> = decision.limits().collect();
            let retry = statuses.iter().map(|status| status.retry_after).max().unwrap_or(Span::ZERO);
            prop_assert_eq!(decision.retry_after(), retry);
            prop_assert_eq!(statuses.len(), numbers.len());
            for ((status, single), key) in statuses.iter().zip(&single).zip(&side.alone) {
                let state = key.peek();
                prop_assert_eq!((status.verdict, status.retry_after), (single.verdict, single.retry_after));
                prop_assert_eq!((status.remaining, status.reset_after), (state.remaining, state.reset_after));
                prop_assert_eq!(status.limit, key.burst());
            }
            prop_assert_eq!(side.record.encode(&side.policy), side.bytes());
        }
    }
}

/// The requests above are no idle talk: with many limits, many pass and many don't.
#[test]
fn requests_pass_and_fail() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::new(config());
    let strategy = (proptest::collection::vec(numbers(), LIMITS_MAX), time(), requests());
    let (mut passed, mut total) = (0, 0);
    for _ in 0..200 {
        let (numbers, start, requests) = strategy.new_tree(&mut runner).unwrap().current();
        let mut side = Side::new(&numbers, start);
        for (which, parts) in requests {
            side.wait(which);
            let costs = side.policy.costs_in_order(&side.costs(&parts)).unwrap().into();
            let decision = side.policy.apply(&mut side.record, &costs, side.now);
            total += 1;
            passed += u32::from(decision.verdict() == Verdict::Allowed);
        }
    }
    assert!((total / 5..=total * 4 / 5).contains(&passed), "{passed} of {total} passed");
}
