//! The names of limits and policies.

use alloc::boxed::Box;
use core::fmt;
use core::ops::Deref;

/// Longest name in bytes.
pub const NAME_BYTES_MAX: usize = 64;

/// A name: 1 to [`NAME_BYTES_MAX`] bytes of ASCII letters, digits, `_`, `-` and `.`, not all of them
/// dots.
///
/// Names stand in store keys, header fields and paths, and need no escape in any of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<str>);

impl Name {
    /// What a name is, in the words that messages end with.
    pub const RULE: &str = "1 to 64 ASCII letters, digits, '_', '-' or '.', and not dots alone";

    /// Takes `text` as a name, if it is one.
    ///
    /// ```
    /// use tollgate_core::Name;
    /// assert!(Name::new("input_tokens").is_some());
    /// assert!(Name::new("").is_none());
    /// assert!(Name::new("input tokens").is_none());
    /// assert!(Name::new("..").is_none());
    /// ```
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=NAME_BYTES_MAX).contains(&text.len());
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        // Clients fold the path segments `.` and `..` away.
        let dots = text.bytes().all(|b| b == b'.');
        (fits && !dots && text.bytes().all(plain)).then(|| Self(text.into()))
    }

    /// What stands for this name in a record: the 32-bit FNV-1a hash of its bytes.
    pub(crate) fn tag(&self) -> u32 {
        self.0
            .bytes()
            .fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    }
}

impl Deref for Name {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
