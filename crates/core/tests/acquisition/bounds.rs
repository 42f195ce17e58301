//! Every bound of an acquisition: the largest that is taken, and what is said of the next one.

use tollgate_core::{
    ACQUISITION_KEYS_MAX, ATTEMPTS_MAX, Acquisition, AcquisitionError, COMMIT_TTL_DEFAULT, Ending,
    HOLD_TTL_MAX, Id, LeaseUpdate, Policy, SETTLE_ATTEMPTS_MAX, Span, Timestamp,
};

use crate::driver::{Did, Driver, Fate};
use crate::store::Store;
use crate::support::{NAMES, NOW, acquisition, driver, finish, left, policy, until_swapped};

/// The keys are 1 to 8, distinct and not empty; errors name the key by its place in the caller's list.
#[test]
fn keys() {
    let policy = policy(1);
    let policies = [&policy; 10];
    let cost = policy.costs([]).unwrap();
    let error = |keys: &[&str]| {
        let legs: Vec<_> = keys.iter().map(|key| (*key, cost)).collect();
        let error = Acquisition::new(&policies[..], Id::from_u128(1), &legs).err();
        assert_eq!(LeaseUpdate::release(&policies[..], Id::from_u128(1), keys).err(), error);
        error.map(|error| error.to_string())
    };
    assert_eq!(error(&NAMES), None);
    let nine = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
    assert_eq!(error(&[]).unwrap(), "keys: must be 1 to 8");
    assert_eq!(error(&nine).unwrap(), "keys: must be 1 to 8");
    assert_eq!(error(&["b", "", "a"]).unwrap(), "keys[1]: must not be empty");
    assert_eq!(error(&["b", "a", "b"]).unwrap(), "keys[2]: is keys[0] again");
}

/// Times to live are 1 ns to 31 days.
#[test]
fn times_to_live() {
    let policy = policy(1);
    let policies = [&policy];
    let ask = || acquisition(&policies, 1, &[1]);
    for ttl in [Span::from_nanos(1), COMMIT_TTL_DEFAULT, HOLD_TTL_MAX] {
        assert!(ask().with_lease(ttl).is_ok() && ask().with_commit_ttl(ttl).is_ok());
    }
    for ttl in [Span::ZERO, Span::from_nanos(HOLD_TTL_MAX.as_nanos() + 1), Span::NEVER] {
        let (lease, commit) = (ask().with_lease(ttl).err(), ask().with_commit_ttl(ttl).err());
        assert_eq!(lease, Some(AcquisitionError::LeaseTtl));
        assert_eq!(commit, Some(AcquisitionError::CommitTtl));
    }
    let message = "lease_ttl: must be longer than nothing, at most 31 days";
    assert_eq!(AcquisitionError::LeaseTtl.to_string(), message);
    assert_eq!((COMMIT_TTL_DEFAULT, ACQUISITION_KEYS_MAX), (Span::from_secs(10), 8));
    assert_eq!((ATTEMPTS_MAX, SETTLE_ATTEMPTS_MAX), (10, 32));
}

/// Who loses ten times in a row on a key gives up, and takes back what it placed.
#[test]
fn a_busy_key() {
    let policy = policy(100);
    let policies = [&policy; 2];
    let mut store = Store::default();
    let mut driver = driver(acquisition(&policies, 1, &[1, 1]), 2);
    until_swapped(&mut driver, &mut store, 1);
    assert_eq!(left(&store, 0, &policy, NOW), (99, 1));
    let mut conflicts = 0;
    let outcome = loop {
        driver.ask(NOW);
        if driver.is_about_to_swap() && conflicts < ATTEMPTS_MAX {
            // Somebody else charges the last key first.
            let other = acquisition(&policies[..1], 1_000 + u128::from(conflicts), &[1]);
            let mut other = Driver::new(other, &[1]);
            assert!(finish(&mut other, &mut store, NOW).is_allowed());
            conflicts += 1;
        }
        match driver.act(&mut store, NOW, Fate::Fine) {
            Did::Wait { attempt } => assert_eq!(attempt, conflicts),
            Did::Done(outcome) => break outcome,
            _ => {}
        }
    };
    assert_eq!((outcome.ending, conflicts), (Ending::Busy, ATTEMPTS_MAX));
    assert_eq!((left(&store, 0, &policy, NOW), left(&store, 1, &policy, NOW)), ((100, 0), (90, 0)));
}

/// After half of the commit's time to live nothing is committed any more. A clock that is set back
/// does not hide that.
#[test]
fn it_takes_too_long() {
    let policy = policy(1);
    let policies = [&policy; 2];
    let back = Timestamp::from_secs(1_799_990_000);
    for (times, ending) in [
        (vec![NOW.plus(Span::from_secs(5))], Ending::Allowed),
        (vec![NOW.plus(Span::from_nanos(5_000_000_001))], Ending::TimedOut),
        (vec![back, back.plus(Span::from_secs(4))], Ending::Allowed),
        (vec![back, back.plus(Span::from_secs(6))], Ending::TimedOut),
    ] {
        let mut store = Store::default();
        let mut driver = driver(acquisition(&policies, 1, &[1, 1]), 2);
        until_swapped(&mut driver, &mut store, 1);
        // The commit gets lost until the last time, so that the clock is read at each of them.
        for now in &times {
            driver.ask(*now);
            if now != times.last().unwrap() {
                driver.act(&mut store, *now, Fate::Lost);
            }
        }
        let outcome = finish(&mut driver, &mut store, *times.last().unwrap());
        assert_eq!(outcome.ending, ending, "{times:?}");
        let is_charged = u64::from(ending == Ending::Allowed);
        for key in 0..2 {
            assert_eq!(left(&store, key, &policy, NOW), (1 - is_charged, 0));
        }
    }
}

/// A hold is ended if it takes 31 conflicts, and after 32 it is left to expire, and the caller is told.
#[test]
fn a_key_that_is_too_busy_to_end_a_hold() {
    let policy = policy(100);
    let policies: [&Policy; 1] = [&policy];
    let id = Id::from_u128(1);
    for (conflicts, ending, held) in
        [(SETTLE_ATTEMPTS_MAX - 1, Ending::Allowed, 0), (SETTLE_ATTEMPTS_MAX, Ending::Busy, 1)]
    {
        let mut store = Store::default();
        let lease = acquisition(&policies, 1, &[1]).with_lease(COMMIT_TTL_DEFAULT).unwrap();
        assert!(finish(&mut driver(lease, 1), &mut store, NOW).is_allowed());
        let mut release = driver(LeaseUpdate::release(&policies[..], id, &["a"]).unwrap(), 1);
        for other in 0..conflicts {
            while !release.is_about_to_swap() {
                let did = release.act(&mut store, NOW, Fate::Fine);
                assert!(!matches!(did, Did::Done(_)), "it gave up after {other} conflicts");
                release.ask(NOW);
            }
            let other = acquisition(&policies, 1_000 + u128::from(other), &[1]);
            assert!(finish(&mut driver(other, 1), &mut store, NOW).is_allowed());
            release.act(&mut store, NOW, Fate::Fine);
        }
        assert_eq!(finish(&mut release, &mut store, NOW).ending, ending);
        assert_eq!(left(&store, 0, &policy, NOW).1, held);
    }
}
