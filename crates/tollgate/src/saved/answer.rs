//! An answer as others are told it.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use tollgate_core::{Effect, Span, Verdict};

use crate::Answer;

impl Serialize for Answer {
    /// Words and whole nanoseconds; a wait that never ends is none.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut answer = serializer.serialize_struct("Answer", 5)?;
        answer.serialize_field("verdict", verdict(self.verdict))?;
        answer.serialize_field("effect", effect(self.effect))?;
        answer.serialize_field("retry_after_ns", &span_ns(self.retry_after))?;
        answer.serialize_field("delay_ns", &span_ns(self.delay))?;
        answer.serialize_field("denied_by", &self.denied_by)?;
        answer.end()
    }
}

fn span_ns(span: Span) -> Option<u64> {
    (!span.is_never()).then_some(span.as_nanos())
}

const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "allowed",
        Verdict::Limited => "limited",
        Verdict::Impossible => "impossible",
    }
}

const fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::None => "none",
        Effect::Charged => "charged",
        Effect::Held => "held",
        Effect::Repeated => "repeated",
        Effect::Settled => "settled",
        Effect::Released => "released",
        Effect::Renewed => "renewed",
        Effect::NoHold => "no-hold",
        Effect::Changed => "changed",
    }
}
