//! `wasi:keyvalue/atomics`.

use crate::store::default;
use crate::text;
use crate::wit::wasi::keyvalue::atomics::{self, Cas, CasError};

/// A swap told in one word, and the handle to try again with.
fn swap(cas: Cas, value: &str) -> (&'static str, Option<Cas>) {
    match atomics::swap(cas, value.as_bytes()) {
        Ok(()) => ("done", None),
        Err(CasError::CasFailed(retry)) => ("conflict", Some(retry)),
        Err(CasError::StoreError(_)) => ("error", None),
    }
}

pub(crate) fn cas() -> String {
    let store = default();
    let new = || Cas::new(&store, "c").expect("a handle");
    let current = |cas: &Cas| cas.current().map(text);
    let mut told = String::new();

    let (first, second) = (new(), new());
    told += &format!("both see: {:?} {:?}\n", current(&first), current(&second));
    told += &format!("first creates: {}\n", swap(first, "first").0);
    let (outcome, retry) = swap(second, "second");
    told += &format!("second creates: {outcome}\n");
    let retry = retry.expect("a conflict gives a handle");
    told += &format!("the new handle sees: {:?}\n", current(&retry));
    told += &format!("it swaps: {}\n", swap(retry, "second").0);

    let (stale, deleted) = (new(), new());
    store.set("c", b"third").expect("set");
    told += &format!("current looks again: {:?} ", current(&stale));
    told += &format!("{:?}\n", current(&stale));
    told += &format!("so it swaps: {}\n", swap(stale, "fourth").0);
    store.delete("c").expect("delete");
    let (outcome, retry) = swap(deleted, "fifth");
    told += &format!("after a delete: {outcome}\n");
    told += &format!("and sees: {:?}\n", retry.map(|cas| current(&cas)));
    told
}

/// Two who both saw "absent" swap, one after the other.
pub(crate) fn creations() -> String {
    let store = default();
    let new = || Cas::new(&store, "n").expect("a handle");
    let (first, second) = (new(), new());
    let mut told = String::new();
    told += &format!("both see: {:?} {:?}\n", first.current(), second.current());
    told += &format!("first: {}\n", swap(first, "first").0);
    told += &format!("second: {}\n", swap(second, "second").0);
    told += &format!("value: {:?}\n", store.get("n").map(text));
    told
}

pub(crate) fn cas_without_current() -> String {
    let store = default();
    let mut told = String::new();
    let (first, second) =
        (Cas::new(&store, "w").expect("a handle"), Cas::new(&store, "w").expect("a handle"));
    told += &format!("first: {}\n", swap(first, "first").0);
    told += &format!("second: {}\n", swap(second, "second").0);
    told += &format!("value: {:?}\n", store.get("w").map(text));
    told
}

/// Uses far more handles than may be open at a time, one after the other, then as many as may be.
pub(crate) fn handles() -> String {
    let store = default();
    for turn in 0..3_000 {
        let cas = Cas::new(&store, "h").expect("consumed handles are free again");
        let value = (turn % 7).to_string();
        // Every second turn loses, and gets a handle that is dropped.
        if turn % 2 == 0 {
            store.set("h", format!("other {turn}").as_bytes()).expect("set");
        }
        let (outcome, _retry) = swap(cas, &value);
        assert_eq!(outcome, if turn % 2 == 0 { "conflict" } else { "done" });
    }
    let mut open = Vec::new();
    let error = loop {
        match Cas::new(&store, "h") {
            Ok(cas) => open.push(cas),
            Err(error) => break error,
        }
    };
    format!("{} open, then {error:?}\n", open.len())
}

pub(crate) fn increment() -> String {
    let store = default();
    let add = |key: &str, delta| atomics::increment(&store, key, delta);
    let mut told = String::new();
    told += &format!("absent: {:?}\n", add("i", 5));
    told += &format!("again: {:?}\n", add("i", -7));
    store.set("i", b"not a number").expect("set");
    told += &format!("text: {}\n", add("i", 1).is_ok());
    told += &format!("text is kept: {:?}\n", store.get("i").map(text));
    store.set("i", &i64::MAX.to_le_bytes()).expect("set");
    told += &format!("overflow: {}\n", add("i", 1).is_ok());
    told += &format!("next: {:?}\n", add("i", -1).map(|sum| sum == i64::MAX - 1));
    told
}

/// Adds one to the decimal number under `key`, by compare-and-swap, and tells how many swaps lost.
pub(crate) fn count(key: &str) -> String {
    let store = default();
    let mut lost = 0;
    let mut cas = Cas::new(&store, key).expect("a handle");
    loop {
        let seen = text(cas.current().expect("it reads"))
            .map_or(0, |text| text.parse::<u64>().expect("a number was written"));
        match swap(cas, &(seen + 1).to_string()) {
            ("done", _) => return format!("{lost}\n"),
            (_, Some(retry)) => cas = retry,
            (outcome, None) => return format!("{outcome}\n"),
        }
        lost += 1;
    }
}
