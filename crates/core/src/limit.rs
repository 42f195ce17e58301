//! One rule: an algorithm with its numbers, under a name.

use core::fmt;

use crate::UNITS_MAX;
use crate::meter::Meter;
use crate::name::{NAME_BYTES_MAX, Name};
use crate::time::Span;

/// How a limit counts. Every variant is validated by the constructors of [`Limit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// GCRA (ITU-T I.371): `limit` units per `period`, at most `burst` of them at once.
    Gcra {
        /// Units per period.
        limit: u64,
        /// The period.
        period: Span,
        /// The most units at once.
        burst: u64,
    },
    /// A bucket of `capacity` tokens that starts full and gains `refill` tokens per `period`,
    /// continuously. A `refill` of 0 is a budget that is spent once.
    TokenBucket {
        /// The most tokens there are.
        capacity: u64,
        /// Tokens gained per period.
        refill: u64,
        /// The period.
        period: Span,
    },
    /// A bucket of `capacity` units that starts empty and drains `leak` units per `period`,
    /// continuously: what would spill over is refused.
    LeakyBucket {
        /// The most units there are in it.
        capacity: u64,
        /// Units drained per period.
        leak: u64,
        /// The period.
        period: Span,
    },
}

/// One rule: an [`Algorithm`] and its numbers, with a name that is unique in its policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    name: Name,
    algorithm: Algorithm,
    meter: Meter,
    tag: u32,
    default_cost: Option<u64>,
}

impl Limit {
    /// A limit named `name` that counts by `algorithm`.
    ///
    /// ```
    /// use tollgate_core::{Algorithm, Limit, Span};
    /// let algorithm = Algorithm::TokenBucket { capacity: 0, refill: 1, period: Span::from_secs(1) };
    /// let error = Limit::new("requests", algorithm).unwrap_err();
    /// assert_eq!(error.to_string(), "capacity: must be 1 to 9007199254740991, not 0");
    /// ```
    ///
    /// # Errors
    /// [`LimitError`] says which field is out of its range.
    pub fn new(name: &str, algorithm: Algorithm) -> Result<Self, LimitError> {
        let name = Name::new(name).ok_or(LimitError::Name)?;
        let (capacity, rate, period) = match algorithm {
            Algorithm::Gcra { limit, period, burst } => {
                (Number(Field::Burst, burst), Number(Field::Limit, limit), period)
            }
            Algorithm::TokenBucket { capacity, refill, period } => {
                (Number(Field::Capacity, capacity), Number(Field::Refill, refill), period)
            }
            Algorithm::LeakyBucket { capacity, leak, period } => {
                (Number(Field::Capacity, capacity), Number(Field::Leak, leak), period)
            }
        };
        let may_be_budget = matches!(algorithm, Algorithm::TokenBucket { .. });
        rate.check(if may_be_budget { 0 } else { 1 })?;
        capacity.check(1)?;
        if period == Span::ZERO || period > Span::MAX {
            return Err(LimitError::Period(period));
        }
        let meter = Meter::new(capacity.1, rate.1, period)
            .ok_or(LimitError::TimeToFull { capacity: capacity.0 })?;
        let tag = name.tag();
        let default_cost = (&*name == "requests").then_some(1);
        Ok(Self { name, algorithm, meter, tag, default_cost })
    }

    /// GCRA: `limit` units per `period`, at most `burst` at once.
    ///
    /// # Errors
    /// [`LimitError`] says which field is out of its range.
    pub fn gcra(name: &str, limit: u64, period: Span, burst: u64) -> Result<Self, LimitError> {
        Self::new(name, Algorithm::Gcra { limit, period, burst })
    }

    /// A token bucket of `capacity` that gains `refill` tokens per `period`.
    ///
    /// # Errors
    /// [`LimitError`] says which field is out of its range.
    pub fn token_bucket(
        name: &str,
        capacity: u64,
        refill: u64,
        period: Span,
    ) -> Result<Self, LimitError> {
        Self::new(name, Algorithm::TokenBucket { capacity, refill, period })
    }

    /// A leaky bucket of `capacity` that drains `leak` units per `period`.
    ///
    /// # Errors
    /// [`LimitError`] says which field is out of its range.
    pub fn leaky_bucket(
        name: &str,
        capacity: u64,
        leak: u64,
        period: Span,
    ) -> Result<Self, LimitError> {
        Self::new(name, Algorithm::LeakyBucket { capacity, leak, period })
    }

    /// Sets what a request costs that names no cost for this limit: 0 to [`UNITS_MAX`].
    ///
    /// Without it that is 1 for a limit named `requests`, and an error for every other.
    ///
    /// # Errors
    /// [`LimitError::Number`] when `cost` is above [`UNITS_MAX`].
    pub fn with_default_cost(mut self, cost: u64) -> Result<Self, LimitError> {
        Number(Field::DefaultCost, cost).check(0)?;
        self.default_cost = Some(cost);
        Ok(self)
    }

    /// The limit's name.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// How it counts.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What a request costs that names no cost.
    #[must_use]
    pub const fn default_cost(&self) -> Option<u64> {
        self.default_cost
    }

    /// The meter behind the algorithm.
    #[must_use]
    pub const fn meter(&self) -> &Meter {
        &self.meter
    }

    pub(crate) const fn tag(&self) -> u32 {
        self.tag
    }
}

/// A field of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// `limit` of GCRA.
    Limit,
    /// `burst` of GCRA.
    Burst,
    /// `capacity` of a token bucket or leaky bucket.
    Capacity,
    /// `refill` of a token bucket.
    Refill,
    /// `leak` of a leaky bucket.
    Leak,
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
            Self::Leak => "leak",
            Self::DefaultCost => "default_cost",
        }
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
        /// What it is.
        value: u64,
    },
    /// The period is zero or above [`Span::MAX`].
    Period(Span),
    /// From empty to full takes longer than [`Span::MAX`].
    TimeToFull {
        /// The field that is too large for the rate.
        capacity: Field,
    },
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => {
                write!(
                    f,
                    "name: must be 1 to {NAME_BYTES_MAX} letters, digits, '_', '-' or '.', and not dots alone"
                )
            }
            Self::Number { field, min, value } => {
                write!(f, "{}: must be {min} to {UNITS_MAX}, not {value}", field.as_str())
            }
            Self::Period(Span::ZERO) => write!(f, "per: must be longer than nothing"),
            Self::Period(_) => write!(f, "per: must be at most 146 years"),
            Self::TimeToFull { capacity } => write!(
                f,
                "{}: at this rate it takes more than 146 years to fill; lower it or raise the rate",
                capacity.as_str()
            ),
        }
    }
}

impl core::error::Error for LimitError {}

struct Number(Field, u64);

impl Number {
    const fn check(&self, min: u64) -> Result<(), LimitError> {
        let Self(field, value) = *self;
        if value < min || value > UNITS_MAX {
            return Err(LimitError::Number { field, min, value });
        }
        Ok(())
    }
}
