//! What breaks while clients ask.

use std::thread::sleep;
use std::time::{Duration, Instant};

use tollgate_test_servers::Network;

use crate::checker::Terms;
use crate::clock::Clock;
use crate::history::Loss;
use crate::programs::Programs;
use crate::random::Random;
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
    /// The store is killed with SIGKILL, and started again without its data.
    EmptyStore,
    /// The store stands still: it takes connections and answers nothing.
    HangStore,
    /// A program's connections to the store break, and it gets no others.
    CutNetwork,
    /// A program has connections to the store on which nothing arrives, until all of it does, late.
    SilentNetwork,
    /// The store gets what a program sends, the program gets no answers.
    LostAnswers,
    /// All that a program and the store tell each other arrives later.
    SlowNetwork,
    /// The primary is killed while its replica is behind, and that takes its place.
    FailOver,
    /// The leader of several servers is killed, and comes back once there is another.
    KillLeader,
    /// A program's clock steps, by less than a minute.
    StepClock,
    /// A program's clock steps by minutes.
    StepClockFar,
}

/// How late things arrive in a slow network, in one direction.
const DELAY: Duration = Duration::from_millis(60);

/// Smallest step of a clock in seconds: one that is seen in whole seconds.
const STEP_MIN_S: u64 = 5;
/// Largest step of a clock in seconds, such that two clocks differ by no more than what is believed of them.
const STEP_MAX_S: u64 = 25;
/// A step beyond all that is believed of a clock.
const FAR_STEP_S: u64 = 300;

impl Fault {
    /// How often it breaks in one run.
    const fn times(self) -> u64 {
        match self {
            Self::FailOver => 1,
            Self::KillLeader => 2,
            _ => 3,
        }
    }

    pub(crate) const fn steps_clocks(self) -> bool {
        matches!(self, Self::StepClock | Self::StepClockFar)
    }

    const fn network(self) -> Network {
        match self {
            Self::CutNetwork => Network::Cut,
            Self::SilentNetwork => Network::Silent,
            Self::LostAnswers => Network::WithoutAnswers,
            Self::SlowNetwork => Network::Slow(DELAY),
            _ => Network::Whole,
        }
    }
}

/// A run, whose faults break what it has.
pub(crate) struct Run<'a> {
    pub(crate) start: Instant,
    pub(crate) programs: &'a Programs,
    pub(crate) store: &'a mut Store,
    pub(crate) clocks: &'a [Clock],
    pub(crate) random: Random,
}

impl Run<'_> {
    /// Breaks and mends, at times that the seed draws. Answers what may be true because of it.
    pub(crate) fn break_and_mend(&mut self, fault: Fault) -> Terms {
        let clocks_are_wrong = fault == Fault::StepClockFar;
        let mut terms = Terms { clocks_are_wrong, ..Terms::default() };
        for _ in 0..fault.times() {
            sleep(Duration::from_millis(150 + self.random.below(250)));
            let pause = Duration::from_millis(50 + self.random.below(400));
            self.once(fault, pause, &mut terms);
        }
        // Long enough for a breaker to close again.
        sleep(Duration::from_millis(1_500));
        terms
    }

    fn once(&mut self, fault: Fault, pause: Duration, terms: &mut Terms) {
        match fault {
            Fault::None => sleep(pause),
            Fault::KillProgram => {
                let index = self.any_program();
                self.programs.kill_and_restart(index);
            }
            Fault::KillStore => {
                self.store.kill();
                sleep(pause);
                self.store.restart();
            }
            Fault::EmptyStore => terms.losses.push(self.empty_the_store(pause)),
            Fault::HangStore => {
                self.store.pause();
                sleep(pause);
                self.store.resume();
            }
            Fault::CutNetwork | Fault::SilentNetwork | Fault::LostAnswers | Fault::SlowNetwork => {
                self.part(fault.network(), pause)
            }
            Fault::FailOver => terms.losses.push(self.fail_over(pause)),
            Fault::KillLeader => self.kill_the_leader(),
            Fault::StepClock | Fault::StepClockFar => {
                self.step_a_clock(fault, terms.clock_steps == 0);
                terms.clock_steps += 1;
                sleep(pause);
            }
        }
    }

    fn any_program(&mut self) -> usize {
        self.random.below(self.programs.running.len() as u64) as usize
    }

    fn empty_the_store(&mut self, pause: Duration) -> Loss {
        let start = self.start.elapsed();
        self.store.kill();
        let end = self.start.elapsed();
        sleep(pause);
        self.store.restart_empty();
        Loss { during: start..end, of_everything: true }
    }

    /// One program and the store, often for longer than anybody waits; the others go on.
    fn part(&mut self, network: Network, pause: Duration) {
        let index = self.any_program();
        self.store.networks[index].set(network);
        sleep(4 * pause);
        self.store.networks[index].set(Network::Whole);
    }

    fn fail_over(&mut self, pause: Duration) -> Loss {
        let start = self.start.elapsed();
        self.store.pair().fall_behind();
        sleep(pause);
        let port = self.store.pair().fail_over();
        for network in &self.store.networks {
            network.lead_to(port);
        }
        Loss { during: start..self.start.elapsed(), of_everything: false }
    }

    fn kill_the_leader(&mut self) {
        let leader = self.store.cluster().kill_leader();
        let lasted = self.programs.wait_until_recovered();
        println!("decisions again {lasted:?} after the leader was killed");
        self.store.cluster().restart(leader);
    }

    /// The first step is forward, the others go anywhere.
    fn step_a_clock(&mut self, fault: Fault, is_first: bool) {
        let index = self.any_program();
        let step_s = match fault {
            Fault::StepClockFar => FAR_STEP_S,
            _ => STEP_MIN_S + self.random.below(STEP_MAX_S - STEP_MIN_S),
        };
        let step_s = i64::try_from(step_s).unwrap();
        let is_forward = is_first || self.random.below(2) == 0;
        self.clocks[index].step_to(if is_forward { step_s } else { -step_s });
        if is_first {
            let other = (index + 1) % self.programs.running.len();
            let ahead_s = self.second_of_day(index) - self.second_of_day(other);
            assert!(ahead_s.rem_euclid(24 * 60 * 60) > 1, "its clock did not step: {ahead_s}");
        }
    }

    /// As the header field `date` of a program's answers has it, which may be a second old.
    fn second_of_day(&self, index: usize) -> i64 {
        let answer = self.programs.ask(index, |program| program.get("/v1/limits/budget/k0"));
        let time = answer.header("date").split(' ').find(|part| part.contains(':')).unwrap();
        time.split(':').fold(0, |sum, part| 60 * sum + part.parse::<i64>().unwrap())
    }
}
