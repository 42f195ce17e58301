//! Waiting: for time on a clock that is set by hand, and for others who let go.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tollgate::{
    Acquire, AcquireError, Clock, Hold, Id, Lease, Limit, Limiter, LimiterError, ManualClock,
    Operation, Policy, Span, Timestamp,
};

const SECOND: Span = Span::from_secs(1);
const START: Timestamp = Timestamp::from_secs(1_800_000_000);

/// One request every ten seconds, and a clock that moves when somebody sleeps.
fn slow() -> Limiter<ManualClock> {
    let limit = Limit::gcra("requests", 1, Span::from_secs(10), 1).unwrap();
    manual(limit)
}

fn manual(limit: Limit) -> Limiter<ManualClock> {
    let limiter = Limiter::with_clock(Policy::new([limit]).unwrap(), 1_000, ManualClock::default());
    limiter.clock().set(START);
    limiter
}

fn slots(count: u64) -> Limit {
    Limit::concurrency("slots", count).unwrap()
}

/// It sleeps as long as it has to, to the nanosecond.
#[test]
fn it_waits_exactly_until_it_passes() {
    let limiter = slow();
    let one = limiter.policy().costs([]).unwrap();
    for turn in 0..5 {
        limiter.acquire_blocking("key", one, Span::from_secs(10)).unwrap();
        assert_eq!(limiter.clock().now(), START.plus(Span::from_secs(10 * turn)));
    }
}

/// What would come too late is told at once, and nothing was charged: a nanosecond more is enough.
#[test]
fn it_gives_up_at_once_when_waiting_is_no_use() {
    let limiter = slow();
    let one = limiter.policy().costs([]).unwrap();
    limiter.acquire_blocking("key", one, Span::ZERO).unwrap();
    let short = Span::from_nanos(Span::from_secs(10).as_nanos() - 1);
    let error = limiter.acquire_blocking("key", one, short).unwrap_err();
    assert!(matches!(error, AcquireError::TimedOut(told) if told.retry_after.as_secs_ceil() == 10));
    assert_eq!(limiter.clock().now(), START, "nobody slept");
    assert_eq!(error.to_string(), "timeout: it passes in 10000 ms at the soonest");
    limiter.acquire_blocking("key", one, Span::from_secs(10)).unwrap();
}

/// More than the limit ever has is no matter of time.
#[test]
fn what_never_passes_is_told_at_once() {
    let limiter = slow();
    let two = limiter.policy().costs([("requests", 2)]).unwrap();
    let error = limiter.acquire_blocking("key", two, Span::NEVER).unwrap_err();
    assert!(matches!(error, AcquireError::Impossible(_)));
    assert_eq!(error.to_string(), "costs: above what the limit ever has for them");
}

/// A budget that is spent never passes again: waiting for it fails at once.
#[test]
fn a_spent_budget_is_told_at_once() {
    let limiter = manual(Limit::token_bucket("requests", 1, 0, SECOND).unwrap());
    let one = limiter.policy().costs([]).unwrap();
    limiter.acquire_blocking("key", one, Span::NEVER).unwrap();
    for timeout in [Span::from_secs(1_000), Span::NEVER] {
        let error = limiter.acquire_blocking("key", one, timeout).unwrap_err();
        assert!(matches!(error, AcquireError::TimedOut(told) if told.retry_after.is_never()));
        assert_eq!(error.to_string(), "timeout: waiting does not help");
    }
}

/// Slots are waited for as long as allowed, since they may be let go of at any time; a lease that
/// nobody ends is over when its time is.
#[test]
fn slots_are_waited_for_until_they_expire() {
    let limiter = manual(slots(1));
    let one = limiter.policy().costs([]).unwrap();
    let lease = limiter.hold_blocking("key", one, Span::from_secs(60), Span::ZERO).unwrap();
    let error = limiter.hold_blocking("key", one, SECOND, Span::from_secs(30)).unwrap_err();
    assert!(matches!(error, AcquireError::TimedOut(_)));
    assert_eq!(limiter.clock().now(), START.plus(Span::from_secs(30)), "it waited");
    let second = limiter.hold_blocking("key", one, SECOND, Span::from_secs(30)).unwrap();
    assert_eq!(limiter.clock().now(), START.plus(Span::from_secs(60)));
    assert!(!lease.renew(SECOND).unwrap(), "the first one's slot is the second one's");
    drop((lease, second));
    assert_eq!(limiter.peek("key").unwrap()[0].held, 0);
}

/// Nobody waits for what can't be had in time, whatever is released: a key that is blocked for longer, or what is
/// used up beside what is held.
#[test]
fn what_is_held_does_not_keep_anybody_waiting_in_vain() {
    let limiter = manual(slots(1));
    let one = limiter.policy().costs([]).unwrap();
    limiter.block("key", Span::from_secs(60)).unwrap();
    let error = limiter.hold_blocking("key", one, SECOND, Span::from_secs(59)).unwrap_err();
    assert_eq!(error.to_string(), "timeout: it passes in 60000 ms at the soonest");
    assert_eq!(limiter.clock().now(), START, "nobody slept");

    let limiter = manual(Limit::token_bucket("tokens", 100, 1, SECOND).unwrap());
    let tokens = |units| limiter.policy().costs([("tokens", units)]).unwrap();
    let held = |units, timeout| limiter.hold_blocking("key", tokens(units), SECOND, timeout);
    limiter.try_acquire("key", tokens(90)).unwrap();
    let _lease = held(10, Span::ZERO).unwrap();
    assert!(held(50, Span::from_secs(39)).is_err());
    assert_eq!(limiter.clock().now(), START, "a released lease would be ten tokens of fifty");
    assert!(held(50, Span::from_secs(50)).is_ok());
}

/// A thread that waits for a slot gets it when the lease is dropped, hours before it would expire.
#[test]
fn dropping_a_lease_wakes_who_waits() {
    let policy = Policy::new([slots(1)]).unwrap();
    let (limiter, hour) = (Limiter::new(policy), Span::from_secs(3_600));
    let one = limiter.policy().costs([]).unwrap();
    let lease = limiter.hold_blocking("key", one, hour, Span::ZERO).unwrap();
    let (entered, entries) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..4 {
            let (limiter, entered) = (limiter.clone(), entered.clone());
            scope.spawn(move || {
                let lease = limiter.hold_blocking("key", one, hour, hour).unwrap();
                entered.send(()).unwrap();
                drop(lease);
            });
        }
        assert!(entries.try_recv().is_err(), "nobody is in while the slot is taken");
        drop(lease);
        for _ in 0..4 {
            entries.recv().unwrap();
        }
    });
}

/// Whatever makes room early is heard of by who waits: a lease that is renewed for less time, and what is done by
/// the ids of holds.
#[test]
fn who_waits_hears_of_all_that_makes_room() {
    let hour = Span::from_secs(3_600);
    let id = Id::from_u128(7);
    let ends: [fn(&Limiter, Id, &Lease); 3] = [
        |_, _, lease| assert!(lease.renew(Span::from_millis(1)).unwrap()),
        |limiter, _, _| limiter.apply("key", &Operation::Reset, |_| {}).unwrap(),
        |limiter, hold, _| limiter.apply("key", &Operation::Release { hold }, |_| {}).unwrap(),
    ];
    for end in ends {
        let limiter = Limiter::new(Policy::new([slots(2)]).unwrap());
        let one = limiter.policy().costs([]).unwrap();
        let lease = limiter.hold_blocking("key", one, hour, Span::ZERO).unwrap();
        let held = Acquire::new(one).held(Hold::new(id, hour).unwrap());
        limiter.apply("key", &held.into(), |_| {}).unwrap();
        let waiter = limiter.clone();
        let waiter = thread::spawn(move || {
            waiter.hold_blocking("key", one, hour, Span::from_secs(20)).map(drop)
        });
        // It waits by then, or finds the room at once.
        thread::sleep(Duration::from_millis(50));
        end(&limiter, id, &lease);
        assert_eq!(waiter.join().unwrap(), Ok(()), "not after twenty seconds");
    }
}

/// A lease has an id of its own: one that was used before is no lease.
#[test]
fn a_request_that_is_repeated_gets_no_second_lease() {
    let limiter = manual(slots(2));
    let one = limiter.policy().costs([]).unwrap();
    let asked = Acquire::new(one).once(Id::from_u128(7));
    let lease = limiter.hold_blocking("key", asked.clone(), SECOND, Span::ZERO).unwrap();
    let error = limiter.hold_blocking("key", asked, SECOND, Span::ZERO).unwrap_err();
    assert_eq!(error, AcquireError::Limiter(LimiterError::Repeated));
    assert_eq!(limiter.peek("key").unwrap()[0].held, 1);
    drop(lease);
}

/// The limit with the longest wait is named, whatever the key is blocked for.
#[test]
fn a_block_does_not_change_who_denies() {
    let bucket = |name, secs| Limit::token_bucket(name, 1, 1, Span::from_secs(secs)).unwrap();
    let policy = Policy::new([bucket("a", 5), bucket("b", 8)]).unwrap();
    let limiter = Limiter::with_clock(policy, 10, ManualClock::default());
    let both = limiter.policy().costs([("a", 1), ("b", 1)]).unwrap();
    limiter.try_acquire("key", both).unwrap();
    for block in [0, 10] {
        limiter.block("key", Span::from_secs(block)).unwrap();
        let denied = limiter.try_acquire("key", both).unwrap();
        assert_eq!(
            (denied.denied_by, denied.retry_after),
            (Some(1), Span::from_secs(block.max(8)))
        );
    }
}

/// Settled for less, the rest is there at once; released, all of it; dropped, nothing.
#[test]
fn a_lease_ends_as_it_is_told() {
    let limiter = manual(Limit::token_bucket("tokens", 100, 1, Span::from_secs(3_600)).unwrap());
    let tokens = |units| limiter.policy().costs([("tokens", units)]).unwrap();
    let hold = |units| limiter.hold_blocking("key", tokens(units), SECOND, Span::ZERO).unwrap();
    let remaining = || limiter.peek("key").unwrap()[0].remaining;
    hold(50).settle(tokens(20)).unwrap();
    assert_eq!(remaining(), 80);
    hold(50).release().unwrap();
    assert_eq!(remaining(), 80);
    drop(hold(50));
    assert_eq!(remaining(), 30);
}

/// A lease has to live for a while, and not forever.
#[test]
fn a_lease_lives_for_a_while() {
    let limiter = manual(slots(1));
    let one = limiter.policy().costs([]).unwrap();
    for ttl in [Span::ZERO, Span::from_secs(32 * 86_400)] {
        let error = limiter.hold_blocking("key", one, ttl, Span::ZERO).unwrap_err();
        assert_eq!(error, AcquireError::Limiter(LimiterError::Ttl));
        assert_eq!(error.to_string(), "ttl: must be 1 ns to 31 days");
    }
}
