//! The keyed limiters that are open in this instance.

use alloc::vec::Vec;
use core::cell::UnsafeCell;

use tollgate_keyed::{Serials, Table};

/// Maximum limiters that are open at the same time.
const LIMITERS_MAX: usize = 256;

struct Limiters {
    tables: Vec<Option<Table>>,
    /// Shared by all limiters, so that a handle is never valid for another limiter, not even one that
    /// reuses the id.
    serials: Serials,
}

struct Shared(UnsafeCell<Limiters>);

// SAFETY: a component instance runs one thread, so nothing is ever shared between two.
unsafe impl Sync for Shared {}

static LIMITERS: Shared =
    Shared(UnsafeCell::new(Limiters { tables: Vec::new(), serials: Serials::START }));

/// Gives the limiter an id; `None` when too many are open.
pub(crate) fn open(table: Table) -> Option<u32> {
    with_all(|limiters| {
        let free = limiters.tables.iter().position(Option::is_none);
        let index = free.unwrap_or(limiters.tables.len());
        if index >= LIMITERS_MAX {
            return None;
        }
        match limiters.tables.get_mut(index) {
            Some(slot) => *slot = Some(table),
            None => limiters.tables.push(Some(table)),
        }
        u32::try_from(index).ok()
    })
}

/// Forgets the limiter with this id.
pub(crate) fn close(id: u32) {
    with_all(|limiters| {
        if let Some(slot) = limiters.tables.get_mut(id as usize) {
            *slot = None;
        }
    });
}

/// Runs `work` on the limiter with this id, if it is open.
#[inline]
pub(crate) fn with<T>(id: u32, work: impl FnOnce(&mut Table, &mut Serials) -> T) -> Option<T> {
    with_all(|limiters| {
        let table = limiters.tables.get_mut(id as usize)?.as_mut()?;
        Some(work(table, &mut limiters.serials))
    })
}

#[inline]
fn with_all<T>(work: impl FnOnce(&mut Limiters) -> T) -> T {
    // SAFETY: exports are not reentered (this component imports nothing that could call back), none calls
    // this within `work`, and nothing that `work` borrows outlives it.
    work(unsafe { &mut *LIMITERS.0.get() })
}
