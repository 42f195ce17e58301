//! What can be wrong with a limit.

use core::fmt;

use crate::UNITS_MAX;
use crate::algorithms::calendar::UTC_OFFSET_SECS_MAX;
use crate::policy::name::Name;
use crate::time::Span;

/// A field of a limit that is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Units per period or window.
    Limit,
    /// `burst` of GCRA.
    Burst,
    /// Capacity of a bucket.
    Capacity,
    /// `refill` of a token bucket.
    Refill,
    /// `initial` of a token bucket.
    Initial,
    /// `leak` of a leaky bucket or queue.
    Leak,
    /// `slots` of a concurrency limit.
    Slots,
    /// `recovery_factor_permille` of an adaptive limit.
    RecoveryFactor,
    /// `recovery_ceiling_permille` of an adaptive limit.
    RecoveryCeiling,
    /// `default_cost` of any limit.
    DefaultCost,
}

impl Field {
    /// The field's name, as a policy text spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Burst => "burst",
            Self::Capacity => "capacity",
            Self::Refill => "refill",
            Self::Initial => "initial",
            Self::Leak => "leak",
            Self::Slots => "slots",
            Self::RecoveryFactor => "recovery_factor_permille",
            Self::RecoveryCeiling => "recovery_ceiling_permille",
            Self::DefaultCost => "default_cost",
        }
    }

    /// `value` must be `min` to [`UNITS_MAX`].
    pub(crate) const fn check(self, value: u64, min: u64) -> Result<(), LimitError> {
        self.check_range(value, min, UNITS_MAX)
    }

    /// `value` must be `min` to `max`.
    pub(crate) const fn check_range(
        self,
        value: u64,
        min: u64,
        max: u64,
    ) -> Result<(), LimitError> {
        if value < min || value > max {
            return Err(LimitError::Number { field: self, min, max, value });
        }
        Ok(())
    }
}

/// What is wrong with a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitError {
    /// The name is empty, too long, or has a character that names don't have.
    Name,
    /// A number is out of its range.
    Number {
        /// The field.
        field: Field,
        /// The least it may be.
        min: u64,
        /// The most it may be.
        max: u64,
        /// What it is.
        value: u64,
    },
    /// The period is zero or above [`Span::MAX`].
    Period(Span),
    /// The time between two steps of the recovery is zero or above [`Span::MAX`].
    RecoveryInterval(Span),
    /// The UTC offset, in seconds, is more than 18 hours.
    UtcOffset(i32),
    /// From empty to full takes longer than [`Span::MAX`].
    TimeToFull {
        /// The field that is too large for the rate.
        capacity: Field,
    },
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => write!(f, "name: must be {}", Name::RULE),
            Self::Number { field, min, max, value } => {
                write!(f, "{}: must be {min} to {max}, not {value}", field.as_str())
            }
            Self::Period(Span::ZERO) => write!(f, "per: must be longer than nothing"),
            Self::Period(_) => write!(f, "per: must be at most 146 years"),
            Self::RecoveryInterval(_) => {
                write!(f, "recovery_interval: must be longer than nothing and at most 146 years")
            }
            Self::UtcOffset(secs) => {
                write!(f, "utc_offset: must be at most {UTC_OFFSET_SECS_MAX} seconds, not {secs}")
            }
            Self::TimeToFull { capacity } => write!(
                f,
                "{}: at this rate it takes more than 146 years to fill; lower it or raise the rate",
                capacity.as_str()
            ),
        }
    }
}

impl core::error::Error for LimitError {}
