//! Which events a question is about.

use super::event::{Event, EventError, checked_code, checked_label};

/// Which events are asked for: any, or those with a code, with a label, or with both.
///
/// A filter for a label matches events that carry this very label. An event without one says that some
/// call was refused, not which; it matches filters that ask for any label, and no other. Who wants to
/// be stopped by it too asks twice: for the label, and for any.
///
/// An empty text is an error, and never stands for "any".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Filter<'a> {
    code: Option<&'a str>,
    label: Option<&'a str>,
}

impl<'a> Filter<'a> {
    /// Any event.
    pub const ANY: Self = Self { code: None, label: None };

    /// Only events with this code.
    ///
    /// ```
    /// use tollgate_core::cooldown::Filter;
    /// assert!(Filter::ANY.with_code("429").is_ok());
    /// let error = Filter::ANY.with_code("").unwrap_err();
    /// assert_eq!(error.to_string(), "code: must be 1 to 64 bytes, not 0");
    /// ```
    ///
    /// # Errors
    /// [`EventError::Code`] when no event can have it.
    pub fn with_code(self, code: &'a str) -> Result<Self, EventError> {
        Ok(Self { code: Some(checked_code(code)?), ..self })
    }

    /// Only events with this label.
    ///
    /// # Errors
    /// [`EventError::Label`] when no event can have it.
    pub fn with_label(self, label: &'a str) -> Result<Self, EventError> {
        Ok(Self { label: Some(checked_label(label)?), ..self })
    }

    pub(super) fn matches(&self, event: &Event) -> bool {
        self.code.is_none_or(|code| code == event.code())
            && self.label.is_none_or(|label| Some(label) == event.label())
    }
}
