//! What was written is not written again: the same id, and swaps that nobody heard of.

use tollgate_core::{ATTEMPTS_MAX, Ending, Machine, Policy, REQUEST_IDS_MAX, Span, Step, Swap};

use crate::driver::{Did, Driver, Fate};
use crate::store::Store;
use crate::support::{NOW, acquisition, driver, finish, left, policy, run, until_swapped};

/// Asking again under the same id is admitted and not charged again; while the first is at work, the
/// second is told to come back, and takes nothing of the first away.
#[test]
fn the_same_id_again() {
    let policy = policy(2);
    let policies = [&policy; 2];
    let mut store = Store::default();
    let ask = || acquisition(&policies, 1, &[1, 1]);
    let mut first = driver(ask(), 2);
    until_swapped(&mut first, &mut store, 1);
    let (second, ..) = run(ask(), 2, &mut store);
    assert_eq!(second.ending, Ending::Busy);
    assert_eq!(left(&store, 0, &policy, NOW), (1, 1));
    assert!(finish(&mut first, &mut store, NOW).is_allowed());
    let (third, _, swaps) = run(ask(), 2, &mut store);
    assert_eq!((third.ending, swaps), (Ending::Allowed, 0));
    assert_eq!((left(&store, 0, &policy, NOW), left(&store, 1, &policy, NOW)), ((1, 0), (1, 0)));
}

/// A swap on a single key that is not heard of can't be cleared up without an id in the record.
#[test]
fn an_unclear_swap_on_a_single_key() {
    let policy = policy(2);
    let policies = [&policy];
    for (once, fate, ending, left_after) in [
        (false, Fate::Unheard, Ending::Failed, 1),
        (true, Fate::Unheard, Ending::Allowed, 1),
        (true, Fate::Lost, Ending::Allowed, 1),
    ] {
        let mut store = Store::default();
        let machine = acquisition(&policies, 1, &[1]);
        let mut driver = driver(if once { machine.once() } else { machine }, 1);
        driver.act(&mut store, NOW, Fate::Fine);
        driver.act(&mut store, NOW, fate);
        assert_eq!(finish(&mut driver, &mut store, NOW).ending, ending);
        assert_eq!(left(&store, 0, &policy, NOW), (left_after, 0));
    }
}

/// As documented: a commit that nobody heard of, and that 16 others follow before it is looked for, is
/// forgotten, and charged a second time on that key. One fewer, and it is found.
#[test]
fn a_commit_that_is_forgotten() {
    let policy = policy(100);
    let policies = [&policy; 2];
    for (others, charged) in [(REQUEST_IDS_MAX - 1, 1), (REQUEST_IDS_MAX, 2)] {
        let mut store = Store::default();
        let mut driver = driver(acquisition(&policies, 1, &[1, 1]), 2);
        until_swapped(&mut driver, &mut store, 1);
        driver.act(&mut store, NOW, Fate::Unheard);
        for id in 0..others {
            let other = acquisition(&policies[..1], 1_000 + id as u128, &[1]).once();
            assert!(finish(&mut Driver::new(other, &[1]), &mut store, NOW).is_allowed());
        }
        assert!(finish(&mut driver, &mut store, NOW).is_allowed());
        let left = [left(&store, 0, &policy, NOW).0, left(&store, 1, &policy, NOW).0];
        assert_eq!(left, [99, 100 - others as u64 - charged]);
    }
}

/// A commit that nobody heard of is looked for even when it was the last attempt, and when it is too
/// late for another.
#[test]
fn an_unclear_commit_is_looked_for() {
    let policy = policy(100);
    let policies = [&policy; 2];
    let late = NOW.plus(Span::from_secs(9));
    for (conflicts, then) in [(ATTEMPTS_MAX - 1, NOW), (0, late)] {
        let mut store = Store::default();
        let mut driver = driver(acquisition(&policies, 1, &[1, 1]), 2);
        until_swapped(&mut driver, &mut store, 1);
        for id in 0..conflicts {
            driver.ask(NOW);
            charge_one(&policies, 1_000 + u128::from(id), &mut store);
            while !matches!(driver.act(&mut store, NOW, Fate::Fine), Did::Load { .. }) {}
        }
        let did = driver.act(&mut store, NOW, Fate::Unheard);
        assert_eq!(did, Did::Swap { key: 1, written: true, heard: false });
        assert!(finish(&mut driver, &mut store, then).is_allowed());
        assert_eq!(left(&store, 0, &policy, NOW), (99, 0));
        assert_eq!(left(&store, 1, &policy, NOW), (99 - u64::from(conflicts), 0));
    }
}

/// A hold that was not found when it was looked for, and arrives after that, is released with the rest.
#[test]
fn a_hold_that_arrives_late() {
    let policy = policy(1);
    let policies = [&policy; 2];
    let mut machine = acquisition(&policies, 1, &[1, 1]);
    machine.loaded(0, None);
    machine.loaded(1, None);
    let Ok(Step::Swap { leg: 0, record: hold }) = machine.next(NOW) else { panic!("a hold") };
    machine.swapped(Swap::Unknown);
    assert_eq!(machine.next(NOW), Ok(Step::Wait { attempt: 1 }));
    assert_eq!(machine.next(NOW), Ok(Step::Load { leg: 0 }));
    machine.loaded(0, None);
    let late = NOW.plus(Span::from_secs(6));
    assert_eq!(machine.next(late), Ok(Step::Load { leg: 0 }));
    machine.loaded(0, Some(&hold));
    let Ok(Step::Swap { leg: 0, .. }) = machine.next(late) else { panic!("a release") };
    machine.swapped(Swap::Done);
    let Ok(Step::Done(outcome)) = machine.next(late) else { panic!("the end") };
    assert_eq!(outcome.ending, Ending::TimedOut);
}

/// Somebody else charges the last key.
fn charge_one(policies: &[&Policy], id: u128, store: &mut Store) {
    let other = acquisition(&policies[..1], id, &[1]);
    assert!(finish(&mut Driver::new(other, &[1]), store, NOW).is_allowed());
}
