//! Provider feedback: any headers of any response.
//!
//! The input is a text: a line with the status and the time in seconds, then one header per line,
//! name and value with a colon between them. Whatever is not there is 429, 2027, or empty.

use tollgate_core::feedback::{Feedback, HEADERS_MAX, LEVELS_MAX, WAIT_MAX};
use tollgate_core::{Timestamp, UNITS_MAX};

/// Reads the headers, forwards and backwards.
///
/// # Panics
/// When something does not hold.
pub fn run(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let (status, now) = head(lines.next().unwrap_or_default());
    let headers: Vec<_> = lines.map(header).take(HEADERS_MAX).collect();
    let feedback = Feedback::from_headers(status, headers.iter().copied(), now);
    let reversed = Feedback::from_headers(status, headers.iter().rev().copied(), now);
    assert_eq!(feedback, reversed, "the order makes no difference");
    holds(&feedback, status);
}

/// What holds of every answer.
fn holds(feedback: &Feedback, status: u16) {
    let levels = &feedback.levels;
    assert!(feedback.cooldown.is_none() || (400..=599).contains(&status));
    assert!(feedback.wait().is_none_or(|wait| wait <= WAIT_MAX));
    assert!(levels.len() <= LEVELS_MAX);
    assert!(levels.is_sorted_by(|a, b| a.dimension < b.dimension), "each dimension once");
    for level in levels {
        assert!(level.limit.max(level.remaining).is_none_or(|units| units <= UNITS_MAX));
        assert!(level.reset_after.is_none_or(|span| span <= WAIT_MAX));
    }
}

fn head(line: &[u8]) -> (u16, Timestamp) {
    let words: Vec<&str> =
        line.split(|byte| *byte == b' ').filter_map(|word| str::from_utf8(word).ok()).collect();
    let number = |index: usize| words.get(index).and_then(|word| word.parse::<u64>().ok());
    let status = number(0).and_then(|status| u16::try_from(status).ok()).unwrap_or(429);
    (status, Timestamp::from_secs(number(1).unwrap_or(1_800_000_000)))
}

fn header(line: &[u8]) -> (&[u8], &[u8]) {
    match line.iter().position(|byte| *byte == b':') {
        Some(colon) => (&line[..colon], &line[colon + 1..]),
        None => (line, &[]),
    }
}
