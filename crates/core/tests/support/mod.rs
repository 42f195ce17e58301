//! What the tests draw at random: a limit's numbers, points in time, and schedules of requests that
//! like to stand exactly on a boundary or one nanosecond or unit beside it.

#![allow(dead_code, reason = "no test uses all of it")]

use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, RngSeed};
use tollgate_core::{Limit, Policy, Record, Span, Timestamp, UNITS_MAX, Verdict};

/// Cases per law; `PROPTEST_CASES` may ask for more.
const CASES: u32 = 2_048;
/// The same cases on every run; `PROPTEST_RNG_SEED` draws others.
const SEED: u64 = 1;

const SECOND_NS: u64 = 1_000_000_000;
const YEAR_NS: u64 = 365 * 86_400 * SECOND_NS;

/// How many cases a law gets, and where those that failed once are kept.
pub(crate) fn config() -> Config {
    let base = Config::default();
    let seed = match base.rng_seed {
        RngSeed::Random => RngSeed::Fixed(SEED),
        fixed => fixed,
    };
    Config {
        cases: base.cases.max(CASES),
        rng_seed: seed,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/regressions.txt",
        ))),
        ..base
    }
}

/// The numbers of a limit: `refill` units per `period` nanoseconds, at most `burst` at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbers {
    pub(crate) burst: u64,
    pub(crate) refill: u64,
    pub(crate) period: u64,
}

impl Numbers {
    pub(crate) fn limit(self, name: &str) -> Limit {
        let Self { burst, refill, period } = self;
        Limit::token_bucket(name, burst, refill, Span::from_nanos(period)).unwrap()
    }

    pub(crate) fn policy(self) -> Policy {
        Policy::new([self.limit("requests")]).unwrap()
    }
}

/// The largest burst whose time to full is at most [`Span::MAX`].
pub(crate) fn burst_max(refill: u64, period: u64) -> u64 {
    let fits =
        ((u128::from(Span::MAX.as_nanos()) + 1) * u128::from(refill) - 1) / u128::from(period);
    u64::try_from(fits).unwrap_or(u64::MAX).min(UNITS_MAX)
}

/// Any number from `min` to `max`, where every order of magnitude is as likely as the next.
pub(crate) fn magnitude(min: u64, max: u64) -> impl Strategy<Value = u64> + Clone {
    any::<u64>().prop_map(move |bits| magnitude_of(bits, max).max(min))
}

// Unoptimized, proptest takes far longer to draw from many small strategies than the code under test
// takes to run. So whatever is drawn often is drawn as a few integers and made from them here.

fn magnitude_of(bits: u64, max: u64) -> u64 {
    let order = bits % u64::from(max.ilog2() + 1);
    let top = 1_u64 << order;
    (top | (bits.rotate_right(6) & (top - 1))).min(max)
}

/// (refill, period): rates that don't divide a nanosecond, the extremes, and everything between.
fn rate_of(choice: u8, a: u64, b: u64) -> (u64, u64) {
    let notable = [
        (3, SECOND_NS),
        (7, 13),
        (1_000, SECOND_NS),
        (999_999_937, 60 * SECOND_NS),
        (1, 1),
        (UNITS_MAX, 1),
        (1, 100 * YEAR_NS),
        (1, Span::MAX.as_nanos()),
        (UNITS_MAX, Span::MAX.as_nanos()),
        (UNITS_MAX - 1, 4_611_686_018_427_387_847),
    ];
    match notable.get(usize::from(choice % 24)) {
        Some(rate) => *rate,
        None if choice.is_multiple_of(3) => (1 + a % 1_000, 1 + b % 1_000),
        None => (magnitude_of(a, UNITS_MAX), magnitude_of(b, Span::MAX.as_nanos())),
    }
}

fn burst_of(choice: u8, bits: u64, max: u64) -> u64 {
    match choice % 8 {
        0 => 1,
        1 => 2.min(max),
        2 => max,
        3 | 4 => 1 + bits % max.min(20),
        _ => magnitude_of(bits, max),
    }
}

/// The numbers of a limit that refills.
pub(crate) fn refilling() -> impl Strategy<Value = Numbers> {
    any::<(u8, u8, u64, u64, u64)>().prop_map(|(rate, burst, a, b, c)| {
        let (refill, period) = rate_of(rate, a, b);
        Numbers { burst: burst_of(burst, c, burst_max(refill, period)), refill, period }
    })
}

/// The numbers of any limit: sometimes a budget, which never refills.
pub(crate) fn numbers() -> impl Strategy<Value = Numbers> {
    (refilling(), 0..8_u8).prop_map(|(numbers, kind)| match kind {
        7 => Numbers { refill: 0, ..numbers },
        _ => numbers,
    })
}

/// A time to start at: the epoch, today, near the end of time, and everything between and beyond.
pub(crate) fn time() -> impl Strategy<Value = Timestamp> {
    let end = Timestamp::MAX.as_nanos();
    any::<(u8, u64)>().prop_map(move |(choice, bits)| {
        Timestamp::from_nanos(match choice % 8 {
            0 => 0,
            1..=3 => 56 * YEAR_NS + bits % YEAR_NS,
            4 => magnitude_of(bits, end),
            5 | 6 => end - magnitude_of(bits, end / 2),
            _ => bits,
        })
    })
}

/// How long a schedule waits before it asks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wait {
    Not,
    Nanos(u64),
    /// This many 65536ths of the time to full.
    PartOfFull(u16),
    /// As long as the last answer said, or a nanosecond less.
    Retry,
    JustBeforeRetry,
    Reset,
    JustBeforeReset,
}

/// What a schedule asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ask {
    Nothing,
    /// This many, folded into 1 to the burst.
    Units(u64),
    /// This many 65536ths of the burst.
    PartOfBurst(u16),
    /// As much as remains, or one more.
    Remaining,
    OneTooMany,
    Burst,
    AboveBurst,
}

pub(crate) type Step = (Wait, Ask);

fn step_of(bits: u64) -> Step {
    let number = bits >> 8;
    let wait = match bits % 10 {
        0 | 1 => Wait::Not,
        2 => Wait::Nanos(magnitude_of(number, 1 << 62)),
        3 | 4 => Wait::PartOfFull((number >> 16) as u16),
        5 | 6 => Wait::Retry,
        7 => Wait::JustBeforeRetry,
        8 => Wait::Reset,
        _ => Wait::JustBeforeReset,
    };
    let ask = match bits / 10 % 12 {
        0 => Ask::Nothing,
        1..=3 => Ask::Units(1),
        4 | 5 => Ask::Units(magnitude_of(number, UNITS_MAX)),
        6 | 7 => Ask::PartOfBurst((number >> 32) as u16),
        8 => Ask::Remaining,
        9 => Ask::OneTooMany,
        10 => Ask::Burst,
        _ => Ask::AboveBurst,
    };
    (wait, ask)
}

pub(crate) fn schedule() -> impl Strategy<Value = Vec<Step>> {
    let steps = proptest::collection::vec(any::<u64>(), 1..20);
    steps.prop_map(|bits| bits.into_iter().map(step_of).collect())
}

/// One key under one limit, driven through a schedule.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) policy: Policy,
    pub(crate) record: Record,
    pub(crate) now: Timestamp,
    pub(crate) retry_after: Span,
}

/// What a decision said of its only limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) verdict: Verdict,
    pub(crate) changed: bool,
    pub(crate) remaining: u64,
    pub(crate) retry_after: Span,
    pub(crate) reset_after: Span,
}

impl Key {
    pub(crate) fn new(numbers: Numbers, now: Timestamp) -> Self {
        let policy = numbers.policy();
        Self { record: Record::new(&policy), policy, now, retry_after: Span::ZERO }
    }

    /// Waits as the step says, and finds out what it costs then; the caller asks.
    pub(crate) fn advance(&mut self, (wait, ask): Step) -> u64 {
        self.now = self.now.plus(self.span_of(wait));
        self.cost_of(ask)
    }

    /// Decides on `cost` now.
    pub(crate) fn ask(&mut self, cost: u64) -> Answer {
        let costs = self.policy.costs_in_order(&[cost]).unwrap().into();
        let decision = self.policy.apply(&mut self.record, &costs, self.now);
        let status = decision.limits().next().unwrap();
        assert_eq!(decision.retry_after(), status.retry_after);
        assert_eq!(decision.verdict(), status.verdict);
        self.retry_after = status.retry_after;
        Answer {
            verdict: status.verdict,
            changed: decision.changed(),
            remaining: status.remaining,
            retry_after: status.retry_after,
            reset_after: status.reset_after,
        }
    }

    /// What a decision on `cost` at `now` would say.
    pub(crate) fn would(&self, cost: u64, now: Timestamp) -> Answer {
        Self { now, ..self.clone() }.ask(cost)
    }

    pub(crate) fn peek(&self) -> Answer {
        self.would(0, self.now)
    }

    pub(crate) fn burst(&self) -> u64 {
        self.policy.limits()[0].capacity()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.record.encode(&self.policy)
    }

    fn span_of(&self, wait: Wait) -> Span {
        let less = |span: Span, nanos| Span::from_nanos(span.as_nanos().saturating_sub(nanos));
        let span = match wait {
            Wait::Not => Span::ZERO,
            Wait::Nanos(nanos) => Span::from_nanos(nanos),
            Wait::PartOfFull(part) => {
                let full = self.policy.limits()[0].period();
                Span::from_nanos((full.as_nanos() >> 16) * u64::from(part))
            }
            Wait::Retry => self.retry_after,
            Wait::JustBeforeRetry => less(self.retry_after, 1),
            Wait::Reset => self.peek().reset_after,
            Wait::JustBeforeReset => less(self.peek().reset_after, 1),
        };
        // A budget's answer is "never"; what it is asked next is asked soon after.
        if span >= less(Span::NEVER, 1) { Span::from_nanos(1) } else { span }
    }

    fn cost_of(&self, ask: Ask) -> u64 {
        let cost = match ask {
            Ask::Nothing => 0,
            Ask::Units(units) => 1 + (units - 1) % self.burst(),
            Ask::PartOfBurst(part) => {
                let units = (u128::from(self.burst()) * u128::from(part)) >> 16;
                u64::try_from(units).unwrap()
            }
            Ask::Remaining => self.peek().remaining,
            Ask::OneTooMany => self.peek().remaining + 1,
            Ask::Burst => self.burst(),
            Ask::AboveBurst => self.burst() + 1,
        };
        cost.min(UNITS_MAX)
    }
}
