//! Capacities that a swarm reduces together.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod examples;
mod lossy;
mod nats;
mod wire;

use std::sync::Arc;

use tollgate::{
    AdaptiveLimiter, Algorithm, Clock, Limit, ManualClock, Policy, Recovery, ReduceFactor, Span,
    Timestamp,
};
use wire::Wire;

const START: Timestamp = Timestamp::from_secs(1_800_000_000);
const MINUTE: Span = Span::from_secs(60);

/// A member whose time and bus are moved by hand.
type Member = AdaptiveLimiter<Wire, Arc<ManualClock>>;

/// So many requests per minute, with the usual recovery: a tenth more every 30 seconds.
fn policy(capacity: u64) -> Policy {
    let recovery = Recovery::default();
    let adaptive = Algorithm::Adaptive { capacity, period: MINUTE, recovery };
    Policy::new([Limit::new("requests", adaptive).unwrap()]).unwrap()
}

fn clock() -> Arc<ManualClock> {
    let clock = Arc::new(ManualClock::default());
    clock.set(START);
    clock
}

/// A member that knows one resource of 100 requests per minute.
fn member(source: &str, wire: &Wire, clock: &Arc<ManualClock>) -> Member {
    let resources = [("chat", policy(100))];
    AdaptiveLimiter::with_clock(source, wire.clone(), resources, Arc::clone(clock)).unwrap()
}

fn capacity<B: tollgate::CapacityBus, C: Clock>(member: &AdaptiveLimiter<B, C>) -> u64 {
    member.capacity("chat").unwrap().capacity
}

fn permille(permille: u16) -> ReduceFactor {
    ReduceFactor::from_permille(permille).unwrap()
}
