//! What was written is not written again: the same id, and swaps that nobody heard of.

use tollgate_core::{Ending, REQUEST_IDS_MAX};

use crate::driver::{Driver, Fate};
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
