//! The numbers that keys of one policy can have: the policy's own, and those of its overrides.

use std::sync::{Arc, OnceLock};

use tollgate_core::{Policy, Span, Timestamp};
use tollgate_policy::{NamedPolicy, Override};

use crate::limiter::{Limiter, LimiterError};

/// All numbers of one policy. Each of them reads the records of its keys.
pub(crate) struct Numbers<L: Limiter> {
    named: Arc<NamedPolicy>,
    own: L::Opened,
    overrides: Vec<OpenLater<L>>,
}

/// A policy that is opened when first needed: a limiter has room for only so many, and an instance that is asked
/// a hundred times needs few of them.
pub(crate) struct OpenLater<L: Limiter>(OnceLock<L::Opened>);

impl<L: Limiter> Numbers<L> {
    pub(crate) fn open(limiter: &L, named: &Arc<NamedPolicy>) -> Result<Self, LimiterError> {
        Ok(Self {
            named: Arc::clone(named),
            own: limiter.open(named.limits())?,
            overrides: named.overrides().iter().map(|_| OpenLater::default()).collect(),
        })
    }

    /// The override's at this index, or the policy's own.
    pub(crate) fn get(
        &self,
        limiter: &L,
        position: Option<usize>,
    ) -> Result<&L::Opened, LimiterError> {
        let found = position.and_then(|position| {
            Some((self.overrides.get(position)?, self.named.overrides().get(position)?))
        });
        let Some((numbers, it)) = found else { return Ok(&self.own) };
        numbers.open(limiter, it.limits())
    }

    /// Whether a key's numbers depend on the hour.
    pub(crate) fn change_by_the_hour(&self) -> bool {
        self.named.overrides().iter().any(Override::has_hours)
    }

    /// How long after `now` a record decides as none would, whichever of the numbers will be in force then.
    pub(crate) fn forget_after(
        &self,
        limiter: &L,
        record: &[u8],
        now: Timestamp,
    ) -> Result<Span, LimiterError> {
        let mut longest = limiter.forget_after(&self.own, record, now)?;
        for position in 0..self.overrides.len() {
            let numbers = self.get(limiter, Some(position))?;
            longest = longest.max(limiter.forget_after(numbers, record, now)?);
        }
        Ok(longest)
    }
}

impl<L: Limiter> Default for OpenLater<L> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<L: Limiter> OpenLater<L> {
    /// The open policy; `limits` must be the same each time.
    pub(crate) fn open(&self, limiter: &L, limits: &Policy) -> Result<&L::Opened, LimiterError> {
        if let Some(opened) = self.0.get() {
            return Ok(opened);
        }
        let opened = limiter.open(limits)?;
        Ok(self.0.get_or_init(|| opened))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use tollgate_core::Operation;
    use tollgate_policy::PolicySet;

    use super::*;
    use crate::limiter::CoreLimiter;

    /// A record that is full again in an hour by day takes five by night: it is remembered for five.
    #[test]
    fn a_record_matters_as_long_as_it_does_under_any_of_them() {
        let text = "[policy.p]\n\
            x = { algorithm = 'interval-bucket', capacity = 10, refill = 10, per = '1h', default_cost = 10 }\n\
            overrides = [{ from = '20:00', x = { refill = 2 } }]";
        let set = PolicySet::parse(text).unwrap();
        let named = Arc::new(set.get("p").unwrap().clone());
        let numbers = Numbers::open(&CoreLimiter, &named).unwrap();
        assert!(numbers.change_by_the_hour());
        let now = Timestamp::from_secs(1_800_000_000);
        let own = numbers.get(&CoreLimiter, None).unwrap();
        let all = Operation::from(named.limits().costs([]).unwrap());
        let record = CoreLimiter.apply(own, None, &all, now).unwrap().record.unwrap();
        let hours = |span: Span| span.as_secs_ceil() / 3_600;
        let own = CoreLimiter.forget_after(own, &record, now).unwrap();
        let any = numbers.forget_after(&CoreLimiter, &record, now).unwrap();
        assert_eq!((hours(own), hours(any)), (1, 5));
    }
}
