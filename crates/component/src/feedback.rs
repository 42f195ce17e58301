//! The exported function of provider feedback.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use tollgate_core::feedback::{Feedback, Level};
use tollgate_core::{Span, Timestamp};

use crate::Component;
use crate::bindings::exports::tollgate::limiter::feedback as wit;

impl wit::Guest for Component {
    fn from_headers(
        status: u16,
        headers: Vec<(String, Vec<u8>)>,
        now: u64,
    ) -> wit::ProviderFeedback {
        let feedback = Feedback::from_headers(status, headers, Timestamp::from_nanos(now));
        wit::ProviderFeedback {
            cooldown: feedback.cooldown.map(Span::as_nanos),
            levels: feedback.levels.iter().map(level).collect(),
            wait: feedback.wait().map(Span::as_nanos),
        }
    }
}

fn level(level: &Level) -> wit::Level {
    wit::Level {
        dimension: level.dimension.as_str().to_owned(),
        limit: level.limit,
        remaining: level.remaining,
        reset_after: level.reset_after.map(Span::as_nanos),
    }
}
