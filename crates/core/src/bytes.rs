//! Reading bytes from a store, which may be anything: every read can fail, and none panics.
//!
//! [`Cursor`] reads any bytes and does not say what is wrong with them, which keeps it small.
//! [`Reader`] does.
//!
//! Cooldowns and barriers have records of their own. Such a record starts with two bytes, its kind and
//! its version. No kind is 1, the version byte that starts a limit's record, so the kinds can't be
//! mistaken for each other.

use core::fmt;

use crate::id::Id;

/// Why bytes are not a record of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorruptBytes {
    /// There is nothing.
    Empty,
    /// It is a record of another kind.
    Kind {
        /// The expected first byte.
        wanted: u8,
        /// The actual first byte.
        found: u8,
    },
    /// This build does not know the version.
    Version(u8),
    /// No such record has this length, in bytes.
    Length(usize),
    /// The field has a value that is never written.
    Field(&'static str),
}

impl fmt::Display for CorruptBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "the record is empty"),
            Self::Kind { wanted, found } => {
                write!(
                    f,
                    "the record starts with {found:02x} and is of another kind than {wanted:02x}"
                )
            }
            Self::Version(version) => write!(f, "the record has the unknown version {version}"),
            Self::Length(bytes) => write!(f, "the record's fields do not fill its {bytes} bytes"),
            Self::Field(field) => {
                write!(f, "{field}: the record has a value that is never written")
            }
        }
    }
}

impl core::error::Error for CorruptBytes {}

/// The unread rest of any bytes; nothing is read beyond their end. Numbers are little-endian.
pub(crate) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    /// Starts with the first byte.
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (&taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(taken)
    }

    /// The next `count` bytes.
    pub(crate) fn slice(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}

/// The unread rest of a record with a kind byte.
pub(crate) struct Reader<'a> {
    rest: Cursor<'a>,
    /// The length of the whole record, for the error.
    length: usize,
}

impl<'a> Reader<'a> {
    /// Starts behind the kind and the version of a record of at most `bytes_max` bytes.
    pub(crate) fn open(
        bytes: &'a [u8],
        kind: u8,
        version: u8,
        bytes_max: usize,
    ) -> Result<Self, CorruptBytes> {
        let (&found, rest) = bytes.split_first().ok_or(CorruptBytes::Empty)?;
        if found != kind {
            return Err(CorruptBytes::Kind { wanted: kind, found });
        }
        let mut reader = Self { rest: Cursor::new(rest), length: bytes.len() };
        match reader.u8()? {
            found if found != version => Err(CorruptBytes::Version(found)),
            _ if bytes.len() > bytes_max => Err(reader.bad_length()),
            _ => Ok(reader),
        }
    }

    pub(crate) const fn is_at_end(&self) -> bool {
        self.rest.is_at_end()
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], CorruptBytes> {
        self.rest.slice(count).ok_or_else(|| self.bad_length())
    }

    pub(crate) fn u8(&mut self) -> Result<u8, CorruptBytes> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, CorruptBytes> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, CorruptBytes> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn id(&mut self) -> Result<Id, CorruptBytes> {
        self.array().map(Id::from_le_bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CorruptBytes> {
        self.rest.array().ok_or_else(|| self.bad_length())
    }

    const fn bad_length(&self) -> CorruptBytes {
        CorruptBytes::Length(self.length)
    }
}
