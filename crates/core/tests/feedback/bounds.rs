//! Every bound that the module's documentation states: the last that is taken, and the first that is not.

use tollgate_core::feedback::{
    Dimension, Feedback, HEADERS_MAX, LEVELS_MAX, VALUE_BYTES_MAX, WAIT_MAX,
};
use tollgate_core::{LIMITS_MAX, NAME_BYTES_MAX, Span, Timestamp, UNITS_MAX};

use crate::{cooldown, heard, reset};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// The numbers in the documentation are those of the code.
#[test]
fn the_documented_numbers_hold() {
    assert_eq!((HEADERS_MAX, VALUE_BYTES_MAX, LEVELS_MAX), (256, 2_048, LIMITS_MAX));
    assert_eq!(WAIT_MAX, Span::from_secs(31 * 24 * 60 * 60));
}

/// The first 256 headers are looked at; a list without an end is not read to its end.
#[test]
fn headers() {
    let filler = std::iter::repeat_n(("via", "proxy"), HEADERS_MAX - 1);
    let last = filler.clone().chain([("retry-after", "5")]);
    let feedback = Feedback::from_headers(429, last, NOW);
    assert_eq!(feedback.cooldown, Some(Span::from_secs(5)));
    let beyond = filler.chain([("via", "proxy"), ("retry-after", "5")]);
    assert_eq!(Feedback::from_headers(429, beyond, NOW), Feedback::default());
    let endless = std::iter::repeat(("retry-after", "5"));
    assert_eq!(Feedback::from_headers(429, endless, NOW), feedback);
}

/// A value has up to 2048 bytes, whatever it is of.
#[test]
fn values() {
    let zeros = |bytes: usize| format!("5.{}", "0".repeat(bytes - 2));
    assert_eq!(cooldown(&zeros(VALUE_BYTES_MAX), NOW), Some(Span::from_secs(5)));
    assert_eq!(cooldown(&zeros(VALUE_BYTES_MAX + 1), NOW), None);
    let padded = |bytes: usize| format!("\"a\";r=5{}", " ".repeat(bytes - 7));
    assert_eq!(heard("RateLimit", &padded(VALUE_BYTES_MAX), NOW).levels.len(), 1);
    assert!(heard("RateLimit", &padded(VALUE_BYTES_MAX + 1), NOW).levels.is_empty());
}

/// A dimension's name has 1 to 64 bytes, in a header's name and in a value.
#[test]
fn names() {
    for (length, taken) in
        [(0, false), (1, true), (NAME_BYTES_MAX, true), (NAME_BYTES_MAX + 1, false)]
    {
        let name = "n".repeat(length);
        let named = Dimension::Named(name.as_str().into());
        let headers = [
            (format!("X-RateLimit-Limit-{name}"), "1".to_owned()),
            (format!("Anthropic-RateLimit-{name}-Limit"), "1".to_owned()),
            ("RateLimit".to_owned(), format!("\"{name}\";r=1")),
            ("RateLimit-Policy".to_owned(), format!("\"{name}\";q=1")),
        ];
        for header in headers {
            let levels = Feedback::from_headers(200, [header.clone()], NOW).levels;
            let dimensions: Vec<_> = levels.into_iter().map(|level| level.dimension).collect();
            let expected = if taken { vec![named.clone()] } else { vec![] };
            assert_eq!(dimensions, expected, "{header:?}");
        }
    }
}

/// 16 levels are kept, and of more always the same: the first in the order of dimensions.
#[test]
fn levels() {
    let names: Vec<_> = (0..40).map(|i| format!("x-ratelimit-limit-n{i:02}")).collect();
    let forwards = names.iter().map(|name| (name, "1"));
    let feedback = Feedback::from_headers(200, forwards.clone(), NOW);
    let kept: Vec<_> = feedback.levels.iter().map(|level| level.dimension.as_str()).collect();
    let expected: Vec<_> = (0..LEVELS_MAX).map(|i| format!("n{i:02}")).collect();
    assert_eq!(kept, expected);
    assert_eq!(Feedback::from_headers(200, forwards.rev(), NOW), feedback);
}

/// Units beyond 2^53 - 1 count as that many, in every field that has them.
#[test]
fn units() {
    let units = |name: &str, value: &str| {
        let level = heard(name, value, NOW).levels.remove(0);
        level.limit.or(level.remaining).unwrap()
    };
    for name in ["x-ratelimit-limit", "ratelimit-remaining", "anthropic-ratelimit-tokens-limit"] {
        assert_eq!(units(name, &(UNITS_MAX - 1).to_string()), UNITS_MAX - 1, "{name}");
        for above in [UNITS_MAX, UNITS_MAX + 1, u64::MAX] {
            assert_eq!(units(name, &above.to_string()), UNITS_MAX, "{name}");
        }
        assert_eq!(units(name, "18446744073709551616"), UNITS_MAX, "{name}");
    }
}

/// Waits beyond 31 days count as 31 days, in every form that has them.
#[test]
fn waits() {
    let month = WAIT_MAX.as_nanos();
    let forms = ["2678400", "2678400.000000001", "18446744073709551615"];
    for form in forms {
        assert_eq!(cooldown(form, NOW), Some(WAIT_MAX), "{form}");
    }
    assert_eq!(cooldown("2678399.999999999", NOW), Some(Span::from_nanos(month - 1)));
    for form in [
        "744h",
        "744h1ns",
        "1802678400",
        "1802678401",
        "2027-02-15T08:00:00Z",
        "2027-02-15T08:00:01Z",
    ] {
        assert_eq!(reset(form, NOW), Some(WAIT_MAX), "{form}");
    }
    for form in ["743h59m59.999999999s", "2027-02-15T07:59:59.999999999Z"] {
        assert_eq!(reset(form, NOW), Some(Span::from_nanos(month - 1)), "{form}");
    }
    let by_value = heard("RateLimit", "\"a\";r=0;t=2678401", NOW);
    assert_eq!(by_value.wait(), Some(WAIT_MAX));
}
