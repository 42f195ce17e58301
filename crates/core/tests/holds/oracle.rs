//! Every algorithm again, as naively as it can be said: what was charged is kept, and counted anew
//! whenever somebody asks. Whole numbers of 128 bits, so nothing is rounded but what is shown.

use std::cmp::{max, min};

use tollgate_core::{Algorithm, CalendarUnit, Limit, Timestamp, Windows};

const SECOND_NS: i128 = 1_000_000_000;

/// One limit of one key. Times only ever go forward.
pub(crate) enum Oracle {
    /// A level in units of 1 / period.
    Meter {
        capacity: i128,
        refill: i128,
        period: i128,
        level: i128,
        at: i128,
    },
    Window {
        limit: i128,
        refill: i128,
        windows: Windows,
        used: i128,
        since: i128,
    },
    Log {
        limit: i128,
        period: i128,
        charges: Vec<(i128, i128)>,
    },
    Counter {
        limit: i128,
        period: i128,
        charges: Vec<(i128, i128)>,
    },
    Slots {
        slots: i128,
    },
    /// It has an oracle of its own, beside it.
    Adaptive,
}

fn nanos(time: Timestamp) -> i128 {
    time.as_nanos().into()
}

impl Oracle {
    /// A key that is first seen now.
    pub(crate) fn new(limit: &Limit, now: Timestamp) -> Self {
        let now = nanos(now);
        let meter = |capacity: u64, refill: u64, period: i128, initial: u64| Self::Meter {
            capacity: capacity.into(),
            refill: refill.into(),
            period,
            level: i128::from(initial) * period,
            at: now,
        };
        let window = |limit: u64, refill: u64, windows, initial: u64| Self::Window {
            limit: limit.into(),
            refill: refill.into(),
            windows,
            used: (limit - initial).into(),
            since: now,
        };
        match limit.algorithm() {
            Algorithm::Gcra { limit, period, burst } => {
                meter(burst, limit, period.as_nanos().into(), burst)
            }
            Algorithm::TokenBucket { capacity, refill, period, initial } => {
                meter(capacity, refill, period.as_nanos().into(), initial)
            }
            Algorithm::LeakyBucket { capacity, leak, period }
            | Algorithm::LeakyQueue { capacity, leak, period } => {
                meter(capacity, leak, period.as_nanos().into(), capacity)
            }
            Algorithm::IntervalBucket { capacity, refill, windows, initial } => {
                window(capacity, refill, windows, initial)
            }
            Algorithm::FixedWindow { limit, windows } => window(limit, limit, windows, limit),
            Algorithm::SlidingLog { limit, period } => {
                let period = period.as_nanos().into();
                Self::Log { limit: limit.into(), period, charges: Vec::new() }
            }
            Algorithm::SlidingCounter { limit, period } => {
                let period = period.as_nanos().into();
                Self::Counter { limit: limit.into(), period, charges: Vec::new() }
            }
            Algorithm::Concurrency { slots } => Self::Slots { slots: slots.into() },
            Algorithm::Adaptive { .. } => Self::Adaptive,
        }
    }

    /// Charges units, of which debt beyond one capacity is forgiven.
    pub(crate) fn charge(&mut self, at: Timestamp, units: u64) {
        let (now, units) = (nanos(at), i128::from(units));
        self.bring_up(now);
        match self {
            Self::Meter { capacity, period, level, .. } => {
                *level = max(*level - units * *period, -*capacity * *period);
            }
            Self::Window { limit, used, since, .. } => {
                if *used == 0 {
                    *since = now;
                }
                *used = min(*used + units, 2 * *limit);
            }
            Self::Log { limit, period, charges } => {
                let room = 2 * *limit - sum(charges, now - *period, now);
                charges.push((now, min(units, room)));
            }
            Self::Counter { limit, period, charges } => {
                let start = now - now % *period;
                let room = 2 * *limit - sum(charges, start - 1, now);
                charges.push((now, min(units, room)));
            }
            Self::Slots { .. } | Self::Adaptive => {}
        }
    }

    /// The units that can be taken; `None` when this oracle does not know.
    pub(crate) fn remaining(&mut self, now: Timestamp) -> Option<u64> {
        let now = nanos(now);
        self.bring_up(now);
        let remaining = match self {
            Self::Meter { period, level, .. } => level.div_euclid(*period),
            Self::Window { limit, used, .. } => *limit - *used,
            Self::Log { limit, period, charges } => *limit - sum(charges, now - *period, now),
            Self::Counter { limit, period, charges } => {
                let start = now - now % *period;
                let current = sum(charges, start - 1, now);
                let previous = sum(charges, start - *period - 1, start - 1);
                let reach = start + *period - now;
                (*limit * *period - current * *period - previous * reach).div_euclid(*period)
            }
            Self::Slots { slots } => *slots,
            Self::Adaptive => return None,
        };
        Some(u64::try_from(max(remaining, 0)).unwrap())
    }

    /// What comes back by itself.
    fn bring_up(&mut self, now: i128) {
        match self {
            Self::Meter { capacity, refill, period, level, at } => {
                *level = min(*level + (now - *at) * *refill, *capacity * *period);
                *at = now;
            }
            Self::Window { refill, windows, used, since, .. } => {
                let ended = match *windows {
                    Windows::FirstUse { period } => (now - *since) / i128::from(period.as_nanos()),
                    aligned => number(aligned, now) - number(aligned, *since),
                };
                *used = max(*used - ended * *refill, 0);
                *since = match *windows {
                    Windows::FirstUse { period } => *since + ended * i128::from(period.as_nanos()),
                    _ => now,
                };
            }
            _ => {}
        }
    }
}

/// The number of the aligned window that contains a time.
pub(crate) fn number(windows: Windows, now: i128) -> i128 {
    let local = |utc_offset_secs: i32| now + i128::from(utc_offset_secs) * SECOND_NS;
    let day = |utc_offset_secs| local(utc_offset_secs).div_euclid(86_400 * SECOND_NS);
    match windows {
        Windows::Aligned { period, utc_offset_secs } => {
            local(utc_offset_secs).div_euclid(period.as_nanos().into())
        }
        Windows::Calendar { unit: CalendarUnit::Day, utc_offset_secs } => day(utc_offset_secs),
        // The first of January 1970 was a Thursday.
        Windows::Calendar { unit: CalendarUnit::Week, utc_offset_secs } => {
            (day(utc_offset_secs) + 3).div_euclid(7)
        }
        Windows::Calendar { unit: CalendarUnit::Month, .. } | Windows::FirstUse { .. } => {
            unreachable!("not drawn, or not aligned")
        }
    }
}

/// The units charged after one time, and not after another.
fn sum(charges: &[(i128, i128)], after: i128, until: i128) -> i128 {
    let within = |(at, _): &&(i128, i128)| after < *at && *at <= until;
    charges.iter().filter(within).map(|(_, units)| units).sum()
}
