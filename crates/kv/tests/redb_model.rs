//! Whatever is done in whatever order, `Redb` answers like a map, also after it was closed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod disk;

use std::collections::BTreeMap;

use disk::{Disk, contents};
use proptest::prelude::*;
use tollgate_kv::{Durability, Increment, KeyValue, Redb, Swap};

type Model = BTreeMap<String, Vec<u8>>;

#[derive(Debug, Clone)]
enum Operation {
    Get,
    Set(Vec<u8>),
    Delete,
    Increment(i64),
    /// Expects what is there.
    Swap(Vec<u8>),
    /// Expects this, which is hardly ever there.
    StaleSwap(Option<Vec<u8>>, Vec<u8>),
    List,
    Flush,
    Reopen(Durability),
}

fn durability() -> impl Strategy<Value = Durability> {
    prop::sample::select(&Durability::ALL[..])
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..10),
        any::<i64>().prop_map(|number| number.to_le_bytes().to_vec()),
        Just(vec![7; 5_000]),
    ]
}

/// Few keys, so that operations meet.
fn key() -> impl Strategy<Value = String> {
    prop::sample::select(&["a", "a\0", "b", "key", "ß"][..]).prop_map(str::to_owned)
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        3 => Just(Operation::Get),
        3 => value().prop_map(Operation::Set),
        2 => Just(Operation::Delete),
        2 => prop_oneof![-5i64..5, any::<i64>()].prop_map(Operation::Increment),
        3 => value().prop_map(Operation::Swap),
        2 => (prop::option::of(value()), value())
            .prop_map(|(expected, value)| Operation::StaleSwap(expected, value)),
        1 => Just(Operation::List),
        1 => Just(Operation::Flush),
        1 => durability().prop_map(Operation::Reopen),
    ]
}

/// Does the operation on both, and compares the answers.
async fn check(values: &Redb, model: &mut Model, key: &str, operation: Operation) {
    let there = model.get(key).cloned();
    match operation {
        Operation::Get => assert_eq!(values.get(key).await, Ok(there)),
        Operation::Set(value) => {
            values.set(key, value.clone()).await.unwrap();
            model.insert(key.to_owned(), value);
        }
        Operation::Delete => {
            values.delete(key).await.unwrap();
            model.remove(key);
        }
        Operation::Increment(delta) => {
            let number =
                there.map_or(Some(0), |bytes| Some(i64::from_le_bytes(bytes.try_into().ok()?)));
            let sum = number.and_then(|number| number.checked_add(delta));
            let expected = sum.map_or(Increment::NotANumber, Increment::Sum);
            assert_eq!(values.increment(key, delta).await, Ok(expected));
            if let Some(sum) = sum {
                model.insert(key.to_owned(), sum.to_le_bytes().to_vec());
            }
        }
        Operation::Swap(value) => swap(values, model, key, there, value).await,
        Operation::StaleSwap(expected, value) => swap(values, model, key, expected, value).await,
        Operation::List => assert_eq!(&contents(values).await, model),
        Operation::Flush => values.flush().await.unwrap(),
        Operation::Reopen(_) => unreachable!("the caller opens"),
    }
}

async fn swap(
    values: &Redb,
    model: &mut Model,
    key: &str,
    expected: Option<Vec<u8>>,
    value: Vec<u8>,
) {
    let done = model.get(key) == expected.as_ref();
    let outcome = if done { Swap::Done } else { Swap::Conflict };
    assert_eq!(values.swap(key, expected.as_deref(), value.clone()).await, Ok(outcome));
    if done {
        model.insert(key.to_owned(), value);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn it_answers_like_a_map(
        first in durability(),
        operations in prop::collection::vec((key(), operation()), 1..80),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let disk = Disk::default();
            let mut values = disk.open(first);
            let mut model = Model::new();
            for (key, operation) in operations {
                if let Operation::Reopen(durability) = operation {
                    drop(values);
                    values = disk.open(durability);
                } else {
                    check(&values, &mut model, &key, operation).await;
                }
            }
            drop(values);
            prop_assert_eq!(contents(&disk.open(Durability::Immediate)).await, model);
            Ok(())
        })?;
    }
}
