//! The limits of one policy as a value in the form of a policy text, and back.

use std::borrow::Cow;
use std::time::Duration;

use tollgate_core::{Algorithm, CalendarUnit, Limit, Overrun, Policy, Span, Windows};

use crate::limit_text;
use crate::policy_set::TextError;
use crate::value::{Entry, Value};

type Entries = Vec<Entry<'static>>;

/// The policy whose limits this table describes, as `[policy.NAME]` of a policy text does. The table has no
/// options.
///
/// # Errors
/// [`TextError`] starts with the field that is wrong, and says what belongs there.
pub fn limits_from_value(table: &Value<'_>) -> Result<Policy, TextError> {
    let Value::Table(entries) = table else {
        return Err(TextError(String::from("a policy is a table of limits")));
    };
    let limit = |(name, value): &Entry<'_>| match value {
        Value::Table(fields) => {
            limit_text::limit(name, fields).map_err(|message| TextError(format!("{name}{message}")))
        }
        _ => Err(TextError(format!(
            "{name}: must be a limit, such as {{ algorithm = \"gcra\", limit = 100, per = \"1m\" }}"
        ))),
    };
    let limits = entries.iter().map(limit).collect::<Result<Vec<_>, _>>()?;
    Policy::new(limits).map_err(|error| TextError(error.to_string()))
}

/// The limits of `policy` as a table that [`limits_from_value`] reads.
///
/// # Errors
/// [`TextError`] for windows whose offset from UTC has seconds: a text can't express it.
pub fn limits_to_value(policy: &Policy) -> Result<Value<'static>, TextError> {
    let limits = policy.limits().iter().map(|limit| {
        let name = limit.name();
        let value = limit_value(limit).map_err(|message| TextError(format!("{name}{message}")))?;
        Ok((name.to_string().into(), value))
    });
    limits.collect::<Result<Entries, _>>().map(Value::Table)
}

fn limit_value(limit: &Limit) -> Result<Value<'static>, String> {
    let mut entries = algorithm(limit.algorithm())?;
    match limit.default_cost() {
        _ if limit.is_per_call() => entries.push(("per_call".into(), Value::Truth(true))),
        Some(cost) => entries.push(("default_cost".into(), Value::Number(cost))),
        None => {}
    }
    if limit.is_shadow() {
        entries.push(("shadow".into(), Value::Truth(true)));
    }
    if limit.overrun() == Overrun::Refuse {
        entries.push(text("overrun", "refuse"));
    }
    Ok(Value::Table(entries))
}

fn algorithm(algorithm: Algorithm) -> Result<Entries, String> {
    Ok(match algorithm {
        Algorithm::Gcra { limit, period, burst } => {
            timed("gcra", &[("limit", limit), ("burst", burst)], period)
        }
        Algorithm::TokenBucket { capacity, refill, period, initial } => {
            let numbers = [("capacity", capacity), ("refill", refill), ("initial", initial)];
            timed("token-bucket", &numbers, period)
        }
        Algorithm::IntervalBucket { capacity, refill, windows, initial } => {
            let numbers = [("capacity", capacity), ("refill", refill), ("initial", initial)];
            windowed("interval-bucket", &numbers, windows)?
        }
        Algorithm::LeakyBucket { capacity, leak, period } => {
            timed("leaky-bucket", &[("capacity", capacity), ("leak", leak)], period)
        }
        Algorithm::LeakyQueue { capacity, leak, period } => {
            timed("leaky-queue", &[("capacity", capacity), ("leak", leak)], period)
        }
        Algorithm::FixedWindow { limit, windows } => {
            windowed("fixed-window", &[("limit", limit)], windows)?
        }
        Algorithm::SlidingLog { limit, period } => {
            timed("sliding-log", &[("limit", limit)], period)
        }
        Algorithm::SlidingCounter { limit, period } => {
            timed("sliding-counter", &[("limit", limit)], period)
        }
        Algorithm::Concurrency { slots } => named("concurrency", &[("slots", slots)]),
        Algorithm::Adaptive { capacity, period, recovery } => {
            let numbers = [
                ("capacity", capacity),
                ("recovery_factor_permille", recovery.factor_permille),
                ("recovery_ceiling_permille", recovery.ceiling_permille),
            ];
            let mut entries = timed("adaptive", &numbers, period);
            entries.push(span("recovery_interval", recovery.interval));
            entries
        }
    })
}

fn named(algorithm: &'static str, numbers: &[(&'static str, u64)]) -> Entries {
    let numbers = numbers.iter().map(|(name, number)| ((*name).into(), Value::Number(*number)));
    std::iter::once(text("algorithm", algorithm)).chain(numbers).collect()
}

fn timed(algorithm: &'static str, numbers: &[(&'static str, u64)], period: Span) -> Entries {
    let mut entries = named(algorithm, numbers);
    entries.push(span("per", period));
    entries
}

fn windowed(
    algorithm: &'static str,
    numbers: &[(&'static str, u64)],
    windows: Windows,
) -> Result<Entries, String> {
    let mut entries = named(algorithm, numbers);
    match windows {
        Windows::Aligned { period, utc_offset_secs } => {
            entries.extend([span("per", period), offset(utc_offset_secs)?]);
        }
        Windows::FirstUse { period } => {
            entries.extend([span("per", period), text("start", "first-use")]);
        }
        Windows::Calendar { unit, utc_offset_secs } => {
            let unit = match unit {
                CalendarUnit::Day => "day",
                CalendarUnit::Week => "week",
                CalendarUnit::Month => "month",
            };
            entries.extend([text("calendar", unit), offset(utc_offset_secs)?]);
        }
    }
    Ok(entries)
}

fn text(name: &'static str, text: impl Into<Cow<'static, str>>) -> Entry<'static> {
    (name.into(), Value::Text(text.into()))
}

/// To the nanosecond: `1m`, `1h 30m`.
fn span(name: &'static str, span: Span) -> Entry<'static> {
    let duration = humantime::format_duration(Duration::from_nanos(span.as_nanos()));
    text(name, duration.to_string())
}

fn offset(secs: i32) -> Result<Entry<'static>, String> {
    if secs % 60 != 0 {
        return Err(format!(".utc_offset: {secs} s can't be written, only whole minutes"));
    }
    let (sign, minutes) = (if secs < 0 { '-' } else { '+' }, secs.unsigned_abs() / 60);
    Ok(text("utc_offset", format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)))
}
