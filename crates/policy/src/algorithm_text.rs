//! The algorithms as they are written in a policy text.

use tollgate_core::{Algorithm, CalendarUnit, Recovery, Span, Windows};

use crate::fields::Fields;

/// Fields that every limit may have.
pub(crate) const GENERAL: [&str; 5] =
    ["algorithm", "default_cost", "per_call", "shadow", "overrun"];

type Read = fn(&Fields<'_>) -> Result<Algorithm, String>;

/// Every algorithm: its name, its fields, and how they are read.
const ALGORITHMS: [(&str, &[&str], Read); 10] = [
    ("gcra", &["limit", "burst", "per"], gcra),
    ("token-bucket", &["capacity", "refill", "per", "initial"], token_bucket),
    (
        "interval-bucket",
        &["capacity", "refill", "per", "start", "calendar", "utc_offset", "initial"],
        interval_bucket,
    ),
    ("leaky-bucket", &["capacity", "leak", "per"], leaky_bucket),
    ("leaky-queue", &["capacity", "leak", "per"], leaky_queue),
    ("fixed-window", &["limit", "per", "start", "calendar", "utc_offset"], fixed_window),
    ("sliding-log", &["limit", "per"], sliding_log),
    ("sliding-counter", &["limit", "per"], sliding_counter),
    ("concurrency", &["slots"], concurrency),
    (
        "adaptive",
        &[
            "capacity",
            "per",
            "recovery_interval",
            "recovery_factor_permille",
            "recovery_ceiling_permille",
        ],
        adaptive,
    ),
];

/// The algorithm that these fields describe.
pub(crate) fn algorithm(fields: &Fields<'_>) -> Result<Algorithm, String> {
    let Some((_, own, read)) = ALGORITHMS.iter().find(|(name, ..)| *name == fields.owner) else {
        let names = ALGORITHMS.map(|(name, ..)| name).join(", ");
        return Err(format!(".algorithm: is none of {names}"));
    };
    fields.has_only(own, &GENERAL)?;
    read(fields)
}

fn gcra(fields: &Fields<'_>) -> Result<Algorithm, String> {
    let limit = fields.needed_number("limit")?;
    let burst = fields.number("burst")?.unwrap_or(limit);
    Ok(Algorithm::Gcra { limit, period: fields.needed_span("per")?, burst })
}

fn token_bucket(fields: &Fields<'_>) -> Result<Algorithm, String> {
    let (capacity, refill) = (fields.needed_number("capacity")?, fields.needed_number("refill")?);
    // A budget has no period; the core requires one and never uses it.
    let budget = (refill == 0 && fields.get("per")?.is_none()).then_some(Span::from_secs(1));
    let period = budget.map_or_else(|| fields.needed_span("per"), Ok)?;
    let initial = fields.number("initial")?.unwrap_or(capacity);
    Ok(Algorithm::TokenBucket { capacity, refill, period, initial })
}

fn interval_bucket(fields: &Fields<'_>) -> Result<Algorithm, String> {
    let (capacity, refill) = (fields.needed_number("capacity")?, fields.needed_number("refill")?);
    let initial = fields.number("initial")?.unwrap_or(capacity);
    Ok(Algorithm::IntervalBucket { capacity, refill, windows: windows(fields)?, initial })
}

fn leaky_bucket(fields: &Fields<'_>) -> Result<Algorithm, String> {
    let (capacity, leak) = (fields.needed_number("capacity")?, fields.needed_number("leak")?);
    Ok(Algorithm::LeakyBucket { capacity, leak, period: fields.needed_span("per")? })
}

fn leaky_queue(fields: &Fields<'_>) -> Result<Algorithm, String> {
    let (capacity, leak) = (fields.needed_number("capacity")?, fields.needed_number("leak")?);
    Ok(Algorithm::LeakyQueue { capacity, leak, period: fields.needed_span("per")? })
}

fn fixed_window(fields: &Fields<'_>) -> Result<Algorithm, String> {
    let limit = fields.needed_number("limit")?;
    Ok(Algorithm::FixedWindow { limit, windows: windows(fields)? })
}

fn sliding_log(fields: &Fields<'_>) -> Result<Algorithm, String> {
    let limit = fields.needed_number("limit")?;
    Ok(Algorithm::SlidingLog { limit, period: fields.needed_span("per")? })
}

fn sliding_counter(fields: &Fields<'_>) -> Result<Algorithm, String> {
    let limit = fields.needed_number("limit")?;
    Ok(Algorithm::SlidingCounter { limit, period: fields.needed_span("per")? })
}

fn concurrency(fields: &Fields<'_>) -> Result<Algorithm, String> {
    Ok(Algorithm::Concurrency { slots: fields.needed_number("slots")? })
}

fn adaptive(fields: &Fields<'_>) -> Result<Algorithm, String> {
    let usual = Recovery::default();
    let recovery = Recovery {
        interval: fields.span("recovery_interval")?.unwrap_or(usual.interval),
        factor_permille: fields
            .number("recovery_factor_permille")?
            .unwrap_or(usual.factor_permille),
        ceiling_permille: fields
            .number("recovery_ceiling_permille")?
            .unwrap_or(usual.ceiling_permille),
    };
    let capacity = fields.needed_number("capacity")?;
    Ok(Algorithm::Adaptive { capacity, period: fields.needed_span("per")?, recovery })
}

/// Windows of a period or of the calendar: one of them is required.
fn windows(fields: &Fields<'_>) -> Result<Windows, String> {
    let units =
        [("day", CalendarUnit::Day), ("week", CalendarUnit::Week), ("month", CalendarUnit::Month)];
    let from_first_use = fields.word("start", &[("epoch", false), ("first-use", true)])?;
    let Some(unit) = fields.word("calendar", &units)? else {
        let period = fields.needed_span("per")?;
        if from_first_use != Some(true) {
            let utc_offset_secs = fields.utc_offset_secs("utc_offset")?;
            return Ok(Windows::Aligned { period, utc_offset_secs });
        }
        if fields.get("utc_offset")?.is_some() {
            return Err(String::from(
                ".utc_offset: windows that start with the first use have none",
            ));
        }
        return Ok(Windows::FirstUse { period });
    };
    if fields.get("per")?.is_some() {
        return Err(String::from(".per: say either per or calendar"));
    }
    if from_first_use.is_some() {
        return Err(String::from(".start: windows of the calendar start with the calendar"));
    }
    Ok(Windows::Calendar { unit, utc_offset_secs: fields.utc_offset_secs("utc_offset")? })
}
