//! Reads a limit from its fields in the exchange.

use tollgate_core::{Algorithm, CalendarUnit, Limit, Overrun, Recovery, Span, Windows};

use crate::error::Error;
use crate::exchange::LimitFields;

/// Bits of `flags`.
const SHADOW: u8 = 1;
const REFUSE_OVERRUN: u8 = 2;

impl LimitFields {
    pub(crate) fn limit(&self) -> Result<Limit, Error> {
        if self.flags & !(SHADOW | REFUSE_OVERRUN) != 0 {
            return Err(Error::LimitFlags);
        }
        let name = self.name.get(..usize::from(self.name_bytes)).ok_or(Error::LimitName)?;
        let name = str::from_utf8(name).map_err(|_| Error::LimitName)?;
        let limit = Limit::new(name, self.algorithm()?)?;
        let refuses = self.flags & REFUSE_OVERRUN != 0;
        let limit = limit.with_overrun(if refuses { Overrun::Refuse } else { Overrun::Debt });
        Ok(if self.flags & SHADOW != 0 { limit.shadow() } else { limit })
    }

    fn algorithm(&self) -> Result<Algorithm, Error> {
        let [capacity, refill, period, initial, ceiling] = self.numbers;
        let (limit, leak, burst) = (capacity, refill, refill);
        let period = Span::from_nanos(period);
        Ok(match self.algorithm {
            0 => Algorithm::Gcra { limit, period, burst },
            1 => Algorithm::TokenBucket { capacity, refill, period, initial },
            2 => {
                let windows = self.windows()?;
                Algorithm::IntervalBucket { capacity, refill, windows, initial }
            }
            3 => Algorithm::LeakyBucket { capacity, leak, period },
            4 => Algorithm::LeakyQueue { capacity, leak, period },
            5 => Algorithm::FixedWindow { limit, windows: self.windows()? },
            6 => Algorithm::SlidingLog { limit, period },
            7 => Algorithm::SlidingCounter { limit, period },
            8 => Algorithm::Concurrency { slots: limit },
            9 => {
                let recovery = Recovery {
                    interval: Span::from_nanos(initial),
                    factor_permille: refill,
                    ceiling_permille: ceiling,
                };
                Algorithm::Adaptive { capacity, period, recovery }
            }
            _ => return Err(Error::LimitAlgorithm),
        })
    }

    fn windows(&self) -> Result<Windows, Error> {
        let (period, utc_offset_secs) = (Span::from_nanos(self.numbers[2]), self.utc_offset_secs);
        let calendar = |unit| Windows::Calendar { unit, utc_offset_secs };
        Ok(match self.windows {
            0 => Windows::Aligned { period, utc_offset_secs },
            1 => Windows::FirstUse { period },
            2 => calendar(CalendarUnit::Day),
            3 => calendar(CalendarUnit::Week),
            4 => calendar(CalendarUnit::Month),
            _ => return Err(Error::LimitWindows),
        })
    }
}
