//! What a policy says besides its limits.

use crate::contention::Contention;
use crate::dialect::Dialect;
use crate::fields::Fields;

/// The percentage of a policy that each process grants by itself under [`OnStoreFailure::Local`], by
/// default.
pub const LOCAL_SHARE_PERCENT_DEFAULT: u64 = 25;

/// What is answered when the store is unavailable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnStoreFailure {
    /// Nothing is admitted: the answer says that the service is not available.
    #[default]
    Closed,
    /// Everything is admitted, uncounted, and the answer says so.
    Open,
    /// Each process counts by itself, in its memory, and grants a share of every limit.
    Local,
}

/// What the store has to be able to do for a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Exactness {
    /// Compare-and-swap; without it, nothing is decided.
    #[default]
    Exact,
    /// Without compare-and-swap, records are written all the same, and charges may be lost.
    BestEffort,
}

/// The options of one policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) on_store_failure: OnStoreFailure,
    /// 1 to 100.
    pub(crate) local_share_percent: u64,
    pub(crate) contention: Contention,
    pub(crate) exactness: Exactness,
    pub(crate) headers: Dialect,
    pub(crate) watch: bool,
}

/// All options, for messages.
pub(crate) const OPTIONS: &[&str] = &[
    "on_store_failure",
    "local_share_percent",
    "contention",
    "exactness",
    "headers",
    "watch",
    "overrides",
];

impl Options {
    /// Reads them, or returns a message that starts with the field it is about.
    pub(crate) fn read(fields: &Fields<'_>) -> Result<Self, String> {
        let words = [
            ("closed", OnStoreFailure::Closed),
            ("open", OnStoreFailure::Open),
            ("local", OnStoreFailure::Local),
        ];
        let on_store_failure = fields.word("on_store_failure", &words)?.unwrap_or_default();
        let local_share_percent = fields.number("local_share_percent")?;
        if !(1..=100).contains(&local_share_percent.unwrap_or(1)) {
            return Err(String::from(".local_share_percent: must be 1 to 100"));
        }
        if local_share_percent.is_some() && on_store_failure != OnStoreFailure::Local {
            return Err(String::from(
                ".local_share_percent: belongs to on_store_failure = \"local\"",
            ));
        }
        let local_share_percent = local_share_percent.unwrap_or(LOCAL_SHARE_PERCENT_DEFAULT);
        let contention = fields.word("contention", &Contention::WORDS)?.unwrap_or_default();
        let words = [("exact", Exactness::Exact), ("best_effort", Exactness::BestEffort)];
        let exactness = fields.word("exactness", &words)?.unwrap_or_default();
        let headers = fields.word("headers", &Dialect::WORDS)?.unwrap_or_default();
        let watch = fields.truth("watch")?;
        Ok(Self { on_store_failure, local_share_percent, contention, exactness, headers, watch })
    }
}
