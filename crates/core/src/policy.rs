//! A list of limits that are applied together to one key.

pub(crate) mod algorithm;
pub(crate) mod carry;
pub(crate) mod costs;
pub(crate) mod limit;
pub(crate) mod limit_error;
pub(crate) mod name;
pub(crate) mod schedule;
pub(crate) mod share;

use alloc::vec::Vec;
use core::fmt;

use crate::policy::algorithm::Algorithm;
use crate::policy::limit::Limit;
use crate::policy::name::Name;

/// Most limits in one policy.
pub const LIMITS_MAX: usize = 16;

/// Most limits in one policy that are sliding logs, since those are large.
pub const LOGS_MAX: usize = 4;

/// Limits that are applied together, all or nothing. A policy without limits admits everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    limits: Vec<Limit>,
}

impl Policy {
    /// A policy of these limits, in this order.
    ///
    /// # Errors
    /// [`PolicyError`]: more than [`LIMITS_MAX`] limits, or two that can't be told apart.
    pub fn new(limits: impl IntoIterator<Item = Limit>) -> Result<Self, PolicyError> {
        // One more than allowed shows that there are too many; the rest is never read.
        let limits: Vec<Limit> = limits.into_iter().take(LIMITS_MAX.saturating_add(1)).collect();
        if limits.len() > LIMITS_MAX {
            return Err(PolicyError::TooManyLimits);
        }
        let is_log = |limit: &&Limit| matches!(limit.algorithm(), Algorithm::SlidingLog { .. });
        if limits.iter().filter(is_log).count() > LOGS_MAX {
            return Err(PolicyError::TooManyLogs);
        }
        for (index, limit) in limits.iter().enumerate() {
            let earlier = limits.iter().take(index).find(|other| other.tag() == limit.tag());
            match earlier {
                Some(other) if other.name() == limit.name() => {
                    return Err(PolicyError::DuplicateName(limit.name().clone()));
                }
                Some(other) => {
                    let names = (other.name().clone(), limit.name().clone());
                    return Err(PolicyError::NameClash(names.0, names.1));
                }
                None => {}
            }
        }
        Ok(Self { limits })
    }

    /// The limits, in the policy's order.
    #[must_use]
    pub fn limits(&self) -> &[Limit] {
        &self.limits
    }

    /// The limits and their positions.
    ///
    /// The compiler can't rule out that the count of `enumerate` overflows, and checking for it is a
    /// panic path.
    #[inline]
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (usize, &Limit)> {
        (0..LIMITS_MAX).zip(&self.limits)
    }

    /// The position of the limit named `name`.
    #[must_use]
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.limits.iter().position(|limit| &**limit.name() == name)
    }
}

/// What is wrong with a list of limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyError {
    /// More than [`LIMITS_MAX`] limits.
    TooManyLimits,
    /// More than [`LOGS_MAX`] sliding logs.
    TooManyLogs,
    /// Two limits have this name.
    DuplicateName(Name),
    /// Two names have the same hash, so that a record can't tell them apart: rename one.
    NameClash(Name, Name),
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyLimits => write!(f, "a policy has at most {LIMITS_MAX} limits"),
            Self::TooManyLogs => write!(f, "a policy has at most {LOGS_MAX} sliding logs"),
            Self::DuplicateName(name) => write!(f, "two limits are named {name}"),
            Self::NameClash(a, b) => {
                write!(f, "the names {a} and {b} have the same hash; rename one of them")
            }
        }
    }
}

impl core::error::Error for PolicyError {}
