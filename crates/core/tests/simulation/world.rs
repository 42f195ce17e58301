//! One seed's run: callers that ask for several keys of one store, each with a clock of its own.

use tollgate_core::{Policy, Timestamp};

use crate::caller::Caller;
use crate::driver::Did;
use crate::random::Random;
use crate::store::Store;
use crate::weather::Weather;

pub(crate) const START_NS: u64 = 1_800_000_000 * 1_000_000_000;
/// All callers start within so many nanoseconds.
const CROWD_NS: u64 = 2_000_000;

/// A caller, and when it does what by which clock.
pub(crate) struct Process<'p> {
    pub(crate) caller: Caller<'p>,
    offset_ns: i64,
    wake_ns: u64,
}

pub(crate) struct World<'p> {
    pub(crate) weather: Weather,
    pub(crate) store: Store,
    pub(crate) processes: Vec<Process<'p>>,
    pub(crate) now_ns: u64,
    /// The longest that a swap was under way.
    pub(crate) slowest_ns: u64,
    random: Random,
    trace: bool,
}

impl<'p> World<'p> {
    /// `trace` prints what happens.
    pub(crate) fn new(seed: u64, policies: &'p [&'p Policy], trace: bool) -> Self {
        let weather = Weather::of(seed);
        let mut random = Random::new(seed);
        let process = |number| Process {
            caller: Caller::new(number, policies, &mut random),
            offset_ns: weather.offset_ns(&mut random),
            wake_ns: START_NS + random.below(CROWD_NS),
        };
        let processes = (0..2 + seed as usize / 4 % 12).map(process).collect();
        let (store, now_ns, slowest_ns) = (Store::default(), START_NS, 0);
        Self { weather, store, processes, now_ns, slowest_ns, random, trace }
    }

    /// Lets the next one take its step. Says which one it was; `None` when all are done or dead.
    pub(crate) fn step(&mut self) -> Option<usize> {
        let alive = self.processes.iter().enumerate().filter(|(_, it)| !it.caller.is_over());
        let (number, _) = alive.min_by_key(|(_, process)| process.wake_ns)?;
        let process = &mut self.processes[number];
        self.now_ns = process.wake_ns;
        let dies = self.random.one_in(self.weather.crash);
        if dies && self.random.one_in(2) {
            process.caller.crash();
            return Some(number);
        }
        if self.random.one_in(self.weather.clock_step) {
            process.offset_ns = self.weather.offset_ns(&mut self.random);
        }
        let fate = match process.caller.is_about_to_swap() {
            true => self.weather.fate_of_swap(&mut self.random),
            false => self.weather.fate_of_load(&mut self.random),
        };
        let clock = process.clock(self.now_ns);
        let did = process.caller.act(&mut self.store, clock, self.now_ns, fate);
        if self.trace {
            let at_ns = self.now_ns - START_NS;
            println!("{at_ns:12} {number:2} ({:+}) {did:?} {fate:?}", process.offset_ns);
        }
        if dies {
            process.caller.crash();
        } else {
            self.schedule(number, &did);
        }
        Some(number)
    }

    /// It asks now, and what it asks for is done later.
    fn schedule(&mut self, number: usize, did: &Did) {
        let process = &mut self.processes[number];
        if let Did::Wait { attempt } = did {
            process.wake_ns += self.random.below(200_000 << attempt.min(&7));
        }
        process.caller.ask(process.clock(process.wake_ns));
        let latency_ns = self.weather.latency_ns(&mut self.random);
        process.wake_ns += latency_ns;
        self.slowest_ns = self.slowest_ns.max(latency_ns);
    }
}

impl Process<'_> {
    fn clock(&self, now_ns: u64) -> Timestamp {
        Timestamp::from_nanos(now_ns.saturating_add_signed(self.offset_ns))
    }
}
