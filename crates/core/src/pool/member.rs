//! A pool member's metadata, which comes back with every grant.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::policy::name::Name;

/// Most pairs of one member: a region, an account, and some to spare.
pub const MEMBER_PAIRS_MAX: usize = 8;
/// Longest text of one pair, in bytes.
pub const MEMBER_TEXT_BYTES_MAX: usize = 256;

/// A member of a pool: metadata for the caller that chose it, as names and texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Member {
    pairs: Vec<(Name, Box<str>)>,
}

impl Member {
    /// A member with these pairs.
    ///
    /// # Errors
    /// [`MemberError`]: more than [`MEMBER_PAIRS_MAX`], a name that is no [`Name`] or comes twice, or a
    /// text of more than [`MEMBER_TEXT_BYTES_MAX`] bytes.
    pub fn new<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, MemberError> {
        let mut member = Self::default();
        for (name, text) in pairs {
            let pair = member.pairs.len();
            if pair >= MEMBER_PAIRS_MAX {
                return Err(MemberError::TooMany);
            }
            if member.get(name).is_some() {
                return Err(MemberError::Repeated { pair });
            }
            if text.len() > MEMBER_TEXT_BYTES_MAX {
                return Err(MemberError::TooLong { pair });
            }
            let name = Name::new(name).ok_or(MemberError::Name { pair })?;
            member.pairs.push((name, text.into()));
        }
        Ok(member)
    }

    /// The text under this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs().find(|(of, _)| *of == name).map(|(_, text)| text)
    }

    /// All names and texts, as they were given.
    pub fn pairs(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, text)| (&**name, &**text))
    }
}

/// What is wrong with a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberError {
    /// There are more than [`MEMBER_PAIRS_MAX`] pairs.
    TooMany,
    /// The name of the pair at this position is no name.
    Name {
        /// Its position, from 0.
        pair: usize,
    },
    /// The name of the pair at this position was there before.
    Repeated {
        /// Its position, from 0.
        pair: usize,
    },
    /// The text of the pair at this position is too long.
    TooLong {
        /// Its position, from 0.
        pair: usize,
    },
}

impl fmt::Display for MemberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(f, "pairs: must be at most {MEMBER_PAIRS_MAX}"),
            Self::Name { pair } => write!(f, "pairs[{pair}]: the name is no name"),
            Self::Repeated { pair } => write!(f, "pairs[{pair}]: the name comes twice"),
            Self::TooLong { pair } => {
                write!(f, "pairs[{pair}]: the text must be at most {MEMBER_TEXT_BYTES_MAX} bytes")
            }
        }
    }
}

impl core::error::Error for MemberError {}
