//! How the golden records come about: limits, what is done to a fresh key, and where that leaves it.

use tollgate_core::{
    Acquire, Algorithm, CalendarUnit, CapacitySetting, Hold, Id, Limit, Note, Operation, Policy,
    Recovery, ReduceFactor, Span, Timestamp, Windows,
};

use crate::NOW;

const SECOND: Span = Span::from_secs(1);
const MINUTE: Span = Span::from_secs(60);

/// One golden record.
pub(crate) struct Golden {
    /// The file with its bytes.
    pub(crate) name: &'static str,
    pub(crate) limits: Vec<Limit>,
    /// Nanoseconds after `start`, and what is done then.
    pub(crate) steps: Vec<(u64, Do)>,
    pub(crate) start: Timestamp,
    /// Of each limit, after the last step: the units that remain, and those that are held.
    pub(crate) stands: Vec<(u64, u64)>,
}

/// An operation whose costs are not checked yet.
#[derive(Clone)]
pub(crate) enum Do {
    Take(Vec<u64>),
    TakeOnce(Vec<u64>, u128),
    Hold(Vec<u64>, u128, u64),
    Penalise(Vec<u64>),
    Other(Operation),
}

impl Do {
    pub(crate) fn operation(self, policy: &Policy) -> Operation {
        let costs = |units: &[u64]| policy.costs_in_order(units).unwrap();
        match self {
            Self::Take(units) => costs(&units).into(),
            Self::TakeOnce(units, id) => Acquire::new(costs(&units)).once(Id::from_u128(id)).into(),
            Self::Hold(units, id, secs) => {
                let hold = Hold::new(Id::from_u128(id), Span::from_secs(secs)).unwrap();
                Acquire::new(costs(&units)).held(hold).into()
            }
            Self::Penalise(units) => Operation::Penalise(costs(&units)),
            Self::Other(operation) => operation,
        }
    }
}

fn golden<const N: usize>(
    name: &'static str,
    limits: [Limit; N],
    steps: impl Into<Vec<(u64, Do)>>,
    stands: [(u64, u64); N],
) -> Golden {
    let (limits, stands) = (limits.into(), stands.into());
    Golden { name, limits, steps: steps.into(), start: NOW, stands }
}

fn take<const N: usize>(units: [u64; N]) -> Do {
    Do::Take(units.into())
}

fn limit(name: &str, algorithm: Algorithm) -> Limit {
    Limit::new(name, algorithm).unwrap()
}

fn requests() -> Limit {
    Limit::token_bucket("requests", 10, 3, SECOND).unwrap()
}

fn credits() -> Limit {
    Limit::token_bucket("credits", 10, 0, SECOND).unwrap()
}

fn counter(name: &str) -> Limit {
    limit(name, Algorithm::SlidingCounter { limit: 10, period: MINUTE })
}

fn log(name: &str) -> Limit {
    limit(name, Algorithm::SlidingLog { limit: 10, period: MINUTE })
}

fn adaptive(name: &str) -> Limit {
    let recovery = Recovery::default();
    limit(name, Algorithm::Adaptive { capacity: 10, period: MINUTE, recovery })
}

fn fixed(name: &str, windows: Windows) -> Limit {
    limit(name, Algorithm::FixedWindow { limit: 5, windows })
}

const fn aligned(utc_offset_secs: i32) -> Windows {
    Windows::Aligned { period: MINUTE, utc_offset_secs }
}

/// All of them.
pub(crate) fn all() -> Vec<Golden> {
    [meters(), windows(), adaptives(), shared()].into_iter().flatten().collect()
}

fn meters() -> Vec<Golden> {
    let tokens = Limit::leaky_bucket("tokens", 100, 10, SECOND).unwrap();
    let initial = Algorithm::TokenBucket { capacity: 10, refill: 3, period: SECOND, initial: 4 };
    let slowest = Limit::gcra("requests", 1, Span::MAX, 1).unwrap();
    let numbered = |i| Limit::gcra(&format!("limit-{i}"), 3, SECOND, 100).unwrap();
    let one_to_sixteen = std::array::from_fn::<_, 16, _>(|i| i as u64 + 1);
    vec![
        golden("v1-no-limits", [], [(0, take([]))], []),
        golden("v1-fresh", [requests()], [(0, take([0]))], [(10, 0)]),
        golden("v1-meter", [requests()], [(0, take([1]))], [(9, 0)]),
        golden("v1-budget", [credits()], [(0, take([7]))], [(3, 0)]),
        golden("v1-debt", [requests()], [(0, Do::Penalise(vec![15]))], [(0, 0)]),
        golden("v1-initial", [limit("requests", initial)], [(0, take([0]))], [(4, 0)]),
        golden(
            "v1-three",
            [requests(), credits(), tokens],
            [(0, take([1, 7, 50]))],
            [(9, 0), (3, 0), (50, 0)],
        ),
        golden(
            "v1-sixteen",
            std::array::from_fn::<_, 16, _>(numbered),
            [(0, take(one_to_sixteen))],
            one_to_sixteen.map(|taken| (100 - taken, 0)),
        ),
        Golden {
            start: Timestamp::MAX,
            ..golden("v1-latest", [slowest], [(0, take([1]))], [(0, 0)])
        },
    ]
}

fn windows() -> Vec<Golden> {
    let month = Windows::Calendar { unit: CalendarUnit::Month, utc_offset_secs: -18_000 };
    let interval = Algorithm::IntervalBucket {
        capacity: 5,
        refill: 2,
        windows: Windows::FirstUse { period: MINUTE },
        initial: 5,
    };
    let (later, minute) = (7 * SECOND.as_nanos(), MINUTE.as_nanos());
    let three = || take([3]);
    vec![
        golden(
            "v1-window-aligned",
            [fixed("requests", aligned(3_600))],
            [(later, three())],
            [(2, 0)],
        ),
        golden("v1-window-calendar", [fixed("requests", month)], [(0, three())], [(2, 0)]),
        golden("v1-window-first-use", [limit("requests", interval)], [(later, three())], [(2, 0)]),
        golden(
            "v1-counter",
            [counter("requests")],
            [(0, take([4])), (minute, take([2]))],
            [(4, 0)],
        ),
        golden(
            "v1-log",
            [log("requests")],
            [(0, take([4])), (1, take([1])), (minute / 2, three())],
            [(2, 0)],
        ),
    ]
}

fn adaptives() -> Vec<Golden> {
    let set = Do::Other(Operation::SetCapacity {
        limit: 0,
        capacity: CapacitySetting::new(5, SECOND),
        note: Note::new("ops", "tier change").unwrap(),
    });
    let reduce = Do::Other(Operation::Reduce {
        limit: 0,
        factor: ReduceFactor::default(),
        note: Note::new("worker-1", "429 — slow down").unwrap(),
    });
    let limit = || [adaptive("requests")];
    vec![
        golden("v1-adaptive", limit(), [(0, take([4]))], [(6, 0)]),
        golden("v1-adaptive-set", limit(), [(0, set), (0, Do::Penalise(vec![7]))], [(0, 0)]),
        golden("v1-adaptive-reduced", limit(), [(0, take([1])), (0, reduce)], [(5, 0)]),
    ]
}

/// Entries of the whole record, and a record with everything.
fn shared() -> Vec<Golden> {
    let slots = || Limit::concurrency("jobs", 5).unwrap();
    let tokens = Limit::token_bucket("tokens", 100, 10, SECOND).unwrap();
    let block = || Do::Other(Operation::Block(MINUTE));
    let all = [
        requests(),
        fixed("window", aligned(0)),
        counter("counter"),
        log("log"),
        adaptive("adaptive"),
        slots(),
        credits(),
    ];
    vec![
        golden(
            "v1-holds",
            [slots(), tokens],
            [
                (0, Do::Hold(vec![1, 60], 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef, 30)),
                (0, Do::Hold(vec![2, 0], 2, 10)),
                (0, take([0, 30])),
            ],
            [(2, 3), (10, 60)],
        ),
        golden("v1-block", [requests()], [(0, block())], [(10, 0)]),
        golden(
            "v1-request-ids",
            [requests()],
            [(0, Do::TakeOnce(vec![1], u128::MAX)), (0, Do::TakeOnce(vec![1], 1))],
            [(8, 0)],
        ),
        golden(
            "v1-all",
            all,
            [
                (0, Do::TakeOnce(vec![1, 1, 1, 1, 1, 0, 1], 7)),
                (0, Do::Hold(vec![1; 7], 8, 60)),
                (0, block()),
            ],
            [(8, 1), (3, 1), (8, 1), (8, 1), (8, 1), (4, 1), (8, 1)],
        ),
    ]
}
