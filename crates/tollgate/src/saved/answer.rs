//! An answer as others are told it.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use tollgate_core::Span;

use crate::Answer;

impl Serialize for Answer {
    /// Words and whole nanoseconds; a wait that never ends is none.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut answer = serializer.serialize_struct("Answer", 5)?;
        answer.serialize_field("verdict", self.verdict.as_str())?;
        answer.serialize_field("effect", self.effect.as_str())?;
        answer.serialize_field("retry_after_ns", &span_ns(self.retry_after))?;
        answer.serialize_field("delay_ns", &span_ns(self.delay))?;
        answer.serialize_field("denied_by", &self.denied_by)?;
        answer.end()
    }
}

fn span_ns(span: Span) -> Option<u64> {
    (!span.is_never()).then_some(span.as_nanos())
}
