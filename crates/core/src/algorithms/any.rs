//! Every algorithm behind one interface.

use alloc::boxed::Box;

use crate::algorithms::adaptive::{Adaptive, AdaptiveState};
use crate::algorithms::fixed_window::{FixedWindow, WindowState};
use crate::algorithms::meter::{Meter, Tat};
use crate::algorithms::rule::{Room, Rule};
use crate::algorithms::sliding_counter::{CounterState, SlidingCounter};
use crate::algorithms::sliding_log::{Log, SlidingLog};
use crate::algorithms::slots::Slots;
use crate::time::{Span, Timestamp};

/// One of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnyRule {
    Meter(Meter),
    /// A meter whose requests queue: each is told after which delay it may go.
    Queue(Meter),
    Window(FixedWindow),
    Log(SlidingLog),
    Counter(SlidingCounter),
    Slots(Slots),
    Adaptive(Adaptive),
}

/// The state of one of the rules. The large ones are boxed, so that a record of many meters is small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    Meter(Tat),
    Window(WindowState),
    Counter(CounterState),
    Nothing,
    Log(Box<Log>),
    Adaptive(Box<AdaptiveState>),
}

impl State {
    /// Whether it is that of a key that was never seen.
    #[inline]
    pub(crate) fn is_fresh(&self) -> bool {
        match self {
            Self::Meter(tat) => *tat == Tat::default(),
            Self::Window(window) => *window == WindowState::default(),
            Self::Counter(counter) => *counter == CounterState::default(),
            Self::Log(log) => **log == Log::default(),
            Self::Adaptive(adaptive) => **adaptive == AdaptiveState::default(),
            Self::Nothing => true,
        }
    }
}

/// Calls the rule with the state that belongs to it. A record never pairs them otherwise; if it did, the answer would be
/// `$otherwise`, that of a limit without room.
macro_rules! ask {
    ($rule:expr, $state:expr, $otherwise:expr, |$r:ident, $s:ident| $answer:expr) => {
        match ($rule, $state) {
            (AnyRule::Meter($r) | AnyRule::Queue($r), State::Meter($s)) => $answer,
            (AnyRule::Window($r), State::Window($s)) => $answer,
            (AnyRule::Log($r), State::Log($s)) => $answer,
            (AnyRule::Counter($r), State::Counter($s)) => $answer,
            (AnyRule::Adaptive($r), State::Adaptive($s)) => $answer,
            (AnyRule::Slots($r), State::Nothing) => {
                let $s = &mut ();
                $answer
            }
            _ => $otherwise,
        }
    };
}

impl AnyRule {
    /// The state of a key that was never seen.
    // Not inlined into its callers: some states have to be allocated, which is much code.
    #[inline(never)]
    pub(crate) fn fresh(&self) -> State {
        match self {
            Self::Meter(_) | Self::Queue(_) => State::Meter(Tat::default()),
            Self::Window(_) => State::Window(WindowState::default()),
            Self::Log(_) => State::Log(Box::default()),
            Self::Counter(_) => State::Counter(CounterState::default()),
            Self::Adaptive(_) => State::Adaptive(Box::default()),
            Self::Slots(_) => State::Nothing,
        }
    }

    /// Whether a key in this state, given all the time there is, would still differ from one that was
    /// never seen: because that one starts with less, or because its capacity was set.
    pub(crate) fn is_lasting(&self, state: &State) -> bool {
        match (self, state) {
            (Self::Meter(meter), _) => !meter.starts_full(),
            (Self::Window(window), _) => !window.starts_full(),
            (Self::Adaptive(rule), State::Adaptive(adaptive)) => rule.is_lasting(adaptive),
            _ => false,
        }
    }

    /// How long a request that was let in with `own` units, its own among them or among the `held`,
    /// has to stand in line.
    #[inline]
    pub(crate) fn delay(&self, state: &State, now: Timestamp, held: u64, own: u64) -> Span {
        match (self, state) {
            (Self::Queue(meter), State::Meter(tat)) => meter.delay(*tat, now, held, own),
            _ => Span::ZERO,
        }
    }

    /// See [`Rule::capacity`].
    #[inline]
    pub(crate) fn capacity(&self, state: &State) -> u64 {
        ask!(self, state, 0, |rule, state| rule.capacity(state))
    }

    /// See [`Rule::fits`].
    #[inline]
    pub(crate) fn fits(&self, state: &State, now: Timestamp, units: u64) -> bool {
        ask!(self, state, units == 0, |rule, state| rule.fits(state, now, units))
    }

    /// See [`Rule::charge`].
    #[inline]
    pub(crate) fn charge(&self, state: &mut State, now: Timestamp, units: u64) {
        ask!(self, state, (), |rule, state| rule.charge(state, now, units));
    }

    /// See [`Rule::remaining`].
    #[inline]
    pub(crate) fn remaining(&self, state: &State, now: Timestamp) -> u64 {
        ask!(self, state, 0, |rule, state| rule.remaining(state, now))
    }

    /// See [`Rule::retry_after`].
    #[inline]
    pub(crate) fn retry_after(&self, state: &State, now: Timestamp, units: u64) -> Span {
        ask!(self, state, Span::NEVER, |rule, state| rule.retry_after(state, now, units))
    }

    /// See [`Rule::reset_after`].
    #[inline]
    pub(crate) fn reset_after(&self, state: &State, now: Timestamp) -> Span {
        ask!(self, state, Span::NEVER, |rule, state| rule.reset_after(state, now))
    }

    /// See [`Rule::room`].
    #[inline]
    pub(crate) fn room(&self, state: &State, now: Timestamp) -> Room {
        let none = Room { capacity: 0, remaining: 0, reset_after: Span::NEVER };
        ask!(self, state, none, |rule, state| rule.room(state, now))
    }

    /// See [`Rule::heal`].
    #[inline]
    pub(crate) fn heal(&self, state: &mut State, now: Timestamp) -> bool {
        ask!(self, state, false, |rule, state| rule.heal(state, now))
    }
}
