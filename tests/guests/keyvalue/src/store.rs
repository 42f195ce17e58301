//! `wasi:keyvalue/store`.

use crate::text;
use crate::wit::wasi::keyvalue::store::{Bucket, Error, open};

/// The one store there is.
pub(crate) fn default() -> Bucket {
    open("default").expect("there is a default store")
}

pub(crate) fn scenario() -> String {
    let store = default();
    let mut told = String::new();
    told += &format!("get absent: {:?}\n", store.get("s").map(text));
    told += &format!("exists absent: {:?}\n", store.exists("s"));
    told += &format!("set: {:?}\n", store.set("s", b"one"));
    told += &format!("get: {:?}\n", store.get("s").map(text));
    told += &format!("exists: {:?}\n", store.exists("s"));
    told += &format!("set again: {:?}\n", store.set("s", b"two"));
    told += &format!("get again: {:?}\n", default().get("s").map(text));
    told += &format!("delete: {:?}\n", store.delete("s"));
    told += &format!("delete absent: {:?}\n", store.delete("s"));
    told += &format!("get deleted: {:?}\n", store.get("s").map(text));
    told
}

pub(crate) fn value(key: &str) -> String {
    format!("{:?}\n", default().get(key).map(text))
}

pub(crate) fn labels() -> String {
    let name = |label: &str| open(label).map(|_| "opened");
    format!("{:?}\n{:?}\n{:?}\n", name("default"), name("other"), name(""))
}

/// Lists from a cursor on.
pub(crate) fn cursor() -> String {
    format!("{:?}\n", default().list_keys(Some("a")).map(|page| page.keys))
}

/// Writes as many keys as `count` says, then tells the lengths of the pages that list them.
pub(crate) fn pages(count: &str) -> String {
    let store = default();
    let count: usize = count.parse().expect("a number of keys");
    for key in 0..count {
        store.set(&format!("{key:06}"), b"").expect("it fits");
    }
    let mut told = String::new();
    let mut cursor = None;
    loop {
        let page = store.list_keys(cursor.as_deref()).expect("it lists");
        told += &format!("{} from {:?}\n", page.keys.len(), page.keys.first());
        cursor = page.cursor;
        if cursor.is_none() {
            return told;
        }
    }
}

/// The longest key and value that fit, and one more byte of each.
pub(crate) fn limits() -> String {
    let store = default();
    let short = |result: Result<(), Error>| match result {
        Ok(()) => "fits",
        Err(_) => "is refused",
    };
    format!(
        "key of 256 {}\nkey of 257 {}\nempty key {}\nvalue of 1 MiB {}\nvalue of 1 MiB + 1 {}\n",
        short(store.set(&"k".repeat(256), b"")),
        short(store.set(&"k".repeat(257), b"")),
        short(store.set("", b"")),
        short(store.set("v", &vec![0; 1 << 20])),
        short(store.set("v", &vec![0; (1 << 20) + 1])),
    )
}
