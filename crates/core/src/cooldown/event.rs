//! One rate-limit event of an upstream, as its caller saw it.

use alloc::boxed::Box;
use core::fmt;

use crate::id::Id;
use crate::time::Span;

/// Longest code or label in bytes.
pub const TEXT_BYTES_MAX: usize = 64;
/// Longest duration of an event: 366 days, so that a quota per calendar year fits.
pub const DURATION_MAX: Span = Span::LONGEST_YEAR;
/// The part of a duration that is counted unless it is said otherwise, in thousandths: four fifths.
pub const SAFETY_PERMILLE_DEFAULT: u16 = 800;
/// The largest safety factor: ten times the duration.
pub const SAFETY_PERMILLE_MAX: u16 = 10_000;

/// A rate-limit event: an upstream refused a call, and is expected to refuse others for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    id: Id,
    source: u64,
    code: Box<str>,
    label: Option<Box<str>>,
    duration: Span,
    safety_permille: u16,
}

impl Event {
    /// The event that the upstream answered with `code` (`429`, `E101`) and refuses calls for
    /// `duration`, longer than nothing and at most [`DURATION_MAX`].
    ///
    /// `id` tells events apart: one drawn at random per event, and kept when a report is tried again.
    /// `source` is who saw it, as a hash of the caller's choice: a record holds no names.
    ///
    /// ```
    /// use tollgate_core::cooldown::Event;
    /// use tollgate_core::{Id, Span};
    /// let error = Event::new(Id::from_u128(1), 2, "", Span::from_secs(60)).unwrap_err();
    /// assert_eq!(error.to_string(), "code: must be 1 to 64 bytes, not 0");
    /// ```
    ///
    /// # Errors
    /// [`EventError`] says which field is out of its range.
    pub fn new(id: Id, source: u64, code: &str, duration: Span) -> Result<Self, EventError> {
        let code = checked_code(code)?.into();
        if duration == Span::ZERO || duration > DURATION_MAX {
            return Err(EventError::Duration(duration));
        }
        let safety_permille = SAFETY_PERMILLE_DEFAULT;
        Ok(Self { id, source, code, label: None, duration, safety_permille })
    }

    /// Says what the event is about: the name of a model, of an account, ...
    ///
    /// # Errors
    /// [`EventError::Label`] when that isn't 1 to [`TEXT_BYTES_MAX`] bytes.
    pub fn with_label(mut self, label: &str) -> Result<Self, EventError> {
        self.label = Some(checked_label(label)?.into());
        Ok(self)
    }

    /// Sets which part of the duration is counted, in thousandths: 1 to [`SAFETY_PERMILLE_MAX`].
    ///
    /// The upstream started to count before its answer arrived and was reported, so a full duration
    /// from the report on ends late, and everybody who shares it stands idle for the rest. If a part of
    /// it ends too early instead, those who call next are refused and one of them reports that. Four
    /// fifths, the default, lean to the cheaper side; take 1000 or more where a refused call is
    /// punished.
    ///
    /// # Errors
    /// [`EventError::Safety`] when it is out of its range.
    pub fn with_safety(mut self, permille: u16) -> Result<Self, EventError> {
        if permille == 0 || permille > SAFETY_PERMILLE_MAX {
            return Err(EventError::Safety(permille));
        }
        self.safety_permille = permille;
        Ok(self)
    }

    /// What tells this event from others.
    #[must_use]
    pub const fn id(&self) -> Id {
        self.id
    }

    /// Who saw it.
    #[must_use]
    pub const fn source(&self) -> u64 {
        self.source
    }

    /// What the upstream answered: 1 to [`TEXT_BYTES_MAX`] bytes.
    #[must_use]
    pub const fn code(&self) -> &str {
        &self.code
    }

    /// What it is about: 1 to [`TEXT_BYTES_MAX`] bytes.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// For how long calls were said to be refused.
    #[must_use]
    pub const fn duration(&self) -> Span {
        self.duration
    }

    /// The part of the duration that is counted, in thousandths.
    #[must_use]
    pub const fn safety_permille(&self) -> u16 {
        self.safety_permille
    }

    /// For how long it counts: the duration times the safety factor, rounded up to the nanosecond.
    #[must_use]
    pub const fn counted_duration(&self) -> Span {
        let (nanos, factor) = (self.duration.as_nanos(), self.safety_permille as u64);
        // In two parts, since the product is beyond 64 bits; the sum, at most 3660 days, is not.
        let (whole, rest) = (nanos.div_euclid(1_000), nanos.rem_euclid(1_000));
        let rest = rest.saturating_mul(factor).div_ceil(1_000);
        Span::from_nanos(whole.saturating_mul(factor).saturating_add(rest))
    }
}

pub(super) fn checked_code(code: &str) -> Result<&str, EventError> {
    if has_length(code) { Ok(code) } else { Err(EventError::Code(code.len())) }
}

pub(super) fn checked_label(label: &str) -> Result<&str, EventError> {
    if has_length(label) { Ok(label) } else { Err(EventError::Label(label.len())) }
}

fn has_length(text: &str) -> bool {
    (1..=TEXT_BYTES_MAX).contains(&text.len())
}

/// Which field of an event or a filter is out of its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventError {
    /// The code has this many bytes: not 1 to [`TEXT_BYTES_MAX`].
    Code(usize),
    /// The label has this many bytes: not 1 to [`TEXT_BYTES_MAX`].
    Label(usize),
    /// The duration is zero or above [`DURATION_MAX`].
    Duration(Span),
    /// The safety factor is not 1 to [`SAFETY_PERMILLE_MAX`].
    Safety(u16),
}

impl EventError {
    /// The field's name.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Code(_) => "code",
            Self::Label(_) => "label",
            Self::Duration(_) => "duration",
            Self::Safety(_) => "safety_permille",
        }
    }
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.field())?;
        match self {
            Self::Code(bytes) | Self::Label(bytes) => {
                write!(f, "must be 1 to {TEXT_BYTES_MAX} bytes, not {bytes}")
            }
            Self::Duration(Span::ZERO) => write!(f, "must be longer than nothing"),
            Self::Duration(_) => write!(f, "must be at most 366 days"),
            Self::Safety(permille) => {
                write!(f, "must be 1 to {SAFETY_PERMILLE_MAX}, not {permille}")
            }
        }
    }
}

impl core::error::Error for EventError {}
