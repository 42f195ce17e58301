//! `wasi:keyvalue/batch`.

use crate::store::default;
use crate::text;
use crate::wit::wasi::keyvalue::batch::{delete_many, get_many, set_many};

pub(crate) fn scenario() -> String {
    let store = default();
    let keys = ["b", "absent", "a"].map(str::to_owned);
    let get = || {
        get_many(&store, &keys).map(|found| {
            let told = found.into_iter().map(|(key, value)| (key, text(value)));
            told.collect::<Vec<_>>()
        })
    };
    let pairs = [("a", "one"), ("b", "two")].map(|(k, v)| (k.to_owned(), v.as_bytes().to_vec()));
    let mut told = String::new();
    told += &format!("set: {:?}\n", set_many(&store, &pairs));
    told += &format!("get: {:?}\n", get());
    told += &format!("delete: {:?}\n", delete_many(&store, &keys));
    told += &format!("get deleted: {:?}\n", get());
    told
}

/// One key more than a batch may have, and more bytes than a batch may answer.
pub(crate) fn too_long() -> String {
    let store = default();
    let keys: Vec<String> = (0..1_001).map(|key| key.to_string()).collect();
    store.set("big", &vec![0; 1 << 20]).expect("it fits");
    let big = vec!["big".to_owned(); 5];
    format!(
        "get 1001: {}\ndelete 1001: {}\n4 MiB: {}\n5 MiB: {}\n",
        get_many(&store, &keys).is_ok(),
        delete_many(&store, &keys).is_ok(),
        get_many(&store, &big[..4]).is_ok(),
        get_many(&store, &big).is_ok(),
    )
}
