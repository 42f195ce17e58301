//! What may go wrong in a run.

use crate::driver::Fate;
use crate::random::Random;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    pub(crate) name: &'static str,
    /// One swap in so many is not heard of.
    unclear: u64,
    /// One load in so many fails.
    failing: u64,
    /// One step in so many is a client's last.
    pub(crate) crash: u64,
    /// How far each clock is off at most, one way or the other.
    pub(crate) offset_max_ns: u64,
    /// One step in so many sets its client's clock.
    pub(crate) clock_step: u64,
    /// One step in so many takes up to four seconds; the others up to a tenth of a millisecond.
    slow: u64,
}

const SECOND_NS: u64 = 1_000_000_000;
const CALM: Weather = Weather {
    name: "calm",
    unclear: 0,
    failing: 0,
    crash: 0,
    offset_max_ns: SECOND_NS,
    clock_step: 0,
    slow: 0,
};
const UNCLEAR: Weather = Weather { name: "unclear", unclear: 6, ..CALM };
const CRASHES: Weather = Weather { name: "crashes", crash: 40, failing: 60, ..UNCLEAR };
/// Any two clocks differ by at most the [`SKEW_MAX`](tollgate_core::SKEW_MAX) of 60 s.
const STORM: Weather =
    Weather { name: "storm", offset_max_ns: 30 * SECOND_NS, clock_step: 30, slow: 30, ..CRASHES };

impl Weather {
    pub(crate) fn of(seed: u64) -> Self {
        [CALM, UNCLEAR, CRASHES, STORM][(seed % 4) as usize]
    }

    /// Nobody dies, and no hold expires before its time.
    pub(crate) fn is_fair(&self) -> bool {
        self.crash == 0 && self.failing == 0 && self.slow == 0
    }

    /// Holds may expire while their machine is still at work.
    pub(crate) fn is_storm(&self) -> bool {
        self.slow > 0
    }

    pub(crate) fn offset_ns(&self, random: &mut Random) -> i64 {
        random.below(2 * self.offset_max_ns + 1) as i64 - self.offset_max_ns as i64
    }

    pub(crate) fn latency_ns(&self, random: &mut Random) -> u64 {
        if random.one_in(self.slow) { random.below(4 * SECOND_NS) } else { random.below(100_000) }
    }

    pub(crate) fn fate_of_swap(&self, random: &mut Random) -> Fate {
        match random.one_in(self.unclear) {
            true => [Fate::Unheard, Fate::Lost][random.below(2) as usize],
            false => Fate::Fine,
        }
    }

    pub(crate) fn fate_of_load(&self, random: &mut Random) -> Fate {
        if random.one_in(self.failing) { Fate::Lost } else { Fate::Fine }
    }
}
