//! The policies that are open in this instance.

use alloc::vec::Vec;
use core::cell::UnsafeCell;

use tollgate_core::Policy;

/// Maximum policies that are open at the same time.
const POLICIES_MAX: usize = 1_024;

struct Policies(UnsafeCell<Vec<Option<Policy>>>);

// SAFETY: a component instance runs one thread, so nothing is ever shared between two.
unsafe impl Sync for Policies {}

static POLICIES: Policies = Policies(UnsafeCell::new(Vec::new()));

/// Gives `policy` an id; `None` when too many are open.
pub(crate) fn open(policy: Policy) -> Option<u32> {
    // SAFETY: no reference outlives the export that took it, and none is held while an import is called,
    // from which a host may call back.
    let policies = unsafe { &mut *POLICIES.0.get() };
    let free = policies.iter().position(Option::is_none);
    let index = free.unwrap_or(policies.len());
    if index >= POLICIES_MAX {
        return None;
    }
    match policies.get_mut(index) {
        Some(slot) => *slot = Some(policy),
        None => policies.push(Some(policy)),
    }
    u32::try_from(index).ok()
}

/// Forgets the policy with this id.
pub(crate) fn close(id: u32) {
    // SAFETY: as in `open`.
    let policies = unsafe { &mut *POLICIES.0.get() };
    if let Some(slot) = policies.get_mut(id as usize) {
        *slot = None;
    }
}

/// The policy with this id. The reference is valid until the export returns.
pub(crate) fn get<'export>(id: u32) -> Option<&'export Policy> {
    // SAFETY: as in `open`; the exports that decide neither open nor close.
    let policies = unsafe { &*POLICIES.0.get() };
    policies.get(id as usize)?.as_ref()
}
