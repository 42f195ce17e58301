//! Clients that ask, and write down what they were told.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::history::{End, Event, KEYS, LIMITS};
use crate::programs::Programs;
use crate::random::Random;

/// Clients that ask at the same time.
pub(crate) const CLIENTS: u64 = 8;

/// Tells clients that it is over when it is dropped, so that a test which fails meanwhile ends too.
pub(crate) struct Bell<'a>(pub(crate) &'a AtomicBool);

impl Drop for Bell<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Asks until it is over. Answers what was asked and told.
pub(crate) fn client(
    programs: &Programs,
    over: &AtomicBool,
    start: Instant,
    mut random: Random,
) -> Vec<Event> {
    let mut events = Vec::new();
    while !over.load(Ordering::SeqCst) {
        let limit = LIMITS[random.below(LIMITS.len() as u64) as usize];
        let (key, cost) = (random.below(KEYS as u64) as usize, 1 + random.below(2));
        let place = &programs.running[random.below(programs.running.len() as u64) as usize];
        let body = format!(r#"{{"policy":"{}","key":"k{key}","cost":{cost}}}"#, limit.policy());
        let program = place.read().unwrap_or_else(PoisonError::into_inner);
        let Some(program) = &*program else { continue };
        let sent = start.elapsed();
        let answer = program.try_send("POST", "/v1/acquire", &[], &body);
        let received = start.elapsed();
        let end = match answer.map(|answer| answer.status) {
            Ok(200) => End::Admitted,
            Ok(429) => End::Denied,
            Ok(503 | 504) => End::Unavailable,
            Ok(status) => panic!("{body}: {status}"),
            Err(_) => End::Unknown,
        };
        events.push(Event { limit, key, cost, sent, received, end });
    }
    events
}
