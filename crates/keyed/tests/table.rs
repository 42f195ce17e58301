//! The table decides as records that are never forgotten would, and its handles name one key each.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::HashMap;

use proptest::collection::vec;
use proptest::prelude::*;
use tollgate_core::{
    Acquire, Effect, Hold, Id, KEY_BYTES_MAX, Limit, Operation, Policy, Record, Span, Timestamp,
};
use tollgate_keyed::{Handle, KEYS_MAX, Serials, Table, TableError};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
const SECOND: Span = Span::from_secs(1);

/// Two at once, and one more per second.
fn bucket() -> Limit {
    Limit::token_bucket("units", 2, 1, SECOND).unwrap()
}

fn table(limits: impl IntoIterator<Item = Limit>, keys_max: usize) -> Table {
    Table::new(Policy::new(limits).unwrap(), keys_max, 7).unwrap()
}

fn acquire(policy: &Policy, costs: &[u64]) -> Acquire {
    policy.costs_in_order(costs).unwrap().into()
}

/// One operation on one of 16 keys, so many milliseconds after the one before.
#[derive(Debug, Clone)]
struct Asked {
    key: u8,
    kind: u8,
    cost: u64,
    after_ms: u64,
}

fn asked() -> impl Strategy<Value = Asked> {
    (0..16_u8, 0..8_u8, 0..4_u64, 0..700_u64).prop_map(|(key, kind, cost, after_ms)| Asked {
        key,
        kind,
        cost,
        after_ms,
    })
}

impl Asked {
    fn operation(&self, policy: &Policy) -> Operation {
        let (id, ttl) = (Id::from_u128(self.cost.into()), Span::from_millis(1_500));
        match self.kind {
            0 => acquire(policy, &[self.cost]).held(Hold::new(id, ttl).unwrap()).into(),
            1 => Operation::Settle { hold: id, costs: None },
            2 => Operation::Release { hold: id },
            3 => Operation::Block(SECOND),
            4 => Operation::Penalise(policy.costs_in_order(&[self.cost]).unwrap()),
            _ => acquire(policy, &[self.cost]).into(),
        }
    }
}

proptest! {
    /// However keys come and go, what is said of each is what is said of one that was never forgotten, and
    /// a key is only refused when as many others are there as fit.
    #[test]
    fn forgetting_leaves_no_trace(history in vec(asked(), 1..200)) {
        let (mut table, mut serials, mut now) = (table([bucket()], 8), Serials::START, NOW);
        let policy = table.policy().clone();
        let mut records: HashMap<u8, Record> = HashMap::new();
        for asked in history {
            now = now.plus(Span::from_millis(asked.after_ms));
            let needed = records.iter().filter(|(key, record)| {
                **key != asked.key && record.forget_after(&policy, now) > Span::ZERO
            });
            let needed = needed.count();
            let handle = match table.intern(&asked.key.to_string(), now, &mut serials) {
                Err(error) => {
                    prop_assert_eq!(error, TableError::Full);
                    prop_assert!(needed >= 8);
                    continue;
                }
                Ok(handle) => handle,
            };
            let operation = asked.operation(&policy);
            let said = table.apply(handle, &operation, now, |_, it| {
                (it.verdict(), it.effect(), it.retry_after(), it.limits().collect::<Vec<_>>())
            });
            let record = records.entry(asked.key).or_insert_with(|| Record::new(&policy));
            // A record that may be forgotten decides as a fresh one, so it may stay.
            let it = policy.apply(record, &operation, now);
            let wanted = (it.verdict(), it.effect(), it.retry_after(), it.limits().collect::<Vec<_>>());
            prop_assert_eq!(said.unwrap(), wanted);
            prop_assert!(table.keys() <= 8);
        }
    }

    /// A batch answers as its requests one by one.
    #[test]
    fn a_batch_is_its_requests(asked in vec((0..4_u64, 0..4_u64), 0..40)) {
        let (mut table, mut serials) = (table([bucket()], 8), Serials::START);
        let mut handle = |key: u64| table.intern(&key.to_string(), NOW, &mut serials).unwrap();
        let together: Vec<_> = asked.iter().map(|(key, _)| handle(*key).as_u64()).collect();
        let alone: Vec<_> = asked.iter().map(|(key, _)| handle(*key + 4)).collect();
        let costs: Vec<_> = asked.iter().map(|(_, cost)| *cost).collect();
        let mut said = Vec::new();
        table.acquire_batch(&together, &costs, NOW, |it| said.push(it)).unwrap();
        let requests = alone.iter().zip(&costs);
        let wanted = requests.map(|(key, cost)| table.acquire(*key, *cost, NOW).unwrap());
        prop_assert_eq!(said, wanted.collect::<Vec<_>>());
    }
}

/// Twice as many keys as fit: the second half waits until the first is idle, and then takes its place.
#[test]
fn twice_as_many_keys_as_fit() {
    let (mut table, mut serials) = (table([bucket()], 100), Serials::START);
    let first: Vec<_> = (0..100)
        .map(|key| {
            let handle = table.intern(&format!("a{key}"), NOW, &mut serials).unwrap();
            assert!(table.acquire(handle, 1, NOW).is_ok());
            handle
        })
        .collect();
    assert_eq!(table.intern("b", NOW, &mut serials), Err(TableError::Full));
    let idle = NOW.plus(SECOND);
    for (key, stale) in first.into_iter().enumerate() {
        let handle = table.intern(&format!("b{key}"), idle, &mut serials).unwrap();
        assert!(table.acquire(handle, 2, idle).is_ok());
        assert_eq!(table.keys(), 100);
        assert_ne!(handle, stale);
    }
}

/// A stale handle is known to nobody, though another key lives where its key was.
#[test]
fn a_stale_handle_names_no_key() {
    let (mut table, mut serials) = (table([bucket()], 1), Serials::START);
    let alice = table.intern("alice", NOW, &mut serials).unwrap();
    let bob = table.intern("bob", NOW, &mut serials).unwrap();
    let peek = table.policy().no_costs().into();
    for _ in 0..3 {
        assert_eq!(table.acquire(alice, 1, NOW), Err(TableError::UnknownHandle));
        assert_eq!(table.apply(alice, &peek, NOW, |_, _| ()), Err(TableError::UnknownHandle));
        let batch = [bob.as_u64(), alice.as_u64()];
        let error = table.acquire_batch(&batch, &[1, 1], NOW, |_| panic!("nothing is decided"));
        assert_eq!(error, Err(TableError::UnknownHandle));
    }
    let remaining = table.apply(bob, &peek, NOW, |_, it| it.limits().next().unwrap().remaining);
    assert_eq!(remaining, Ok(2), "nothing was charged to bob");
}

/// Tables that share their serials never take each other's handles, nor any number for one.
#[test]
fn handles_of_others_are_unknown() {
    let mut serials = Serials::START;
    let (mut ours, mut theirs) = (table([bucket()], 4), table([bucket()], 4));
    let handle = ours.intern("alice", NOW, &mut serials).unwrap();
    theirs.intern("alice", NOW, &mut serials).unwrap();
    assert_eq!(theirs.acquire(handle, 1, NOW), Err(TableError::UnknownHandle));
    for number in [0, 1, handle.as_u64() + 1, handle.as_u64() ^ 1 << 63, u64::MAX] {
        let unknown = ours.acquire(Handle::from_u64(number), 1, NOW);
        assert_eq!(unknown, Err(TableError::UnknownHandle), "{number}");
    }
}

/// What is held, owed or blocked keeps its key however much others want its place.
#[test]
fn what_is_needed_is_kept() {
    let hold = Hold::new(Id::from_u128(1), SECOND).unwrap();
    let slots = Policy::new([Limit::concurrency("slots", 1).unwrap()]).unwrap();
    let held = Operation::from(acquire(&slots, &[1]).held(hold));
    let rate = Policy::new([bucket()]).unwrap();
    let debt = Operation::Penalise(rate.costs_in_order(&[4]).unwrap());
    let long = Span::from_secs(4);
    for (policy, operation, needed_for) in
        [(slots, held, SECOND), (rate.clone(), debt, long), (rate, Operation::Block(long), long)]
    {
        let (mut table, mut serials) = (Table::new(policy, 1, 7).unwrap(), Serials::START);
        let key = table.intern("key", NOW, &mut serials).unwrap();
        let effect = table.apply(key, &operation, NOW, |_, it| it.effect()).unwrap();
        assert_ne!(effect, Effect::None);
        let just_before = NOW.plus(Span::from_nanos(needed_for.as_nanos() - 1));
        assert_eq!(table.intern("other", just_before, &mut serials), Err(TableError::Full));
        assert!(table.intern("other", NOW.plus(needed_for), &mut serials).is_ok());
    }
}

/// Numbers and texts out of their ranges are errors that say so.
#[test]
fn bad_arguments_are_errors() {
    let policy = Policy::new([bucket(), Limit::gcra("requests", 2, SECOND, 2).unwrap()]).unwrap();
    for keys_max in [0, KEYS_MAX + 1, usize::MAX] {
        let error = Table::new(policy.clone(), keys_max, 7).unwrap_err();
        assert_eq!(error, TableError::KeysMax(keys_max));
    }
    let (mut table, mut serials) = (Table::new(policy, KEYS_MAX, 7).unwrap(), Serials::START);
    for bytes in [0, KEY_BYTES_MAX + 1] {
        let error = table.intern(&"x".repeat(bytes), NOW, &mut serials);
        assert_eq!(error, Err(TableError::Key(bytes)));
    }
    let key = table.intern(&"x".repeat(KEY_BYTES_MAX), NOW, &mut serials).unwrap();
    assert_eq!(table.acquire(key, 1, NOW), Err(TableError::Costs), "there are two limits");
    for costs in [&[1][..], &[1, 1, 1], &[1, 1, 1, u64::MAX]] {
        let error = table.acquire_batch(&[key.as_u64(); 2], costs, NOW, |_| panic!("{costs:?}"));
        assert_eq!(error, Err(TableError::Costs));
    }
    let fresh = table.acquire_batch(&[key.as_u64()], &[2, 2], NOW, |it| {
        assert!(it.retry_after == Span::ZERO, "nothing was charged before");
    });
    assert_eq!(fresh, Ok(()));
}
