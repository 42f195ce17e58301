//! What an upstream says is left of one of its limits.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{LEVELS_MAX, WAIT_MAX};
use crate::UNITS_MAX;
use crate::policy::name::NAME_BYTES_MAX;
use crate::shift;
use crate::time::Span;

/// What a limit counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Requests; also where a provider does not say what it counts.
    Requests,
    /// Tokens of a language model, input and output together.
    Tokens,
    /// Tokens that go in.
    InputTokens,
    /// Tokens that come out.
    OutputTokens,
    /// What the provider calls so: 1 to [`NAME_BYTES_MAX`] bytes, and none of the names above. Small
    /// letters where the name is a part of a header's name.
    Named(Box<str>),
}

impl Dimension {
    /// The dimension of this name, if that is not too long. The same name is always the same one.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "requests" => Some(Self::Requests),
            "tokens" => Some(Self::Tokens),
            "input-tokens" | "input_tokens" => Some(Self::InputTokens),
            "output-tokens" | "output_tokens" => Some(Self::OutputTokens),
            _ => (1..=NAME_BYTES_MAX).contains(&name.len()).then(|| Self::Named(name.into())),
        }
    }

    /// The name: `requests`, `tokens`, `input_tokens`, `output_tokens`, or the provider's own.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::InputTokens => "input_tokens",
            Self::OutputTokens => "output_tokens",
            Self::Named(name) => name,
        }
    }
}

/// The status of one limit of the upstream, as far as it was reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// What the limit counts.
    pub dimension: Dimension,
    /// The most units there can be: 0 to [`UNITS_MAX`].
    pub limit: Option<u64>,
    /// The units that are left: 0 to [`UNITS_MAX`].
    pub remaining: Option<u64>,
    /// How long until all units are back, at most [`WAIT_MAX`]; zero when that moment has passed.
    pub reset_after: Option<Span>,
}

impl Level {
    /// A level of which nothing is known yet.
    pub(super) const fn unknown(dimension: Dimension) -> Self {
        Self { dimension, limit: None, remaining: None, reset_after: None }
    }

    /// Combines two levels, taking the more cautious number of each.
    fn tighten(&mut self, other: &Self) {
        self.limit = least(self.limit, other.limit);
        self.remaining = least(self.remaining, other.remaining);
        // `None` is less than any `Some`, so this is the longer of those that were given.
        self.reset_after = self.reset_after.max(other.reset_after);
    }

    fn clipped(self) -> Self {
        Self {
            limit: self.limit.map(|units| units.min(UNITS_MAX)),
            remaining: self.remaining.map(|units| units.min(UNITS_MAX)),
            reset_after: self.reset_after.map(|span| span.min(WAIT_MAX)),
            ..self
        }
    }
}

/// Adds to `levels`, which are in the order of their dimensions, one for each.
///
/// When they become too many, the last in that order goes. It would go again if it came back, so the
/// order in which levels are added makes no difference.
pub(super) fn add(levels: &mut Vec<Level>, level: Level) {
    let level = level.clipped();
    match levels.binary_search_by(|other| other.dimension.cmp(&level.dimension)) {
        Ok(index) => {
            if let Some(same) = levels.get_mut(index) {
                same.tighten(&level);
            }
        }
        Err(index) => {
            shift::insert(levels, index, level);
            levels.truncate(LEVELS_MAX);
        }
    }
}

fn least(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    a.into_iter().chain(b).min()
}
