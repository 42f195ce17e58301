//! Reading bytes from a store, which may be anything: every read can fail, and none panics.
//!
//! Cooldowns and barriers are records of their own. Such a record starts with two bytes, its kind and its
//! version. No kind is 1, the version with which records of limits start, so that no record is ever taken
//! for one of another kind.

use core::fmt;

use crate::id::Id;

/// Why bytes are no record of the kind that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorruptBytes {
    /// There is nothing.
    Empty,
    /// It is a record of another kind.
    Kind {
        /// The first byte that was asked for.
        wanted: u8,
        /// The first byte that is there.
        found: u8,
    },
    /// The version is not one that this build knows.
    Version(u8),
    /// The length, in bytes, is not one that such a record has.
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

/// What is left to read. Numbers are little-endian.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// The length of everything, for the error.
    length: usize,
}

impl<'a> Reader<'a> {
    /// Starts with the first byte.
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, length: bytes.len() }
    }

    /// Starts behind the kind and the version of a record of at most `bytes_max` bytes.
    pub(crate) fn open(
        bytes: &'a [u8],
        kind: u8,
        version: u8,
        bytes_max: usize,
    ) -> Result<Self, CorruptBytes> {
        let mut reader = Self::new(bytes);
        let found = reader.u8().map_err(|_| CorruptBytes::Empty)?;
        if found != kind {
            return Err(CorruptBytes::Kind { wanted: kind, found });
        }
        match reader.u8()? {
            found if found != version => Err(CorruptBytes::Version(found)),
            _ if bytes.len() > bytes_max => Err(reader.bad_length()),
            _ => Ok(reader),
        }
    }

    pub(crate) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], CorruptBytes> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| self.bad_length())?;
        self.rest = rest;
        Ok(taken)
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

    pub(crate) fn i128(&mut self) -> Result<i128, CorruptBytes> {
        self.array().map(i128::from_le_bytes)
    }

    pub(crate) fn id(&mut self) -> Result<Id, CorruptBytes> {
        self.array().map(Id::from_le_bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CorruptBytes> {
        let (&taken, rest) = self.rest.split_first_chunk().ok_or_else(|| self.bad_length())?;
        self.rest = rest;
        Ok(taken)
    }

    const fn bad_length(&self) -> CorruptBytes {
        CorruptBytes::Length(self.length)
    }
}
