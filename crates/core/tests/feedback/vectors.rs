//! The shared rows (`tests/vectors/README.md` tells the format), run on the core itself.

#[path = "../../../../tests/vectors/feedback.rs"]
mod format;

use format::{Expected, File, Level};
use tollgate_core::feedback::Feedback;
use tollgate_core::{Span, Timestamp};

/// What the feedback says, as the rows spell it.
fn said(feedback: &Feedback) -> Expected {
    let nanos = |span: Option<Span>| span.map(|span| span.as_nanos().to_string());
    let level = |level: &tollgate_core::feedback::Level| Level {
        dimension: level.dimension.as_str().to_owned(),
        limit: level.limit,
        remaining: level.remaining,
        reset_after_ns: nanos(level.reset_after),
    };
    Expected {
        cooldown_ns: nanos(feedback.cooldown),
        wait_ns: nanos(feedback.wait()),
        levels: feedback.levels.iter().map(level).collect(),
    }
}

/// Every row's headers mean what stands there.
#[test]
fn the_core_hears_what_the_rows_say() {
    let rows = File::read().rows;
    // A file that lost its rows would pass as well.
    assert!(rows.len() >= 190, "only {} rows", rows.len());
    for row in rows {
        let now = Timestamp::from_nanos(row.now_ns.parse().unwrap());
        let feedback = Feedback::from_headers(row.status, row.headers, now);
        assert_eq!(said(&feedback), row.expect, "{}", row.why);
    }
}
