//! What breaks while an acquisition is at work.

use tollgate_core::{
    Acquisition, COMMIT_TTL_DEFAULT, CorruptRecord, DecideError, Ending, Id, Limit, Machine,
    Policy, Span, Step, Swap,
};

use crate::driver::{Did, Fate};
use crate::store::Store;
use crate::support::{MINUTE, NOW, acquisition, driver, finish, left, policy, run, until_swapped};

/// A store that fails to load ends it: what was placed is taken back if it can be, and left to expire
/// into charges if the commit may have been written.
#[test]
fn a_store_that_fails() {
    let policy = policy(2);
    let policies = [&policy; 2];
    let later = NOW.plus(COMMIT_TTL_DEFAULT);
    for (swaps, commit, left_later) in
        [(0, None, [2, 2]), (1, Some(Fate::Lost), [1, 2]), (1, Some(Fate::Unheard), [1, 1])]
    {
        let mut store = Store::default();
        let mut driver = driver(acquisition(&policies, 1, &[1, 1]), 2);
        until_swapped(&mut driver, &mut store, swaps);
        if let Some(fate) = commit {
            driver.act(&mut store, NOW, fate);
            assert_eq!(driver.act(&mut store, NOW, Fate::Fine), Did::Wait { attempt: 1 });
        }
        driver.act(&mut store, NOW, Fate::Lost);
        assert_eq!(finish(&mut driver, &mut store, NOW).ending, Ending::Failed);
        assert_eq!([0, 1].map(|key| left(&store, key, &policy, later).0), left_later);
    }
}

/// What is no record ends it with an error that names the key; what was placed is taken back before.
#[test]
fn a_corrupt_record() {
    let policy = policy(2);
    let policies = [&policy; 2];
    let mut machine = acquisition(&policies, 1, &[1, 1]);
    machine.loaded(0, None);
    machine.loaded(1, Some(&[9]));
    let error = DecideError::Corrupt { leg: 1, error: CorruptRecord::Version(9) };
    assert_eq!(machine.next(NOW), Err(error));
    assert_eq!(error.to_string(), "keys[1]: the record has the unknown version 9");

    let mut machine = acquisition(&policies, 1, &[1, 1]);
    machine.loaded(0, None);
    machine.loaded(1, None);
    let Ok(Step::Swap { leg: 0, record }) = machine.next(NOW) else { panic!("a hold") };
    machine.swapped(Swap::Done);
    assert!(matches!(machine.next(NOW), Ok(Step::Swap { leg: 1, .. })));
    machine.swapped(Swap::Conflict);
    assert_eq!(machine.next(NOW), Ok(Step::Wait { attempt: 1 }));
    assert_eq!(machine.next(NOW), Ok(Step::Load { leg: 1 }));
    machine.loaded(1, Some(&[]));
    assert_eq!(machine.next(NOW), Ok(Step::Load { leg: 0 }));
    machine.loaded(0, Some(&record));
    let Ok(Step::Swap { leg: 0, .. }) = machine.next(NOW) else { panic!("a release") };
    machine.swapped(Swap::Done);
    let error = DecideError::Corrupt { leg: 1, error: CorruptRecord::Empty };
    assert_eq!(machine.next(NOW), Err(error));
}

/// A key without a policy is an error that names it.
#[test]
fn a_key_without_a_policy() {
    let policy = policy(2);
    let cost = policy.costs([]).unwrap();
    let policies: &[&Policy] = &[&policy];
    let legs = [("a", cost), ("b", cost)];
    let mut machine = Acquisition::new(policies, Id::from_u128(1), &legs).unwrap();
    machine.loaded(0, None);
    machine.loaded(1, None);
    let error = machine.next(NOW).unwrap_err();
    assert_eq!(error.to_string(), "keys[1]: there is no policy for it");
}

/// A record that a broken clock wrote is healed by the denial that finds it, or it would be found
/// broken by every later one.
#[test]
fn a_denial_heals() {
    let per_minute = Policy::new([Limit::token_bucket("requests", 1, 1, MINUTE).unwrap()]).unwrap();
    let policies = [&per_minute; 2];
    for count in [1, 2] {
        let mut store = Store::default();
        let ask = |id| acquisition(&policies[..count], id, &[1, 1][..count]);
        let year = NOW.plus(Span::from_secs(365 * 86_400));
        assert!(finish(&mut driver(ask(1), count), &mut store, year).is_allowed());
        let (outcome, _, swaps) = run(ask(2), count, &mut store);
        assert_eq!((outcome.ending, swaps), (Ending::Denied, count));
        assert_eq!(outcome.retry_after(), MINUTE);
        let later = NOW.plus(MINUTE);
        assert!(finish(&mut driver(ask(3), count), &mut store, later).is_allowed());
    }
}
