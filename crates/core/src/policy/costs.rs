//! What one request asks of every limit of a policy.

use core::fmt;

use crate::UNITS_MAX;
use crate::policy::name::{NAME_BYTES_MAX, Name};
use crate::policy::{LIMITS_MAX, Policy};

/// The units asked of each limit, in the policy's order. Made by [`Policy::costs`] and friends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Costs {
    /// 0 beyond the policy's limits.
    units: [u64; LIMITS_MAX],
    count: usize,
}

impl Costs {
    /// Costs under a policy kept elsewhere, to be passed on to it: one number per limit, in that policy's
    /// order. `None` when there are more than [`LIMITS_MAX`], or one is above [`UNITS_MAX`].
    #[must_use]
    pub fn carried(units: &[u64]) -> Option<Self> {
        let mut costs = Self { units: [0; LIMITS_MAX], count: units.len() };
        costs.units.get_mut(..units.len())?.copy_from_slice(units);
        units.iter().all(|units| *units <= UNITS_MAX).then_some(costs)
    }

    /// The units asked of the limit at this position.
    #[inline]
    pub(crate) fn of(&self, index: usize) -> u64 {
        self.units.get(index).copied().unwrap_or(0)
    }

    /// Whether nothing is asked for: a peek.
    #[inline]
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.as_slice().iter().all(|units| *units == 0)
    }

    /// Nothing of each limit, under the same policy: a peek.
    #[must_use]
    pub const fn nothing(&self) -> Self {
        Self { units: [0; LIMITS_MAX], count: self.count }
    }

    /// The units, one number per limit.
    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> &[u64] {
        self.units.get(..self.count).unwrap_or_default()
    }
}

impl Policy {
    /// What a request costs that names the given costs; limits that are not named cost their default.
    ///
    /// ```
    /// use tollgate_core::{Limit, Policy, Span};
    /// let minute = Span::from_secs(60);
    /// let policy = Policy::new([
    ///     Limit::token_bucket("requests", 60, 60, minute)?,
    ///     Limit::token_bucket("input_tokens", 100_000, 100_000, minute)?,
    /// ])?;
    /// assert_eq!(policy.costs([("input_tokens", 812)])?.as_slice(), [1, 812]);
    ///
    /// let error = policy.costs([("tokens", 812)]).unwrap_err();
    /// assert_eq!(error.to_string(), "tokens: no limit of this policy is named so");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CostError`]: a name that the policy does not have or that comes twice, a cost above [`UNITS_MAX`], or a limit that
    /// is not named and has no default.
    pub fn costs<'n>(
        &self,
        named: impl IntoIterator<Item = (&'n str, u64)>,
    ) -> Result<Costs, CostError<'n>> {
        let mut given = [None; LIMITS_MAX];
        for (name, cost) in named {
            let index = self.index_of(name).ok_or(CostError::Unknown(name))?;
            match given.get_mut(index) {
                Some(slot) if slot.is_none() => *slot = Some(cost),
                _ => return Err(CostError::Repeated(name)),
            }
        }
        let default = |index: usize| self.default_cost(index);
        self.fill(|index| given.get(index).copied().flatten().or_else(|| default(index)))
    }

    /// What a request costs, given one number per limit in the policy's order.
    ///
    /// # Errors
    /// [`CostError`]: too few or too many numbers, or one that its limit does not take.
    pub fn costs_in_order(&self, units: &[u64]) -> Result<Costs, CostError<'static>> {
        if units.len() != self.limits().len() {
            return Err(CostError::Count { wanted: self.limits().len(), given: units.len() });
        }
        self.fill(|index| units.get(index).copied())
    }

    /// Costs that ask for nothing.
    #[must_use]
    pub fn no_costs(&self) -> Costs {
        Costs { units: [0; LIMITS_MAX], count: self.limits().len() }
    }

    /// A limit's own default, or 1 when it is the only one.
    fn default_cost(&self, index: usize) -> Option<u64> {
        let only = (self.limits().len() == 1).then_some(1);
        self.limits().get(index).and_then(|limit| limit.default_cost().or(only))
    }

    fn fill<'n>(&self, cost: impl Fn(usize) -> Option<u64>) -> Result<Costs, CostError<'n>> {
        let mut costs = self.no_costs();
        for ((index, limit), slot) in self.numbered().zip(&mut costs.units) {
            let name = limit.name();
            let units = cost(index).ok_or_else(|| CostError::Missing(name.clone()))?;
            if units > UNITS_MAX {
                return Err(CostError::TooLarge(name.clone()));
            }
            if limit.is_per_call() && units > 1 {
                return Err(CostError::PerCall(name.clone()));
            }
            *slot = units;
        }
        Ok(costs)
    }
}

/// What is wrong with the costs of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CostError<'n> {
    /// No limit of the policy has this name.
    Unknown(&'n str),
    /// This limit is given two costs.
    Repeated(&'n str),
    /// This limit has no default, and no cost was named for it.
    Missing(Name),
    /// The cost for this limit is above [`UNITS_MAX`].
    TooLarge(Name),
    /// This limit counts calls: each costs 1.
    PerCall(Name),
    /// There must be one number per limit.
    Count {
        /// How many limits the policy has.
        wanted: usize,
        /// How many numbers there were.
        given: usize,
    },
}

impl CostError<'_> {
    /// The limit that it is about: an unknown one by the name that was given, whatever that is.
    #[must_use]
    pub fn limit(&self) -> Option<&str> {
        match self {
            Self::Unknown(name) | Self::Repeated(name) => Some(name),
            Self::Missing(name) | Self::TooLarge(name) | Self::PerCall(name) => Some(name),
            Self::Count { .. } => None,
        }
    }

    /// What is wrong, without the limit's name: for those who tell that otherwise.
    pub fn reason(&self) -> impl fmt::Display {
        Reason(self)
    }
}

struct Reason<'e>(&'e CostError<'e>);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            CostError::Unknown(_) => write!(f, "no limit of this policy is named so"),
            CostError::Repeated(_) => write!(f, "must be given once"),
            CostError::Missing(_) => {
                write!(f, "must be given, since this limit has no default cost")
            }
            CostError::TooLarge(_) => write!(f, "must be 0 to {UNITS_MAX}"),
            CostError::PerCall(_) => write!(f, "must be 1, since this limit counts calls"),
            CostError::Count { wanted, given } => {
                write!(f, "one cost per limit is wanted: {wanted}, not {given}")
            }
        }
    }
}

/// The limit, and what is wrong. As much of a name as any limit's can have.
impl fmt::Display for CostError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.limit() {
            Some(name) => write!(f, "{name:.NAME_BYTES_MAX$}: {}", self.reason()),
            None => write!(f, "costs: {}", self.reason()),
        }
    }
}

impl core::error::Error for CostError<'_> {}
