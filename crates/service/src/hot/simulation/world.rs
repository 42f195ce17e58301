//! Instances with leases, what they share, and the sequential model of what they admitted.

use std::cell::Cell;

use futures::executor::block_on;
use tollgate_core::{Acquire, Applied, Operation, Policy, Record, Span, Timestamp, Verdict};
use tollgate_policy::{NamedPolicy, PolicySet};
use tollgate_store::{
    Answer, Clock as _, Loaded, ManualClock, MemoryStore, Store, StoreError, Swap,
};

use crate::hot::{HotKeys, Question};
use crate::limiter::{CoreLimiter, Limiter};

const KEY: &str = "r/p/k";
pub(super) const START: Timestamp = Timestamp::from_secs(1_800_000_000);

/// A store whose next swap may kill the instance that asks: before the write, or after it.
#[derive(Default)]
pub(super) struct MortalStore {
    records: MemoryStore,
    pub(super) operations: Cell<u32>,
    pub(super) death: Cell<Option<Death>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Death {
    BeforeSwap,
    AfterSwap,
}

impl Store for MortalStore {
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        self.operations.set(self.operations.get() + 1);
        self.records.load(key).await
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        self.operations.set(self.operations.get() + 1);
        let death = self.death.take();
        if death != Some(Death::BeforeSwap) {
            let end = self.records.swap(key, token, record, forget_after).await;
            if death.is_none() {
                return end;
            }
        }
        Err(StoreError::Unavailable("killed".into()))
    }
}

/// Instances, what they share, and the sequential model of what they admitted.
pub(super) struct World {
    policy: NamedPolicy,
    pub(super) store: MortalStore,
    pub(super) clock: ManualClock,
    pub(super) instances: Vec<HotKeys>,
    oracle: Record,
    pub(super) admitted: u64,
    /// How many operations were applied to a record, kept or not.
    pub(super) asked: Cell<u32>,
}

impl World {
    pub(super) fn new(limits: &str, instances: usize) -> Self {
        let text = format!("[policy.p]\ncontention = 'lease'\n{limits}");
        let policy = PolicySet::parse(&text).unwrap().get("p").unwrap().clone();
        let clock = ManualClock::default();
        clock.set(START);
        Self {
            oracle: Record::new(policy.limits()),
            policy,
            store: MortalStore::default(),
            clock,
            instances: (0..instances).map(|_| HotKeys::default()).collect(),
            admitted: 0,
            asked: Cell::new(0),
        }
    }

    pub(super) fn limits(&self) -> &Policy {
        self.policy.limits()
    }

    pub(super) fn pass(&self, span: Span) {
        self.clock.set(self.clock.now().plus(span));
    }

    pub(super) fn units(&self, cost: u64) -> Acquire {
        Acquire::new(
            self.limits().costs_in_order(&vec![cost; self.limits().limits().len()]).unwrap(),
        )
    }

    pub(super) fn ask(&mut self, instance: usize, acquire: Acquire) -> Result<Applied, Dead> {
        let operation = Operation::from(acquire);
        let limits = self.policy.limits();
        let asked = &self.asked;
        let ask = |record: Option<&[u8]>, operation: &Operation, now| {
            asked.set(asked.get() + 1);
            let mut outcome = CoreLimiter.apply(limits, record, operation, now)?;
            let (record, forget_after) = (outcome.record.take(), Span::NEVER);
            Ok(Answer { outcome, record, forget_after })
        };
        let contention = self.policy.contention();
        let question = Question { contention, limits, key: KEY, acquire: &operation, ask };
        let drive = self.instances[instance].drive(&self.store, &self.clock, &question);
        let Ok(outcome) = block_on(drive) else {
            self.instances[instance] = HotKeys::default();
            return Err(Dead);
        };
        if outcome.verdict == Verdict::Allowed {
            let decision = limits.apply(&mut self.oracle, &operation, self.clock.now());
            assert_eq!(decision.verdict(), Verdict::Allowed, "the limits would not allow it");
            self.admitted += 1;
        }
        Ok(outcome)
    }

    /// How many of `count` requests of cost 1 pass.
    pub(super) fn burst(&mut self, instance: usize, count: u32) -> u32 {
        let mut passed = 0;
        for _ in 0..count {
            let outcome = self.ask(instance, self.units(1)).unwrap();
            passed += u32::from(outcome.verdict == Verdict::Allowed);
        }
        passed
    }

    /// How many visits wrote to the store: each is a load and a swap.
    pub(super) fn visits(&self) -> u32 {
        self.store.operations.get() / 2
    }

    /// The units of the first limit held by all instances.
    pub(super) fn held(&self) -> u64 {
        let peek = Operation::from(self.limits().no_costs());
        let record = block_on(self.store.records.load(KEY)).unwrap().record;
        let outcome = CoreLimiter.apply(self.limits(), record.as_deref(), &peek, self.clock.now());
        outcome.unwrap().limits[0].held
    }
}

/// The instance died, and was replaced by another one.
#[derive(Debug)]
pub(super) struct Dead;
