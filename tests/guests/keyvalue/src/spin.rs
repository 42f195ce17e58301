//! `spin:key-value`.

use spin_sdk::key_value::Store;

use crate::text;

pub(crate) async fn scenario() -> String {
    let mut told = String::new();
    told += &format!("other: {:?}\n", Store::open("other").await.map(|_| "opened"));
    let store = Store::open_default().await.expect("there is a default store");
    told += &format!("get absent: {:?}\n", store.get("s").await.map(text));
    told += &format!("set: {:?}\n", store.set("s", b"one").await);
    told += &format!("get: {:?}\n", store.get("s").await.map(text));
    told += &format!("exists: {:?}\n", store.exists("s").await);
    store.set("t", b"two").await.expect("set");
    told += &format!("keys: {:?}\n", store.get_keys().await.collect().await);
    told += &format!("delete: {:?}\n", store.delete("s").await);
    told += &format!("exists deleted: {:?}\n", store.exists("s").await);
    told += &format!("empty key: {}\n", store.set("", b"").await.is_ok());
    told
}

pub(crate) async fn handles() -> String {
    let mut open = Vec::new();
    loop {
        match Store::open_default().await {
            Ok(store) => open.push(store),
            Err(error) => return format!("{} open, then {error:?}\n", open.len()),
        }
    }
}
