//! Errors of a table.

use core::fmt;

use tollgate_core::KEY_BYTES_MAX;

use crate::KEYS_MAX;

/// Why nothing was decided. Nothing was charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableError {
    /// A key has 1 to [`KEY_BYTES_MAX`] bytes; this one has so many.
    Key(usize),
    /// A table keeps 1 to [`KEYS_MAX`] keys; it was told to keep so many.
    KeysMax(usize),
    /// There is no room for another key: none of the keys that were checked may be forgotten yet.
    Full,
    /// The number is not a handle of this table, or its key was forgotten.
    UnknownHandle,
    /// There is not one cost per limit, or a limit does not accept its cost.
    Costs,
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(bytes) => {
                write!(f, "key: must have 1 to {KEY_BYTES_MAX} bytes, and has {bytes}")
            }
            Self::KeysMax(keys) => {
                write!(f, "keys_max: must be 1 to {KEYS_MAX}, and is {keys}")
            }
            Self::Full => f.write_str("key: there is no place for another one"),
            Self::UnknownHandle => f.write_str("handle: is of no key; intern the key again"),
            Self::Costs => f.write_str("costs: must be one number per limit that the limit takes"),
        }
    }
}

impl core::error::Error for TableError {}
