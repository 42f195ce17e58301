//! Values in the memory of this process.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tollgate_store::{Page, Swap};

use crate::contract::{
    Exchange, Increment, KeyValue, KeyValueError, New, PAGE_KEYS_MAX, check_exchanges, check_key,
    check_value,
};
use crate::number;

/// Values in a sorted map: exact, shared by all threads, gone with the process.
///
/// Nothing is evicted: it grows with the number of keys until they are deleted.
#[derive(Debug, Default)]
pub struct Memory {
    values: Mutex<Values>,
}

/// Values are shared so that only pointers are copied under the lock.
type Values = BTreeMap<String, Arc<[u8]>>;

impl Memory {
    /// Nothing panics while it holds the lock, and a map is never half changed.
    fn lock(&self) -> MutexGuard<'_, Values> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes `value` without copying a key that exists already.
fn put(values: &mut Values, key: &str, value: Arc<[u8]>) {
    match values.get_mut(key) {
        Some(there) => *there = value,
        None => {
            values.insert(key.to_owned(), value);
        }
    }
}

fn replace(values: &mut Values, key: &str, new: &New) {
    match new.value() {
        Some(value) => put(values, key, Arc::from(value)),
        None => {
            values.remove(key);
        }
    }
}

#[async_trait]
impl KeyValue for Memory {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KeyValueError> {
        check_key(key)?;
        let value = self.lock().get(key).cloned();
        Ok(value.map(|value| value.to_vec()))
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), KeyValueError> {
        check_key(key)?;
        check_value(&value)?;
        let value = Arc::from(value);
        put(&mut self.lock(), key, value);
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), KeyValueError> {
        check_key(key)?;
        self.lock().remove(key);
        Ok(())
    }

    async fn list(&self, cursor: Option<&str>) -> Result<Page, KeyValueError> {
        let start = cursor.map_or(Bound::Unbounded, Bound::Excluded);
        let values = self.lock();
        let mut after = values.range::<str, _>((start, Bound::Unbounded));
        let keys: Vec<String> =
            after.by_ref().take(PAGE_KEYS_MAX).map(|(key, _)| key.clone()).collect();
        let cursor = after.next().and_then(|_| keys.last().cloned());
        Ok(Page { keys, cursor })
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<Increment, KeyValueError> {
        check_key(key)?;
        let mut values = self.lock();
        let Some(sum) = number::add(values.get(key).map(AsRef::as_ref), delta) else {
            return Ok(Increment::NotANumber);
        };
        put(&mut values, key, Arc::from(sum.to_le_bytes()));
        Ok(Increment::Sum(sum))
    }

    async fn exchange(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: New,
    ) -> Result<Swap, KeyValueError> {
        check_key(key)?;
        new.check()?;
        let mut values = self.lock();
        let there = values.get_mut(key);
        if there.as_ref().map(|value| value.as_ref()) != expected {
            return Ok(Swap::Conflict);
        }
        match (there, new) {
            // The most frequent case looks up its key once.
            (Some(there), New::Value(value) | New::Expiring(value, _)) => *there = Arc::from(value),
            (_, new) => replace(&mut values, key, &new),
        }
        Ok(Swap::Done)
    }

    async fn exchange_all(&self, exchanges: &[Exchange]) -> Result<Option<Swap>, KeyValueError> {
        check_exchanges(exchanges)?;
        let mut values = self.lock();
        let unchanged =
            |it: &Exchange| values.get(&it.key).map(AsRef::as_ref) == it.expected.as_deref();
        if !exchanges.iter().all(unchanged) {
            return Ok(Some(Swap::Conflict));
        }
        for Exchange { key, new, .. } in exchanges {
            replace(&mut values, key, new);
        }
        Ok(Some(Swap::Done))
    }

    /// Nothing to do: memory is never durable.
    async fn flush(&self) -> Result<(), KeyValueError> {
        Ok(())
    }
}
