//! A policy, as the vectors spell it.

use serde::Deserialize;
use tollgate_core::{Algorithm, CalendarUnit, Limit, Overrun, Policy, Recovery, Span, Windows};

use super::{nanos, nanos_if_any};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyText {
    limits: Vec<LimitText>,
}

#[derive(Deserialize)]
struct LimitText {
    name: String,
    #[serde(default)]
    shadow: bool,
    #[serde(default)]
    overrun: OverrunText,
    #[serde(flatten)]
    algorithm: AlgorithmText,
}

#[derive(Deserialize, Clone, Copy, Default)]
#[serde(rename_all = "kebab-case")]
enum OverrunText {
    #[default]
    Debt,
    Refuse,
}

#[derive(Deserialize)]
#[serde(tag = "algorithm", rename_all = "kebab-case", deny_unknown_fields)]
enum AlgorithmText {
    Gcra {
        limit: u64,
        burst: u64,
        #[serde(deserialize_with = "nanos")]
        per_ns: u64,
    },
    TokenBucket {
        capacity: u64,
        refill: u64,
        #[serde(deserialize_with = "nanos")]
        per_ns: u64,
        initial: Option<u64>,
    },
    IntervalBucket {
        capacity: u64,
        refill: u64,
        initial: Option<u64>,
        #[serde(default)]
        window: WindowText,
        #[serde(default, deserialize_with = "nanos_if_any")]
        per_ns: Option<u64>,
        #[serde(default)]
        utc_offset_secs: i32,
    },
    LeakyBucket {
        capacity: u64,
        leak: u64,
        #[serde(deserialize_with = "nanos")]
        per_ns: u64,
    },
    LeakyQueue {
        capacity: u64,
        leak: u64,
        #[serde(deserialize_with = "nanos")]
        per_ns: u64,
    },
    FixedWindow {
        limit: u64,
        #[serde(default)]
        window: WindowText,
        #[serde(default, deserialize_with = "nanos_if_any")]
        per_ns: Option<u64>,
        #[serde(default)]
        utc_offset_secs: i32,
    },
    SlidingLog {
        limit: u64,
        #[serde(deserialize_with = "nanos")]
        per_ns: u64,
    },
    SlidingCounter {
        limit: u64,
        #[serde(deserialize_with = "nanos")]
        per_ns: u64,
    },
    Concurrency {
        slots: u64,
    },
    Adaptive {
        capacity: u64,
        #[serde(deserialize_with = "nanos")]
        per_ns: u64,
        #[serde(default, deserialize_with = "nanos_if_any")]
        recovery_interval_ns: Option<u64>,
        recovery_factor_permille: Option<u64>,
        recovery_ceiling_permille: Option<u64>,
    },
}

/// Which windows; those of the calendar have no period of their own.
#[derive(Deserialize, Clone, Copy, Default)]
#[serde(rename_all = "kebab-case")]
enum WindowText {
    #[default]
    Aligned,
    FirstUse,
    Day,
    Week,
    Month,
}

impl PolicyText {
    /// The policy that the text describes.
    pub(crate) fn policy(self) -> Policy {
        Policy::new(self.limits.into_iter().map(LimitText::limit)).unwrap()
    }
}

impl LimitText {
    fn limit(self) -> Limit {
        let overrun = match self.overrun {
            OverrunText::Debt => Overrun::Debt,
            OverrunText::Refuse => Overrun::Refuse,
        };
        let limit = Limit::new(&self.name, self.algorithm.algorithm()).unwrap();
        let limit = limit.with_overrun(overrun);
        if self.shadow { limit.shadow() } else { limit }
    }
}

impl AlgorithmText {
    fn algorithm(self) -> Algorithm {
        let period = Span::from_nanos;
        match self {
            Self::Gcra { limit, burst, per_ns } => {
                Algorithm::Gcra { limit, period: period(per_ns), burst }
            }
            Self::TokenBucket { capacity, refill, per_ns, initial } => {
                let (period, initial) = (period(per_ns), initial.unwrap_or(capacity));
                Algorithm::TokenBucket { capacity, refill, period, initial }
            }
            Self::IntervalBucket { capacity, refill, initial, window, per_ns, utc_offset_secs } => {
                let windows = window.windows(per_ns, utc_offset_secs);
                let initial = initial.unwrap_or(capacity);
                Algorithm::IntervalBucket { capacity, refill, windows, initial }
            }
            Self::LeakyBucket { capacity, leak, per_ns } => {
                Algorithm::LeakyBucket { capacity, leak, period: period(per_ns) }
            }
            Self::LeakyQueue { capacity, leak, per_ns } => {
                Algorithm::LeakyQueue { capacity, leak, period: period(per_ns) }
            }
            Self::FixedWindow { limit, window, per_ns, utc_offset_secs } => {
                Algorithm::FixedWindow { limit, windows: window.windows(per_ns, utc_offset_secs) }
            }
            Self::SlidingLog { limit, per_ns } => {
                Algorithm::SlidingLog { limit, period: period(per_ns) }
            }
            Self::SlidingCounter { limit, per_ns } => {
                Algorithm::SlidingCounter { limit, period: period(per_ns) }
            }
            Self::Concurrency { slots } => Algorithm::Concurrency { slots },
            Self::Adaptive {
                capacity,
                per_ns,
                recovery_interval_ns: interval,
                recovery_factor_permille: factor,
                recovery_ceiling_permille: ceiling,
            } => {
                let usual = Recovery::default();
                let recovery = Recovery {
                    interval: interval.map_or(usual.interval, period),
                    factor_permille: factor.unwrap_or(usual.factor_permille),
                    ceiling_permille: ceiling.unwrap_or(usual.ceiling_permille),
                };
                Algorithm::Adaptive { capacity, period: period(per_ns), recovery }
            }
        }
    }
}

impl WindowText {
    fn windows(self, per_ns: Option<u64>, utc_offset_secs: i32) -> Windows {
        let calendar = |unit| {
            assert_eq!(per_ns, None, "a window of the calendar has no period");
            Windows::Calendar { unit, utc_offset_secs }
        };
        let period = || Span::from_nanos(per_ns.unwrap());
        match self {
            Self::Aligned => Windows::Aligned { period: period(), utc_offset_secs },
            Self::FirstUse => {
                assert_eq!(utc_offset_secs, 0, "a window from first use has no offset");
                Windows::FirstUse { period: period() }
            }
            Self::Day => calendar(CalendarUnit::Day),
            Self::Week => calendar(CalendarUnit::Week),
            Self::Month => calendar(CalendarUnit::Month),
        }
    }
}
