//! A store that fails, hangs, lies or calls back: each gets a typed error, and nobody is let
//! in twice.

use tollgate_core::{Acquire, Effect, Hold, Id, Operation, Span, Verdict};
use wasmtime::component::{Component, Instance, Linker};
use wasmtime::{Store, StoreContextMut};

use crate::stored::bucket;
use crate::stored_limiter::wit_stored::StoredError;
use crate::stored_limiter::{Fault, StoreError, Stored, StoredLimiter, Swapped, engine, wit};
use crate::wasm;

const SECOND_NS: u64 = 1_000_000_000;
const NOW_NS: u64 = 1_800_000_000 * SECOND_NS;
const ID: Id = Id::from_u128(1);

fn one() -> Acquire {
    bucket().costs_in_order(&[1]).unwrap().into()
}

/// What `operation` comes to on a store with this fault.
fn error(component: &mut Stored, fault: Fault, operation: &Operation) -> String {
    let policy = component.open_policy(&bucket());
    component.store.data_mut().fault = fault;
    format!("{:?}", component.apply(policy, "alice", operation, NOW_NS).unwrap_err())
}

/// What the store says is told, and whether it was charged.
#[test]
fn a_store_that_fails_or_hangs() {
    let mut component = Stored::new();
    for why in [StoreError::Unavailable, StoreError::TimedOut] {
        let load = error(&mut component, Fault::Load(why), &one().into());
        assert_eq!(load, format!("{:?}", StoredError::Load(why)));
        let swap = error(&mut component, Fault::Swap(why, false), &one().into());
        assert_eq!(swap, format!("{:?}", StoredError::Swap(why)));
    }
    assert!(component.store.data().records.is_empty());
}

/// Who asks again under the same id after a swap whose end is unknown is charged once.
#[test]
fn an_unknown_end_is_asked_about_again() {
    for operation in [one().once(ID), one().held(Hold::new(ID, Span::from_secs(60)).unwrap())] {
        for written in [false, true] {
            let (mut component, operation) = (Stored::new(), operation.clone().into());
            error(&mut component, Fault::Swap(StoreError::TimedOut, written), &operation);
            component.store.data_mut().fault = Fault::None;
            let policy = component.open_policy(&bucket());
            let again = component.apply(policy, "alice", &operation, NOW_NS).unwrap();
            assert_eq!(again.verdict, Verdict::Allowed);
            assert_eq!(again.effect == Effect::Repeated, written);
            assert_eq!(again.limits[0].remaining, 1);
        }
    }
}

/// Conflicts end: ten for what is asked for, 32 for what ends a hold, each wait one longer.
#[test]
fn a_store_that_never_swaps() {
    let held = Hold::new(ID, Span::from_secs(60)).unwrap();
    let settle = Operation::Settle { hold: ID, costs: None };
    for (operation, attempts) in [(one().into(), 10), (settle, 32)] {
        let (mut component, policy) = (Stored::new(), bucket());
        let id = component.open_policy(&policy);
        component.apply(id, "alice", &one().held(held).into(), NOW_NS).unwrap();
        component.store.data_mut().swaps = 0;
        let before = component.store.data().records.clone();
        let busy = error(&mut component, Fault::Conflicts(u32::MAX), &operation);
        assert_eq!(busy, format!("{:?}", StoredError::Busy));
        let store = component.store.data();
        assert_eq!((store.swaps, &store.records), (attempts, &before));
        assert_eq!(store.waits, (1..attempts).collect::<Vec<_>>());
    }
}

/// By the clock that waits tell, no attempt is made after two seconds; a clock that goes back does not
/// make it more than ten.
#[test]
fn a_store_that_is_slow() {
    let mut component = Stored::new();
    component.store.data_mut().wait_ns = SECOND_NS + 1;
    let slow = error(&mut component, Fault::Conflicts(u32::MAX), &one().into());
    assert_eq!(slow, format!("{:?}", StoredError::TimedOut));
    assert_eq!(component.store.data().swaps, 2);
    component.store.data_mut().wait_ns = 0;
    component.store.data_mut().swaps = 0;
    let busy = error(&mut component, Fault::Conflicts(u32::MAX), &one().into());
    assert_eq!(busy, format!("{:?}", StoredError::Busy));
    assert_eq!(component.store.data().swaps, 10);
}

/// After a conflict it decides on what is there then, at the time that it is then.
#[test]
fn time_goes_on_between_attempts() {
    let (mut component, policy) = (Stored::new(), bucket());
    let id = component.open_policy(&policy);
    let all: Operation = policy.costs_in_order(&[2]).unwrap().into();
    component.apply(id, "alice", &all, NOW_NS).unwrap();
    let store = component.store.data_mut();
    (store.fault, store.wait_ns) = (Fault::Conflicts(1), SECOND_NS / 2);
    let later = NOW_NS + SECOND_NS;
    let passed = component.apply(id, "alice", &one().into(), later).unwrap();
    assert_eq!(passed.verdict, Verdict::Allowed);
    assert_eq!(passed.limits[0].reset_after, Span::from_nanos(3 * SECOND_NS / 2));
}

/// What is no record is never taken for one, and never overwritten.
#[test]
fn a_store_that_lies() {
    let mut component = Stored::new();
    let huge = vec![1; 1 << 20];
    for lie in [&[][..], &[9], &[1, 0], &[1; 23], &huge] {
        component.store.data_mut().records.insert("alice".to_owned(), lie.to_vec());
        let corrupt = error(&mut component, Fault::None, &one().into());
        assert!(corrupt.contains("Refused(DecideError::Corrupt"), "{corrupt}");
        assert_eq!(component.store.data().records["alice"], lie);
    }
    assert_eq!(component.store.data().swaps, 0);
}

/// Keys and numbers that nobody should pass are errors before the store is asked.
#[test]
fn bad_arguments() {
    let mut component = Stored::new();
    let policy = component.open_policy(&bucket());
    for key in ["", &"x".repeat(513)] {
        let error = component.apply(policy, key, &one().into(), NOW_NS);
        assert!(matches!(error, Err(StoredError::Key)), "{} bytes", key.len());
    }
    let unknown = component.apply(policy + 1, "alice", &one().into(), NOW_NS);
    let refused = StoredError::Refused(wit::DecideError::UnknownPolicy);
    assert_eq!(format!("{:?}", unknown.unwrap_err()), format!("{refused:?}"));
    assert_eq!(component.store.data().loads, 0);
}

/// A store that calls back, and puts another policy in the place of the one that is asked for, changes
/// nothing about the decision that is under way.
#[test]
fn a_store_that_calls_back() {
    let engine = engine();
    let mut linker = Linker::new(&engine);
    let mut store = linker.instance("tollgate:limiter/store@0.1.0").unwrap();
    store.func_wrap("load", load_and_call_back).unwrap();
    let swap = |_: StoreContextMut<'_, _>, _: (String, Option<Vec<u8>>, Vec<u8>, u64)| {
        Ok((Ok::<_, StoreError>(Swapped::Done),))
    };
    store.func_wrap("swap", swap).unwrap();
    let bytes = Component::new(&engine, wasm::bytes("stored-limiter.wasm")).unwrap();
    linker.define_unknown_imports_as_traps(&bytes).unwrap();
    let mut store = Store::new(&engine, None);
    let instance = linker.instantiate(&mut store, &bytes).unwrap();
    let component = StoredLimiter::new(&mut store, &instance).unwrap();
    *store.data_mut() = Some(instance);
    let slots = wit::Limit {
        name: "slots".to_owned(),
        algorithm: wit::Algorithm::Concurrency(1),
        shadow: false,
        overrun: wit::Overrun::Debt,
    };
    let limiter = component.tollgate_limiter_limiter();
    let policy = limiter.call_open_policy(&mut store, &[slots]).unwrap().unwrap();
    let stored = component.tollgate_limiter_stored();
    let mut reset = || {
        let reset = wit::Operation::Reset;
        stored.call_apply(&mut store, policy, "alice", &reset, NOW_NS).unwrap().unwrap()
    };
    assert_eq!(reset().limits.len(), 1, "the policy that it began with");
    assert_eq!(reset().limits.len(), 0, "the one that took its place");
}

type LoadAnswer = Result<Option<Vec<u8>>, StoreError>;

/// There is no record. Closes policy 0, and opens one without limits, which gets its id.
fn load_and_call_back(
    mut store: StoreContextMut<'_, Option<Instance>>,
    (_,): (String,),
) -> wasmtime::Result<(LoadAnswer,)> {
    let instance = store.data().unwrap();
    let limiters = "tollgate:limiter/limiter@0.1.0";
    let (_, limiters) = instance.get_export(&mut store, None, limiters).unwrap();
    let mut function = |name| instance.get_export(&mut store, Some(&limiters), name).unwrap().1;
    let (close, open) = (function("close-policy"), function("open-policy"));
    let close = instance.get_typed_func::<(u32,), ()>(&mut store, close)?;
    close.call(&mut store, (0,))?;
    type Opened = (Result<u32, wit::OpenError>,);
    let open = instance.get_typed_func::<(Vec<wit::Limit>,), Opened>(&mut store, open)?;
    assert_eq!(open.call(&mut store, (Vec::new(),))?.0.unwrap(), 0);
    Ok((Ok(None),))
}
