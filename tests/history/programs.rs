//! The programs that clients ask, while they are there.

use std::sync::{PoisonError, RwLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::program::{Program, Runtime};

/// Longest time until there are decisions again. A NATS cluster may take nine seconds to elect a leader.
const RECOVERY_MAX: Duration = Duration::from_secs(20);
/// How long to wait between two looks at whether there are.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

pub(crate) struct Programs {
    pub(crate) running: Vec<RwLock<Option<Program>>>,
    start: Box<dyn Fn(usize) -> Program + Send + Sync>,
}

impl Programs {
    /// Starts so many: natively and with the edge function in turn, since they share what they store.
    pub(crate) fn start(
        count: usize,
        start: impl Fn(usize, Runtime) -> Program + Send + Sync + 'static,
    ) -> Self {
        let start = move |index: usize| {
            start(index, if index.is_multiple_of(2) { Runtime::Edge } else { Runtime::Native })
        };
        let running = (0..count).map(|index| RwLock::new(Some(start(index)))).collect();
        Self { running, start: Box::new(start) }
    }

    pub(crate) fn kill_and_restart(&self, index: usize) {
        let place = &self.running[index];
        // Clients are in the middle of their requests, and hold the lock to read.
        if let Some(program) = &*place.read().unwrap_or_else(PoisonError::into_inner) {
            program.kill_now();
        }
        let mut place = place.write().unwrap_or_else(PoisonError::into_inner);
        drop(place.take());
        *place = Some((self.start)(index));
    }

    /// Asks one of them.
    pub(crate) fn ask<T>(&self, index: usize, question: impl FnOnce(&Program) -> T) -> T {
        let program = self.running[index].read().unwrap_or_else(PoisonError::into_inner);
        question(program.as_ref().expect("it runs"))
    }

    /// Waits until each can decide on records; answers for how long.
    pub(crate) fn wait_until_recovered(&self) -> Duration {
        let start = Instant::now();
        for index in 0..self.running.len() {
            let decides = || self.ask(index, |it| it.get("/v1/limits/budget/k0").status == 200);
            while !decides() {
                assert!(start.elapsed() < RECOVERY_MAX, "no decision after {RECOVERY_MAX:?}");
                sleep(LOOK_INTERVAL);
            }
        }
        start.elapsed()
    }
}
