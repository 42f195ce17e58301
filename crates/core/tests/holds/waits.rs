//! How long to wait, with holds around that expire meanwhile, and blocks.

use proptest::prelude::*;
use tollgate_core::{
    Acquire, Effect, HOLDS_MAX, Hold, Limit, Operation, Policy, Share, Span, Timestamp, UNITS_MAX,
    Verdict,
};

use crate::draw::{ANONYMOUS, TAKING, magnitude_of, policies, schedule};
use crate::support::{config, time};
use crate::world::{World, at_every_step};

proptest! {
    #![proptest_config(config())]

    /// `retry_after` is exact: who waits that long passes, and one nanosecond earlier does not; who is
    /// told never, does not pass at the end of time.
    #[test]
    fn retry_after_is_exact(
        policy in policies(), start in time(), steps in schedule(ANONYMOUS), share in 1..=1_000_u16,
    ) {
        let shares = [Share::HIGH, Share::from_permille(share).unwrap()];
        at_every_step(World::new(&policy, start), &steps, |world, operation| {
            let Operation::Acquire(asked) = operation else { return Ok(()) };
            for share in shares {
                let operation = asked.clone().with_share(share).into();
                let answer = world.would(&operation, world.now);
                let wait = answer.retry_after;
                prop_assert_eq!(wait == Span::ZERO, answer.verdict == Verdict::Allowed);
                let passes = |then| world.would(&operation, then).verdict == Verdict::Allowed;
                if wait == Span::NEVER {
                    prop_assert!(!passes(Timestamp::MAX));
                } else if wait > Span::ZERO {
                    prop_assert!(passes(world.now.plus(wait)));
                    prop_assert!(!passes(world.now.plus(Span::from_nanos(wait.as_nanos() - 1))));
                }
            }
            Ok(())
        })?;
    }

    /// What has to be waited for at least is what has to be waited for when everything held is released.
    #[test]
    fn retry_after_at_least_is_that_without_holds(
        policy in policies(), start in time(), steps in schedule(ANONYMOUS), share in 1..=1_000_u16,
    ) {
        let shares = [Share::HIGH, Share::from_permille(share).unwrap()];
        at_every_step(World::new(&policy, start), &steps, |world, operation| {
            let Operation::Acquire(asked) = operation else { return Ok(()) };
            let mut released = world.clone();
            for hold in world.ledger.holds.keys() {
                released.apply(&Operation::Release { hold: *hold });
            }
            for share in shares {
                let operation = asked.clone().with_share(share).into();
                let mut record = world.record.clone();
                let decision = policy.apply(&mut record, &operation, world.now);
                let at_least = decision.retry_after_at_least();
                prop_assert!(at_least <= decision.retry_after());
                if decision.verdict() != Verdict::Allowed {
                    prop_assert_eq!(at_least, released.would(&operation, world.now).retry_after);
                }
            }
            Ok(())
        })?;
    }

    /// `reset_after` is exact: then the whole limit is there and nothing is held, and one nanosecond
    /// earlier it is not.
    #[test]
    fn reset_after_is_exact(policy in policies(), start in time(), steps in schedule(ANONYMOUS)) {
        at_every_step(World::new(&policy, start), &steps, |world, _| {
            let nothing = policy.no_costs().into();
            for index in 0..policy.limits().len() {
                let wait = world.status(index).reset_after;
                let is_full = |then| {
                    let status = world.would(&nothing, then).limits[index];
                    status.remaining == status.limit && status.held == 0
                };
                if wait == Span::NEVER {
                    prop_assert!(!is_full(Timestamp::MAX));
                } else {
                    prop_assert!(is_full(world.now.plus(wait)));
                    let before = wait.as_nanos().checked_sub(1).map(Span::from_nanos);
                    prop_assert!(before.is_none_or(|before| !is_full(world.now.plus(before))));
                }
            }
            Ok(())
        })?;
    }

    /// Waiting never hurts: what passes now passes later, with any share, while holds expire; no less
    /// remains, and nobody has to wait until later than was said.
    #[test]
    fn later_is_never_worse(
        policy in policies(), start in time(), steps in schedule(ANONYMOUS), later in any::<u64>(),
        share in 1..=1_000_u16,
    ) {
        let later = [1, 1 + later % 20, magnitude_of(later, 1 << 62)].map(Span::from_nanos);
        let share = Share::from_permille(share).unwrap();
        at_every_step(World::new(&policy, start), &steps, |world, operation| {
            let Operation::Acquire(asked) = operation else { return Ok(()) };
            let operation = asked.clone().with_share(share).into();
            let now = world.would(&operation, world.now);
            // A repetition passes for as long as the hold is there.
            for wait in later.iter().filter(|_| now.effect != Effect::Repeated) {
                let then = world.would(&operation, world.now.plus(*wait));
                prop_assert!(then.verdict <= now.verdict);
                prop_assert!(then.retry_after <= now.retry_after);
                let peek = world.would(&policy.no_costs().into(), world.now.plus(*wait));
                let remains = peek.limits.iter().enumerate();
                for (index, status) in remains {
                    prop_assert!(status.remaining >= world.status(index).remaining);
                }
            }
            Ok(())
        })?;
    }

    /// While a key is blocked nothing passes, and the wait lasts at least until its end. From then on
    /// everything is as if there had been no block; and a block of no time ends it.
    #[test]
    fn nothing_passes_a_block(
        policy in policies(), start in time(), steps in schedule(TAKING), nanos in 1..60_u64,
        later in 0..60_u64,
    ) {
        let span = Span::from_nanos(nanos);
        at_every_step(World::new(&policy, start), &steps, |world, operation| {
            let Operation::Acquire(asked) = operation else { return Ok(()) };
            let mut blocked = world.clone();
            blocked.apply(&Operation::Block(span));
            for wait in [0, nanos - 1, nanos, nanos + later] {
                let then = world.now.plus(Span::from_nanos(wait));
                let (with, without) = (blocked.would(operation, then), world.would(operation, then));
                let is_over = then >= world.now.plus(span);
                let is_peek = asked.costs.is_zero() && asked.hold.is_none();
                if is_over || is_peek || without.effect == Effect::Repeated {
                    prop_assert_eq!(with, without);
                } else {
                    prop_assert!(with.verdict > Verdict::Allowed && !with.changed);
                    let end = world.now.plus(span).since(then);
                    prop_assert_eq!(with.closed_for.max(end), with.closed_for);
                    prop_assert_eq!(with.retry_after, without.retry_after.max(with.closed_for));
                }
            }
            blocked.apply(&Operation::Block(Span::ZERO));
            prop_assert_eq!(&blocked.record, &world.record);
            Ok(())
        })?;
    }
}

/// A key has so many holds at most: the last one that it can have is let in like any other, and the next
/// one waits until the first of them expires.
#[test]
fn holds_are_bounded() {
    let policy = Policy::new([Limit::concurrency("in_flight", UNITS_MAX).unwrap()]).unwrap();
    let mut world = World::new(&policy, Timestamp::from_secs(1_800_000_000));
    let hold = |world: &mut World, secs| {
        let hold = Hold::new(world.fresh_id(), Span::from_secs(secs)).unwrap();
        Operation::from(Acquire::new(world.costs(&[1])).held(hold))
    };
    for index in 0..HOLDS_MAX as u64 {
        let taken = hold(&mut world, 60 + index);
        let answer = world.apply(&taken);
        assert_eq!((answer.verdict, answer.closed_for), (Verdict::Allowed, Span::ZERO));
    }
    let one_more = hold(&mut world, 60);
    let answer = world.apply(&one_more);
    assert_eq!((answer.verdict, answer.changed), (Verdict::Limited, false));
    assert_eq!((answer.retry_after, answer.closed_for), (Span::from_secs(60), Span::from_secs(60)));
    let then = world.now.plus(answer.retry_after);
    assert_eq!(world.would(&one_more, then).verdict, Verdict::Allowed);
}
