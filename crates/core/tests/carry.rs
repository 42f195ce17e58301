//! What becomes of a record when its policy changes.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use proptest::prelude::*;
use support::{config, magnitude, time};
use tollgate_core::{
    Acquire, Algorithm, Carry, Hold, Id, Limit, Operation, Policy, Record, Span, Timestamp, Windows,
};

const SECOND: Span = Span::from_secs(1);

fn policy(algorithm: Algorithm) -> Policy {
    Policy::new([Limit::new("units", algorithm).unwrap()]).unwrap()
}

/// Every algorithm of a capacity that counts over time.
fn algorithms(units: u64) -> [Algorithm; 7] {
    let windows = Windows::Aligned { period: SECOND, utc_offset_secs: 0 };
    [
        Algorithm::Gcra { limit: 3, period: SECOND, burst: units },
        Algorithm::TokenBucket { capacity: units, refill: 0, period: SECOND, initial: units },
        Algorithm::LeakyQueue { capacity: units, leak: 3, period: SECOND },
        Algorithm::FixedWindow { limit: units, windows },
        Algorithm::SlidingLog { limit: units, period: SECOND },
        Algorithm::SlidingCounter { limit: units, period: SECOND },
        Algorithm::Adaptive { capacity: units, period: SECOND, recovery: Default::default() },
    ]
}

fn remaining(policy: &Policy, record: &Record, now: Timestamp) -> u64 {
    let (mut record, peek) = (record.clone(), policy.no_costs().into());
    policy.apply(&mut record, &peek, now).limits().next().unwrap().remaining
}

proptest! {
    #![proptest_config(config())]

    /// In proportion: the share that is left never grows, and shrinks by less than two units.
    #[test]
    fn the_share_that_is_left_stays(
        old_units in 1..1_000_000_u64,
        new_units in 1..1_000_000_u64,
        used in 0..1_000_000_u64,
        from in 0..7_usize,
        to in 0..7_usize,
        now in time(),
    ) {
        let (old, new) = (policy(algorithms(old_units)[from]), policy(algorithms(new_units)[to]));
        let mut record = Record::new(&old);
        let cost = old.costs([("units", used % (old_units + 1))]).unwrap().into();
        old.apply(&mut record, &cost, now);
        let left = remaining(&old, &record, now);
        let carried = new.carry(&old, &record, Carry::InProportion, now);
        let left_then = remaining(&new, &carried, now);
        let (before, after) = (
            u128::from(left) * u128::from(new_units),
            u128::from(left_then) * u128::from(old_units),
        );
        prop_assert!(after <= before);
        prop_assert!(before - after < 2 * u128::from(old_units));
    }

    /// As it is: just what reading the bytes under the new policy gives.
    #[test]
    fn as_it_is_is_what_reading_gives(
        old_units in magnitude(1, 1_000_000),
        new_units in magnitude(1, 1_000_000),
        used in 1..1_000_000_u64,
        from in 0..7_usize,
        to in 0..7_usize,
        now in time(),
    ) {
        let (old, new) = (policy(algorithms(old_units)[from]), policy(algorithms(new_units)[to]));
        let mut record = Record::new(&old);
        let cost = old.costs([("units", used.min(old_units))]).unwrap().into();
        old.apply(&mut record, &cost, now);
        let carried = new.carry(&old, &record, Carry::AsIs, now);
        let read = Record::decode(&new, &record.encode(&old)).unwrap();
        prop_assert_eq!(carried.encode(&new), read.encode(&new));
    }
}

/// What is held is in use whatever the numbers are, and can be settled under the new ones.
#[test]
fn holds_stay() {
    let (old, new) = (policy(algorithms(10)[0]), policy(algorithms(20)[3]));
    let now = Timestamp::from_secs(1_800_000_000);
    let hold = Hold::new(Id::from_u128(1), Span::from_secs(60)).unwrap();
    for carry in [Carry::AsIs, Carry::InProportion, Carry::Reset] {
        let mut record = Record::new(&old);
        let asked = Acquire::new(old.costs([("units", 4)]).unwrap()).held(hold).into();
        old.apply(&mut record, &asked, now);
        let mut carried = new.carry(&old, &record, carry, now);
        assert_eq!(remaining(&new, &carried, now), 16, "{carry:?}");
        let settle = Operation::Settle { hold: hold.id(), costs: None };
        new.apply(&mut carried, &settle, now);
        assert_eq!(remaining(&new, &carried, now), 16, "{carry:?}: it is charged now");
    }
}

/// A limit that the new policy does not have is left out, and one that the old did not have is fresh.
#[test]
fn limits_come_and_go() {
    let named = |name| Limit::token_bucket(name, 10, 0, SECOND).unwrap();
    let old = Policy::new([named("a"), named("b")]).unwrap();
    let new = Policy::new([named("c"), named("b")]).unwrap();
    let now = Timestamp::from_secs(1_800_000_000);
    let mut record = Record::new(&old);
    old.apply(&mut record, &old.costs([("a", 1), ("b", 2)]).unwrap().into(), now);
    let mut carried = new.carry(&old, &record, Carry::InProportion, now);
    let peek = new.no_costs().into();
    let left: Vec<_> =
        new.apply(&mut carried, &peek, now).limits().map(|status| status.remaining).collect();
    assert_eq!(left, [10, 8]);
}

/// A record stays of its revision whatever is done to it, so that it is carried over once.
#[test]
fn a_record_says_under_which_revision_of_its_policy_it_was_written() {
    let policy = policy(algorithms(10)[0]);
    let now = Timestamp::from_secs(1_800_000_000);
    let plain = Record::new(&policy).encode(&policy);
    assert_eq!(Record::revision_in(&plain), Ok(0));
    let mut record = Record::new(&policy).with_revision(7);
    let charge = policy.costs([("units", 4)]).unwrap().into();
    for operation in [charge, Operation::Reset, Operation::Block(SECOND)] {
        policy.apply(&mut record, &operation, now);
        let bytes = record.encode(&policy);
        assert_eq!(Record::revision_in(&bytes), Ok(7), "{operation:?}");
        assert_eq!(Record::decode(&policy, &bytes).unwrap(), record, "{operation:?}");
        let other = Policy::new([]).unwrap();
        assert_eq!(Record::decode(&other, &bytes).unwrap().revision(), 7, "{operation:?}");
    }
    let carried = policy.carry(&policy, &record, Carry::Reset, now).with_revision(8);
    assert_eq!(Record::revision_in(&carried.encode(&policy)), Ok(8));
    let cut = carried.encode(&policy);
    assert!(Record::revision_in(&cut[..cut.len() - 1]).is_err(), "it ends within an entry");
    assert!(Record::revision_in(&[]).is_err() && Record::revision_in(&[2]).is_err());
}

/// Who looks at a key is told that it is blocked, which its limits do not know.
#[test]
fn a_record_says_until_when_its_key_is_blocked() {
    let policy = policy(algorithms(10)[0]);
    let now = Timestamp::from_secs(1_800_000_000);
    let mut record = Record::new(&policy).with_revision(7);
    let until = |record: &Record| Record::blocked_until_in(&record.encode(&policy));
    assert_eq!(until(&record), Ok(Timestamp::EPOCH));
    policy.apply(&mut record, &Operation::Block(SECOND), now);
    assert_eq!(until(&record), Ok(now.plus(SECOND)));
    policy.apply(&mut record, &Operation::Block(Span::ZERO), now);
    assert_eq!(until(&record), Ok(Timestamp::EPOCH));
    assert!(Record::blocked_until_in(&[2]).is_err());
}

/// Who looks for a hold is told of that one alone, whatever else the record says.
#[test]
fn a_record_says_when_a_hold_expires() {
    let policy = policy(algorithms(10)[0]);
    let now = Timestamp::from_secs(1_800_000_000);
    let mut record = Record::new(&policy).with_revision(7);
    for (id, life) in [(1, SECOND), (2, Span::from_secs(2))] {
        let hold = Hold::new(Id::from_u128(id), life).unwrap();
        policy.apply(&mut record, &Acquire::new(policy.costs([]).unwrap()).held(hold).into(), now);
    }
    let bytes = record.encode(&policy);
    let expires = |id| Record::hold_expires_in(&bytes, Id::from_u128(id));
    assert_eq!(expires(1), Ok(Some(now.plus(SECOND))));
    assert_eq!(expires(2), Ok(Some(now.plus(Span::from_secs(2)))));
    assert_eq!(expires(3), Ok(None));
    let short = [&[1, 0, 0, 0, 0, 16, 20][..], &[0; 20]].concat();
    assert!(Record::hold_expires_in(&short, Id::from_u128(0)).is_err(), "a hold without an end");
    assert!(Record::hold_expires_in(&[2], Id::from_u128(0)).is_err());
}

/// It matters no longer than without: a store may forget it.
#[test]
fn a_revision_keeps_no_record_alive() {
    let policy = policy(algorithms(10)[0]);
    let now = Timestamp::from_secs(1_800_000_000);
    let record = Record::new(&policy).with_revision(7);
    assert_eq!(record.forget_after(&policy, now), Span::ZERO);
}
