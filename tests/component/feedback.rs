//! The shared rows of provider feedback (`tests/vectors/README.md`), run on the component in wasmtime.

#[path = "../vectors/feedback.rs"]
mod format;

use format::{Expected, File, Level};

use crate::limiter::Limiter;
use crate::limiter::interfaces::feedback as wit;

/// What the component heard, as the rows spell it.
fn said(feedback: &wit::ProviderFeedback) -> Expected {
    let nanos = |span: Option<u64>| span.map(|span| span.to_string());
    let level = |level: &wit::Level| Level {
        dimension: level.dimension.clone(),
        limit: level.limit,
        remaining: level.remaining,
        reset_after_ns: nanos(level.reset_after),
    };
    Expected {
        cooldown_ns: nanos(feedback.cooldown),
        wait_ns: nanos(feedback.wait),
        levels: feedback.levels.iter().map(level).collect(),
    }
}

/// Every row's headers mean what stands there.
#[test]
fn the_component_hears_what_the_rows_say() {
    let mut limiter = Limiter::new();
    let rows = File::read().rows;
    // A file that lost its rows would pass as well.
    assert!(rows.len() >= 190, "only {} rows", rows.len());
    for row in rows {
        let bytes = |(name, value): (String, String)| (name, value.into_bytes());
        let headers: Vec<_> = row.headers.into_iter().map(bytes).collect();
        let now = row.now_ns.parse().unwrap();
        let (feedback, store) = (limiter.component.tollgate_limiter_feedback(), &mut limiter.store);
        let heard = feedback.call_from_headers(store, row.status, &headers, now).unwrap();
        assert_eq!(said(&heard), row.expect, "{}", row.why);
    }
}
