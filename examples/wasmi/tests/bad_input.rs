//! What a host may be given: other files, other versions, too little memory, too little time.

use tollgate_example_wasmi::{Bounds, Error, LimitFields, Limiter, OperationFields};

use crate::{limiter, module, requests};

fn refused(wasm: &[u8]) -> String {
    Limiter::new(wasm, Bounds::default()).unwrap_err().to_string()
}

/// `(module (memory (export "memory") 1) (func (export "tollgate_abi_version") (result i32) i32.const 2))`
fn of_version_two() -> Vec<u8> {
    let export = |name: &str, kind: u8| [&[name.len() as u8], name.as_bytes(), &[kind, 0]].concat();
    let exports = [vec![2], export("memory", 2), export("tollgate_abi_version", 0)].concat();
    let section = |id: u8, content: &[u8]| [&[id, content.len() as u8], content].concat();
    [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, &[1, 0x60, 0, 1, 0x7f]),
        section(3, &[1, 0]),
        section(5, &[1, 0, 1]),
        section(7, &exports),
        section(10, &[1, 4, 0, 0x41, 2, 0x0b]),
    ]
    .concat()
}

/// What is no module, not tollgate's, or of another version is told apart, with what to do.
#[test]
fn other_files_are_refused() {
    assert!(refused(b"hello").contains("no WebAssembly module"), "{}", refused(b"hello"));
    let empty = refused(b"\0asm\x01\0\0\0");
    assert!(empty.contains("not tollgate's; `cargo xtask wasm`"), "{empty}");
    let newer = refused(&of_version_two());
    assert!(newer.contains("version 2, and version 1 is wanted"), "{newer}");
}

/// Memory that ends is an error, when the module starts and later.
#[test]
fn too_little_memory_is_an_error() {
    let bounded =
        |memory_bytes| Limiter::new(&module(), Bounds { memory_bytes, ..Bounds::default() });
    assert!(matches!(bounded(1 << 16), Err(Error::OutOfMemory)));
    let mut limiter = bounded(2 << 20).unwrap();
    let opened = (0..1_024).try_for_each(|_| {
        let named = |number| LimitFields { name: format!("limit-{number}"), ..requests() };
        limiter.open(&(0..16).map(named).collect::<Vec<_>>()).map(drop)
    });
    let error = opened.unwrap_err();
    assert!(matches!(error, Error::OutOfMemory), "{error:?}");
}

/// A call that takes too long is ended.
#[test]
fn too_little_time_is_an_error() {
    let bounds = Bounds { fuel: 200, ..Bounds::default() };
    let mut limiter = Limiter::new(&module(), bounds).unwrap();
    let error = limiter.open(&[requests()]).unwrap_err();
    assert!(matches!(error, Error::DeadlineExceeded), "{error:?}");
}

/// What the module refuses has the number that stands in docs/module.md, and the instance lives on.
#[test]
fn bad_arguments_are_refused() {
    let mut limiter = limiter();
    let unnamed = LimitFields::default();
    let long = LimitFields { name: "x".repeat(300), ..requests() };
    for (limit, wanted) in
        [(unnamed, -34), (long, -34), (LimitFields { flags: 4, ..requests() }, -43)]
    {
        let error = limiter.open(&[requests(), limit]).unwrap_err();
        assert!(
            matches!(error, Error::Refused { code, limit: Some(1) } if code == wanted),
            "{error}"
        );
    }
    let error = limiter.open(&vec![requests(); 17]).unwrap_err();
    assert!(matches!(error, Error::Refused { code: -14, .. }), "{error}");
    let policy = limiter.open(&[requests()]).unwrap();
    let one = OperationFields::acquire(&[1]);
    for (id, record, wanted) in
        [(policy + 1, vec![], -1), (policy, vec![9], -2), (policy, vec![1; 1 << 20], -3)]
    {
        let error = limiter.apply(id, &record, &one, 5).unwrap_err();
        assert!(matches!(error, Error::Refused { code, .. } if code == wanted), "{error}");
    }
    assert_eq!(limiter.apply(policy, &[], &one, 5).unwrap().verdict, 0);
}
