//! One rule: an algorithm with its numbers, under a name.

use crate::algorithms::any::AnyRule;
use crate::policy::algorithm::Algorithm;
use crate::policy::limit_error::{Field, LimitError};
use crate::policy::name::Name;
use crate::record::entry::kind_of;
use crate::time::Span;

/// What happens when a hold is settled for more than it holds, and there is no room for the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overrun {
    /// It is charged all the same: debt, which has to be paid before anything else passes. At most
    /// one capacity of it; what is beyond that is forgiven.
    #[default]
    Debt,
    /// Settling is refused, and the hold stays.
    Refuse,
}

/// One rule: an [`Algorithm`] and its numbers, with a name that is unique in its policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    name: Name,
    algorithm: Algorithm,
    rule: AnyRule,
    tag: u32,
    default_cost: Option<u64>,
    per_call: bool,
    shadow: bool,
    overrun: Overrun,
}

impl Limit {
    /// A limit named `name` that counts by `algorithm`.
    ///
    /// A request that names no cost for it costs 1 if the limit is named `requests` or is one of
    /// [`Algorithm::Concurrency`]; for every other the cost has to be named.
    ///
    /// ```
    /// use tollgate_core::{Algorithm, Limit, Span};
    /// let algorithm = Algorithm::SlidingLog { limit: 0, period: Span::from_secs(1) };
    /// let error = Limit::new("requests", algorithm).unwrap_err();
    /// assert_eq!(error.to_string(), "limit: must be 1 to 9007199254740991, not 0");
    /// ```
    ///
    /// # Errors
    /// [`LimitError`] says which field is out of its range.
    pub fn new(name: &str, algorithm: Algorithm) -> Result<Self, LimitError> {
        let name = Name::new(name).ok_or(LimitError::Name)?;
        let rule = algorithm.rule()?;
        let one = &*name == "requests" || matches!(algorithm, Algorithm::Concurrency { .. });
        Ok(Self {
            tag: name.tag(),
            name,
            algorithm,
            rule,
            default_cost: one.then_some(1),
            per_call: false,
            shadow: false,
            overrun: Overrun::default(),
        })
    }

    /// GCRA: `limit` units per `period`, at most `burst` at once.
    ///
    /// # Errors
    /// [`LimitError`] says which field is out of its range.
    pub fn gcra(name: &str, limit: u64, period: Span, burst: u64) -> Result<Self, LimitError> {
        Self::new(name, Algorithm::Gcra { limit, period, burst })
    }

    /// A token bucket of `capacity` that starts full and gains `refill` tokens per `period`.
    ///
    /// # Errors
    /// [`LimitError`] says which field is out of its range.
    pub fn token_bucket(
        name: &str,
        capacity: u64,
        refill: u64,
        period: Span,
    ) -> Result<Self, LimitError> {
        Self::new(name, Algorithm::TokenBucket { capacity, refill, period, initial: capacity })
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

    /// At most `slots` held at the same time.
    ///
    /// # Errors
    /// [`LimitError`] says which field is out of its range.
    pub fn concurrency(name: &str, slots: u64) -> Result<Self, LimitError> {
        Self::new(name, Algorithm::Concurrency { slots })
    }

    /// Sets what a request costs that names no cost for this limit: 0 to
    /// [`UNITS_MAX`](crate::UNITS_MAX).
    ///
    /// # Errors
    /// [`LimitError::Number`] when `cost` is above that.
    pub fn with_default_cost(mut self, cost: u64) -> Result<Self, LimitError> {
        Field::DefaultCost.check(cost, 0)?;
        self.default_cost = Some(cost);
        Ok(self)
    }

    /// Counts calls: every request costs 1, and naming another cost is an error.
    #[must_use]
    pub const fn per_call(mut self) -> Self {
        (self.per_call, self.default_cost) = (true, Some(1));
        self
    }

    /// Only watches: every decision reports what this limit would have decided, but it denies nothing.
    /// It counts what it would have admitted.
    #[must_use]
    pub const fn shadow(mut self) -> Self {
        self.shadow = true;
        self
    }

    /// Sets what happens when more is settled than was held.
    #[must_use]
    pub const fn with_overrun(mut self, overrun: Overrun) -> Self {
        self.overrun = overrun;
        self
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

    /// Whether every request costs 1.
    #[must_use]
    pub const fn is_per_call(&self) -> bool {
        self.per_call
    }

    /// Whether it only watches.
    #[must_use]
    pub const fn is_shadow(&self) -> bool {
        self.shadow
    }

    /// What happens when more is settled than was held.
    #[must_use]
    pub const fn overrun(&self) -> Overrun {
        self.overrun
    }

    /// The most units that can be asked for at once, for a key whose capacity nobody set.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.rule.capacity(&self.rule.fresh())
    }

    /// The time in which the capacity comes back, at most: from empty to full, or a window.
    /// [`Span::NEVER`] for a budget, and for slots, which come back when their holders let go.
    #[must_use]
    pub const fn period(&self) -> Span {
        match &self.rule {
            AnyRule::Meter(meter) | AnyRule::Queue(meter) => meter.time_to_full(),
            AnyRule::Window(window) => window.period(),
            AnyRule::Log(log) => log.period(),
            AnyRule::Counter(counter) => counter.period(),
            AnyRule::Adaptive(adaptive) => adaptive.period(),
            AnyRule::Slots(_) => Span::NEVER,
        }
    }

    /// Whether a record that was written under one of them is read under the other: they count in the same
    /// way, whatever their numbers are. A budget and a bucket that refills do not.
    ///
    /// ```
    /// use tollgate_core::{Limit, Span};
    /// let bucket = |refill| Limit::token_bucket("requests", 10, refill, Span::from_secs(1));
    /// assert!(bucket(1)?.counts_like(&bucket(5)?));
    /// assert!(!bucket(1)?.counts_like(&bucket(0)?));
    /// # Ok::<(), tollgate_core::LimitError>(())
    /// ```
    #[must_use]
    pub const fn counts_like(&self, other: &Self) -> bool {
        kind_of(&self.rule) == kind_of(&other.rule)
    }

    pub(crate) const fn rule(&self) -> &AnyRule {
        &self.rule
    }

    pub(crate) const fn tag(&self) -> u32 {
        self.tag
    }

    /// Whether what it is asked for has to be held: slots are.
    #[must_use]
    pub const fn needs_hold(&self) -> bool {
        matches!(self.rule, AnyRule::Slots(_))
    }
}
