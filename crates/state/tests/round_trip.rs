//! Records dumped from one store decide in another as they did in the first.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use proptest::prelude::*;
use tempfile::TempDir;
use tollgate_core::{Acquire, Applied, Hold, Id, Operation, Span, Timestamp};
use tollgate_kv::{
    Durability, KEY_BYTES_MAX, KeyValue, KeyValueStore, Memory, Redb, VALUE_BYTES_MAX,
};
use tollgate_policy::PolicySet;
use tollgate_service::{CoreLimiter, Limiter, LimiterError, record_key};
use tollgate_state::{Decoder, Existing, LINE_BYTES_MAX, Restored, check, dump, restore};
use tollgate_store::{Answer, ManualClock, drive};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

const POLICIES: &str = "
    [policy.api]
    requests = { algorithm = 'gcra', limit = 3, per = '7s', burst = 5 }
    [policy.llm]
    requests = { algorithm = 'sliding-log', limit = 4, per = '1m' }
    tokens = { algorithm = 'fixed-window', limit = 9, per = '1m', default_cost = 1 }
    slots = { algorithm = 'concurrency', slots = 2, default_cost = 1 }
";

fn policies() -> PolicySet {
    PolicySet::parse(POLICIES).unwrap()
}

fn redb() -> (TempDir, Arc<dyn KeyValue>) {
    let directory = tempfile::tempdir().unwrap();
    let values = Redb::open(directory.path().join("values.redb"), Durability::Grouped).unwrap();
    (directory, Arc::new(values))
}

async fn dumped(values: &dyn KeyValue) -> Vec<u8> {
    let mut text = Vec::new();
    let mut seen = 0;
    let decoder = Decoder::new(policies(), NOW);
    let records = dump(values, &decoder, &mut text, |so_far| seen = so_far).await.unwrap();
    assert_eq!(records, seen);
    text
}

/// One request of a random history; `bits` choose its policy, key, costs and operation.
async fn ask(values: &Arc<dyn KeyValue>, bits: u64, now: Timestamp) -> Applied {
    let policies = policies();
    let policy = policies.get(if bits.is_multiple_of(2) { "api" } else { "llm" }).unwrap();
    let long = "k".repeat(500);
    let key = ["alice", "bob/é\n", &long][(bits >> 8) as usize % 3];
    let costs = policy.limits().costs([("requests", (bits >> 16) % 3)]).unwrap();
    let id = Id::from_u128(u128::from(bits >> 24) % 3);
    let operation = match (bits >> 32) % 4 {
        0 | 1 => Acquire { hold: Hold::new(id, Span::from_secs(20)), ..Acquire::new(costs) }.into(),
        2 => Acquire::new(costs).into(),
        _ => Operation::Settle { hold: id, costs: None },
    };
    let apply = |record: Option<&[u8]>, _| {
        let outcome = CoreLimiter.apply(policy.limits(), record, &operation, now)?;
        Ok::<_, LimiterError>(Answer {
            record: outcome.record.clone(),
            outcome,
            forget_after: Span::NEVER,
        })
    };
    let store = KeyValueStore::new(Arc::clone(values));
    let key = record_key(None, policy.name(), key);
    drive(&store, &ManualClock::default(), &key, apply).await.unwrap()
}

async fn same_decisions(from: Arc<dyn KeyValue>, history: &[(u64, u64)], later: &[(u64, u64)]) {
    let mut now = NOW;
    let wait = |now: Timestamp, bits: u64| now.plus(Span::from_millis(bits % 9_000));
    for (waits, bits) in history {
        now = wait(now, *waits);
        ask(&from, *bits, now).await;
    }
    let (_directory, to) = redb();
    let text = dumped(&*from).await;
    restore(&*to, &*text, Existing::Refuse, |_| {}).await.unwrap();
    assert_eq!(dumped(&*to).await, text, "what was restored is dumped as it was");
    for (waits, bits) in later {
        now = wait(now, *waits);
        assert_eq!(ask(&from, *bits, now).await, ask(&to, *bits, now).await);
    }
}

fn history() -> impl Strategy<Value = Vec<(u64, u64)>> {
    proptest::collection::vec(any::<(u64, u64)>(), 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, failure_persistence: None, ..ProptestConfig::default() })]

    /// From memory or a file into another file: the same answers from then on.
    #[test]
    fn a_restored_store_decides_the_same(history in history(), later in history()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(same_decisions(Arc::new(Memory::default()), &history, &later));
        let (_directory, from) = redb();
        runtime.block_on(same_decisions(from, &history, &later));
    }
}

#[tokio::test]
async fn every_value_of_a_store_goes_there_and_back() {
    let from = Memory::default();
    let longest_key = "\u{1}".repeat(KEY_BYTES_MAX);
    let longest = vec![0xff; VALUE_BYTES_MAX];
    // Three pages of keys, and some awkward ones.
    for number in 0..2_500u32 {
        from.set(&format!("k{number:04}"), number.to_le_bytes().to_vec()).await.unwrap();
    }
    for (key, value) in [("\"\\\r\n\u{2028}é", vec![]), (&*longest_key, longest)] {
        from.set(key, value).await.unwrap();
    }
    let text = dumped(&from).await;
    assert!(text.split(|byte| *byte == b'\n').all(|line| line.len() <= LINE_BYTES_MAX));
    assert_eq!(check(&*text).unwrap(), 2_502);
    let to = Memory::default();
    let restored = restore(&to, &*text, Existing::Refuse, |_| {}).await.unwrap();
    assert_eq!(restored, Restored { written: 2_502, unchanged: 0 });
    let mut cursor = None;
    loop {
        let page = from.list(cursor.as_deref()).await.unwrap();
        assert_eq!(to.list(cursor.as_deref()).await.unwrap(), page);
        for key in &page.keys {
            assert_eq!(to.get(key).await, from.get(key).await);
        }
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
}

/// The format is a promise: dumps of today are read for ever, and these bytes don't change.
#[tokio::test]
async fn a_dump_is_these_lines() {
    let values: Arc<dyn KeyValue> = Arc::new(Memory::default());
    ask(&values, 2 << 32 | 2 << 16 | 2 << 8, NOW).await;
    values.set("r/api/corrupt", vec![0]).await.unwrap();
    values.set("r/other/k", vec![1]).await.unwrap();
    let text = String::from_utf8(dumped(&*values).await).unwrap();
    let expected = [
        r#"{"format":"tollgate state","version":1}"#,
        r#"{"key":"r/api/alice","record":"01d35aad66011055d7c71e77e2fa180100000000000000","decoded":{"limits":{"requests":{"limit":5,"remaining":4,"held":0,"reset_after_ms":2334}},"forget_after_ms":2334}}"#,
        r#"{"key":"r/api/corrupt","record":"00","decoded":{"corrupt":"the record has the unknown version 0"}}"#,
        r#"{"key":"r/other/k","record":"01"}"#,
        r#"{"records":3}"#,
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}
