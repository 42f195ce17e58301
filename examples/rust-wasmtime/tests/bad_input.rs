//! What a host may be given: other files, other versions, too little memory, too little time.

use tollgate_core::{Limit, Span};
use tollgate_example_rust_wasmtime::{Bounds, Error, LimiterComponent};

use crate::{bytes, component, to_wit, wit};

fn requests() -> wit::Limit {
    to_wit::limit(&Limit::token_bucket("requests", 10, 10, Span::from_secs(1)).unwrap())
}

fn charge(costs: &[u64]) -> wit::Operation {
    let costs = costs.to_vec();
    wit::Operation::Acquire(wit::Acquire { costs, share_permille: 1_000, hold: None, once: None })
}

/// What is no component, and one that has no such interface, is told apart.
#[test]
fn other_files_are_refused() {
    for wasm in [b"hello".to_vec(), bytes("module.wasm")] {
        let error = LimiterComponent::new(&wasm).err().unwrap();
        assert!(matches!(error, Error::NoComponent(_)), "{error:?}");
        assert!(error.to_string().contains("`cargo xtask wasm` makes limiter.wasm"), "{error}");
    }
    let empty = b"\0asm\x0d\0\x01\0".to_vec();
    // The same component, of a version that is not there yet. As long as the one that is.
    let (old, new) = (b"limiter@0.1.0", b"limiter@0.9.0");
    let newer = replaced(&bytes("limiter.wasm"), old, new);
    for wasm in [empty, newer] {
        let error = LimiterComponent::new(&wasm).err().unwrap();
        assert!(matches!(error, Error::OtherVersion(_)), "{error:?}");
        assert!(error.to_string().contains("limiter.wasm of the same release"), "{error}");
    }
}

fn replaced<const N: usize>(wasm: &[u8], old: &[u8; N], new: &[u8; N]) -> Vec<u8> {
    let mut wasm = wasm.to_vec();
    let starts: Vec<_> = (0..wasm.len()).filter(|at| wasm[*at..].starts_with(old)).collect();
    assert!(!starts.is_empty());
    for start in starts {
        wasm[start..start + N].copy_from_slice(new);
    }
    wasm
}

/// Memory that ends is an error, when the component starts and later.
#[test]
fn too_little_memory_is_an_error() {
    let component = component();
    let start = |memory_bytes| component.start(Bounds { memory_bytes, ..Bounds::default() });
    assert!(matches!(start(1 << 16), Err(Error::OutOfMemory(_))));
    let mut limiter = start(1_200_000).unwrap();
    let limits: Vec<_> =
        (0..16).map(|n| wit::Limit { name: format!("limit-{n}"), ..requests() }).collect();
    let error = (0..1_024).try_for_each(|_| limiter.open(&limits).map(drop)).unwrap_err();
    assert!(matches!(error, Error::OutOfMemory(_)), "{error:?}");
    assert!(error.to_string().contains("raise `memory_bytes`"), "{error}");
}

/// A call whose deadline has passed is ended.
#[test]
fn too_little_time_is_an_error() {
    let bounds = Bounds { deadline_ticks: 0, ..Bounds::default() };
    let started = component().start(bounds);
    let error = started.and_then(|mut limiter| limiter.open(&[requests()]).map(drop)).unwrap_err();
    assert!(matches!(error, Error::DeadlineExceeded(_)), "{error:?}");
    assert!(error.to_string().contains("raise `deadline_ticks`"), "{error}");
}

/// A tick ends no call that has its time, and what is refused leaves the instance alive.
#[test]
fn what_is_refused_says_why() {
    let component = component();
    let mut limiter = component.start(Bounds::default()).unwrap();
    let unnamed = wit::Limit { name: String::new(), ..requests() };
    assert!(matches!(limiter.open(&[unnamed]), Err(Error::Policy(_))));
    let policy = limiter.open(&[requests()]).unwrap();
    component.tick();
    for (record, costs) in [(None, [1, 1].as_slice()), (Some([9].as_slice()), &[1])] {
        let error = limiter.apply(policy, record, &charge(costs), 5).unwrap_err();
        assert!(matches!(error, Error::Decide(_)), "{error:?}");
    }
    component.tick();
    let decision = limiter.apply(policy, None, &charge(&[1]), 5).unwrap();
    assert_eq!(decision.verdict, wit::Verdict::Allowed);
}
