//! Numbers that name keys.

/// The lower bits of a handle are the slot of its key, the upper ones a serial number: 2^44 of them, which
/// last for 55 years of ten thousand new keys per second.
const SLOT_BITS: u32 = 20;
const SERIALS_MAX: u64 = u64::MAX >> SLOT_BITS;

/// How many keys can have handles at the same time.
pub(crate) const SLOTS_MAX: usize = 1 << SLOT_BITS;

/// Names a key of a table. Any number can be tried as a handle: one that names no key is an error. 0 never
/// names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Handle(u64);

impl Handle {
    /// The handle with this number.
    #[must_use]
    pub const fn from_u64(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The slot of its key, if it has one.
    pub(crate) const fn slot(self) -> usize {
        // Fewer bits than any `usize` has.
        (self.0 & !(u64::MAX << SLOT_BITS)) as usize
    }
}

/// The source of unique handles. Tables whose handles could be confused must share one.
#[derive(Debug)]
pub struct Serials(u64);

impl Serials {
    /// No handle was issued yet.
    pub const START: Self = Self(0);

    /// A handle that was never issued; `None` when all were.
    pub(crate) fn handle(&mut self, slot: usize) -> Option<Handle> {
        let serial = self.0.checked_add(1).filter(|serial| *serial <= SERIALS_MAX)?;
        self.0 = serial;
        Some(Handle(serial << SLOT_BITS | slot as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last handle is not followed by the first one.
    #[test]
    fn handles_end() {
        let mut serials = Serials(SERIALS_MAX - 1);
        let last = Handle(u64::MAX);
        assert_eq!(last.slot(), SLOTS_MAX - 1);
        assert_eq!(serials.handle(SLOTS_MAX - 1), Some(last));
        assert_eq!(serials.handle(0), None);
        assert_eq!(serials.handle(0), None);
    }

    /// 0 is free for hosts to mean none.
    #[test]
    fn no_handle_is_0() {
        let mut serials = Serials::START;
        assert_eq!(serials.handle(0), Some(Handle(1 << SLOT_BITS)));
    }
}
