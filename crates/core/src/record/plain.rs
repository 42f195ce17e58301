//! A plain request to a compact record, which has one meter and nothing else. What `apply::plain` is for whole
//! records; it only has to say where the limit stands as well.

use crate::algorithms::meter::{Meter, Tat};
use crate::algorithms::rule::Rule;
use crate::apply::outcome::Verdict;
use crate::apply::standing::LimitStatus;
use crate::time::{Span, Timestamp};

/// What a plain request came to: one for the units of a policy's only limit, a meter, on a record in which
/// nothing else is remembered. When it passed, they were charged. It says what a
/// [`Decision`](crate::Decision) would.
#[derive(Debug, Clone, Copy)]
pub struct Plain<'a> {
    meter: &'a Meter,
    tat: Tat,
    now: Timestamp,
    units: u64,
    verdict: Verdict,
}

impl<'a> Plain<'a> {
    /// Decides, and charges what passes.
    #[inline]
    pub(super) fn decide(meter: &'a Meter, tat: &mut Tat, now: Timestamp, units: u64) -> Self {
        let verdict = match meter.decide(*tat, now, units) {
            Ok(charged) => {
                *tat = charged;
                Verdict::Allowed
            }
            Err(verdict) => verdict,
        };
        Self { meter, tat: *tat, now, units, verdict }
    }

    /// May it pass?
    #[inline]
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// How long to wait until the same request passes: zero when it did, [`Span::NEVER`] when it never will.
    #[inline]
    #[must_use]
    pub fn retry_after(&self) -> Span {
        match self.verdict {
            Verdict::Allowed => Span::ZERO,
            Verdict::Impossible => Span::NEVER,
            Verdict::Limited => self.meter.retry_after(&self.tat, self.now, self.units),
        }
    }

    /// Where the limit stands.
    #[inline]
    #[must_use]
    pub fn status(&self) -> LimitStatus {
        let Self { meter, tat, now, .. } = self;
        LimitStatus {
            verdict: self.verdict,
            limit: meter.capacity(tat),
            remaining: meter.remaining(tat, *now),
            held: 0,
            retry_after: self.retry_after(),
            reset_after: meter.reset_after(tat, *now),
            delay: Span::ZERO,
        }
    }
}
