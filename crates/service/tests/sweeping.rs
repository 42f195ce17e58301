//! Sweeping changes no decision: what is removed decides as what was kept would have.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use futures::executor::block_on;
use proptest::prelude::*;
use tollgate_core::{Acquire, Applied, Hold, Id, Operation, Share, Span, Timestamp};
use tollgate_policy::PolicySet;
use tollgate_service::{CoreLimiter, Limiter, Retention, record_key};
use tollgate_store::{
    Answer, IDLE_GRACE, ManualClock, MemoryStore, Round, Store, Swap, Sweeper, drive,
};

const START: Timestamp = Timestamp::from_secs(1_800_000_000);

/// Every algorithm, with numbers that are met often: `{a}` and `{b}` are small, `{per}` is a period.
const ALGORITHMS: [&str; 9] = [
    "algorithm = 'gcra', limit = {a}, per = '{per}', burst = {b}",
    "algorithm = 'token-bucket', capacity = {b}, refill = {a}, per = '{per}', initial = 0",
    "algorithm = 'leaky-queue', capacity = {a}, leak = {b}, per = '{per}'",
    "algorithm = 'fixed-window', limit = {a}, per = '{per}'",
    "algorithm = 'fixed-window', limit = {b}, per = '{per}', start = 'first-use'",
    "algorithm = 'sliding-log', limit = {a}, per = '{per}'",
    "algorithm = 'sliding-counter', limit = {b}, per = '{per}'",
    "algorithm = 'concurrency', slots = {a}",
    "algorithm = 'adaptive', capacity = {a}, per = '{per}'",
];

fn limit(bits: u64) -> String {
    let per = ["90ms", "7s", "1m", "2h"][(bits >> 8) as usize % 4];
    let limit = ALGORITHMS[bits as usize % ALGORITHMS.len()]
        .replace("{a}", &(1 + (bits >> 16) % 7).to_string())
        .replace("{b}", &(1 + (bits >> 24) % 7).to_string());
    format!("{{ {}, default_cost = 1 }}", limit.replace("{per}", per))
}

/// A policy `p` of one or two limits.
fn policies() -> impl Strategy<Value = PolicySet> {
    proptest::collection::vec(any::<u64>(), 1..=2).prop_map(|limits| {
        let lines = limits
            .iter()
            .zip(["one", "two"])
            .map(|(bits, name)| format!("{name} = {}", limit(*bits)));
        PolicySet::parse(&format!("[policy.p]\n{}", lines.collect::<Vec<_>>().join("\n"))).unwrap()
    })
}

/// A key whose records are swept, and the same key where nobody sweeps.
struct Twins {
    policies: PolicySet,
    retention: Retention,
    swept: MemoryStore,
    kept: MemoryStore,
    now: Timestamp,
}

impl Twins {
    fn new(policies: PolicySet) -> Self {
        let retention = Retention::new(&policies);
        let (swept, kept) = (MemoryStore::default(), MemoryStore::default());
        Self { policies, retention, swept, kept, now: START }
    }

    fn sweep(&self) -> Round {
        let judge = |key: &str, record: &[u8], now| self.retention.judge(key, record, now);
        let mut sweeper = Sweeper::default();
        block_on(sweeper.step(&self.swept, 10, self.now, judge)).unwrap().unwrap()
    }

    /// What both say at `now`.
    fn ask(&self, operation: &Operation, now: Timestamp) -> (Applied, Applied) {
        let policy = self.policies.get("p").unwrap().limits();
        let ask = |store: &MemoryStore| {
            let apply = |record: Option<&[u8]>, _| {
                let outcome = CoreLimiter.apply(policy, record, operation, now)?;
                Ok::<_, tollgate_service::LimiterError>(Answer {
                    record: outcome.record.clone(),
                    outcome,
                    forget_after: Span::NEVER,
                })
            };
            let clock = ManualClock::default();
            let outcome =
                block_on(drive(store, &clock, &record_key(None, "p", "k"), apply)).unwrap();
            // The bytes may differ: a limit that was never used has no entry.
            Applied { record: None, ..outcome }
        };
        (ask(&self.swept), ask(&self.kept))
    }

    fn operation(&self, bits: u64) -> Operation {
        let policy = self.policies.get("p").unwrap().limits();
        let id = Id::from_u128(u128::from(bits >> 8) % 4);
        let ttl = Span::from_millis(1 + (bits >> 16) % 90_000);
        let costs = policy.costs([("one", (bits >> 40) % 3)]).unwrap();
        match bits % 8 {
            0..=2 => Acquire::new(costs).into(),
            3 | 4 => Acquire { hold: Hold::new(id, ttl), ..Acquire::new(costs) }.into(),
            5 => {
                Acquire { share: Share::from_permille(500).unwrap(), ..Acquire::new(costs) }.into()
            }
            6 => Operation::Settle { hold: id, costs: None },
            _ => Operation::Block(ttl),
        }
    }
}

/// How long a schedule waits: mostly about as long as a record takes to become idle.
fn wait(bits: u64) -> Span {
    Span::from_millis(match bits % 4 {
        0 => 0,
        1 => (bits >> 8) % 2_000,
        2 => (bits >> 8) % 200_000,
        _ => (bits >> 8) % 20_000_000,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Swept before every step, or not at all: the same answers, also to those whose clocks are behind.
    #[test]
    fn who_sweeps_decides_as_who_keeps(
        policies in policies(), steps in proptest::collection::vec(any::<(u64, u64, u64)>(), 1..12),
    ) {
        let mut twins = Twins::new(policies);
        for (waits, does, behind) in steps {
            twins.now = twins.now.plus(wait(waits));
            twins.sweep();
            let behind = if behind % 2 == 0 { 0 } else { behind % IDLE_GRACE.as_nanos() };
            let now = Timestamp::from_nanos(twins.now.as_nanos() - behind);
            let (swept, kept) = twins.ask(&twins.operation(does), now);
            prop_assert_eq!(swept, kept);
        }
    }
}

#[test]
fn a_record_is_removed_a_minute_after_it_became_idle_and_not_before() {
    let text = "[policy.p]\none = { algorithm = 'gcra', limit = 1, per = '10s', default_cost = 1 }";
    let mut twins = Twins::new(PolicySet::parse(text).unwrap());
    let (swept, _) = twins.ask(&twins.operation(1 << 40), START);
    assert_eq!(swept.limits[0].remaining, 0);
    let idle = START.plus(Span::from_secs(10)).plus(IDLE_GRACE);
    twins.now = Timestamp::from_nanos(idle.as_nanos() - 1);
    assert_eq!(twins.sweep().removed, 0, "1 ns too early");
    twins.now = idle;
    assert_eq!(twins.sweep().removed, 1);
    let loaded = block_on(twins.swept.load("r/p/k")).unwrap();
    assert_eq!(loaded.record, None);
}

#[test]
fn what_is_corrupt_or_of_a_policy_that_is_gone_stays() {
    let text = "[policy.p]\none = { algorithm = 'gcra', limit = 1, per = '10s', default_cost = 1 }";
    let twins = Twins::new(PolicySet::parse(text).unwrap());
    for key in ["r/p/corrupt", "r/gone/k", "h/gone/0123", "s/0/r/p/k"] {
        assert_eq!(block_on(twins.swept.swap(key, None, &[9, 9], Span::NEVER)), Ok(Swap::Done));
    }
    let expected = Round { looked_at: 4, removed: 0, contended: 0, unknown_policy: 2, corrupt: 1 };
    assert_eq!(twins.sweep(), expected);
}
