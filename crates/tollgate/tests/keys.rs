//! How many keys there are, which are forgotten, and many threads at once.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use proptest::prelude::*;
use tollgate::{
    Acquire, Hold, Id, KEY_BYTES_MAX, Limit, Limiter, LimiterError, ManualClock, Operation, Policy,
    Record, Span, Timestamp, Verdict,
};

const START: Timestamp = Timestamp::from_secs(1_800_000_000);

/// Three at once, and one more per second.
fn policy() -> Policy {
    Policy::new([Limit::gcra("requests", 1, Span::from_secs(1), 3).unwrap()]).unwrap()
}

fn limiter(keys_max: usize) -> Limiter<ManualClock> {
    let limiter = Limiter::with_clock(policy(), keys_max, ManualClock::default());
    limiter.clock().set(START);
    limiter
}

/// Keys are 1 to 512 bytes; an error names the field and the bounds.
#[test]
fn keys_have_bounds() {
    let limiter = limiter(10);
    let one = limiter.policy().costs([]).unwrap();
    for length in [0, KEY_BYTES_MAX + 1] {
        let error = limiter.try_acquire(&"k".repeat(length), one).unwrap_err();
        assert_eq!(error, LimiterError::Key(length));
    }
    let error = LimiterError::Key(0).to_string();
    assert_eq!(error, "key: must be 1 to 512 bytes, not 0");
    assert!(limiter.try_acquire(&"k".repeat(KEY_BYTES_MAX), one).unwrap().is_allowed());
}

/// A full limiter says so, decides on the keys that it has, and takes new ones as soon as one of those
/// is needed no more.
#[test]
fn a_full_limiter_forgets_nothing_that_matters() {
    let limiter = limiter(100);
    let one = limiter.policy().costs([]).unwrap();
    for key in 0..100 {
        assert!(limiter.try_acquire(&format!("key-{key}"), one).unwrap().is_allowed());
    }
    let error = limiter.try_acquire("one more", one).unwrap_err();
    assert_eq!(
        error.to_string(),
        "keys_max: 100 keys are in use, the most that this limiter keeps"
    );
    assert_eq!(limiter.peek("one more").unwrap()[0].remaining, 3, "looking keeps nothing");
    assert_eq!(limiter.peek("key-7").unwrap()[0].remaining, 2);
    let mut is_told = false;
    limiter.apply("one more", &one.into(), |_| is_told = true).unwrap_err();
    assert!(!is_told, "who is told that it was charged is charged");

    limiter.clock().set(START.plus(Span::from_secs(1)));
    assert!(limiter.try_acquire("one more", one).unwrap().is_allowed());
    assert!(limiter.keys() <= 100);
}

/// Whoever adds a key to a full limiter is not held up by all keys of a shard: it looks at so many and no more.
#[test]
fn a_full_limiter_looks_at_few_keys() {
    let (looks, keys) = (1_024, 200_000);
    let limiter = limiter(keys);
    let one = limiter.policy().costs([]).unwrap();
    for key in 0..keys {
        limiter.try_acquire(&format!("key-{key}"), one).unwrap();
    }
    limiter.clock().set(START.plus(Span::from_secs(10)));
    assert!(limiter.try_acquire("one more", one).unwrap().is_allowed());
    let forgotten = keys + 1 - limiter.keys();
    assert!((1..=looks + 2).contains(&forgotten), "{forgotten} of {keys} were forgotten at once");
}

/// What is only looked at or denied takes no memory.
#[test]
fn a_denied_key_is_not_kept() {
    let limiter = limiter(100);
    let four = limiter.policy().costs([("requests", 4)]).unwrap();
    assert_eq!(limiter.try_acquire("key", four).unwrap().verdict, Verdict::Impossible);
    limiter.peek("key").unwrap();
    let hold = Id::from_u128(7);
    let nothing = limiter.policy().no_costs().into();
    let forgets = [Operation::Reset, Operation::Release { hold }, Operation::Block(Span::ZERO)];
    for look in [nothing].into_iter().chain(forgets) {
        let keys = limiter.apply("key", &look, |_| limiter.keys()).unwrap();
        assert_eq!(keys, 0, "nor does it take room while it is looked at: {look:?}");
    }
    assert_eq!(limiter.keys(), 0);
}

/// What a caller makes of a decision may panic: no room is lost by that.
#[test]
fn a_panic_takes_no_room() {
    let limiter = limiter(2);
    let one = limiter.policy().costs([]).unwrap();
    for key in ["a", "b", "c"] {
        let panics = || limiter.apply(key, &one.into(), |_| panic!("on purpose"));
        catch_unwind(AssertUnwindSafe(panics)).unwrap_err();
    }
    assert_eq!(limiter.keys(), 0);
    for key in ["d", "e"] {
        assert!(limiter.try_acquire(key, one).unwrap().is_allowed());
    }
}

/// Keys that come and go don't pile up: adding a key removes idle ones.
#[test]
fn idle_keys_do_not_pile_up() {
    let limiter = limiter(1_000_000);
    let one = limiter.policy().costs([]).unwrap();
    for second in 0..200_u64 {
        limiter.clock().set(START.plus(Span::from_secs(second)));
        for key in 0..100 {
            limiter.try_acquire(&format!("{second}-{key}"), one).unwrap();
        }
    }
    assert!(limiter.keys() < 1_000, "{} of 20,000 keys, of which 100 matter", limiter.keys());
    limiter.clock().set(START.plus(Span::from_secs(1_000)));
    let kept = limiter.keys();
    assert_eq!(limiter.sweep(), kept, "all of them have recovered");
    assert_eq!(limiter.keys(), 0);
}

/// Exactly as many as there is room for are admitted, however many ask at once.
#[test]
fn exactly_the_capacity_passes_among_threads() {
    let capacity = 1_000;
    let limit = Limit::token_bucket("requests", capacity, 0, Span::from_secs(1)).unwrap();
    let limiter = Limiter::new(Policy::new([limit]).unwrap());
    let one = limiter.policy().costs([]).unwrap();
    let passed: [AtomicU32; 3] = Default::default();
    thread::scope(|scope| {
        for thread in 0..8 {
            let (limiter, passed) = (&limiter, &passed);
            scope.spawn(move || {
                for turn in 0..3_000 {
                    let key = (thread + turn) % passed.len();
                    let answer = limiter.try_acquire(&format!("key-{key}"), one).unwrap();
                    passed[key].fetch_add(answer.is_allowed().into(), Ordering::Relaxed);
                }
            });
        }
    });
    let passed = passed.map(AtomicU32::into_inner);
    assert_eq!(passed, [1_000; 3]);
}

/// What is done to one of a few keys after so many nanoseconds.
fn step() -> impl Strategy<Value = (usize, u64, Operation)> {
    let costs = |units| policy().costs_in_order(&[units]).unwrap();
    let id = (0..6_u128).prop_map(Id::from_u128);
    let operation = prop_oneof![
        4 => (0..4_u64).prop_map(move |units| costs(units).into()),
        2 => (1..4_u64, id.clone(), 1..4_000_000_000_u64).prop_map(move |(units, id, ttl)| {
            let hold = Hold::new(id, Span::from_nanos(ttl)).unwrap();
            Acquire::new(costs(units)).held(hold).into()
        }),
        1 => (id.clone(), 0..4_u64).prop_map(move |(hold, units)| {
            Operation::Settle { hold, costs: Some(costs(units)) }
        }),
        1 => id.clone().prop_map(|hold| Operation::Release { hold }),
        1 => (1..4_u64, id).prop_map(move |(units, id)| Acquire::new(costs(units)).once(id).into()),
        1 => (1..9_u64).prop_map(move |units| Operation::Penalise(costs(units))),
        1 => (0..3_000_000_000_u64).prop_map(|nanos| Operation::Block(Span::from_nanos(nanos))),
        1 => Just(Operation::Reset),
    ];
    (0..12_usize, prop_oneof![Just(0), 0..2_000_000_000_u64], operation)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    /// A limiter that forgets decides as one that never does, for as long as it decides at all; and it
    /// refuses only when every key that it keeps is still needed.
    #[test]
    fn forgetting_is_never_noticed(steps in proptest::collection::vec(step(), 1..200), keys_max in 1..8_usize) {
        let (policy, limiter) = (policy(), limiter(keys_max));
        let mut records: HashMap<usize, Record> = HashMap::new();
        let mut now = START;
        for (key, wait, operation) in steps {
            now = now.plus(Span::from_nanos(wait));
            limiter.clock().set(now);
            let told = limiter.apply(&format!("key-{key}"), &operation, |decision| {
                (decision.verdict(), decision.effect(), decision.limits().collect::<Vec<_>>())
            });
            let needed = records.values().filter(|it| it.forget_after(&policy, now) > Span::ZERO).count();
            let record = records.entry(key).or_insert_with(|| Record::new(&policy));
            match told {
                Ok(told) => {
                    let decision = policy.apply(record, &operation, now);
                    // Request ids are forgotten with their key, when everything has come back.
                    if told.1 != decision.effect() {
                        let has_id = matches!(operation, Operation::Acquire(Acquire { once: Some(_), .. }));
                        prop_assert!(has_id);
                        return Ok(());
                    }
                    let expected = (decision.verdict(), decision.effect(), decision.limits().collect());
                    prop_assert_eq!(told, expected);
                }
                Err(error) => {
                    prop_assert_eq!(error, LimiterError::Full(keys_max));
                    prop_assert!(needed >= keys_max, "only {} keys are needed", needed);
                }
            }
            prop_assert!(limiter.keys() <= keys_max);
        }
    }
}
