//! The module's whole state.

use alloc::vec::Vec;
use core::cell::UnsafeCell;

use tollgate_core::{Policy, Record};

use crate::error::Error;
use crate::exchange::Exchange;

/// Maximum policies that are open at the same time.
const POLICIES_MAX: usize = 1_024;

/// An open policy.
pub(crate) struct Open {
    pub(crate) policy: Policy,
    /// Records of its keys, for hosts that keep them here.
    pub(crate) slots: Vec<Record>,
}

pub(crate) struct State {
    pub(crate) exchange: Exchange,
    pub(crate) policies: Policies,
    /// A record's bytes on their way out.
    pub(crate) bytes: Vec<u8>,
}

pub(crate) struct Policies(Vec<Option<Open>>);

struct Shared(UnsafeCell<State>);

// SAFETY: an instance runs one thread, so nothing is ever shared between two.
unsafe impl Sync for Shared {}

static STATE: Shared = Shared(UnsafeCell::new(State {
    exchange: Exchange::EMPTY,
    policies: Policies(Vec::new()),
    bytes: Vec::new(),
}));

/// Runs `work` on the state. Its answer or error becomes the returned number.
pub(crate) fn with(work: impl FnOnce(&mut State) -> Result<i32, Error>) -> i32 {
    // SAFETY: exports are not reentered (this module imports nothing that could call back), none calls
    // this twice, and the host touches the exchange only between calls.
    let state = unsafe { &mut *STATE.0.get() };
    work(state).unwrap_or_else(Error::code)
}

/// The address of the exchange.
pub(crate) const fn exchange() -> *const Exchange {
    // SAFETY: the address of a field of a static; nothing is read.
    unsafe { &raw const (*STATE.0.get()).exchange }
}

impl Policies {
    /// Gives `policy` the lowest free id.
    pub(crate) fn open(&mut self, policy: Policy) -> Result<i32, Error> {
        let free = self.0.iter().position(Option::is_none);
        let index = free.unwrap_or(self.0.len());
        if index >= POLICIES_MAX {
            return Err(Error::TooManyPolicies);
        }
        let open = Some(Open { policy, slots: Vec::new() });
        match self.0.get_mut(index) {
            Some(place) => *place = open,
            None => self.0.push(open),
        }
        i32::try_from(index).map_err(|_| Error::TooManyPolicies)
    }

    /// Forgets the policy with this id, and its slots.
    pub(crate) fn close(&mut self, id: u32) -> Result<i32, Error> {
        let place = self.0.get_mut(id as usize).filter(|place| place.is_some());
        *place.ok_or(Error::UnknownPolicy)? = None;
        Ok(0)
    }

    pub(crate) fn get(&mut self, id: u32) -> Result<&mut Open, Error> {
        let place = self.0.get_mut(id as usize);
        place.and_then(Option::as_mut).ok_or(Error::UnknownPolicy)
    }

    /// Records that live here, across all policies.
    pub(crate) fn slots(&self) -> usize {
        self.0.iter().flatten().map(|open| open.slots.len()).sum()
    }
}
