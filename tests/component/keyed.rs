//! Keys in the memory of the component: what the vectors say, in bounded memory, whatever numbers are
//! taken for handles.

use tollgate_core::{Limit, Operation, Policy, Span};

use crate::applied::{expected, said};
use crate::keyed_limiter::{Keyed, wit, wit_keyed as keyed};
use crate::vectors::format::{Vector, files, unhex};

/// Of the steps in all vectors, so many at least are about keys that were never seen and keep their policy.
const STEPS_MIN: usize = 500;

const SECOND_NS: u64 = 1_000_000_000;
const NOW_NS: u64 = 1_800_000_000 * SECOND_NS;

/// Two at once, and one more per second.
fn bucket() -> Policy {
    let limit = Limit::token_bucket("units", 2, 1, Span::from_secs(1));
    Policy::new([limit.unwrap()]).unwrap()
}

/// A limiter starts without keys and keeps one policy: the vectors that begin with a record, or change the
/// policy, are not about it.
fn applies(vector: &Vector) -> bool {
    vector.record() == [1] && vector.steps.iter().all(|step| step.policy.is_none())
}

/// Runs a vector on a key; says how many steps it has.
fn run(component: &mut Keyed, file: &str, vector: Vector) -> usize {
    let mut record = vector.record();
    let policy = vector.policy.policy();
    let limiter = component.open(&policy, 1);
    let key = component.intern(limiter, "it", 0).unwrap();
    let count = vector.steps.len();
    for step in vector.steps {
        let operation = step.operation.operation(&policy);
        let decision = component.apply(limiter, key, &operation, step.now_ns).unwrap();
        let now_there = decision.record.as_ref().unwrap_or(&record);
        let wanted = expected(step.expect);
        assert_eq!(said(&decision, now_there), wanted, "{file}: {} {}", vector.why, step.why);
        record = unhex(&wanted.record);
    }
    let (keyed, store) = component.keyed();
    keyed.call_close(store, limiter).unwrap();
    count
}

/// Every step of every vector that a keyed limiter can run gives the decision, the numbers and the bytes
/// that stand there.
#[test]
fn keyed_limiters_do_what_the_vectors_say() {
    let mut steps = 0;
    for file in files() {
        let mut component = Keyed::new();
        let vectors = file.vectors.into_iter().filter(applies);
        steps += vectors.map(|it| run(&mut component, file.name, it)).sum::<usize>();
    }
    assert!(steps >= STEPS_MIN, "{steps} steps are left");
}

/// The fast ways say what the general one says.
#[test]
fn numbers_alone_and_batches_decide_as_operations_do() {
    let (mut component, policy) = (Keyed::new(), bucket());
    let limiter = component.open(&policy, 3);
    let [one, two, three] =
        ["one", "two", "three"].map(|name| component.intern(limiter, name, NOW_NS).unwrap());
    let requests = [(1, 0), (2, 0), (1, 0), (3, 0), (0, 0), (2, 1_500_000_000), (1, 2_000_000_000)];
    for (cost, after) in requests {
        let now = NOW_NS + after;
        let asked: Operation = policy.costs_in_order(&[cost]).unwrap().into();
        let wanted = component.apply(limiter, one, &asked, now).unwrap();
        let alone = component.acquire(limiter, two, cost, now).unwrap();
        let batch = component.acquire_batch(limiter, &[three], &[cost], now).unwrap();
        let numbers = [wanted.retry_after.as_nanos(), wanted.delay.as_nanos()];
        assert_eq!([alone.retry_after, alone.delay], numbers, "{cost} after {after} ns");
        assert_eq!(batch.numbers, numbers, "{cost} after {after} ns");
        assert_eq!(alone.verdict as u8, wanted.verdict as u8);
        assert_eq!(batch.verdicts, [wanted.verdict as u8]);
    }
}

/// With twice as many keys as fit, those that are needed stay, and a handle that went stale is never
/// another key's.
#[test]
fn memory_is_bounded_and_stale_handles_are_of_no_key() {
    const KEYS_MAX: u32 = 1_000;
    let mut component = Keyed::new();
    let limiter = component.open(&bucket(), KEYS_MAX);
    let intern = |component: &mut Keyed, name: String, now| {
        let handle = component.intern(limiter, &name, now)?;
        assert!(component.acquire(limiter, handle, 2, now).is_ok());
        Ok(handle)
    };
    let first: Vec<_> = (0..KEYS_MAX)
        .map(|key| intern(&mut component, format!("a{key}"), NOW_NS).unwrap())
        .collect();
    let full = intern(&mut component, "b".to_owned(), NOW_NS);
    assert!(matches!(full, Err(keyed::KeyedError::Full)));
    let idle = NOW_NS + 2 * SECOND_NS;
    for key in 0..KEYS_MAX {
        intern(&mut component, format!("b{key}"), idle).unwrap();
    }
    for stale in first {
        let unknown = component.acquire(limiter, stale, 1, idle);
        assert!(matches!(unknown, Err(keyed::KeyedError::UnknownHandle)), "{unknown:?}");
        let reset = component.apply(limiter, stale, &Operation::Reset, idle);
        assert!(matches!(reset, Err(keyed::KeyedError::UnknownHandle)), "{reset:?}");
    }
    let again = intern(&mut component, "a0".to_owned(), idle);
    assert!(matches!(again, Err(keyed::KeyedError::Full)), "no key of the second half was reset");
}

/// Handles of a limiter that was closed, and of another one, are of no key.
#[test]
fn handles_do_not_outlive_their_limiter() {
    let mut component = Keyed::new();
    let limiter = component.open(&bucket(), 10);
    let other = component.open(&bucket(), 10);
    let handle = component.intern(limiter, "alice", NOW_NS).unwrap();
    component.intern(other, "alice", NOW_NS).unwrap();
    let unknown = component.acquire(other, handle, 1, NOW_NS);
    assert!(matches!(unknown, Err(keyed::KeyedError::UnknownHandle)));
    let (keyed, store) = component.keyed();
    keyed.call_close(store, limiter).unwrap();
    let closed = component.acquire(limiter, handle, 1, NOW_NS);
    assert!(matches!(closed, Err(keyed::KeyedError::UnknownLimiter)));
    assert_eq!(component.open(&bucket(), 10), limiter, "the id is given out again");
    component.intern(limiter, "bob", NOW_NS).unwrap();
    let unknown = component.acquire(limiter, handle, 1, NOW_NS);
    assert!(matches!(unknown, Err(keyed::KeyedError::UnknownHandle)));
}

/// Numbers and texts that nobody should pass are errors, and nothing is charged.
#[test]
fn bad_arguments_are_errors_and_never_traps() {
    let mut component = Keyed::new();
    let limiter = component.open(&bucket(), 2);
    let key = component.intern(limiter, "alice", NOW_NS).unwrap();
    for number in [0, 1, key + 1, key ^ 1 << 63, u64::MAX] {
        let unknown = component.acquire(limiter, number, 1, NOW_NS);
        assert!(matches!(unknown, Err(keyed::KeyedError::UnknownHandle)), "{number}");
        let batch = component.acquire_batch(limiter, &[key, number], &[1, 1], NOW_NS);
        assert!(matches!(batch, Err(keyed::KeyedError::UnknownHandle)), "{number}");
    }
    for limiter in [limiter + 1, 255, u32::MAX] {
        let unknown = component.acquire(limiter, key, 1, NOW_NS);
        assert!(matches!(unknown, Err(keyed::KeyedError::UnknownLimiter)));
    }
    for name in ["", &"x".repeat(513)] {
        let error = component.intern(limiter, name, NOW_NS);
        assert!(matches!(error, Err(keyed::KeyedError::Key)), "{} bytes", name.len());
    }
    for costs in [&[][..], &[1], &[1, 1, 1], &[1, u64::MAX]] {
        let error = component.acquire_batch(limiter, &[key, key], costs, NOW_NS);
        let refused = keyed::KeyedError::Refused(wit::DecideError::Costs);
        assert_eq!(format!("{:?}", error.unwrap_err()), format!("{refused:?}"), "{costs:?}");
    }
    let all = component.acquire(limiter, key, 2, NOW_NS).unwrap();
    assert_eq!(all.verdict, wit::Verdict::Allowed, "nothing was charged before");
}

/// Limiters are bounded in size and number, and keep the policy that they were opened with.
#[test]
fn limiters_are_bounded_and_keep_their_policy() {
    let mut component = Keyed::new();
    let policy = component.open_policy(&bucket());
    let (keyed, store) = component.keyed();
    for keys_max in [0, 1_048_577, u32::MAX] {
        let error = keyed.call_open(&mut *store, policy, keys_max, 0).unwrap();
        assert!(matches!(error, Err(keyed::OpenError::KeysMax)), "{keys_max}");
    }
    let error = keyed.call_open(&mut *store, policy + 1, 1, 0).unwrap();
    assert!(matches!(error, Err(keyed::OpenError::UnknownPolicy)));
    for id in 0..256 {
        assert_eq!(keyed.call_open(&mut *store, policy, 1_048_576, 0).unwrap().unwrap(), id);
    }
    let error = keyed.call_open(store, policy, 1, 0).unwrap();
    assert!(matches!(error, Err(keyed::OpenError::TooManyLimiters)));
    component.close_policy(policy);
    let key = component.intern(255, "alice", NOW_NS).unwrap();
    assert!(component.acquire(255, key, 2, NOW_NS).is_ok());
    let denied = component.acquire(255, key, 1, NOW_NS).unwrap();
    assert_eq!(denied.retry_after, SECOND_NS);
}
