//! The faces for those who need no keys: meters, sets, pools, slots and barriers.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use futures::FutureExt;
use tollgate::{
    AcquireError, Balance, Barrier, BarrierTimedOut, Clock, Concurrency, GrantError, Limit,
    LimitPool, LimitSet, LimiterError, ManualClock, Member, PerMinute, Policy, RateLimiter, Span,
    Timestamp, TokenBucket, UNITS_MAX,
};

const SECOND: Span = Span::from_secs(1);
const MINUTE: Span = Span::from_secs(60);
const START: Timestamp = Timestamp::from_secs(1_800_000_000);

fn clock() -> ManualClock {
    let clock = ManualClock::default();
    clock.set(START);
    clock
}

/// Requests are spent before the call and tokens after it, and each meter keeps to itself.
#[test]
fn meters_are_spent_before_and_after_a_call() {
    let most = PerMinute { requests: Some(2), input_tokens: Some(100), output_tokens: Some(10) };
    let limiter = RateLimiter::with_clock(most, clock()).unwrap();
    let remaining =
        || ["rpm", "input_tpm", "output_tpm"].map(|it| limiter.meter(it).unwrap().remaining);
    limiter.before_call_blocking(Span::ZERO).unwrap();
    assert_eq!(remaining(), [1, 100, 10]);
    limiter.after_call_blocking(70, 4, Span::ZERO).unwrap();
    assert_eq!(remaining(), [1, 30, 6]);
}

/// What a call used is spent of both meters or of neither, and a denial says whose.
#[test]
fn usage_is_spent_together() {
    let most = PerMinute { requests: None, input_tokens: Some(100), output_tokens: Some(10) };
    let limiter = RateLimiter::with_clock(most, clock()).unwrap();
    limiter.after_call_blocking(10, 8, Span::ZERO).unwrap();
    let error = limiter.after_call_blocking(10, 8, SECOND).unwrap_err();
    assert_eq!(limiter.denied_by(&error), Some("output_tpm"));
    assert_eq!(limiter.meter("input_tpm").unwrap().remaining, 90);
    let error = limiter.after_call_blocking(0, 11, MINUTE).unwrap_err();
    assert!(matches!(error, AcquireError::Impossible(_)));
}

/// Without meters everything passes, and numbers are still checked.
#[test]
fn no_meters_admit_everything() {
    let limiter = RateLimiter::new(PerMinute::default()).unwrap();
    limiter.before_call_blocking(Span::ZERO).unwrap();
    limiter.after_call_blocking(UNITS_MAX, UNITS_MAX, Span::ZERO).unwrap();
    let zero = PerMinute { requests: Some(0), ..PerMinute::default() };
    let error = RateLimiter::new(zero).err().unwrap().to_string();
    assert_eq!(error, "requests: must be 1 to 9007199254740991, not 0");
}

/// Units beyond what a number holds are an error, and none are always there.
#[test]
fn a_bucket_checks_its_numbers() {
    let bucket = TokenBucket::with_clock(5, 1, SECOND, clock()).unwrap();
    assert_eq!(bucket.try_acquire(UNITS_MAX + 1), Err(LimiterError::Units));
    assert!(bucket.try_acquire(5).unwrap().is_allowed());
    assert!(bucket.try_acquire(0).unwrap().is_allowed());
    assert_eq!(bucket.available(), 0);
    assert!(bucket.acquire_blocking(3, MINUTE).unwrap().is_allowed(), "after three seconds");
    assert_eq!(bucket.available(), 0);
}

/// Never are more in than there are slots, and everybody gets in.
#[test]
fn never_more_are_in_than_slots() {
    let (door, inside, entered) =
        (Concurrency::new(3).unwrap(), AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let lease = door.enter_blocking(MINUTE).unwrap();
                    assert!(inside.fetch_add(1, Ordering::SeqCst) < 3);
                    entered.fetch_add(1, Ordering::SeqCst);
                    thread::yield_now();
                    inside.fetch_sub(1, Ordering::SeqCst);
                    drop(lease);
                }
            });
        }
    });
    assert_eq!((entered.into_inner(), door.in_flight()), (400, 0));
}

fn sets(capacities: &[u64]) -> Vec<(Member, LimitSet<ManualClock>)> {
    let set = |(index, capacity): (usize, &u64)| {
        let limit = Limit::token_bucket("requests", *capacity, 1, MINUTE).unwrap();
        let member = Member::new([("account", &*index.to_string())]).unwrap();
        (member, LimitSet::with_clock(Policy::new([limit]).unwrap(), clock()))
    };
    capacities.iter().enumerate().map(set).collect()
}

/// The accounts that a pool grants, in order, until it is full.
fn granted(balance: Balance, capacities: &[u64]) -> Vec<usize> {
    let pool = LimitPool::new(balance, sets(capacities)).unwrap();
    let grant = |_| pool.hold_blocking(&[], SECOND, Span::ZERO).ok();
    let granted = (0..).map_while(grant).map(|grant| {
        assert_eq!(grant.member.get("account"), Some(&*grant.index.to_string()));
        grant.index
    });
    granted.collect()
}

/// Whatever the order, a set that is full is passed over, and a pool is full when all of them are.
#[test]
fn a_full_set_is_passed_over() {
    assert_eq!(granted(Balance::RoundRobin { offset: 1 }, &[2, 1, 2]), [1, 2, 0, 2, 0]);
    assert_eq!(granted(Balance::MostRoom, &[1, 3]), [1, 1, 0, 1]);
    let mut random = granted(Balance::Random, &[2, 1, 2]);
    random.sort_unstable();
    assert_eq!(random, [0, 0, 1, 2, 2]);
}

/// A pool waits for the set that has room first, and no longer than it may.
#[test]
fn a_pool_waits_for_the_soonest() {
    let pool = LimitPool::new(Balance::MostRoom, sets(&[1])).unwrap();
    pool.hold_blocking(&[], SECOND, Span::ZERO).unwrap().lease.settle(costs(&pool, 1)).unwrap();
    let error = pool.hold_blocking(&[], SECOND, Span::from_secs(59)).unwrap_err();
    assert!(matches!(error, GrantError::Acquire(AcquireError::TimedOut(_))));
    pool.hold_blocking(&[], SECOND, MINUTE).unwrap();
}

/// Costs have to fit every set, whichever is asked first.
#[test]
fn a_pool_takes_costs_that_all_its_sets_know() {
    let set = |name| {
        let limit = Limit::token_bucket(name, 1, 1, MINUTE).unwrap();
        LimitSet::with_clock(Policy::new([limit]).unwrap(), clock())
    };
    for names in [["requests", "tokens"], ["tokens", "requests"]] {
        let sets = names.map(|name| (Member::new([("limit", name)]).unwrap(), set(name)));
        let pool = LimitPool::new(Balance::RoundRobin { offset: 0 }, sets).unwrap();
        let error = pool.hold_blocking(&[("tokens", 1)], SECOND, MINUTE).unwrap_err();
        assert_eq!(error.to_string(), "tokens: no limit of this policy is named so");
    }
}

fn costs(pool: &LimitPool<ManualClock>, units: u64) -> tollgate::Costs {
    pool.sets()[0].policy().costs([("requests", units)]).unwrap()
}

/// A pool has members, and not too many.
#[test]
fn a_pool_has_members() {
    let none: [(Member, LimitSet); 0] = [];
    let error = LimitPool::new(Balance::Random, none).err().unwrap();
    assert_eq!(error.to_string(), "members: must be 1 to 16");
}

/// In every generation all go on together, and exactly one was the last.
#[test]
fn a_barrier_is_used_again_and_again() {
    let (barrier, last) = (Barrier::new(4).unwrap(), AtomicUsize::new(0));
    let arrived: Vec<AtomicUsize> = (0..50).map(|_| AtomicUsize::new(0)).collect();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for generation in &arrived {
                    generation.fetch_add(1, Ordering::SeqCst);
                    let is_last = barrier.wait_blocking(MINUTE).unwrap();
                    last.fetch_add(is_last.into(), Ordering::SeqCst);
                    assert_eq!(generation.load(Ordering::SeqCst), 4);
                }
            });
        }
    });
    assert_eq!(last.into_inner(), 50);
}

/// Whoever gives up has not arrived: the others don't set out with one missing.
#[test]
fn giving_up_takes_the_arrival_back() {
    let barrier = Barrier::with_clock(2, clock()).unwrap();
    for _ in 0..3 {
        assert_eq!(barrier.wait_blocking(MINUTE), Err(BarrierTimedOut));
    }
    let alone = Barrier::with_clock(1, clock()).unwrap();
    assert_eq!(alone.wait_blocking(Span::ZERO), Ok(true));
    assert!(Barrier::new(0).is_err());
}

/// A clock that stands, and lets somebody arrive at a barrier when it is looked at for the second time.
struct Interrupting {
    looks: AtomicUsize,
    barrier: OnceLock<Arc<Barrier<Arc<Self>>>>,
}

impl Clock for Interrupting {
    fn now(&self) -> Timestamp {
        // The first party looks when it comes, and when it would give up.
        if self.looks.fetch_add(1, Ordering::SeqCst) == 1 {
            assert_eq!(self.barrier.get().unwrap().wait_blocking(Span::ZERO), Ok(true));
        }
        START
    }

    async fn sleep(&self, _: Span) {}
}

/// Whoever is about to give up when the last one comes goes with the others: they set out with this one.
#[test]
fn nobody_gives_up_at_an_open_barrier() {
    let clock = Arc::new(Interrupting { looks: AtomicUsize::new(0), barrier: OnceLock::new() });
    let barrier = Arc::new(Barrier::with_clock(2, Arc::clone(&clock)).unwrap());
    assert!(clock.barrier.set(Arc::clone(&barrier)).is_ok());
    assert_eq!(barrier.wait_blocking(Span::ZERO), Ok(false));
    assert_eq!(barrier.wait_blocking(Span::ZERO), Err(BarrierTimedOut), "the next one is alone");
}

/// A clock on which nobody wakes up.
struct Asleep(ManualClock);

impl Clock for Asleep {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn sleep(&self, _: Span) {
        futures::future::pending().await
    }
}

/// Parties meet though the clock is set while one of them waits, by more than any skew that is believed.
#[test]
fn a_clock_that_is_set_does_not_part_parties() {
    for now in [START.plus(Span::from_secs(30)), Timestamp::from_secs(1_700_000_000)] {
        let clock = Arc::new(Asleep(clock()));
        let barrier = Barrier::with_clock(2, Arc::clone(&clock)).unwrap();
        let mut first = pin!(barrier.wait(MINUTE));
        assert_eq!(first.as_mut().now_or_never(), None);
        clock.0.set(now);
        assert_eq!(barrier.wait(MINUTE).now_or_never(), Some(Ok(true)));
        assert_eq!(first.now_or_never(), Some(Ok(false)));
    }
}

/// The system's clock goes on by itself, and a sleep takes as long as it was asked to.
#[test]
fn the_system_clock_sleeps() {
    let clock = tollgate::SystemClock::default();
    let (before, nap) = (clock.now(), Span::from_millis(5));
    assert!(before > Timestamp::from_secs(1_700_000_000), "the time of day");
    futures::executor::block_on(clock.sleep(nap));
    assert!(clock.now().since(before) >= nap);
}
