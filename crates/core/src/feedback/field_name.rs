//! What a header is about, by its name. Letter case makes no difference in it.

use super::level::Dimension;

/// A header that says something about limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    RetryAfter,
    RetryAfterMillis,
    Age,
    RateLimit,
    RateLimitPolicy,
    /// One number of one level.
    Level(Part, Dimension),
}

/// Which number of a level a header holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Limit,
    Remaining,
    Reset,
}

static NAMES: [(&str, Field); 6] = [
    ("retry-after", Field::RetryAfter),
    ("retry-after-ms", Field::RetryAfterMillis),
    ("x-ms-retry-after-ms", Field::RetryAfterMillis),
    ("age", Field::Age),
    ("ratelimit", Field::RateLimit),
    ("ratelimit-policy", Field::RateLimitPolicy),
];
const PARTS: [(&str, Part); 3] =
    [("limit", Part::Limit), ("remaining", Part::Remaining), ("reset", Part::Reset)];
/// Behind these stands the part, and behind that maybe a dimension: `x-ratelimit-limit-tokens`.
const PREFIXES: [&str; 3] = ["x-ratelimit-", "x-rate-limit-", "ratelimit-"];
/// Behind this stands the dimension, and behind that the part.
const ANTHROPIC: &str = "anthropic-ratelimit-";

impl Field {
    /// What a header of this name is about; `None` if not about limits.
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        let name = str::from_utf8(name).ok()?;
        if let Some((_, field)) = NAMES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)) {
            return Some(field.clone());
        }
        let level = PREFIXES.iter().find_map(|prefix| part_first(without_prefix(name, prefix)?));
        level.or_else(|| part_last(without_prefix(name, ANTHROPIC)?))
    }
}

/// `limit` or `limit-tokens`.
fn part_first(rest: &str) -> Option<Field> {
    // Discord's: the same as `reset`, in seconds from now.
    if rest.eq_ignore_ascii_case("reset-after") {
        return Some(Field::Level(Part::Reset, Dimension::Requests));
    }
    PARTS.iter().find_map(|(word, part)| {
        let dimension = match without_prefix(rest, word)? {
            "" => Dimension::Requests,
            rest => dimension(rest.strip_prefix('-')?)?,
        };
        Some(Field::Level(*part, dimension))
    })
}

/// `tokens-limit`.
fn part_last(rest: &str) -> Option<Field> {
    PARTS.iter().find_map(|(word, part)| {
        let (name, end) = rest.split_at_checked(rest.len().checked_sub(word.len())?)?;
        let name = name.strip_suffix('-').filter(|_| end.eq_ignore_ascii_case(word))?;
        Some(Field::Level(*part, dimension(name)?))
    })
}

fn dimension(name: &str) -> Option<Dimension> {
    Dimension::named(&name.to_ascii_lowercase())
}

fn without_prefix<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = name.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}
