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
        let verdict = match meter.try_charge(*tat, now, units) {
            Some(charged) => {
                *tat = charged;
                Verdict::Allowed
            }
            None if units > meter.capacity(tat) => Verdict::Impossible,
            None => Verdict::Limited,
        };
        Self { meter, tat: *tat, now, units, verdict }
    }

    /// May it pass?
    #[inline]
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Where the limit stands.
    #[inline]
    #[must_use]
    pub fn status(&self) -> LimitStatus {
        let Self { meter, tat, now, units, verdict } = self;
        LimitStatus {
            verdict: *verdict,
            limit: meter.capacity(tat),
            remaining: meter.remaining(tat, *now),
            held: 0,
            retry_after: match verdict {
                Verdict::Allowed => Span::ZERO,
                Verdict::Impossible => Span::NEVER,
                Verdict::Limited => meter.retry_after(tat, *now, *units),
            },
            reset_after: meter.reset_after(tat, *now),
            delay: Span::ZERO,
        }
    }
}
