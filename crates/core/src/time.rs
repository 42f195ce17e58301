//! Points in time and distances between them, in whole nanoseconds.

/// A point in time: nanoseconds since the Unix epoch, at most [`Timestamp::MAX`].
///
/// Records outlive processes and are shared by machines, so this is wall-clock time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The Unix epoch.
    pub const EPOCH: Self = Self(0);
    /// The latest time: in the year 2262. A later one counts as this one, so that time stands still
    /// there instead of overflowing, and nothing extra is admitted.
    pub const MAX: Self = Self(u64::MAX / 2);

    /// The time `nanos` nanoseconds after the epoch, or [`Self::MAX`] if that is earlier.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        if nanos > Self::MAX.0 { Self::MAX } else { Self(nanos) }
    }

    /// The time `secs` seconds after the epoch, or [`Self::MAX`] if that is earlier.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self::from_nanos(secs.saturating_mul(1_000_000_000))
    }

    /// Nanoseconds since the epoch.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// `span` after this time, at most [`Self::MAX`].
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self::from_nanos(self.0.saturating_add(span.0))
    }

    /// The time from `earlier` to this time; zero when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

/// A distance in time: nanoseconds, or [`Span::NEVER`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(u64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest period of a limit: a quarter of 2^64 nanoseconds, 146 years.
    pub const MAX: Self = Self(u64::MAX / 4);
    /// A leap year, 366 days: the bound of durations that people set (a block, a time to live). A longer
    /// one is more likely a mistake of units.
    pub const LONGEST_YEAR: Self = Self::from_secs(366 * 86_400);
    /// Longer than any wait: the moment never comes.
    pub const NEVER: Self = Self(u64::MAX);

    /// `nanos` nanoseconds.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// `millis` milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// `secs` seconds.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// The nanoseconds of this span.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Whole milliseconds, rounded up: waiting that long is long enough.
    #[must_use]
    pub const fn as_millis_ceil(self) -> u64 {
        self.0.div_ceil(1_000_000)
    }

    /// Whole milliseconds, rounded up; `None` for [`Span::NEVER`].
    ///
    /// ```
    /// use tollgate_core::Span;
    /// assert_eq!(Span::from_nanos(1).finite_millis_ceil(), Some(1));
    /// assert_eq!(Span::NEVER.finite_millis_ceil(), None);
    /// ```
    #[must_use]
    pub const fn finite_millis_ceil(self) -> Option<u64> {
        if self.is_never() { None } else { Some(self.as_millis_ceil()) }
    }

    /// Whole seconds, rounded up.
    #[must_use]
    pub const fn as_secs_ceil(self) -> u64 {
        self.0.div_ceil(1_000_000_000)
    }

    /// Whether this is [`Self::NEVER`].
    #[must_use]
    pub const fn is_never(self) -> bool {
        self.0 == Self::NEVER.0
    }
}
