//! What breaks while clients ask.

use std::sync::{PoisonError, RwLock};
use std::thread::sleep;
use std::time::Duration;

use crate::program::{Program, Runtime};
use crate::stores::Store;

/// One kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing breaks.
    None,
    /// Programs are killed with SIGKILL, and started again.
    KillProgram,
    /// The store is killed with SIGKILL, and started again with its data.
    KillStore,
    /// The store stands still: it takes connections and answers nothing.
    HangStore,
}

/// How often it breaks in one run.
const TIMES: u64 = 3;

/// The programs that clients ask, while they are there.
pub(crate) struct Programs {
    pub(crate) running: Vec<RwLock<Option<Program>>>,
    start: Box<dyn Fn(usize) -> Program + Send + Sync>,
}

impl Programs {
    /// Starts so many: natively and with the edge function in turn, since they share what they store.
    pub(crate) fn start(
        count: usize,
        start: impl Fn(Runtime) -> Program + Send + Sync + 'static,
    ) -> Self {
        let start = move |index: usize| {
            start(if index.is_multiple_of(2) { Runtime::Edge } else { Runtime::Native })
        };
        let running = (0..count).map(|index| RwLock::new(Some(start(index)))).collect();
        Self { running, start: Box::new(start) }
    }

    fn kill_and_restart(&self, index: usize) {
        let place = &self.running[index];
        // Clients are in the middle of their requests, and hold the lock to read.
        if let Some(program) = &*place.read().unwrap_or_else(PoisonError::into_inner) {
            program.kill_now();
        }
        let mut place = place.write().unwrap_or_else(PoisonError::into_inner);
        drop(place.take());
        *place = Some((self.start)(index));
    }
}

/// Breaks and mends, at times that `random` draws.
pub(crate) fn run(fault: Fault, programs: &Programs, store: &mut Store, random: &mut Random) {
    for _ in 0..TIMES {
        sleep(Duration::from_millis(150 + random.below(250)));
        let index = random.below(programs.running.len() as u64) as usize;
        let pause = Duration::from_millis(50 + random.below(400));
        match fault {
            Fault::None => sleep(pause),
            Fault::KillProgram => programs.kill_and_restart(index),
            Fault::KillStore => {
                store.kill();
                sleep(pause);
                store.restart();
            }
            Fault::HangStore => {
                store.pause();
                sleep(pause);
                store.resume();
            }
        }
    }
    // Long enough for a breaker to close again.
    sleep(Duration::from_millis(1_500));
}

/// Numbers that a seed repeats (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) const fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }
}
