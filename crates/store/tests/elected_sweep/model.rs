//! A model of Spin's SQLite store.

use std::cell::{Cell, RefCell, RefMut};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::task::Poll;

use tollgate_store::{Atomics, ListedAtomics, Page, StoreError, Swap};

/// `swap` compares by value, and on a key that was absent it writes whatever happened since. Somebody
/// else may come before each operation.
#[derive(Default)]
pub(crate) struct SpinSqlite {
    pub(crate) values: RefCell<BTreeMap<String, Vec<u8>>>,
    /// Nobody comes in between.
    pub(crate) alone: Cell<bool>,
}

impl SpinSqlite {
    /// The values, when it is this operation's turn.
    async fn values(&self) -> RefMut<'_, BTreeMap<String, Vec<u8>>> {
        let mut waited = self.alone.get();
        poll_fn(|_| match std::mem::replace(&mut waited, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
        self.values.borrow_mut()
    }
}

impl Atomics for &SpinSqlite {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.values().await.get(key).cloned())
    }

    async fn swap(&self, key: &str, seen: Option<&[u8]>, value: &[u8]) -> Result<Swap, StoreError> {
        let mut values = self.values().await;
        if seen.is_some() && values.get(key).map(Vec::as_slice) != seen {
            return Ok(Swap::Conflict);
        }
        values.insert(key.to_owned(), value.to_vec());
        Ok(Swap::Done)
    }

    async fn create_twice(&self, key: &str) -> Result<[Swap; 2], StoreError> {
        Ok([self.swap(key, None, b"1").await?, self.swap(key, None, b"2").await?])
    }

    async fn increment(&self, key: &str) -> Result<i64, StoreError> {
        let mut values = self.values().await;
        let sum = values.get(key).map_or(0, |v| i64::from_le_bytes(v[..].try_into().unwrap())) + 1;
        values.insert(key.to_owned(), sum.to_le_bytes().to_vec());
        Ok(sum)
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.values().await.insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.values().await.remove(key);
        Ok(())
    }
}

impl ListedAtomics for &SpinSqlite {
    async fn list(&self, cursor: Option<&str>) -> Result<Page, StoreError> {
        assert_eq!(cursor, None, "it lists everything at once");
        Ok(Page { keys: self.values().await.keys().cloned().collect(), cursor: None })
    }
}
