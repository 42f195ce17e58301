//! Answers while the store is unavailable, as each policy says.

use tollgate_core::{Acquire, Applied, Ending, Operation, Outcome, Verdict};
use tollgate_policy::OnStoreFailure;
use tollgate_store::{Clock, Store};

use crate::asked::{Leg, Manner};
use crate::decide::Decided;
use crate::limiter::Limiter;
use crate::opened::Opened;
use crate::service::Fault;
use crate::session::Session;

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// A policy's answer to an acquire, if it gives one.
    pub(crate) fn without(
        &self,
        opened: &Opened<L>,
        fault: &Fault,
        acquire: &Operation,
    ) -> Option<Decided> {
        if !fault.is_failure() {
            return None;
        }
        if opened.named.on_store_failure() == OnStoreFailure::Open {
            return Some(Decided::Uncounted);
        }
        // A hold or a remembered id is of no use where nobody looks for it later.
        let Operation::Acquire(Acquire { hold: None, once: None, .. }) = acquire else {
            return None;
        };
        let applied = self.decide_locally(&[(opened, &fault.record_key, acquire)])?;
        applied.into_iter().next().map(Decided::Local)
    }

    /// The policies' joint answer for several keys, if each gives one: those that are local decide, all or nothing,
    /// and those that are open let pass without a decision.
    pub(crate) fn several_without(
        &self,
        legs: &[Leg<'_, L>],
        record_keys: &[String],
        fault: &Fault,
        manner: &Manner,
    ) -> Option<Outcome> {
        if !fault.is_failure() {
            return None;
        }
        let is_open =
            |leg: &Leg<'_, L>| leg.opened.named.on_store_failure() == OnStoreFailure::Open;
        let acquires: Vec<Operation> =
            legs.iter().map(|leg| manner.acquire(leg.costs).into()).collect();
        let counted = legs.iter().zip(record_keys).zip(&acquires);
        let counted = counted.filter(|((leg, _), _)| !is_open(leg));
        let counted: Vec<_> =
            counted.map(|((leg, key), acquire)| (leg.opened, &**key, acquire)).collect();
        if !counted.is_empty() && (manner.hold.is_some() || manner.once.is_some()) {
            return None;
        }
        let applied = self.decide_locally(&counted)?;
        let allowed = applied.iter().all(|applied| applied.verdict == Verdict::Allowed);
        let mut applied = applied.into_iter();
        let legs = legs.iter().map(|leg| if is_open(leg) { None } else { applied.next() });
        let ending = if allowed { Ending::Allowed } else { Ending::Denied };
        Some(Outcome { ending, legs: legs.collect() })
    }

    /// Decides requests for record keys in the memory of this process, all or nothing; `None` if a policy does not
    /// allow that.
    fn decide_locally(&self, asked: &[(&Opened<L>, &str, &Operation)]) -> Option<Vec<Applied>> {
        let limiter = &self.service.limiter;
        let shares =
            asked.iter().map(|(opened, _, acquire)| Some((opened.local(limiter)?, acquire)));
        let shares: Vec<_> = shares.collect::<Option<_>>()?;
        let record_keys: Vec<_> = asked.iter().map(|(_, record_key, _)| *record_key).collect();
        let now = self.service.clock.now();
        let ask = |at: usize, record: Option<&[u8]>| {
            let (policy, acquire) = shares.get(at)?;
            limiter.apply(policy, record, acquire, now).ok()
        };
        let applied = self.service.local.decide(&record_keys, now, ask)?;
        // A cost above the share may pass when the store is back.
        let is_above = applied.iter().any(|applied| applied.verdict == Verdict::Impossible);
        (!is_above).then_some(applied)
    }
}
