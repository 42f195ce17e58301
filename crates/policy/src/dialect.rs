//! The header fields in which answers report the state of a key.

/// The rate-limit fields of the answers about a policy: four dialects are in use, and clients read
/// one or another. The older ones have room for one limit: they report the one closest to denying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// `RateLimit-Policy: "requests";q=100;w=60` and `RateLimit: "requests";r=99;t=1`
    /// (draft-ietf-httpapi-ratelimit-headers-10), with every limit.
    #[default]
    Draft10,
    /// `RateLimit-Policy: 100;w=60` and `RateLimit: limit=100, remaining=99, reset=1` (its draft 07).
    Draft07,
    /// `RateLimit-Limit: 100`, `RateLimit-Remaining: 99`, `RateLimit-Reset: 1` (its draft 03).
    Draft03,
    /// The same as `X-RateLimit-*`, which no specification describes. Reset is in seconds from now.
    XRateLimit,
    /// No such fields.
    None,
}

impl Dialect {
    pub(crate) const WORDS: [(&str, Self); 5] = [
        ("draft-10", Self::Draft10),
        ("draft-07", Self::Draft07),
        ("draft-03", Self::Draft03),
        ("x-ratelimit", Self::XRateLimit),
        ("none", Self::None),
    ];
}
