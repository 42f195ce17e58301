//! A policy that grants a part of what another one grants.

use tollgate_core::{Algorithm, Limit, LimitError, Policy};

/// `policy` with `percent` (1 to 100) of every limit's units, rounded down, but at least one. Periods
/// stay as they are. So 100 / `percent` processes that each grant it together grant what the policy
/// does, unless a limit is too small to be divided.
pub(crate) fn scaled(policy: &Policy, percent: u64) -> Result<Policy, String> {
    let limits = policy.limits().iter().map(|limit| scaled_limit(limit, percent));
    let limits =
        limits.collect::<Result<Vec<_>, LimitError>>().map_err(|error| error.to_string())?;
    Policy::new(limits).map_err(|error| error.to_string())
}

fn scaled_limit(limit: &Limit, percent: u64) -> Result<Limit, LimitError> {
    let algorithm = scaled_algorithm(limit.algorithm(), |units| part(units, percent));
    let mut scaled = Limit::new(limit.name(), algorithm)?.with_overrun(limit.overrun());
    if let Some(cost) = limit.default_cost() {
        scaled = scaled.with_default_cost(cost)?;
    }
    if limit.is_per_call() {
        scaled = scaled.per_call();
    }
    Ok(if limit.is_shadow() { scaled.shadow() } else { scaled })
}

fn scaled_algorithm(algorithm: Algorithm, part: impl Fn(u64) -> u64) -> Algorithm {
    match algorithm {
        Algorithm::Gcra { limit, period, burst } => {
            Algorithm::Gcra { limit: part(limit), period, burst: part(burst) }
        }
        Algorithm::TokenBucket { capacity, refill, period, initial } => Algorithm::TokenBucket {
            capacity: part(capacity),
            refill: part(refill),
            period,
            initial: part(initial),
        },
        Algorithm::IntervalBucket { capacity, refill, windows, initial } => {
            let (capacity, refill, initial) = (part(capacity), part(refill), part(initial));
            Algorithm::IntervalBucket { capacity, refill, windows, initial }
        }
        Algorithm::LeakyBucket { capacity, leak, period } => {
            Algorithm::LeakyBucket { capacity: part(capacity), leak: part(leak), period }
        }
        Algorithm::LeakyQueue { capacity, leak, period } => {
            Algorithm::LeakyQueue { capacity: part(capacity), leak: part(leak), period }
        }
        Algorithm::FixedWindow { limit, windows } => {
            Algorithm::FixedWindow { limit: part(limit), windows }
        }
        Algorithm::SlidingLog { limit, period } => {
            Algorithm::SlidingLog { limit: part(limit), period }
        }
        Algorithm::SlidingCounter { limit, period } => {
            Algorithm::SlidingCounter { limit: part(limit), period }
        }
        Algorithm::Concurrency { slots } => Algorithm::Concurrency { slots: part(slots) },
        Algorithm::Adaptive { capacity, period, recovery } => {
            Algorithm::Adaptive { capacity: part(capacity), period, recovery }
        }
    }
}

/// `percent` of so many units; zero stays zero.
fn part(units: u64, percent: u64) -> u64 {
    (units * percent / 100).max(units.min(1))
}
